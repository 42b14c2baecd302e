namespace MiniTorch.IO;

/// <summary>
/// Reads a file forward. Any problem becomes a <see cref="FileFormatException"/> that names the file, the problem and the position.
/// </summary>
/// <param name="stream">The content, from its beginning.</param>
/// <param name="name">The name of the file in errors.</param>
/// <param name="length">The number of bytes, possibly as the file states it.</param>
internal sealed class FileReader(Stream stream, string name, long length)
{
    /// <summary>NumPy's limit of the number of dimensions.</summary>
    private const int MaxRank = 64;

    private const int ChunkSize = 1 << 15;

    /// <summary>The name of a stream in errors.</summary>
    public const string StreamName = "the stream";

    public long Position { get; private set; }

    public long Remaining => length - Position;

    public string Name => name;

    /// <summary>Opens a file for sequential reading without a buffer.</summary>
    /// <exception cref="IOException">There is no such file, or it cannot be read.</exception>
    public static T Open<T>(string path, Func<FileReader, T> read)
    {
        using var stream = new FileStream(FilePath.Checked(path), FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0,
            FileOptions.SequentialScan);
        return read(new FileReader(stream, path, stream.Length));
    }

    /// <summary>Reads a stream from its position to its end.</summary>
    public static T Open<T>(Stream stream, Func<FileReader, T> read) =>
        WithSeeking(stream, source => read(new FileReader(source, StreamName, source.Length - source.Position)));

    /// <summary>
    /// Passes on a stream that knows its length: sizes in a file are checked against it before memory is allocated, and archives are read from their
    /// end. A stream that cannot seek is copied to a temporary file first.
    /// </summary>
    /// <param name="stream">The stream.</param>
    /// <param name="read">Reads it from its position to its end.</param>
    /// <param name="fromStart">Whether the content must begin at position 0, as the offsets in a zip archive count from there.</param>
    /// <exception cref="ValueException">The stream cannot be read.</exception>
    public static T WithSeeking<T>(Stream stream, Func<Stream, T> read, bool fromStart = false)
    {
        ArgumentNullException.ThrowIfNull(stream);
        if (!stream.CanRead) throw new ValueException("the stream cannot be read: it is closed, or only for writing");
        if (stream.CanSeek && !(fromStart && stream.Position > 0)) return read(stream);
        using FileStream copy = TemporaryFile();
        stream.CopyTo(copy);
        copy.Position = 0;
        return read(copy);
    }

    /// <summary>Creates a file that is deleted when it is closed.</summary>
    public static FileStream TemporaryFile() => new(Path.Join(Path.GetTempPath(), Path.GetRandomFileName()), FileMode.CreateNew, FileAccess.ReadWrite,
        FileShare.None, bufferSize: 1 << 16, FileOptions.DeleteOnClose);

    public FileFormatException Error(string problem, Exception? cause = null) => ErrorAt(Position, problem, cause);

    public FileFormatException ErrorAt(long offset, string problem, Exception? cause = null)
    {
        string message = FormattableString.Invariant($"{name}: {problem} (at byte {offset:N0})");
        return cause is null ? new FileFormatException(message) : new FileFormatException(message, cause);
    }

    /// <summary>Fills a span, or throws if the file ends within <paramref name="field"/>.</summary>
    public void Read(Span<byte> destination, string field)
    {
        // A compressed stream may continue after the stated end of the file.
        int read = ReadSome(destination[..(int)Math.Min(destination.Length, Remaining)], field);
        if (read < destination.Length) throw Error(FormattableString.Invariant(
            $"the file ends within {field}: {destination.Length - read:N0} of {destination.Length:N0} bytes are missing"));
        Position += read;
    }

    /// <summary>Reads a header of at most <paramref name="most"/> bytes; the length is checked before memory is allocated.</summary>
    public byte[] ReadBytes(ulong count, long most, string field)
    {
        if (count > (ulong)Math.Min(most, Remaining))
            throw Error(FormattableString.Invariant($"{field} is said to take {count:N0} bytes; ")
                + (count > (ulong)Remaining ? FormattableString.Invariant(
                    $"the file has {Remaining:N0} left") : FormattableString.Invariant($"at most {most:N0} are possible")));
        var bytes = new byte[count];
        Read(bytes, field);
        return bytes;
    }

