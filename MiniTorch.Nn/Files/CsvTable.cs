using System.Globalization;

namespace MiniTorch.IO;

/// <summary>A table of comma-separated values (RFC 4180) whose columns can be read as tensors.</summary>
/// <example><code>
/// File.WriteAllText("plants.csv", "height,width,kind\n5.1,3.5,rose\n4.9,3.0,oak\n");
/// CsvTable table = CsvTable.Load("plants.csv");
/// Tensor x = table.Numbers("height", "width");
/// Console.WriteLine(x.Shape); // [2, 2]
/// var (y, names) = table.Classes("kind"); // Int64 [2], and what 0 and 1 mean
/// </code></example>
public sealed class CsvTable
{
    private readonly string _name;
    private readonly List<(int Line, string[] Fields)> _rows;

    private CsvTable(string name, string[] columns, List<(int, string[])> rows)
    {
        (_name, Columns, _rows) = (name, columns, rows);
    }

    /// <summary>The column names: those of the header, else "0", "1", ….</summary>
    public IReadOnlyList<string> Columns { get; }

    /// <summary>The number of rows without the header.</summary>
    public int Count => _rows.Count;

    /// <summary>Returns the text of a field.</summary>
    public string this[int row, int column] => (uint)row < (uint)Count && (uint)column < (uint)Columns.Count ? _rows[row].Fields[column]
        : throw new ValueException($"CsvTable: there is no field [{row}, {column}] among {Count} rows of {Columns.Count} columns");

    /// <summary>Reads a table.</summary>
    /// <param name="path">The file, UTF-8.</param>
    /// <param name="header">Whether the first line names the columns.</param>
    /// <param name="separator">The character between fields.</param>
    /// <exception cref="FileFormatException">Lines have different numbers of fields, a quoted field does not end, or a column name occurs
    /// twice.</exception>
    /// <exception cref="IOException">There is no such file, or it cannot be read.</exception>
    public static CsvTable Load(string path, bool header = true, char separator = ',')
    {
        using StreamReader text = File.OpenText(FilePath.Checked(path));
        return Read(text, path, header, separator);
    }

    /// <summary>Reads columns as numbers: Float32 [rows, columns], in the given order; all columns if no name is given.</summary>
    /// <exception cref="FileFormatException">A field is not a finite number.</exception>
    /// <exception cref="ValueException">There is no such column.</exception>
    public Tensor Numbers(params ReadOnlySpan<string> columns)
    {
        int[] places = columns.IsEmpty ? [.. Enumerable.Range(0, Columns.Count)] : Array.ConvertAll(columns.ToArray(), Place);
        var values = new float[(long)Count * places.Length];
        int count = 0;
        foreach ((int line, string[] fields) in _rows)
            foreach (int place in places)
                values[count++] = float.TryParse(fields[place], NumberStyles.Float, CultureInfo.InvariantCulture, out float value)
                    && float.IsFinite(value) ? value
                    : throw new FileFormatException($"{_name}: line {line}: '{fields[place]}' in column '{Columns[place]}' is not a finite number");
        return Tensor.From(values, [Count, places.Length]);
    }

    /// <summary>Reads a column as class labels, numbered in the alphabetical order of their names: Int64 [rows], and the names.</summary>
    /// <exception cref="ValueException">There is no such column.</exception>
    public (Tensor Labels, IReadOnlyList<string> Names) Classes(string column)
    {
        int place = Place(column);
        string[] names = [.. _rows.Select(row => row.Fields[place]).Distinct().Order(StringComparer.Ordinal)];
        Dictionary<string, long> numbers = names.Index().ToDictionary(name => name.Item, name => (long)name.Index);
        return (Tensor.From(_rows.Select(row => numbers[row.Fields[place]]).ToArray()), names);
    }

    internal static CsvTable Read(TextReader text, string name, bool header, char separator)
    {
        var reader = new CsvReader(text, name, separator);
        var rows = new List<(int, string[])>();
        string[]? columns = header ? reader.ReadRow() ?? throw reader.Error("the header is missing") : null;
        while (reader.ReadRow() is { } row)
        {
            columns ??= [.. row.Select((_, place) => place.ToString(CultureInfo.InvariantCulture))];
            if (row.Length != columns.Length) throw reader.Error($"the row has {row.Length} fields, but {columns.Length} are expected");
            rows.Add((reader.Line, row));
        }
        columns ??= [];
        if (columns.Distinct().Count() != columns.Length)
            throw new FileFormatException($"{name}: a column name occurs twice; the names are {string.Join(", ", columns)}");
        return new CsvTable(name, columns, rows);
    }

    private int Place(string column)
    {
        for (int i = 0; i < Columns.Count; i++)
            if (Columns[i] == column) return i;
        throw new ValueException($"CsvTable: {_name} has no column '{column}'; it has {string.Join(", ", Columns)}");
    }
}
