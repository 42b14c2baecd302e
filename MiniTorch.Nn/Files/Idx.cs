using System.Buffers.Binary;
using System.IO.Compression;

namespace MiniTorch.IO;

/// <summary>
/// Reads the IDX format of the MNIST files: one big-endian array, optionally compressed with gzip (yann.lecun.com/exdb/mnist, "the IDX file format").
/// </summary>
public static class Idx
{
    private const int MaxHeader = 4 + (255 * sizeof(int));

    /// <summary>Reads an array such as <c>train-images-idx3-ubyte.gz</c>. Integers become Int64; Float32 and Float64 are kept.</summary>
    /// <param name="path">The file.</param>
    /// <param name="maxBytes">The maximum decompressed size in bytes; by default 16 MB plus a hundred times the file's size.</param>
    /// <exception cref="FileFormatException">The file is not an IDX file, or is truncated, damaged or malicious.</exception>
    /// <exception cref="IOException">There is no such file, or it cannot be read.</exception>
    public static Tensor Load(string path, long? maxBytes = null)
    {
        using FileStream stream = File.OpenRead(FilePath.Checked(path));
        return Read(stream, path, maxBytes ?? DecompressionLimit.Limit(stream.Length));
    }

    /// <summary>Reads an array from a stream; see <see cref="Load(string, long?)"/>.</summary>
    /// <param name="stream">The stream; it is read from its position to its end and stays open. It need not be able to seek.</param>
    /// <exception cref="FileFormatException">The content is not of this format, or is truncated, damaged or malicious.</exception>
    /// <exception cref="ValueException">The stream cannot be read.</exception>
    /// <param name="maxBytes">The maximum decompressed size in bytes; by default 16 MB plus a hundred times the stream's size.</param>
    public static Tensor Load(Stream stream, long? maxBytes = null) => FileReader.WithSeeking(stream, source =>
        Read(source, FileReader.StreamName, maxBytes ?? DecompressionLimit.Limit(source.Length - source.Position)));

    internal static Tensor Read(Stream stream, string name, long maxBytes)
    {
        long start = stream.Position;
        bool packed = stream.ReadByte() == 0x1f && stream.ReadByte() == 0x8b;
        stream.Position = start;
        if (!packed) return Read(new FileReader(stream, name, stream.Length - start));
        using var unpacked = new GZipStream(stream, CompressionMode.Decompress, leaveOpen: true);
        return Read(new FileReader(unpacked, name, maxBytes));
    }

    private static Tensor Read(FileReader file)
    {
        Span<byte> magic = stackalloc byte[4];
        file.Read(magic, "the signature");
        if (magic[0] != 0 || magic[1] != 0 || Element(magic[2]) is not { } element)
            throw file.ErrorAt(0, $"this is not an IDX file: it begins with {Convert.ToHexString(magic)}, not with 0000, an element type of 08, "
                + "09, 0B … 0E, and the number of dimensions");
        byte[] bytes = file.ReadBytes((ulong)(magic[3] * sizeof(int)), MaxHeader, "the sizes");
        var sizes = new long[magic[3]];
        for (int i = 0; i < sizes.Length; i++) sizes[i] = BinaryPrimitives.ReadUInt32BigEndian(bytes.AsSpan(i * sizeof(int)));
        (Shape shape, _) = file.ShapeOf(sizes, element, "the array");
        Tensor tensor = file.ReadTensor(shape, element, "the array", bigEndian: true);
        file.ExpectEnd("the array");
        return tensor;
    }

    private static StoredElement? Element(byte code) => code switch
    {
        0x08 => StoredElement.UInt8,
        0x09 => StoredElement.Int8,
        0x0B => StoredElement.Int16,
        0x0C => StoredElement.Int32,
        0x0D => StoredElement.Float32,
        0x0E => StoredElement.Float64,
        _ => null,
    };
}
