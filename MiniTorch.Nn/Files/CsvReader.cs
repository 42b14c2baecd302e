using System.Text;

namespace MiniTorch.IO;

/// <summary>Splits text into rows of fields; a field in double quotes may contain separators, line ends and doubled quotes.</summary>
internal sealed class CsvReader(TextReader text, string name, char separator)
{
    private readonly StringBuilder _field = new();
    private int _nextLine = 1;

    /// <summary>The line on which the current row begins, starting at 1.</summary>
    public int Line { get; private set; } = 1;

    public FileFormatException Error(string problem) => new($"{name}: line {Line}: {problem}");

    /// <summary>Reads the fields of the next row, skipping empty lines; null at the end.</summary>
    public string[]? ReadRow()
    {
        while (text.Peek() is '\r' or '\n') EndLine();
        Line = _nextLine;
        if (text.Peek() < 0) return null;
        var fields = new List<string>();
        do fields.Add(ReadField());
        while (Accepts(separator));
        if (text.Peek() >= 0 && !EndLine()) throw Error($"text follows the closing quote of field {fields.Count}");
        return [.. fields];
    }

    private string ReadField()
    {
        _field.Clear();
        if (!Accepts('"'))
        {
            while (text.Peek() is var next && next >= 0 && next != separator && next is not ('\r' or '\n')) _field.Append((char)text.Read());
            return _field.ToString();
        }
        for (; ; )
        {
            int next = text.Read();
            if (next < 0) throw Error("a quoted field does not end");
            if (next == '"' && !Accepts('"')) return _field.ToString();
            if (next == '\n') _nextLine++;
            _field.Append((char)next);
        }
    }

    private bool EndLine()
    {
        if (!(Accepts('\r') | Accepts('\n'))) return false;
        _nextLine++;
        return true;
    }

    private bool Accepts(char wanted)
    {
        if (text.Peek() != wanted) return false;
        text.Read();
        return true;
    }
}
