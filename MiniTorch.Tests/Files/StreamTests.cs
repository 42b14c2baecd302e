using System.IO.Compression;
using MiniTorch.IO;
using MiniTorch.Nn;

namespace MiniTorch.Tests.Files;

/// <summary>Files are written to and read from streams: in memory, forward only, in the middle of another stream, broken off early.</summary>
internal sealed class StreamTests
{
    private static readonly OrderedDictionary<string, Tensor> s_state = new()
    {
        ["a"] = Tensor.Arange(6, dtype: DType.Float32).Reshape(2, 3).T,
        ["b"] = Tensor.Arange(3),
        ["c"] = Tensor.From(new[] { true, false }),
    };

    /// <summary>A format: writes, and reads what was written as text.</summary>
    private static IEnumerable<TestCaseData> Formats()
    {
        static string Text(IEnumerable<KeyValuePair<string, Tensor>> state) => string.Join("\n", state.Select(entry => $"{entry.Key} {entry.Value}"));
        yield return Case("safetensors", stream => Safetensors.Save(stream, s_state), stream => Text(Safetensors.Load(stream)));
        yield return Case("npy", stream => Npy.Save(stream, s_state["a"]), stream => $"{Npy.Load(stream)}");
        yield return Case("npz", stream => Npz.Save(stream, s_state, compressed: true), stream => Text(Npz.Load(stream)));
        yield return Case("idx", stream => stream.Write([0, 0, 8, 1, 0, 0, 0, 3, 7, 8, 9]), stream => $"{Idx.Load(stream)}");
        yield return Case("idx.gz", stream =>
        {
            using var packed = new GZipStream(stream, CompressionLevel.Fastest, leaveOpen: true);
            packed.Write([0, 0, 8, 1, 0, 0, 0, 3, 7, 8, 9]);
        }, stream => $"{Idx.Load(stream)}");
        yield return Case("checkpoint", stream => Run(0.5).Save(stream), stream =>
        {
            Checkpoint run = Run(0);
            run.Load(stream);
            return $"{run.Get<double>("lr")} {run.Get<Tensor>("x")}";
        });

        static Checkpoint Run(double lr) => new() { ["lr"] = lr, ["x"] = Tensor.Arange(3) };
        static TestCaseData Case(string name, Action<Stream> write, Func<Stream, string> read) =>
            new TestCaseData(write, read).SetArgDisplayNames(name);
    }

    private static byte[] Written(Action<Stream> write)
    {
        using var stream = new MemoryStream();
        write(stream);
        stream.CanWrite.ShouldBeTrue("the stream stays open");
        return stream.ToArray();
    }

    [TestCaseSource(nameof(Formats))]
    public void Stream_that_cannot_seek_is_written_and_read_like_one_that_can(Action<Stream> write, Func<Stream, string> read)
    {
        byte[] bytes = Written(write);
        using var source = new MemoryStream(bytes);
        string expected = read(source);
        source.CanRead.ShouldBeTrue("the stream stays open");
        using var forward = new ForwardStream(new MemoryStream());
        write(forward);
        read(new ForwardStream(new MemoryStream(forward.Bytes))).ShouldBe(expected);
        read(new ForwardStream(new MemoryStream(bytes))).ShouldBe(expected);
    }

    [TestCaseSource(nameof(Formats))]
    public void Stream_is_read_from_its_position(Action<Stream> write, Func<Stream, string> read)
    {
        byte[] bytes = Written(write);
        using var offset = new MemoryStream([1, 2, 3, .. bytes]) { Position = 3 };
        read(offset).ShouldBe(read(new MemoryStream(bytes)));
        using var growing = new MemoryStream();
        growing.Write([1, 2, 3]);
        write(growing);
        read(new MemoryStream(growing.ToArray()[3..])).ShouldBe(read(new MemoryStream(bytes)));
    }

    [TestCaseSource(nameof(Formats))]
    public void Stream_that_ends_early_is_refused(Action<Stream> write, Func<Stream, string> read)
    {
        byte[] bytes = Written(write);
        int needed = bytes[0] == 0x1F ? bytes.Length - 10 : bytes.Length; // without gzip's trailer, all of the data is there
        for (int length = 0; length < needed; length += Math.Max(1, bytes.Length / 20))
        {
            Should.Throw<FileFormatException>(() => read(new MemoryStream(bytes[..length]))).Message.ShouldContain("the stream");
            Should.Throw<FileFormatException>(() => read(new ForwardStream(new MemoryStream(bytes[..length]))));
        }
    }

    [TestCaseSource(nameof(Formats))]
    public void Stream_that_cannot_be_read_is_refused(Action<Stream> _, Func<Stream, string> read)
    {
        var closed = new MemoryStream();
        closed.Dispose();
        Should.Throw<ValueException>(() => read(closed)).Message.ShouldBe("the stream cannot be read: it is closed, or only for writing");
        Should.Throw<ArgumentNullException>(() => read(null!));
    }

