using System.Globalization;
using MiniTorch.Pictures;

namespace MiniTorch.Benchmarks.Ops;

/// <summary>The table of a race as a picture: for each family a bar to its geometric mean and a point for each case.</summary>
internal static class OpChart
{
    private const double Row = 26, Top = 40, Left = 90, Width = 520, Lowest = 0.25, Highest = 64;

    /// <summary>Draws lines of <c>case phase ours theirs ratio</c>, separated by tabs; the case's first part is its family.</summary>
    public static string Draw(IEnumerable<string> lines)
    {
        var families = lines.Select(line => line.Split('\t'))
            .Select(cells => (Name: $"{cells[0]} {cells[1]}", Family: cells[0].Split('/')[0],
            Ratio: double.Parse(cells[4], CultureInfo.InvariantCulture)))
            .GroupBy(one => one.Family)
            .Select(family => (family.Key, Cases: family.OrderBy(one => one.Ratio).ToArray(),
            Mean: Math.Exp(family.Average(one => Math.Log(one.Ratio)))))
            .OrderByDescending(family => family.Mean).ToArray();
        double bottom = Top + (families.Length * Row), one = X(1);
        string summary = string.Join(" ", families.Select(family => string.Create(CultureInfo.InvariantCulture, $"{family.Key}: {family.Mean:F2}.")));
        var svg = new Svg(Left + Width + 130, bottom + 44, "Time of libtorch divided by that of MiniTorch, by family of operations", summary);
        for (double at = Lowest; at <= Highest; at *= 2)
        {
            svg.Line(X(at), Top, X(at), bottom, Svg.Class(at == 1 ? "axis" : "grid"));
            svg.Text(X(at), bottom + 16, at.ToString(CultureInfo.InvariantCulture), Anchor.Middle, "soft");
        }
        svg.Text(Left + (Width / 2), bottom + 34, "how many times as fast MiniTorch is; a point is a case, a bar ends at the geometric mean",
            Anchor.Middle, "soft");
        for (int i = 0; i < families.Length; i++)
        {
            double y = Top + ((i + 0.5) * Row), mean = X(families[i].Mean);
            svg.Text(Left - 8, y + 4, families[i].Key, Anchor.End);
            svg.Rectangle(Math.Min(one, mean), y - 8, Math.Abs(mean - one), 16, $"{Svg.Filled(mean < one ? 1 : 0)} fill-opacity=\"0.35\"");
            foreach (var point in families[i].Cases)
            {
                svg.Circle(X(point.Ratio), y, 2, Svg.Filled(point.Ratio < 1 ? 1 : 0),
                    string.Create(CultureInfo.InvariantCulture, $"{point.Name}: {point.Ratio:F2}"));
            }
            svg.Text(Left + Width + 10, y + 4, string.Create(CultureInfo.InvariantCulture, $"{families[i].Mean:F2} of {families[i].Cases.Length}"),
                style: "soft");
        }
        return svg.ToString()!;
    }

    private static double X(double ratio) =>
        Left + (Math.Log(Math.Clamp(ratio, Lowest, Highest) / Lowest) / Math.Log(Highest / Lowest) * Width);
}
