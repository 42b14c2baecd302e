using System.Buffers.Binary;
using System.Text;
using System.Text.Json;
using MiniTorch.IO;

namespace MiniTorch.Tests.Files;

public class SafetensorsTests
{
    private readonly TemporaryFolder _folder = new();

    [OneTimeTearDown]
    public void Remove() => _folder.Dispose();

    /// <summary>A file as the published layout has it: the header's length in eight bytes, the header, the data.</summary>
    private static byte[] FileOf(string header, params byte[] data)
    {
        byte[] json = Encoding.UTF8.GetBytes(header);
        var length = new byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(length, json.Length);
        return [.. length, .. json, .. data];
    }

    private OrderedDictionary<string, Tensor> Read(byte[] file) => Safetensors.Load(_folder.Write("read.safetensors", file));

    [Test]
    public void All_dtypes_shapes_and_layouts_survive()
    {
        Tensor matrix = Tensor.From(new float[,] { { 1, -0f, float.NaN }, { float.PositiveInfinity, float.Epsilon, 1e30f } });
        var state = new Dictionary<string, Tensor>
        {
            ["matrix"] = matrix,
            ["transposed"] = matrix.T,
            ["sliced"] = matrix[.., 1..3],
            ["expanded"] = matrix[0].Expand([4, 3]),
            ["double"] = Tensor.From(new[] { 1e300, double.Epsilon }),
            ["long"] = Tensor.From(new[] { long.MinValue, long.MaxValue }),
            ["bool"] = Tensor.From(new[] { true, false, true }),
            ["scalar"] = Tensor.From(new[] { 7.5f }, []),
            ["empty"] = Tensor.Zeros([0, 3]),
            ["names may hold \"quotes\", \\, blanks and ü"] = Tensor.Ones([1]),
        };

        Safetensors.Save(_folder["all.safetensors"], state);
        OrderedDictionary<string, Tensor> read = Safetensors.Load(_folder["all.safetensors"]);

        read.Keys.ShouldBe(state.Keys);
        foreach ((string name, Tensor tensor) in state)
        {
            read[name].DType.ShouldBe(tensor.DType, name);
            read[name].Shape.ShouldBe(tensor.Shape, name);
            read[name].ToArray<double>().Select(BitConverter.DoubleToInt64Bits)
                .ShouldBe(tensor.ToArray<double>().Select(BitConverter.DoubleToInt64Bits), name);
        }
        read["long"].ToArray<long>().ShouldBe([long.MinValue, long.MaxValue]);
    }

    [Test]
    public void The_file_has_the_published_layout()
    {
        var state = new Dictionary<string, Tensor>
        {
            ["flag"] = Tensor.From(new[] { true }), ["w"] = Tensor.From(new float[,] { { 1, 2 } }),
            ["n"] = Tensor.From(new long[] { 5 })
        };
        Safetensors.Save(_folder["layout.safetensors"], state, new Dictionary<string, string> { ["made"] = "here" });

        byte[] file = File.ReadAllBytes(_folder["layout.safetensors"]);
        int length = (int)BinaryPrimitives.ReadUInt64LittleEndian(file);
        using JsonDocument header = JsonDocument.Parse(file.AsMemory(8, length));
        byte[] data = file[(8 + length)..];

        (length % 8).ShouldBe(0);
        file[8].ShouldBe((byte)'{');
        header.RootElement.GetProperty("__metadata__").GetProperty("made").GetString().ShouldBe("here");
        Field("w", "dtype").ShouldBe("\"F32\"");
        Field("w", "shape").ShouldBe("[1,2]");
        Field("n", "dtype").ShouldBe("\"I64\"");
        Field("flag", "dtype").ShouldBe("\"BOOL\"");
        data.Length.ShouldBe(17);
        BitConverter.ToInt64(data, Begin("n")).ShouldBe(5);
        BitConverter.ToSingle(data, Begin("w")).ShouldBe(1);
        BitConverter.ToSingle(data, Begin("w") + 4).ShouldBe(2);
        data[Begin("flag")].ShouldBe((byte)1);
        (Begin("w") % 4).ShouldBe(0);

        string Field(string name, string field) => header.RootElement.GetProperty(name).GetProperty(field).GetRawText();
        int Begin(string name) => header.RootElement.GetProperty(name).GetProperty("data_offsets")[0].GetInt32();
    }

