using System.Buffers.Binary;
using System.Globalization;
using System.Text;

namespace MiniTorch.IO;

/// <summary>The Python dictionary at the start of an .npy file: <c>{'descr': '&lt;f4', 'fortran_order': False, 'shape': (2, 3), }</c>.</summary>
internal sealed class NpyHeader
{
    private const int Alignment = 64, MaxLength = 1 << 16;

    private readonly FileReader _file;
    private readonly string _text;
    private readonly long _start;
    private int _position;
    private string? _descr;
    private bool? _fortranOrder;
    private List<long>? _sizes;

    private NpyHeader(FileReader file)
    {
        _file = file;
        Span<byte> prefix = stackalloc byte[8];
        file.Read(prefix, "the signature");
        if (!prefix.StartsWith(Magic)) throw file.ErrorAt(0, "this is not an .npy file: it does not begin with \\x93NUMPY");
        if (prefix[6] is < 1 or > 3) throw file.ErrorAt(6, $"version {prefix[6]}.{prefix[7]} of the format is not supported; versions 1 to 3 are");
        Span<byte> length = stackalloc byte[prefix[6] == 1 ? 2 : 4];
        file.Read(length, "the header's length");
        _start = file.Position + length.Length;
        byte[] header = file.ReadBytes(length.Length == 2 ? BinaryPrimitives.ReadUInt16LittleEndian(length)
            : BinaryPrimitives.ReadUInt32LittleEndian(length), MaxLength, "the header");
        _text = Encoding.Latin1.GetString(header);
        Parse();
        (Element, BigEndian) = ParseDescr(_descr ?? throw Invalid("'descr' is missing"));
        FortranOrder = _fortranOrder ?? throw Invalid("'fortran_order' is missing");
        (Shape, Bytes) = file.ShapeOf((_sizes ?? throw Invalid("'shape' is missing")).ToArray(), Element, "the array");
    }

    public StoredElement Element { get; }

    public bool BigEndian { get; }

    public bool FortranOrder { get; }

    public Shape Shape { get; }

    public long Bytes { get; }

    private static ReadOnlySpan<byte> Magic => [0x93, (byte)'N', (byte)'U', (byte)'M', (byte)'P', (byte)'Y'];

    public static NpyHeader Read(FileReader file) => new(file);

    /// <summary>Writes the header of a tensor, padded so that the elements are aligned.</summary>
    public static void Write(Stream stream, Tensor tensor)
    {
        ArgumentNullException.ThrowIfNull(tensor);
        string descr = tensor.DType switch { DType.Bool => "|b1", DType.Int64 => "<i8", DType.Float32 => "<f4", _ => "<f8" };
        string sizes = tensor.Rank == 1 ? $"{tensor.Shape[0]}," : string.Join(", ", tensor.Shape);
        string text = $"{{'descr': '{descr}', 'fortran_order': False, 'shape': ({sizes}), }}";
        int prefix = Magic.Length + 4;
        int padding = -(prefix + text.Length + 1) & (Alignment - 1);
        Span<byte> length = stackalloc byte[2];
        BinaryPrimitives.WriteUInt16LittleEndian(length, checked((ushort)(text.Length + padding + 1)));
        stream.Write(Magic);
        stream.Write([1, 0]);
        stream.Write(length);
        stream.Write(Encoding.ASCII.GetBytes(text + new string(' ', padding) + '\n'));
    }

    private void Parse()
    {
        Expect('{');
        while (!Accepts('}'))
        {
            string key = Quoted();
            Expect(':');
            switch (key)
            {
                case "descr" when _descr is null: _descr = Peek() == '[' ? throw Invalid("structured arrays are not supported") : Quoted(); break;
                case "fortran_order" when _fortranOrder is null: _fortranOrder = Truth(); break;
                case "shape" when _sizes is null: _sizes = Tuple(); break;
                default: throw Invalid($"the key '{key}' occurs twice, or is not one of descr, fortran_order, shape");
            }
            if (Accepts(',')) continue;
            Expect('}');
            break;
        }
        if (!string.IsNullOrWhiteSpace(_text[_position..])) throw Invalid("text follows the dictionary");
    }

    private (StoredElement Element, bool BigEndian) ParseDescr(string descr)
    {
        if (descr is not ['<' or '>' or '|' or '=', .. var type]) throw Invalid($"the element type '{descr}' is not known");
        StoredElement element = type switch
        {
            "f8" => StoredElement.Float64,
            "f4" => StoredElement.Float32,
            "f2" => StoredElement.Float16,
            "i8" => StoredElement.Int64,
            "u8" => StoredElement.UInt64,
            "i4" => StoredElement.Int32,
            "u4" => StoredElement.UInt32,
            "i2" => StoredElement.Int16,
            "u2" => StoredElement.UInt16,
            "i1" => StoredElement.Int8,
            "u1" => StoredElement.UInt8,
            "b1" => StoredElement.Bool,
            ['O', ..] => throw Invalid("arrays of Python objects are not supported: they are pickles, which can run code when they are read"),
            _ => throw Invalid($"the element type '{descr}' is not supported by tensors"),
        };
        return (element, descr[0] == '>');
    }

    private List<long> Tuple()
    {
        var sizes = new List<long>();
        Expect('(');
        while (!Accepts(')'))
        {
            int start = _position;
            while (char.IsAsciiDigit(Peek())) _position++;
            if (!long.TryParse(_text.AsSpan(start, _position - start), NumberStyles.None, CultureInfo.InvariantCulture, out long size))
                throw Invalid("a size is not a whole number from 0 to 2⁶³ − 1");
            sizes.Add(size);
            if (Accepts(',')) continue;
            Expect(')');
            break;
        }
        return sizes;
    }

    private bool Truth()
    {
        foreach (bool value in (ReadOnlySpan<bool>)[true, false])
        {
            string word = value ? "True" : "False";
            if (string.CompareOrdinal(_text, _position, word, 0, word.Length) != 0) continue;
            _position += word.Length;
            return value;
        }
        throw Invalid("'fortran_order' is neither True nor False");
    }

    private string Quoted()
    {
        char quote = Peek();
        int end = quote is '\'' or '"' ? _text.IndexOf(quote, _position + 1) : -1;
        if (end < 0) throw Invalid("a quoted string is expected");
        string text = _text[(_position + 1)..end];
        _position = end + 1;
        SkipBlanks();
        return text;
    }

    private char Peek() => _position < _text.Length ? _text[_position] : '\0';

    private bool Accepts(char wanted)
    {
        SkipBlanks();
        if (Peek() != wanted) return false;
        _position++;
        SkipBlanks();
        return true;
    }

    private void Expect(char wanted)
    {
        if (!Accepts(wanted)) throw Invalid($"{wanted} is expected");
    }

    private void SkipBlanks()
    {
        while (Peek() is ' ' or '\n' or '\t') _position++;
    }

    private FileFormatException Invalid(string problem) => _file.ErrorAt(_start + _position, $"the header is not valid: {problem}");
}
