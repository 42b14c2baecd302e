using System.IO.Compression;
using System.Text;
using MiniTorch.IO;

namespace MiniTorch.Tests.Files;

public class NpyTests
{
    private readonly TemporaryFolder _folder = new();

    [OneTimeTearDown]
    public void Remove() => _folder.Dispose();

    private static byte[] FileOf(string header, params byte[] data) =>
        [0x93, .. "NUMPY"u8, 1, 0, (byte)header.Length, (byte)(header.Length >> 8), .. Encoding.Latin1.GetBytes(header), .. data];

    private Tensor Read(byte[] file) => Npy.Load(_folder.Write("read.npy", file));

    private static Dictionary<string, Tensor> Samples() => new()
    {
        ["matrix"] = Tensor.From(new float[,] { { 1, 2, 3 }, { 4, 5, 6 } }),
        ["transposed"] = Tensor.From(new double[,] { { 1, 2, 3 }, { 4, 5, 6 } }).T,
        ["integers"] = Tensor.From(new[] { long.MinValue, -1, long.MaxValue }),
        ["truths"] = Tensor.From(new[] { true, false }),
        ["scalar"] = Tensor.From(new[] { 2.5 }, []),
        ["empty"] = Tensor.Zeros([2, 0, 3]),
    };

    [Test]
    public void All_dtypes_shapes_and_layouts_survive()
    {
        foreach ((string name, Tensor tensor) in Samples())
        {
            Npy.Save(_folder["one.npy"], tensor);
            ShouldEqual(Npy.Load(_folder["one.npy"]), tensor, name);
        }
    }

    [TestCase(false)]
    [TestCase(true)]
    public void An_archive_keeps_names_and_order(bool compressed)
    {
        Npz.Save(_folder["all.npz"], Samples(), compressed);
        OrderedDictionary<string, Tensor> read = Npz.Load(_folder["all.npz"]);
        read.Keys.ShouldBe(Samples().Keys);
        foreach ((string name, Tensor tensor) in Samples()) ShouldEqual(read[name], tensor, name);
    }

    [Test]
    public void NumPy_reads_what_is_written_here_and_the_reverse()
    {
        Python.Assume("numpy");
        Npy.Save(_folder["ours.npy"], Samples()["matrix"]);
        Npz.Save(_folder["ours.npz"], Samples(), compressed: true);
        Python.Succeed(
            """
            import numpy as np, sys
            folder = sys.argv[1]
            one, many = np.load(folder + "/ours.npy"), np.load(folder + "/ours.npz")
            assert one.dtype == np.float32 and one.tolist() == [[1, 2, 3], [4, 5, 6]]
            assert many["transposed"].dtype == np.float64 and many["transposed"].tolist() == [[1, 4], [2, 5], [3, 6]]
            assert many["integers"].tolist() == [-2**63, -1, 2**63 - 1] and many["truths"].tolist() == [True, False]
            assert many["scalar"].shape == () and many["empty"].shape == (2, 0, 3)

            x = np.arange(24).reshape(2, 3, 4)
            for dtype in ("<f2", "<f4", "<f8", ">f4", ">f8", "i1", "u1", "<i2", ">i2", "<u2", "<i4", ">u4", "<i8", ">i8", "<u8"):
                np.save(f"{folder}/theirs {dtype[-3:].replace('<', 'little ').replace('>', 'big ')}.npy", x.astype(dtype))
            np.save(folder + "/theirs fortran.npy", np.asfortranarray(x.astype("f4")))
            np.save(folder + "/theirs bool.npy", x > 11)
            np.save(folder + "/objects.npy", np.array([{}, None], dtype=object))
            np.savez(folder + "/theirs.npz", x=x, y=x[0].astype("f4"))
            """, _folder[""]);

        string[] files = Directory.GetFiles(_folder[""], "theirs *.npy");
        files.Length.ShouldBe(17);
        foreach (string file in files)
        {
            Tensor read = Npy.Load(file);
            read.Shape.ShouldBe([2, 3, 4], file);
            read.ToArray<long>().ShouldBe(file.Contains("bool", StringComparison.Ordinal) ? Enumerable.Range(0, 24).Select(i => i > 11 ? 1L : 0)
                : Enumerable.Range(0, 24).Select(i => (long)i), file);
        }
        Npz.Load(_folder["theirs.npz"])["y"].ToArray<float>().ShouldBe(Enumerable.Range(0, 12).Select(i => (float)i));
        Should.Throw<FileFormatException>(() => Npy.Load(_folder["objects.npy"])).Message.ShouldContain("pickles");
    }

    [TestCase("{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }\n", 2)]
    [TestCase("{'shape':(2),\"descr\":'<f4','fortran_order':False}", 2)]
    [TestCase("{'descr': '<f4', 'fortran_order': True, 'shape': (1, 2), }", 2)]
    [TestCase("{'descr': '<f8', 'fortran_order': False, 'shape': (), }", 1)]
    public void Headers_with_other_spacing_and_order_are_read(string header, int count) =>
        Read(FileOf(header, new byte[8])).ElementCount.ShouldBe(count);

