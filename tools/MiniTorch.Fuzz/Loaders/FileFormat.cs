using MiniTorch.IO;

namespace MiniTorch.Fuzz.Loaders;

/// <summary>A format whose reader is fuzzed.</summary>
/// <param name="Name">The extension of its files.</param>
/// <param name="Share">How many of a hundred inputs are of it.</param>
/// <param name="Draw">Its grammar.</param>
/// <param name="Read">Its reader. The result checks what was read.</param>
internal sealed record FileFormat(string Name, int Share, Func<Random, byte[]> Draw, Func<byte[], Action> Read)
{
    /// <summary>The error that the reader documents for files that are damaged or, for checkpoints, hold another state.</summary>
    public Func<Exception, bool> IsRefusal { get; init; } = error => error is FileFormatException;

    /// <summary>Called before a file is read; the result is called when it was refused.</summary>
    public Func<Action> Watch { get; init; } = () => () => { };

    /// <summary>
    /// How many bytes the smallest file may take: an error's text and stack trace, decompression, the state that a checkpoint takes over.
    /// </summary>
    public int FixedBytes { get; init; } = 1 << 15;

    /// <summary>
    /// How many bytes may be allocated for each byte of a file: a packed byte may become a hundred, and a name or number of a few bytes an object.
    /// </summary>
    public int BytesPerByte { get; init; } = 64;

    public static IReadOnlyList<FileFormat> All { get; } = Formats();

    private static FileFormat[] Formats()
    {
        var checkpoints = new CheckpointTarget();
        return
        [
            new("safetensors", 30, SafetensorsGrammar.Draw,
                Rewritten(file => Safetensors.Read(Reader(file)), (stream, read) => Safetensors.Write(stream, read.State, read.Metadata))),
            new("npy", 25, NpyGrammar.Draw, Rewritten(file => Npy.Read(Reader(file)), Npy.Write)),
            new("npz", 10, NpzGrammar.Draw,
                Rewritten(file => Npz.Read(new MemoryStream(file), "fuzz", maxBytes: Packed * file.Length),
                    (stream, arrays) => Npz.Write(stream, arrays))) { BytesPerByte = 8 * Packed, FixedBytes = Deflate64 },
            new("csv", 15, CsvGrammar.Draw, ReadTable),
            new("idx", 15, IdxGrammar.Draw,
                Rewritten(file => Idx.Read(new MemoryStream(file), "fuzz", maxBytes: Packed * file.Length), Npy.Write,
                    file => Npy.Read(Reader(file)))) { BytesPerByte = 8 * Packed },
            new("checkpoint", 5, checkpoints.Draw, checkpoints.Read) { IsRefusal = error => error is FileFormatException or ValueException,
                Watch = checkpoints.Watch },
        ];
    }

    // What unpacks to a hundred times its size is legitimate; small files have a limit of their own here, so that a leak shows. A byte may become an Int64.
    private const int Packed = 100;

    // The window of the one method of compression that looks back farther than 32 KB.
    private const int Deflate64 = 5 << 16;

    // What was read can be written, and reads the same again.
    private static Func<byte[], Action> Rewritten<T>(Func<byte[], T> read, Action<Stream, T> write, Func<byte[], T>? readWritten = null) => file =>
    {
        T content = read(file);
        return () =>
        {
            byte[] first = Written(content), second = Written((readWritten ?? read)(first));
            if (!first.AsSpan().SequenceEqual(second)) throw new InvalidOperationException("what was read and written reads differently");
        };

        byte[] Written(T value)
        {
            using var stream = new MemoryStream();
            write(stream, value);
            return stream.ToArray();
        }
    };

    private static Action ReadTable(byte[] file)
    {
        CsvTable table = CsvTable.Read(new StreamReader(new MemoryStream(file)), "fuzz", header: true, ',');
        Tensor numbers = table.Numbers();
        return () =>
        {
            if (numbers.Shape != Shape.Create([table.Count, table.Columns.Count]) || !numbers.IsFinite().All().Item<bool>())
                throw new InvalidOperationException("the table's numbers are not those of its fields");
        };
    }

    private static FileReader Reader(byte[] file) => new(new MemoryStream(file), "fuzz", file.Length);
}