    /// <summary>Makes a shape from sizes in a file, and computes the number of bytes that its elements take in the file.</summary>
    public (Shape Shape, long Bytes) ShapeOf(ReadOnlySpan<long> sizes, StoredElement element, string field)
    {
        if (sizes.Length > MaxRank) throw Error($"{field} has {sizes.Length} dimensions; at most {MaxRank} are possible");
        var shape = new int[sizes.Length];
        Int128 extent = element.DType.Size(), bytes = element.Size; // in memory, and in the file
        for (int i = 0; i < shape.Length; i++)
        {
            if (sizes[i] is < 0 or > int.MaxValue) throw Error($"{field} has size {sizes[i]} in dimension {i}; sizes must be in 0 … {int.MaxValue}");
            shape[i] = (int)sizes[i];
            (extent, bytes) = (extent * Math.Max(shape[i], 1), bytes * shape[i]);
            if (extent > long.MaxValue / 8) throw Error($"{field} has a shape whose number of elements overflows");
        }
        return (shape, (long)bytes);
    }

    /// <summary>Reads the next elements as a tensor; directly into its memory if the file stores them in the same form.</summary>
    public Tensor ReadTensor(Shape shape, StoredElement element, string field, bool bigEndian = false)
    {
        if (shape.ElementCount * element.Size > Remaining)
            throw Error(FormattableString.Invariant(
                $"{field} of shape {shape} takes {shape.ElementCount * element.Size:N0} bytes; the file has {Remaining:N0} left"));
        Tensor tensor = Tensor.Empty(shape, element.DType);
        if (element.Decode is null && !bigEndian) ReadDirectly(tensor, field);
        else Decode(tensor, element, field, bigEndian);
        GC.KeepAlive(tensor);
        return tensor;
    }

    /// <summary>Throws if the file was not read to its end.</summary>
    public void ExpectEnd(string last)
    {
        Span<byte> next = stackalloc byte[1];
        if (ReadSome(next, last) > 0) throw Error($"there is data after {last}");
    }

    private int ReadSome(Span<byte> destination, string field)
    {
        try
        {
            return stream.ReadAtLeast(destination, destination.Length, throwOnEndOfStream: false);
        }
        catch (InvalidDataException damage) // from a compressed stream
        {
            throw Error($"{field} cannot be decompressed: {damage.Message}", damage);
        }
    }

    private void ReadDirectly(Tensor tensor, string field)
    {
        for (long offset = 0; offset < TensorBytes.Count(tensor);)
        {
            Span<byte> piece = TensorBytes.Piece(tensor, offset);
            Read(piece, field);
            offset += piece.Length;
        }
    }

    private void Decode(Tensor tensor, StoredElement element, string field, bool bigEndian)
    {
        int size = tensor.DType.Size();
        Span<byte> buffer = stackalloc byte[(int)Math.Min(ChunkSize, tensor.ElementCount * element.Size)];
        for (long done = 0; done < tensor.ElementCount;)
        {
            Span<byte> chunk = buffer[..(int)Math.Min(buffer.Length, (tensor.ElementCount - done) * element.Size)];
            long start = Position;
            Read(chunk, field);
            if (bigEndian)
                for (int i = 0; i < chunk.Length; i += element.Size) chunk.Slice(i, element.Size).Reverse();
            int count = chunk.Length / element.Size;
            Span<byte> elements = TensorBytes.Piece(tensor, done * size)[..(count * size)];
            try
            {
                if (element.Decode is null) chunk.CopyTo(elements);
                else element.Decode(chunk, elements);
            }
            catch (OverflowException overflow)
            {
                throw ErrorAt(start, $"{field} holds a value that does not fit {tensor.DType}: {overflow.Message}", overflow);
            }
            done += count;
        }
    }
}