    [Test]
    public void Half_precision_becomes_Float32_and_integers_Int64()
    {
        OrderedDictionary<string, Tensor> read = Read(FileOf(
            """
            {"f16":{"dtype":"F16","shape":[3],"data_offsets":[0,6]},"bf16":{"dtype":"BF16","shape":[2],"data_offsets":[6,10]},
             "i8":{"dtype":"I8","shape":[1],"data_offsets":[10,11]},"u8":{"dtype":"U8","shape":[1],"data_offsets":[11,12]},
             "i16":{"dtype":"I16","shape":[1],"data_offsets":[12,14]},"u16":{"dtype":"U16","shape":[1],"data_offsets":[14,16]},
             "i32":{"dtype":"I32","shape":[1],"data_offsets":[16,20]},"u32":{"dtype":"U32","shape":[1],"data_offsets":[20,24]},
             "u64":{"dtype":"U64","shape":[1],"data_offsets":[24,32]}}
            """,
            0x00, 0x3C, 0x01, 0x00, 0x00, 0xFC, // 1, 2⁻²⁴, −∞
            0x80, 0x3F, 0x20, 0xC1, // 1, −10
            0xFF, 0xFF, 0xFE, 0xFF, 0xFE, 0xFF, 0xFD, 0xFF, 0xFF, 0xFF, 0xFD, 0xFF, 0xFF, 0xFF,
            0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F));

        read["f16"].DType.ShouldBe(DType.Float32);
        read["f16"].ToArray<float>().ShouldBe([1f, MathF.ScaleB(1, -24), float.NegativeInfinity]);
        read["bf16"].DType.ShouldBe(DType.Float32);
        read["bf16"].ToArray<float>().ShouldBe([1f, -10f]);
        (string Name, long Value)[] integers =
            [("i8", -1), ("u8", 255), ("i16", -2), ("u16", 65534), ("i32", -3), ("u32", 4294967293), ("u64", long.MaxValue)];
        foreach ((string name, long value) in integers)
        {
            read[name].DType.ShouldBe(DType.Int64, name);
            read[name].Item<long>().ShouldBe(value, name);
        }
    }

    [TestCase("", "ends within the header's length")]
    [TestCase("FFFFFFFFFFFFFFFF", "18,446,744,073,709,551,615 bytes; the file has 0 left")]
    [TestCase("0000000000000080", "9,223,372,036,854,775,808 bytes")]
    [TestCase("0300000000000000", "3 bytes; the file has 0 left")]
    [TestCase("0000000000000000", "does not begin with {")]
    public void A_hostile_length_is_refused(string hex, string message) =>
        Should.Throw<FileFormatException>(() => Read(Convert.FromHexString(hex))).Message.ShouldContain(message);

    [TestCase("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}""", "not valid JSON", TestName = "An unfinished header is refused")]
    [TestCase("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}} x""", "not valid JSON", TestName = "Text after the header is refused")]
    [TestCase(""" {"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}""", "does not begin with {", TestName = "A blank before the header is refused")]
    [TestCase("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"a":{"dtype":"F32","shape":[0],"data_offsets":[8,8]}}""", "the name a occurs twice", TestName = "A duplicate name is refused")]
    [TestCase("""{"a":{"dtype":"F32","dtype":"F32","shape":[2],"data_offsets":[0,8]}}""", "the field dtype twice", TestName = "A duplicate field is refused")]
    [TestCase("""{"__metadata__":{"x":"1","x":"2"},"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}""", "__metadata__.x occurs twice", TestName = "A duplicate metadata key is refused")]
    [TestCase("""{"__metadata__":{"x":1},"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}""", "__metadata__.x is Number, not String", TestName = "Metadata that is no text is refused")]
    [TestCase("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"b":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}""", "b overlaps the tensor before it", TestName = "An overlap is refused")]
    [TestCase("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}""", "a leaves a hole before it", TestName = "A hole is refused")]
    [TestCase("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}""", "take 4 bytes, but the file has 8", TestName = "Unused data is refused")]
    [TestCase("""{"a":{"dtype":"F32","shape":[3],"data_offsets":[0,12]}}""", "take 12 bytes, but the file has 8", TestName = "Data beyond the end is refused")]
    [TestCase("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[8,0]}}""", "not [begin, end]", TestName = "Offsets in reverse are refused")]
    [TestCase("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8,8]}}""", "not [begin, end]", TestName = "Three offsets are refused")]
    [TestCase("""{"a":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}}""", "8 bytes of data, but 12 are needed", TestName = "A size that contradicts the shape is refused")]
    [TestCase("""{"a":{"dtype":"F32","shape":[-2],"data_offsets":[0,8]}}""", "a.shape holds -2", TestName = "A negative size is refused")]
    [TestCase("""{"a":{"dtype":"F32","shape":[2.5],"data_offsets":[0,8]}}""", "a.shape holds 2.5", TestName = "A broken size is refused")]
    [TestCase("""{"a":{"dtype":"F32","shape":[99999999999999999999],"data_offsets":[0,8]}}""", "a.shape holds 9999", TestName = "A size beyond 64 bits is refused")]
    [TestCase("""{"a":{"dtype":"F32","shape":[4294967296],"data_offsets":[0,8]}}""", "size 4294967296 in dimension 0", TestName = "A size beyond 31 bits is refused")]
    [TestCase("""{"a":{"dtype":"F32","shape":[2147483647,2147483647,2147483647],"data_offsets":[0,8]}}""", "overflows", TestName = "An overflowing shape is refused")]
    [TestCase("""{"a":{"dtype":"F32","shape":[0,2147483647,2147483647,2147483647],"data_offsets":[0,0]}}""", "overflows", TestName = "An overflowing empty shape is refused")]
    [TestCase("""{"a":{"dtype":"F8_E4M3","shape":[8],"data_offsets":[0,8]}}""", "dtype F8_E4M3, which is not known", TestName = "An unknown dtype is refused")]
    [TestCase("""{"a":{"dtype":"F32","shape":[2]}}""", "lacks dtype, shape or data_offsets", TestName = "A missing field is refused")]
    [TestCase("""{"a":{"dtype":"F32","shape":2,"data_offsets":[0,8]}}""", "a.shape is Number, not StartArray", TestName = "A shape that is no list is refused")]
    [TestCase("""{"a":[0]}""", "a is StartArray, not StartObject", TestName = "An entry that is no object is refused")]
    [TestCase("""{"a":{"dtype":"BOOL","shape":[8],"data_offsets":[0,8]}}""", "neither 0 nor 1", TestName = "A truth value of 2 is refused")]
    [TestCase("""{"a":{"dtype":"U64","shape":[1],"data_offsets":[0,8]}}""", "does not fit Int64", TestName = "A number beyond Int64 is refused")]
    public void A_hostile_header_is_refused(string header, string message)
    {
        var error = Should.Throw<FileFormatException>(() => Read(FileOf(header, 2, 2, 2, 2, 2, 2, 2, 255)));
        error.Message.ShouldContain(message);
        error.Message.ShouldContain("read.safetensors");
        error.Message.ShouldContain("(at byte ");
    }

