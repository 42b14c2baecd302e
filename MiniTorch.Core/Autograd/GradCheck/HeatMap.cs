using System.Globalization;
using System.Text;

namespace MiniTorch;

/// <summary>Draws where errors are: each finding is a grid over its input's elements, from white (agrees) to dark red (a million tolerances off).</summary>
internal static class HeatMap
{
    private const int Cell = 12, Gap = 24, MostCells = 64;
    private static readonly double[] s_scale = [1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6];

    public static string Draw(GradCheckReport report)
    {
        var body = new StringBuilder();
        int top = Gap, width = 360;
        Text(FormattableString.Invariant($"GradCheck: {report.Verdict}, {report.Compared} derivatives compared"));
        foreach (GradCheckFinding finding in report.Findings)
        {
            if (finding.InputShape is not { } shape || finding.ErrorMap.Count == 0) continue;
            int columns = shape.Rank == 0 ? 1 : shape[-1], rows = finding.ErrorMap.Count / columns;
            int across = (columns + MostCells - 1) / MostCells, down = (rows + MostCells - 1) / MostCells; // elements to a cell, of which the worst shows
            Text(FormattableString.Invariant($"{finding.Output} by {finding.Input} {shape}, order {finding.Order}: {finding.Verdict}{(across * down == 1 ? "" : $" (a cell shows the worst of {down} × {across} elements)")}"));
            var cells = new Dictionary<(int Row, int Column), int>();
            for (int i = 0; i < finding.ErrorMap.Count; i++)
            {
                var cell = (i / columns / down, i % columns / across);
                if (!cells.TryGetValue(cell, out int worst) || finding.ErrorMap[i] > finding.ErrorMap[worst]) cells[cell] = i;
            }
            foreach (((int row, int column), int worst) in cells)
                Rect(Gap + (column * Cell), top + (row * Cell), finding.ErrorMap[worst], Places.Index(shape, worst));
            top += (cells.Keys.Max(cell => cell.Row) + 1) * Cell + Gap;
            width = Math.Max(width, ((cells.Keys.Max(cell => cell.Column) + 1) * Cell) + (2 * Gap));
        }
        if (report.Findings.Any(finding => finding.ErrorMap.Count > 0))
        {
            Text("error in tolerances: 1 or less, 10, 100 … 1,000,000 or more");
            for (int i = 0; i < s_scale.Length; i++) Rect(Gap + (i * Cell), top, s_scale[i], "");
            top += Gap;
        }
        return FormattableString.Invariant($"<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{top}\" font-family=\"sans-serif\" font-size=\"12\">\n<rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n{body}</svg>\n");

        void Text(string line)
        {
            body.Append(CultureInfo.InvariantCulture, $"<text x=\"{Gap}\" y=\"{top}\">{System.Net.WebUtility.HtmlEncode(line)}</text>\n");
            top += Gap / 2;
        }

        void Rect(int x, int y, double error, string place) => body.Append(CultureInfo.InvariantCulture,
            $"<rect x=\"{x}\" y=\"{y}\" width=\"{Cell}\" height=\"{Cell}\" fill=\"{Color(error)}\" stroke=\"#ddd\"><title>{place} {error:g3} tolerances</title></rect>\n");
    }

    private static string Color(double error)
    {
        double heat = error <= 1 ? 0 : Math.Min(1, 0.25 + (Math.Log10(error) / 8));
        int other = (int)(255 * (1 - heat));
        return FormattableString.Invariant($"rgb({255 - (int)(100 * heat)},{other},{other})");
    }
}