    [TestCase("{'descr': '<f4', 'fortran_order': False, 'shape': (3,), }", "takes 12 bytes, but 8 follow")]
    [TestCase("{'descr': '<f4', 'fortran_order': False, 'shape': (1,), }", "takes 4 bytes, but 8 follow")]
    [TestCase("{'descr': '<f4', 'fortran_order': False, 'shape': (-2,), }", "a size is not a whole number")]
    [TestCase("{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999,), }", "a size is not a whole number")]
    [TestCase("{'descr': '<f4', 'fortran_order': False, 'shape': (2147483647, 2147483647, 2147483647), }", "overflows")]
    [TestCase("{'descr': '<f4', 'fortran_order': False, 'shape': (2,), 'shape': (2,), }", "'shape' occurs twice")]
    [TestCase("{'descr': '<f4', 'fortran_order': False, 'shape': (2,), 'x': 1}", "is not one of descr")]
    [TestCase("{'descr': '<f4', 'fortran_order': False}", "'shape' is missing")]
    [TestCase("{'descr': '<f4', 'shape': (2,)}", "'fortran_order' is missing")]
    [TestCase("{'fortran_order': False, 'shape': (2,)}", "'descr' is missing")]
    [TestCase("{'descr': '|O', 'fortran_order': False, 'shape': (1,), }", "pickles")]
    [TestCase("{'descr': '<c8', 'fortran_order': False, 'shape': (1,), }", "is not supported by tensors")]
    [TestCase("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (2,), }", "structured arrays are not supported")]
    [TestCase("{'descr': '<f4', 'fortran_order': 0, 'shape': (2,), }", "neither True nor False")]
    [TestCase("{'descr': '<f4', 'fortran_order': False, 'shape': (2,), } x", "text follows")]
    [TestCase("{'descr': '<f4', 'fortran_order': False, 'shape': (2,", "a size is not a whole number")]
    [TestCase("{'descr", "a quoted string is expected")]
    [TestCase("", "{ is expected")]
    public void A_hostile_header_is_refused(string header, string message) =>
        Should.Throw<FileFormatException>(() => Read(FileOf(header, new byte[8]))).Message.ShouldContain(message);

    [Test]
    public void A_file_that_is_something_else_is_refused()
    {
        Should.Throw<FileFormatException>(() => Read("PK, not NumPy"u8.ToArray())).Message.ShouldContain("does not begin with");
        Should.Throw<FileFormatException>(() => Read([0x93, .. "NUMPY"u8, 9, 0, 0, 0])).Message.ShouldContain("version 9.0");
        Should.Throw<FileFormatException>(() => Npz.Load(_folder.Write("no.npz", "not a zip archive at all"u8)))
            .Message.ShouldContain("archive is damaged");
    }

    [TestCase("../evil.npy", "without ..")]
    [TestCase("a/../../evil.npy", "without ..")]
    [TestCase("/etc/evil.npy", "without ..")]
    [TestCase("..\\evil.npy", "without ..")]
    [TestCase(".npy", "is not of the form NAME.npy")]
    [TestCase("readme.txt", "is not of the form NAME.npy")]
    public void Hostile_names_in_an_archive_are_refused(string name, string message) =>
        Should.Throw<FileFormatException>(() => Npz.Load(Archive($"{Guid.NewGuid()}.npz", (name, [])))).Message.ShouldContain(message);

    [Test]
    public void Names_that_could_leave_a_folder_are_not_written()
    {
        foreach (string name in (string[])["", "/a", "../a", "a/..", "a\\b"])
            Should.Throw<ValueException>(() => Npz.Save(_folder["names.npz"], new Dictionary<string, Tensor> { [name] = Tensor.Ones([1]) }))
                .Message.ShouldContain("cannot name an array");
    }

    [Test]
    public void A_name_that_comes_twice_is_refused() =>
        Should.Throw<FileFormatException>(() => Npz.Load(Archive("twice.npz", ("a.npy", []), ("a.npy", []))))
            .Message.ShouldContain("'a.npy' occurs twice");

    [Test]
    public void A_changed_byte_of_a_stored_array_is_noticed()
    {
        Npz.Save(_folder["whole.npz"], new Dictionary<string, Tensor> { ["a"] = Tensor.Full([64], 1.5) });
        byte[] file = File.ReadAllBytes(_folder["whole.npz"]);
        int number = file.AsSpan().IndexOf(BitConverter.GetBytes(1.5f));
        file[number + 40] ^= 1;
        Should.Throw<FileFormatException>(() => Npz.Load(_folder.Write("changed.npz", file)))
            .Message.ShouldContain("changed.npz/a.npy: the content is damaged: its checksum is");
    }

    [Test]
    public void A_zip_bomb_is_refused_before_it_is_unpacked()
    {
        string bomb = Archive("bomb.npz", ("a.npy", new byte[40 << 20]));
        new FileInfo(bomb).Length.ShouldBeLessThan(1 << 17);
        Should.Throw<FileFormatException>(() => Npz.Load(bomb)).Message.ShouldContain("if you trust the file, pass a larger maxBytes to Npz.Load");

        Npz.Save(_folder["zeros.npz"], new Dictionary<string, Tensor> { ["a"] = Tensor.Zeros([10 << 20]) }, compressed: true);
        Should.Throw<FileFormatException>(() => Npz.Load(_folder["zeros.npz"]));
        Npz.Load(_folder["zeros.npz"], maxBytes: 41 << 20)["a"].ElementCount.ShouldBe(10 << 20);
    }

    private string Archive(string file, params (string Name, byte[] Content)[] entries)
    {
        using (ZipArchive archive = ZipFile.Open(_folder[file], ZipArchiveMode.Create))
            foreach ((string name, byte[] content) in entries)
                using (Stream entry = archive.CreateEntry(name).Open()) entry.Write(content);
        return _folder[file];
    }

    private static void ShouldEqual(Tensor read, Tensor tensor, string name)
    {
        read.DType.ShouldBe(tensor.DType, name);
        read.Shape.ShouldBe(tensor.Shape, name);
        if (tensor.DType == DType.Int64) read.ToArray<long>().ShouldBe(tensor.ToArray<long>(), name);
        else read.ToArray<double>().ShouldBe(tensor.ToArray<double>(), name);
    }
}