    [Test]
    public void Text_that_is_not_UTF8_is_refused() =>
        Should.Throw<FileFormatException>(() => Read([3, 0, 0, 0, 0, 0, 0, 0, (byte)'{', (byte)'"', 0xFF]));

    [Test]
    public void Many_dimensions_are_refused()
    {
        string ones = string.Join(",", Enumerable.Repeat(1, 65));
        Should.Throw<FileFormatException>(() => Read(FileOf($$$"""{"a":{"dtype":"U8","shape":[{{{ones}}}],"data_offsets":[0,1]}}""", 1))).Message.ShouldContain("65 dimensions");
    }

    [Test]
    public void Every_file_cut_short_is_refused()
    {
        Safetensors.Save(_folder["whole.safetensors"], new Dictionary<string, Tensor> { ["a"] = Tensor.Ones([3]), ["b"] = Tensor.Arange(2) });
        byte[] whole = File.ReadAllBytes(_folder["whole.safetensors"]);
        for (int length = 0; length < whole.Length; length++)
        {
            byte[] cut = whole[..length];
            Should.Throw<FileFormatException>(() => Read(cut), $"{length} of {whole.Length} bytes");
        }
    }

    [Test]
    public void A_failed_write_keeps_the_old_file_and_leaves_nothing_behind()
    {
        using var folder = new TemporaryFolder();
        string path = folder["kept.safetensors"];
        Safetensors.Save(path, new Dictionary<string, Tensor> { ["a"] = Tensor.Ones([1]) });

        Should.Throw<ValueException>(() => Safetensors.Save(path, new Dictionary<string, Tensor> { ["__metadata__"] = Tensor.Ones([1]) }))
            .Message.ShouldContain("reserved");
        Should.Throw<ValueException>(() => Safetensors.Save(path, new Dictionary<string, Tensor> { ["half a pair \ud800"] = Tensor.Ones([1]) }))
            .Message.ShouldContain("not valid Unicode");

        Safetensors.Load(path)["a"].Item<float>().ShouldBe(1);
        folder.Files.ShouldBe(["kept.safetensors"]);
    }

    [Test]
    public void Metadata_can_be_read_without_the_tensors()
    {
        Safetensors.Save(_folder["meta.safetensors"], new Dictionary<string, Tensor>(),
            new Dictionary<string, string> { ["a"] = "1", ["b"] = "ü\n" });
        OrderedDictionary<string, string> metadata = Safetensors.LoadMetadata(_folder["meta.safetensors"]);
        metadata.ShouldBe(new Dictionary<string, string> { ["a"] = "1", ["b"] = "ü\n" });
        Safetensors.Load(_folder["meta.safetensors"]).ShouldBeEmpty();
    }
}
