using System.Buffers.Binary;
using System.IO.Compression;
using System.Runtime.InteropServices;
using MiniTorch.Nn;
using MiniTorch.Tests.Export;
using MiniTorch.Tests.Files;

namespace MiniTorch.Tests.Visuals;

/// <summary>
/// The event file of a report, read back: framing and checksums by hand, messages by Google.Protobuf, images by the PNG specification.
/// </summary>
internal sealed class TensorBoardTests
{
    [Test]
    public void Event_file_holds_numbers_histograms_images_and_notes()
    {
        using var folder = new TemporaryFolder();
        Tensor pixels = Tensor.From(new[,] { { 0.0, 0.5, 1.0 }, { -1.0, 2.0, double.NaN } });
        Tensor colors = Tensor.From(new byte[] { 255, 0, 0, 255, 7, 8 }, [3, 1, 2]);
        using (var report = new TrainingReport(folder["report.html"]) { TensorBoard = folder["runs/1"] })
        {
            report.Add("loss/train", 0.5);
            report.Add("loss/train", 0.25);
            report.Add("loss/train", 0.125, step: 10);
            report.Add("weights", Tensor.From(new[] { -1.0, 0, 0, 2, double.NaN, double.PositiveInfinity }));
            report.Add("one", Tensor.From(new[] { 3f }));
            report.Show("gray", pixels);
            report.Show("color", colors);
            report.Show("color", colors);
            report.Show("curve", "<svg/>");
            report.Note("lr", "1e-3 **or** ä");
        }
        OnnxMessage[] events = [.. Records(Directory.GetFiles(folder["runs/1"]).Single()).Select(bytes => new OnnxMessage(bytes))];
        events[0].Text(3).ShouldBe("brain.Event:2");
        events.ShouldAllBe(e => e.Double(1) > 1.7e9);

        OnnxMessage[] values = [.. events.Skip(1).Select(e => e.Message(5).Message(1))];
        events.Skip(1).Select((e, i) => $"{values[i].Text(1)} {e.Integer(2)}")
            .ShouldBe(["loss/train 1", "loss/train 2", "loss/train 10", "weights 1", "one 1", "gray 1", "color 1", "color 2", "lr 0"]);
        values[..3].Select(value => value.Real(2)).ShouldBe([0.5f, 0.25f, 0.125f]);
        values[4].Real(2).ShouldBe(3);

        OnnxMessage histogram = values[3].Message(5);
        (histogram.Double(1), histogram.Double(2), histogram.Double(3), histogram.Double(4), histogram.Double(5)).ShouldBe((-1, 2, 4, 1, 5));
        double[] limits = MemoryMarshal.Cast<byte, double>(histogram.Bytes(6)).ToArray(),
            counts = MemoryMarshal.Cast<byte, double>(histogram.Bytes(7)).ToArray();
        limits.Length.ShouldBe(30);
        limits.ShouldBeInOrder();
        limits[^1].ShouldBe(2);
        counts.Sum().ShouldBe(4);
        (counts[0], counts[^1], counts.Max()).ShouldBe((1, 1, 2));

        OnnxMessage gray = values[5].Message(4), color = values[6].Message(4);
        (gray.Integer(1), gray.Integer(2), gray.Integer(3)).ShouldBe((2, 3, 1));
        Decoded(gray.Bytes(4)).ShouldBe((3, 2, 0, "0080FF00FF00"));
        (color.Integer(1), color.Integer(2), color.Integer(3)).ShouldBe((1, 2, 3));
        Decoded(color.Bytes(4)).ShouldBe((2, 1, 2, "FF000700FF08"));
        OnnxMessage text = values[8];
        text.Message(9).Message(1).Text(1).ShouldBe("text");
        (text.Message(8).Integer(1), text.Message(8).Text(8)).ShouldBe((7, "1e-3 **or** ä"));

        string page = File.ReadAllText(folder["report.html"]);
        page.ShouldContain("src=\"data:image/png;base64,");
        page.ShouldContain("weights max");
    }

    [Test]
    public void Checksum_is_that_of_RFC_3720()
    {
        // Test vectors of RFC 3720, B.4: the reader checks the writer with another implementation.
        Crc32C(new byte[32]).ShouldBe(0x8A9136AAu);
        Crc32C([.. Enumerable.Repeat((byte)255, 32)]).ShouldBe(0x62A8AB43u);
    }