    [Test]
    public void Exported_model_is_the_same_in_a_stream_and_in_a_file()
    {
        using var folder = new TemporaryFolder();
        var model = new Linear(3, 2);
        MiniTorch.IO.Onnx.Export(model, Tensor.Ones([1, 3]), folder["model.onnx"]);
        using var forward = new ForwardStream(new MemoryStream());
        MiniTorch.IO.Onnx.Export(model, Tensor.Ones([1, 3]), forward);
        forward.Bytes.ShouldBe(File.ReadAllBytes(folder["model.onnx"]));
    }

    [Test]
    public void Shards_hold_the_state_in_its_order([Values(1, 30, 1000)] int maxBytes)
    {
        using var folder = new TemporaryFolder();
        Safetensors.SaveShards(folder["model.safetensors.index.json"], s_state, maxBytes);
        int files = maxBytes == 1000 ? 1 : maxBytes == 30 ? 2 : 3;
        folder.Files.ShouldBe([.. Enumerable.Range(1, files).Select(i => $"model-{i:D5}-of-{files:D5}.safetensors"), "model.safetensors.index.json"]);
        OrderedDictionary<string, Tensor> loaded = Safetensors.LoadShards(folder["model.safetensors.index.json"]);
        loaded.Keys.ShouldBe(s_state.Keys);
        foreach ((string name, Tensor tensor) in s_state) $"{loaded[name]}".ShouldBe($"{tensor}");
    }

    [Test]
    public void Index_as_Hugging_Face_writes_it_is_read()
    {
        using var folder = new TemporaryFolder();
        Safetensors.Save(folder["model-00001-of-00002.safetensors"], new Dictionary<string, Tensor> { ["x"] = 1, ["z"] = 3 });
        Safetensors.Save(folder["model-00002-of-00002.safetensors"], new Dictionary<string, Tensor> { ["y"] = 2 });
        const string Index = """
            {
              "metadata": {
                "total_size": 24
              },
              "weight_map": {
                "z": "model-00001-of-00002.safetensors",
                "y": "model-00002-of-00002.safetensors",
                "x": "model-00001-of-00002.safetensors"
              }
            }
            """;
        File.WriteAllText(folder["i"], Index);
        Safetensors.LoadShards(folder["i"]).Select(entry => $"{entry.Key}{entry.Value.Item<int>()}").ShouldBe(["z3", "y2", "x1"]);

        foreach ((string old, string changed, string message) in new[]
        {
            ("\"y\": \"model-00002", "\"y\": \"model-00001", "the index places y in model-00001-of-00002.safetensors, which does not hold it"),
            ("\"x\": \"model-00001", "\"x\": \"model-00002",
                "model-00001-of-00002.safetensors holds x, which the index places in model-00002-of-00002.safetensors"),
            (",\n    \"x\": \"model-00001-of-00002.safetensors\"", "", "model-00001-of-00002.safetensors holds x, which the index does not know"),
            ("\"y\": \"", "\"y\": \"../", "not the plain name of a .safetensors file"),
            ("\"y\": \"model-00002-of-00002.safetensors\"", "\"y\": 3", "this is not an index of safetensors files"),
            ("\"y\": \"model-00002-of-00002.safetensors\"", "\"y\": null", "not the plain name"),
            ("weight_map", "weights", "this is not an index of safetensors files"),
            ("\"y\"", "\"z\"", "the name z occurs twice"),
            ("}\n}", "}", "this is not an index of safetensors files"),
        })
        {
            Index.ShouldContain(old);
            File.WriteAllText(folder["i"], Index.Replace(old, changed, StringComparison.Ordinal));
            Should.Throw<FileFormatException>(() => Safetensors.LoadShards(folder["i"])).Message.ShouldContain(message);
        }
        Should.Throw<ValueException>(() => Safetensors.SaveShards(folder["model.json"], s_state))
            .Message.ShouldContain("does not end in .index.json");
        Should.Throw<ValueException>(() => Safetensors.SaveShards(folder["a.index.json"], s_state, 0)).Message.ShouldContain("maxBytes is 0");
    }

    /// <summary>A stream that knows neither its length nor its position, such as one from a network.</summary>
    private sealed class ForwardStream(MemoryStream inner) : Stream
    {
        public byte[] Bytes => inner.ToArray();

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => true;

        public override long Length => throw new NotSupportedException();

        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public override void Flush() { }

        public override int Read(byte[] buffer, int offset, int count) => inner.Read(buffer, offset, Math.Min(count, 7)); // in small pieces

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => inner.Write(buffer, offset, count);
    }
}
