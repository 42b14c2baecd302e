using System.IO.Compression;
using System.Text;
using MiniTorch.IO;

namespace MiniTorch.Tests.Files;

/// <summary>IDX and CSV: the files that data sets come in.</summary>
public class TableTests
{
    private readonly TemporaryFolder _folder = new();

    [OneTimeTearDown]
    public void Remove() => _folder.Dispose();

    private Tensor ReadIdx(string hex) => Idx.Load(_folder.Write("read.idx", Convert.FromHexString(hex.Replace(" ", "", StringComparison.Ordinal))));

    private CsvTable ReadCsv(string text, bool header = true) => CsvTable.Load(_folder.Write("read.csv", Encoding.UTF8.GetBytes(text)), header);

    [TestCase("0000 08 02 00000001 00000002 01FF", DType.Int64, new double[] { 1, 255 })]
    [TestCase("0000 09 02 00000001 00000002 01FF", DType.Int64, new double[] { 1, -1 })]
    [TestCase("0000 0B 02 00000001 00000002 0102FFFE", DType.Int64, new double[] { 258, -2 })]
    [TestCase("0000 0C 02 00000001 00000002 00000102FFFFFFFE", DType.Int64, new double[] { 258, -2 })]
    [TestCase("0000 0D 02 00000001 00000002 3FC00000C0000000", DType.Float32, new double[] { 1.5, -2 })]
    [TestCase("0000 0E 02 00000001 00000002 3FF8000000000000C000000000000000", DType.Float64, new double[] { 1.5, -2 })]
    public void All_types_of_IDX_are_read(string hex, DType dtype, double[] expected)
    {
        Tensor read = ReadIdx(hex);
        read.DType.ShouldBe(dtype);
        read.Shape.ShouldBe([1, 2]);
        read.ToArray<double>().ShouldBe(expected);
    }

    [Test]
    public void IDX_may_be_packed()
    {
        byte[] image = [0, 0, 8, 1, 0, 0, 0, 3, 7, 8, 9];
        byte[] packed = Packed(image);
        Idx.Load(_folder.Write("packed.gz", packed)).ToArray<long>().ShouldBe([7, 8, 9]);
        Should.Throw<FileFormatException>(() => Idx.Load(_folder.Write("cut.gz", packed.AsSpan(0, packed.Length - 12))));
        Should.Throw<FileFormatException>(() => Idx.Load(_folder.Write("more.gz", Packed([.. image, 1]))))
            .Message.ShouldContain("there is data after");
        Should.Throw<FileFormatException>(() => Idx.Load(_folder.Write("bomb.gz", Packed([0, 0, 8, 1, 0x7F, 0, 0, 0]))))
            .Message.ShouldContain("takes 2,130,706,432 bytes");
    }

    [TestCase("", "ends within the signature")]
    [TestCase("0001 08 01 00000001 01", "this is not an IDX file")]
    [TestCase("0000 0A 01 00000001 01", "this is not an IDX file")]
    [TestCase("0000 08 02 00000001", "the sizes is said to take 8 bytes")]
    [TestCase("0000 08 01 00000002 01", "takes 2 bytes; the file has 1 left")]
    [TestCase("0000 08 01 00000001 0101", "there is data after the array")]
    [TestCase("0000 08 01 FFFFFFFF 01", "size 4294967295")]
    [TestCase("0000 08 03 7FFFFFFF 7FFFFFFF 7FFFFFFF 01", "overflows")]
    public void A_hostile_IDX_file_is_refused(string hex, string message) =>
        Should.Throw<FileFormatException>(() => ReadIdx(hex)).Message.ShouldContain(message);

    [Test]
    public void A_table_gives_numbers_and_classes()
    {
        CsvTable table = ReadCsv("length,width,species\r\n1.5,-2e3,virginica\n\n 3 ,4,\"setosa\"\n5,6,virginica\n");
        table.Count.ShouldBe(3);
        table.Columns.ShouldBe(["length", "width", "species"]);
        table[0, 2].ShouldBe("virginica");
        table.Numbers("width", "length").Shape.ShouldBe([3, 2]);
        table.Numbers("width", "length").ToArray<float>().ShouldBe([-2000f, 1.5f, 4, 3, 6, 5]);
        (Tensor labels, IReadOnlyList<string> names) = table.Classes("species");
        labels.ToArray<long>().ShouldBe([1, 0, 1]);
        names.ShouldBe(["setosa", "virginica"]);
    }

    [Test]
    public void Quoted_fields_hold_anything()
    {
        CsvTable table = ReadCsv("\"a,b\",\"say \"\"no\"\"\nnow\",\n1,2,", header: false);
        table.Columns.ShouldBe(["0", "1", "2"]);
        table[0, 0].ShouldBe("a,b");
        table[0, 1].ShouldBe("say \"no\"\nnow");
        table[0, 2].ShouldBe("");
        table[1, 1].ShouldBe("2");
    }

    [TestCase("a,b\n1,2\n3\n", "line 3: the row has 1 fields, but 2 are expected")]
    [TestCase("a,b\n1,\"2\n", "line 2: a quoted field does not end")]
    [TestCase("a,b\n1,\"2\"3\n", "line 2: text follows the closing quote of field 2")]
    [TestCase("a,a\n1,2\n", "a column name occurs twice")]
    [TestCase("", "the header is missing")]
    public void A_broken_table_is_refused(string text, string message) =>
        Should.Throw<FileFormatException>(() => ReadCsv(text)).Message.ShouldContain(message);

    [Test]
    public void Field_that_is_not_a_number_is_named()
    {
        CsvTable table = ReadCsv("a,b\n1,2\n\n\"\n\",x\n5,1e99\n");
        Should.Throw<FileFormatException>(() => table.Numbers("b")).Message.ShouldContain("line 4: 'x' in column 'b' is not a finite number");
        Should.Throw<ValueException>(() => table.Numbers("c")).Message.ShouldContain("no column 'c'; it has a, b");
    }

    private static byte[] Packed(byte[] content)
    {
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionMode.Compress)) gzip.Write(content);
        return packed.ToArray();
    }
}
