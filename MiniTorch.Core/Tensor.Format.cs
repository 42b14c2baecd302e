using System.Globalization;
using System.Text;

namespace MiniTorch;

public partial class Tensor : IFormattable
{
    private const int EdgeItems = 3, SummaryThreshold = 1000, LineWidth = 80;

    /// <summary>The values as PyTorch prints them: aligned, abbreviated beyond 1,000 elements, with dtype and the op that made the tensor where they matter.</summary>
    public override string ToString() => ToString(null, CultureInfo.InvariantCulture);

    /// <summary>The values with a .NET number format: <c>$"{x:F3}"</c>. The invariant culture is used where none is given.</summary>
    public string ToString(string? format, IFormatProvider? formatProvider)
    {
        CultureInfo culture = formatProvider as CultureInfo ?? CultureInfo.InvariantCulture;
        bool abbreviate = ElementCount > SummaryThreshold;
        Tensor shown = abbreviate ? Corners() : this;
        string[] cells = ElementCount == 0 ? [] : Cells(shown, string.IsNullOrEmpty(format) ? null : format, culture);
        var text = new StringBuilder("tensor(");
        int next = 0;
        int width = cells.Length == 0 ? 0 : cells.Max(cell => cell.Length);
        if (ElementCount == 0) text.Append("[]");
        else Append(text, cells, width, ref next, 0, "tensor(".Length, abbreviate);
        foreach (string note in Notes()) text.Append(", ").Append(note);
        return text.Append(')').ToString();
    }

    /// <summary>Gives the value a name in what <c>Explain</c> prints and draws, and does nothing else; returns this tensor.</summary>
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

    // Only the first and last few of each long dimension are formatted, so that a huge tensor prints as fast as a small one.
    private Tensor Corners()
    {
        Tensor corners = Detach();
        for (int dim = 0; dim < Rank; dim++)
            if (Shape[dim] > 2 * EdgeItems)
                corners = Cat([corners.Narrow(dim, 0, EdgeItems), corners.Narrow(dim, Shape[dim] - EdgeItems, EdgeItems)], dim);
        return corners;
    }

    private static string[] Cells(Tensor tensor, string? format, CultureInfo culture)
    {
        if (tensor.DType == DType.Bool) return [.. tensor.ToArray<bool>().Select(value => value ? "True" : "False")];
        if (tensor.DType == DType.Int64) return [.. tensor.ToArray<long>().Select(value => value.ToString(format, culture))];
        double[] values = tensor.Detach().ToArray<double>();
        string chosen = format ?? FormatFor(values);
        return [.. values.Select(value => value.ToString(chosen, culture))];
    }

    // PyTorch's choice: integers with a point, four decimals, or four decimals and an exponent where magnitudes lie far apart.
    private static string FormatFor(double[] values)
    {
        double[] finite = [.. values.Where(value => double.IsFinite(value) && value != 0).Select(Math.Abs)];
        if (finite.Length == 0) return "0'.'";
        (double min, double max) = (finite.Min(), finite.Max());
        if (finite.All(value => value == Math.Floor(value))) return max > 1e8 ? "0.0000e+00" : "0'.'";
        return max / min > 1000 || max > 1e8 || min < 1e-4 ? "0.0000e+00" : "0.0000";
    }

    private void Append(StringBuilder text, string[] cells, int width, ref int next, int dim, int indent, bool abbreviate)
    {
        if (dim == Rank)
        {
            text.Append(Rank == 0 ? cells[next++] : cells[next++].PadLeft(width));
            return;
        }
        int size = Shape[dim], column = indent + 1;
        bool cut = abbreviate && size > 2 * EdgeItems, innermost = dim == Rank - 1;
        int count = cut ? 2 * EdgeItems : size;
        text.Append('[');
        for (int i = 0; i < count; i++)
        {
            if (cut && i == EdgeItems) text.Append(innermost ? "..., " : "...,").Append(innermost ? "" : Break(dim, indent));
            Append(text, cells, width, ref next, dim + 1, indent + 1, abbreviate);
            if (i == count - 1) break;
            column += width + 2;
            if (!innermost) text.Append(',').Append(Break(dim, indent));
            else if (column + width > LineWidth && !cut)
            {
                text.Append(",\n").Append(' ', indent + 1);
                column = indent + 1;
            }
            else text.Append(", ");
        }
        text.Append(']');
    }

    private string Break(int dim, int indent) => new string('\n', Math.Min(Rank - 1 - dim, 2)) + new string(' ', indent + 1);
}
