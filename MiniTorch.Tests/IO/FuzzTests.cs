using System.Buffers.Binary;
using System.Text;
using MiniTorch.IO;
using MiniTorch.Nn;

namespace MiniTorch.Tests.IO;

/// <summary>Damaged files give tensors or a <see cref="FileFormatException"/>, nothing else, and cannot make the reader allocate much more than they weigh.</summary>
public class FuzzTests
{
    private const int Inputs = 20_000;

    // An error's text and stack trace, and what readers allocate for the smallest file.
    private const long FixedBytes = 1 << 18;

    [Test]
    public void Safetensors_survives_damage() =>
        Fuzz(Written(stream => Safetensors.Write(stream, State(), new Dictionary<string, string> { ["a"] = "b" })), file => Safetensors.Read(Reader(file)), timesSize: 64);

    [Test]
    public void Npy_survives_damage() => Fuzz(Written(stream => Npy.Write(stream, State()["matrix"])), file => Npy.Read(Reader(file)), timesSize: 64);

    // What unpacks to a hundred times its size is legitimate; the limit of the test's small files is their own, so that a leak shows.
    [Test]
    public void Npz_survives_damage() =>
        Fuzz(Written(stream => Npz.Write(stream, State(), compressed: true)), file => Npz.Read(new MemoryStream(file), "fuzz", maxBytes: 100 * file.Length), timesSize: 1000);

    [Test]
    public void Idx_survives_damage() => Fuzz([0, 0, 0x0C, 2, 0, 0, 0, 3, 0, 0, 0, 2, .. new byte[24]], file => Idx.Read(new MemoryStream(file), "fuzz"), timesSize: 64);

    [Test]
    public void Csv_survives_damage() =>
        Fuzz("a,\"b\",\"c\"\"d\"\n1,2e3,-7\r\n3,\"4\",5\n"u8.ToArray(), file => CsvTable.Read(new StreamReader(new MemoryStream(file)), "fuzz", header: true, ',').Numbers(), timesSize: 64);

    // A file that is sound but holds another state is the user's mistake: ValueException, and nothing was changed.
    [Test]
    public void Checkpoints_survive_damage()
    {
        var run = new Checkpoint { ["model"] = new Linear(4, 3), ["noise"] = new Generator(1), ["step"] = 7, ["note"] = "text" };
        byte[] now = Written(run.Write);
        Fuzz(now, file =>
        {
            try
            {
                run.Read(Reader(file));
                now = Written(run.Write);
            }
            catch (MiniTorchException error)
            {
                Written(run.Write).AsSpan().SequenceEqual(now).ShouldBeTrue();
                if (error is not ValueException) throw;
            }
        }, timesSize: 256, Inputs / 4);
    }

    private static OrderedDictionary<string, Tensor> State() => new()
    {
        ["matrix"] = Tensor.Zeros([3, 4]),
        ["flags"] = Tensor.From(new[] { true, false }),
        ["count"] = Tensor.From(new long[] { 1, 2, 3 }),
        ["scalar"] = Tensor.From(new[] { 1.5 }, []),
    };

    private static void Fuzz(byte[] valid, Action<byte[]> read, int timesSize, int inputs = Inputs)
    {
        read(valid);
        var random = new Random(12345);
        int refused = 0;
        for (int i = 0; i < inputs; i++)
        {
            byte[] file = Damage(valid, random);
            long managed = GC.GetAllocatedBytesForCurrentThread(), native = BufferPool.RentedBytes;
            try
            {
                read(file);
            }
            catch (FileFormatException)
            {
                refused++;
            }
            catch (Exception error) when (error is not ShouldAssertException)
            {
                Assert.Fail($"input {i}: {error}");
            }
            long allowed = FixedBytes + (timesSize * (long)file.Length);
            (GC.GetAllocatedBytesForCurrentThread() - managed).ShouldBeLessThan(allowed, $"input {i}");
            (BufferPool.RentedBytes - native).ShouldBeLessThan(allowed, $"input {i}");
        }
        refused.ShouldBeGreaterThan(inputs / 4, "the damage hardly ever matters");
    }

    private static byte[] Damage(byte[] valid, Random random)
    {
        var file = new List<byte>(valid);
        for (int changes = random.Next(1, 4); changes > 0 && file.Count > 0; changes--)
        {
            int place = random.Next(file.Count);
            switch (random.Next(7))
            {
                case 0: file[place] = (byte)random.Next(256); break;
                case 1: file[place] ^= (byte)(1 << random.Next(8)); break;
                case 2: file.RemoveRange(place, file.Count - place); break;
                case 3: file.RemoveRange(place, random.Next(Math.Min(16, file.Count - place)) + 1); break;
                case 4: file.InsertRange(random.Next(file.Count), file.GetRange(place, random.Next(Math.Min(64, file.Count - place)) + 1)); break;
                case 5: Overwrite(file, place, Extreme(random)); break;
                default: Overwrite(file, place, Encoding.ASCII.GetBytes(Words[random.Next(Words.Length)])); break;
            }
        }
        return [.. file];
    }

    private static readonly string[] Words = ["9999999999", "2147483647", "-1", "0", "\"", "'", "{", "}", "[", "]", "null", "1e9", "BF16", "U64", "../", "|O", "\\u0000", "\\ud800"];

    private static byte[] Extreme(Random random)
    {
        var bytes = new byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, random.Next(4) switch { 0 => -1, 1 => long.MaxValue, 2 => int.MaxValue, _ => 1L << random.Next(64) });
        return bytes[..(1 << random.Next(4))];
    }

    private static void Overwrite(List<byte> file, int place, byte[] bytes)
    {
        for (int i = 0; i < bytes.Length && place + i < file.Count; i++) file[place + i] = bytes[i];
    }

    private static byte[] Written(Action<Stream> write)
    {
        using var stream = new MemoryStream();
        write(stream);
        return stream.ToArray();
    }

    private static FileReader Reader(byte[] file) => new(new MemoryStream(file), "fuzz", file.Length);
}
