namespace MiniTorch.IO;

/// <summary>Reads and writes one array in NumPy's .npy format (numpy.load, numpy.save; NEP 1).</summary>
public static class Npy
{
    /// <summary>
    /// Writes a tensor in its dtype (numpy.save). The file is replaced atomically: until everything is on the disk, <paramref name="path"/> keeps its
    /// old content.
    /// </summary>
    /// <inheritdoc cref="Checkpoint.Save(string)" path="/exception"/>
    public static void Save(string path, Tensor tensor) => AtomicFile.Write(path, stream => Write(stream, tensor));

    /// <summary>Writes a tensor to a stream, which stays open and need not be able to seek.</summary>
    public static void Save(Stream stream, Tensor tensor)
    {
        ArgumentNullException.ThrowIfNull(stream);
        Write(stream, tensor);
    }

    /// <summary>
    /// Reads an array of any byte order, row- or column-major (numpy.load). float16 becomes Float32, and integers become Int64. Arrays of Python
    /// objects are rejected.
    /// </summary>
    /// <exception cref="FileFormatException">The file is not an .npy file, or is truncated, damaged or malicious.</exception>
    /// <exception cref="IOException">There is no such file, or it cannot be read.</exception>
    public static Tensor Load(string path) => FileReader.Open(path, Read);

    /// <summary>Reads an array from a stream; see <see cref="Load(string)"/>.</summary>
    /// <param name="stream">The stream; it is read from its position to its end and stays open. It need not be able to seek.</param>
    /// <exception cref="FileFormatException">The content is not of this format, or is truncated, damaged or malicious.</exception>
    /// <exception cref="ValueException">The stream cannot be read.</exception>
    public static Tensor Load(Stream stream) => FileReader.Open(stream, Read);

    internal static Tensor Read(FileReader file)
    {
        NpyHeader header = NpyHeader.Read(file);
        if (header.Bytes != file.Remaining)
            throw file.Error(FormattableString.Invariant(
                $"shape {header.Shape} takes {header.Bytes:N0} bytes, but {file.Remaining:N0} follow the header"));
        if (!header.FortranOrder) return file.ReadTensor(header.Shape, header.Element, "the array", header.BigEndian);
        Shape reversed = header.Shape.Reverse().ToArray();
        return Ops.Copies.Fresh(file.ReadTensor(reversed, header.Element, "the array", header.BigEndian).T);
    }

    internal static void Write(Stream stream, Tensor tensor)
    {
        NpyHeader.Write(stream, tensor);
        TensorBytes.Write(stream, tensor);
    }
}