    [Test]
    public void Folder_that_cannot_be_written_is_an_error_by_option()
    {
        using var folder = new TemporaryFolder();
        string file = folder.Write("file", [1]);
        using var report = new TrainingReport(folder["report.html"]) { TensorBoard = Path.Combine(file, "runs"), ThrowsOnError = true };
        Should.Throw<MiniTorchException>(() => report.Add("loss", 1)).Message.ShouldContain("an event file in '");
        report.Error.ShouldNotBeNull();
    }

    [Test]
    public void Images_of_another_shape_are_refused()
    {
        using var folder = new TemporaryFolder();
        using var report = new TrainingReport(folder["report.html"]);
        foreach (Shape shape in (Shape[])[[3], [2, 4, 4], [1, 1, 4, 4], [0, 4]])
            Should.Throw<ShapeException>(() => report.Show("x", Tensor.Zeros(shape))).Message.ShouldContain($"not {shape}");
        Should.Throw<ShapeException>(() => report.Add("x", Tensor.Zeros([0]))).Message.ShouldContain("'x' has no elements");
    }

    private static IEnumerable<byte[]> Records(string path)
    {
        byte[] file = File.ReadAllBytes(path);
        for (int at = 0; at < file.Length;)
        {
            int length = (int)BinaryPrimitives.ReadUInt64LittleEndian(file.AsSpan(at));
            Check(file.AsSpan(at, 8), file.AsSpan(at + 8));
            byte[] record = file[(at + 12)..(at + 12 + length)];
            Check(record, file.AsSpan(at + 12 + length));
            at += length + 16;
            yield return record;
        }

        static void Check(ReadOnlySpan<byte> data, ReadOnlySpan<byte> stored)
        {
            uint crc = Crc32C(data);
            BinaryPrimitives.ReadUInt32LittleEndian(stored).ShouldBe(((crc >> 15) | (crc << 17)) + 0xA282EAD8);
        }
    }

    private static uint Crc32C(ReadOnlySpan<byte> data) => Crc(data, 0x82F63B78);

    private static uint Crc(ReadOnlySpan<byte> data, uint polynomial)
    {
        uint crc = uint.MaxValue;
        foreach (byte value in data)
        {
            crc ^= value;
            for (int bit = 0; bit < 8; bit++) crc = (crc & 1) != 0 ? (crc >> 1) ^ polynomial : crc >> 1;
        }
        return ~crc;
    }

    private static (int Width, int Height, int Color, string Pixels) Decoded(byte[] png)
    {
        png[..8].ShouldBe([137, 80, 78, 71, 13, 10, 26, 10]);
        var chunks = new Dictionary<string, byte[]>();
        for (int at = 8; at < png.Length;)
        {
            int length = BinaryPrimitives.ReadInt32BigEndian(png.AsSpan(at));
            BinaryPrimitives.ReadUInt32BigEndian(png.AsSpan(at + 8 + length)).ShouldBe(Crc(png.AsSpan(at + 4, length + 4), 0xEDB88320));
            chunks.Add(System.Text.Encoding.ASCII.GetString(png, at + 4, 4), png[(at + 8)..(at + 8 + length)]);
            at += length + 12;
        }
        chunks.Keys.ShouldBe(["IHDR", "IDAT", "IEND"]);
        byte[] header = chunks["IHDR"];
        (int width, int height) = (BinaryPrimitives.ReadInt32BigEndian(header), BinaryPrimitives.ReadInt32BigEndian(header.AsSpan(4)));
        header[8].ShouldBe((byte)8);
        using var unpacked = new ZLibStream(new MemoryStream(chunks["IDAT"]), CompressionMode.Decompress);
        using var rows = new MemoryStream();
        unpacked.CopyTo(rows);
        byte[] bytes = rows.ToArray();
        int stride = bytes.Length / height;
        return (width, height, header[9],
            string.Concat(Enumerable.Range(0, height).Select(row => Convert.ToHexString(bytes[((row * stride) + 1)..((row + 1) * stride)]))));
    }
}
