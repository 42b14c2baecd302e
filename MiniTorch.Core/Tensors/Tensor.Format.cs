using System.Globalization;
using System.Text;

namespace MiniTorch;

public partial class Tensor : IFormattable
{
    private const int EdgeItems = 3, SummaryThreshold = 1000, LineWidth = 80;
    private const string Prefix = "tensor(";

    /// <summary>
    /// Formats the values as PyTorch prints them: aligned, and abbreviated above 1,000 elements. The dtype is included if it is not the default,
    /// the operation that created the tensor if it was recorded.
    /// </summary>
    public override string ToString() => ToString(null, CultureInfo.InvariantCulture);

    /// <summary>Formats the values with a .NET number format: <c>$"{x:F3}"</c>. The default culture is the invariant culture.</summary>
    public string ToString(string? format, IFormatProvider? formatProvider)
    {
        CultureInfo culture = formatProvider as CultureInfo ?? CultureInfo.InvariantCulture;
        bool abbreviate = ElementCount > SummaryThreshold;
        Tensor shown = abbreviate ? Corners() : this;
        var text = new StringBuilder(Prefix);
        if (ElementCount == 0) text.Append("[]");
        else
        {
            (string[] cells, int width) = Cells(shown, string.IsNullOrEmpty(format) ? null : format, culture);
            Append(text, new Queue<string>(cells), width, 0, abbreviate);
        }
        foreach (string note in Notes()) text.Append(", ").Append(note);
        return text.Append(')').ToString();
    }

    /// <summary>Names the tensor in the output of <c>Explain</c>, and returns the tensor. It has no other effect.</summary>
    public Tensor Named(string name)
    {
        if (Recording.Open is { } recording) recording.Names[this] = name;
        return this;
    }

    private IEnumerable<string> Notes()
    {
        if (ElementCount == 0 && Rank != 1) yield return $"shape: {Shape}";
        else if (ElementCount > SummaryThreshold) yield return $"shape: {Shape}";
        if (DType == DType.Float64 || (ElementCount == 0 && DType != DType.Float32)) yield return $"dtype: {DType}";
        if (Node is OpNode node) yield return $"gradOp: {node.Name}";
        else if (RequiresGrad) yield return "requiresGrad: true";
    }

    // Formatting only the first and last elements of long dimensions makes a huge tensor print as fast as a small one.
    private Tensor Corners()
    {
        Tensor corners = Detach();
        for (int dim = 0; dim < Rank; dim++)
            if (Shape[dim] > 2 * EdgeItems)
                corners = Cat([corners.Narrow(dim, 0, EdgeItems), corners.Narrow(dim, Shape[dim] - EdgeItems, EdgeItems)], dim);
        return corners;
    }

    // The width is that of the widest cell. For floating-point numbers, PyTorch considers only the finite nonzero ones.
    private static (string[] Cells, int Width) Cells(Tensor tensor, string? format, CultureInfo culture)
    {
        if (tensor.DType == DType.Bool) return AsWide([.. tensor.ToArray<bool>().Select(value => value ? "True" : "False")]);
        if (tensor.DType == DType.Int64) return AsWide([.. tensor.ToArray<long>().Select(value => value.ToString(format, culture))]);
        double[] values = tensor.Detach().ToArray<double>();
        if (format is not null) return AsWide([.. values.Select(value => value.ToString(format, culture))]);

        double[] usual = [.. values.Where(value => double.IsFinite(value) && value != 0)];
        string chosen = FormatFor([.. usual.Select(Math.Abs)]);
        return ([.. values.Select(Text)], usual.Select(value => Text(value).Length).Append(1).Max());

        string Text(double value) =>
            double.IsNaN(value) ? "nan" : double.IsInfinity(value) ? value > 0 ? "inf" : "-inf"
            : chosen == Integer ? value.ToString(chosen, culture) + "."
            : chosen == Exponent ? ShortExponent(value.ToString(chosen, culture))
            : value.ToString(chosen, culture);

        static (string[], int) AsWide(string[] cells) => (cells, cells.Max(cell => cell.Length));
    }

    private const string Integer = "F0", Fixed = "F4", Exponent = "e4";

    // As PyTorch chooses (torch/_tensor_str.py): integers with a point, four decimals, or an exponent if the magnitudes differ by much.
    private static string FormatFor(double[] magnitudes)
    {
        if (magnitudes.Length == 0) return Integer;
        (double min, double max) = (magnitudes.Min(), magnitudes.Max());
        bool areIntegers = magnitudes.All(value => value == Math.Floor(value));
        return max / min > 1000 || max > 1e8 || (min < 1e-4 && !areIntegers) ? Exponent : areIntegers ? Integer : Fixed;
    }

    // .NET writes three digits of an exponent; C and PyTorch write two if they suffice.
    private static string ShortExponent(string text) => text[^3] == '0' ? text.Remove(text.Length - 3, 1) : text;

    private void Append(StringBuilder text, Queue<string> cells, int width, int dim, bool abbreviate)
    {
        if (dim == Rank)
        {
            text.Append(Rank == 0 ? cells.Dequeue() : cells.Dequeue().PadLeft(width));
            return;
        }
        bool cut = abbreviate && Shape[dim] > 2 * EdgeItems, innermost = dim == Rank - 1;
        int indent = Prefix.Length + dim, count = cut ? (2 * EdgeItems) + 1 : Shape[dim];
        int perLine = innermost ? Math.Max(1, (LineWidth - indent) / (width + 2)) : 1;
        string lineBreak = "," + new string('\n', Math.Max(1, Rank - 1 - dim)) + new string(' ', indent + 1);
        text.Append('[');
        for (int i = 0; i < count; i++)
        {
            if (i > 0) text.Append(i % perLine == 0 ? lineBreak : ", ");
            if (cut && i == EdgeItems) text.Append(innermost ? " ..." : "...");
            else Append(text, cells, width, dim + 1, abbreviate);
        }
        text.Append(']');
    }
}
