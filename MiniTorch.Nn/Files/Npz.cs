using System.IO.Compression;

namespace MiniTorch.IO;

/// <summary>Reads and writes named arrays in one zip archive of .npy files (numpy.load, numpy.savez, numpy.savez_compressed).</summary>
public static class Npz
{
    private const string Extension = ".npy";

    /// <summary>
    /// Writes tensors in their dtypes (numpy.savez). The file is replaced atomically: until everything is on the disk, <paramref name="path"/> keeps
    /// its old content.
    /// </summary>
    /// <param name="path">The file.</param>
    /// <param name="arrays">Tensors by name.</param>
    /// <param name="compressed">Whether the arrays are compressed (numpy.savez_compressed).</param>
    /// <exception cref="ValueException">A name is empty, or contains a path that would leave the folder of an unpacked archive.</exception>
    /// <inheritdoc cref="Checkpoint.Save(string)" path="/exception"/>
    public static void Save(string path, IReadOnlyDictionary<string, Tensor> arrays, bool compressed = false) =>
        AtomicFile.Write(path, stream => Write(stream, arrays, compressed));

    /// <summary>Writes tensors to a stream, which stays open and need not be able to seek.</summary>
    /// <param name="stream">The stream.</param>
    /// <param name="arrays">Tensors by name.</param>
    /// <param name="compressed">Whether the arrays are compressed.</param>
    /// <exception cref="ValueException">A name is empty, or contains a path that would leave the folder of an unpacked archive.</exception>
    public static void Save(Stream stream, IReadOnlyDictionary<string, Tensor> arrays, bool compressed = false)
    {
        ArgumentNullException.ThrowIfNull(stream);
        if (!stream.CanSeek || stream.Position == 0)
        {
            Write(stream, arrays, compressed);
            return;
        }
        using FileStream archive = FileReader.TemporaryFile(); // offsets in an archive count from the stream's start
        Write(archive, arrays, compressed);
        archive.Position = 0;
        archive.CopyTo(stream);
    }

    /// <summary>Reads all arrays; see <see cref="Npy.Load(string)"/> for the dtypes.</summary>
    /// <param name="path">The file.</param>
    /// <param name="maxBytes">The maximum decompressed size of all arrays in bytes; by default 16 MB plus a hundred times the file's size.</param>
    /// <exception cref="FileFormatException">The file is not an .npz file, or is truncated, damaged or malicious.</exception>
    /// <exception cref="IOException">There is no such file, or it cannot be read.</exception>
    public static OrderedDictionary<string, Tensor> Load(string path, long? maxBytes = null)
    {
        using FileStream stream = File.OpenRead(FilePath.Checked(path));
        return Read(stream, path, maxBytes ?? DecompressionLimit.Limit(stream.Length));
    }

    /// <summary>Reads all arrays from a stream; see <see cref="Load(string, long?)"/>.</summary>
    /// <param name="stream">The stream; it is read from its position to its end and stays open. It need not be able to seek.</param>
    /// <exception cref="FileFormatException">The content is not of this format, or is truncated, damaged or malicious.</exception>
    /// <exception cref="ValueException">The stream cannot be read.</exception>
    /// <param name="maxBytes">The maximum decompressed size of all arrays in bytes; by default 16 MB plus a hundred times the stream's size.</param>
    public static OrderedDictionary<string, Tensor> Load(Stream stream, long? maxBytes = null) => FileReader.WithSeeking(stream, source =>
        Read(source, FileReader.StreamName, maxBytes ?? DecompressionLimit.Limit(source.Length)), fromStart: true);

    internal static OrderedDictionary<string, Tensor> Read(Stream stream, string name, long maxBytes)
    {
        try
        {
            using var archive = new ZipArchive(stream, ZipArchiveMode.Read, leaveOpen: true);
            Check(archive, name, maxBytes);
            var arrays = new OrderedDictionary<string, Tensor>(archive.Entries.Count);
            foreach (ZipArchiveEntry entry in archive.Entries)
            {
                using var content = new CheckedStream(entry.Open());
                arrays.Add(entry.FullName[..^Extension.Length], Npy.Read(new FileReader(content, $"{name}/{entry.FullName}", entry.Length)));
                if (content.Crc32 != entry.Crc32)
                    throw new FileFormatException($"{name}/{entry.FullName}: the content is damaged: its checksum is {content.Crc32:X8}, but the "
                        + $"archive states {entry.Crc32:X8}");
            }
            return arrays;
        }
        // The exceptions of the archive reader for damaged archives; all of them are caused by the file's content.
        catch (Exception error) when (error is InvalidDataException or EndOfStreamException or NotSupportedException or ArgumentException or OverflowException
            || (error is IOException && stream is not FileStream))
        {
            throw new FileFormatException($"{name}: the zip archive is damaged: {error.Message}", error);
        }
    }

    internal static void Write(Stream stream, IReadOnlyDictionary<string, Tensor> arrays, bool compressed = false)
    {
        ArgumentNullException.ThrowIfNull(arrays);
        foreach (string name in arrays.Keys)
            if (!IsPlain(name))
                throw new ValueException($"Npz.Save: '{name}' cannot name an array: it must not be empty, begin with /, or hold \\ or ..");
        using var archive = new ZipArchive(stream, ZipArchiveMode.Create, leaveOpen: true);
        foreach ((string name, Tensor tensor) in arrays)
        {
            ZipArchiveEntry entry = archive.CreateEntry(name + Extension, compressed ? CompressionLevel.Optimal : CompressionLevel.NoCompression);
            entry.LastWriteTime = new DateTimeOffset(1980, 1, 1, 0, 0, 0, TimeSpan.Zero); // so that equal arrays give equal files
            using Stream content = entry.Open();
            Npy.Write(content, tensor);
        }
    }

    private static void Check(ZipArchive archive, string name, long maxBytes)
    {
        var names = new HashSet<string>();
        long total = 0;
        foreach (ZipArchiveEntry entry in archive.Entries)
        {
            string path = entry.FullName;
            if (!path.EndsWith(Extension, StringComparison.Ordinal) || !IsPlain(path[..^Extension.Length]))
                throw new FileFormatException($"{name}: the entry '{path}' is not of the form NAME.npy without ..");
            if (!names.Add(path)) throw new FileFormatException($"{name}: the entry '{path}' occurs twice");
            if (entry.Length > maxBytes - total)
                throw new FileFormatException(FormattableString.Invariant(
                    $"{name}: the arrays up to '{path}' decompress to more than {maxBytes:N0} bytes; ")
                    + "if you trust the file, pass a larger maxBytes to Npz.Load");
            total += entry.Length;
        }
    }

    private static bool IsPlain(string name) => name.Length > 0 && name[0] != '/' && !name.Contains('\\') && !name.Split('/').Contains("..");
}
