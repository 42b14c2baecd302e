namespace MiniTorch.Pictures;

/// <summary>Draws where the errors of a gradient check are.</summary>
public static class GradCheckPicture
{
    private const int Cell = 12, Gap = 24, Left = 16, MostCells = 64;
    private static readonly double[] s_scale = [1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6];

    /// <summary>A finding as a grid; a cell shows the worst of several elements of the input.</summary>
    private sealed record Grid(GradCheckFinding Finding, Shape Shape)
    {
        private int Columns => Shape.Rank == 0 ? 1 : Shape[-1];
        private int Across => IntegerMath.CeilDiv(Columns, MostCells);
        private int Down => IntegerMath.CeilDiv(Finding.ErrorMap.Count / Columns, MostCells);

        public string Caption => FormattableString.Invariant($"{Finding.Output} by {Finding.Input} {Shape}, order {Finding.Order}: {Finding.Verdict}")
            + (Across * Down == 1 ? "" : $" (a cell shows the worst of {Down} × {Across} elements)");

        /// <summary>Returns the index of the worst element of each cell.</summary>
        public IEnumerable<(int Row, int Column, int Worst)> Cells() =>
            Enumerable.Range(0, Finding.ErrorMap.Count).GroupBy(i => (Row: i / Columns / Down, Column: i % Columns / Across), (cell, elements) => (cell.Row, cell.Column, elements.MaxBy(i => Finding.ErrorMap[i])));

        public (int Rows, int Columns) Size => (IntegerMath.CeilDiv(Finding.ErrorMap.Count / Columns, Down), IntegerMath.CeilDiv(Columns, Across));
    }

    /// <summary>Draws the error of each input element as an SVG image, from white (agrees) to red (a million tolerances off).</summary>
    /// <param name="report">The report of a check. Only findings are drawn, so a passed check gives only a heading.</param>
    public static string ToSvg(this GradCheckReport report)
    {
        ArgumentNullException.ThrowIfNull(report);
        Grid[] grids = [.. report.Findings.Where(finding => finding.InputShape is not null && finding.ErrorMap.Count > 0).Select(finding => new Grid(finding, finding.InputShape!))];
        const string Legend = "error in tolerances: 1 or less, 10, 100 … 1,000,000 or more";
        string title = FormattableString.Invariant($"GradCheck: {report.Verdict}, {report.Compared} derivatives compared");
        double width = grids.SelectMany(grid => new[] { Svg.WidthOf(grid.Caption), grid.Size.Columns * Cell }).Append(Svg.WidthOf(Legend)).Max() + (2 * Left);
        double height = grids.Length == 0 ? 36 : 36 + grids.Sum(grid => (grid.Size.Rows * Cell) + (2 * Gap)) + (2 * Gap);
        var svg = new Svg(Math.Max(width, Svg.WidthForHeading(title)), height, title, string.Join("; ", grids.Select(grid => grid.Caption)));
        double top = 36;
        foreach (Grid grid in grids)
        {
            Caption(grid.Caption);
            foreach ((int row, int column, int worst) in grid.Cells()) Square(column, top + (row * Cell), grid.Finding.ErrorMap[worst], ElementIndex.Index(grid.Shape, worst));
            top += (grid.Size.Rows * Cell) + Gap;
        }
        if (grids.Length > 0)
        {
            Caption(Legend);
            for (int i = 0; i < s_scale.Length; i++) Square(i, top, s_scale[i], "");
        }
        return svg.ToString();

        void Caption(string text)
        {
            svg.Text(Left, top + Cell, text, style: "soft");
            top += Gap;
        }

        void Square(int column, double y, double error, string place)
        {
            double x = Left + (column * Cell);
            svg.Rectangle(x, y, Cell, Cell, $"class=\"plus\" fill-opacity=\"{Svg.Number(Heat(error))}\"", FormattableString.Invariant($"{place} {error:g3} tolerances").Trim());
            svg.Rectangle(x, y, Cell, Cell, Svg.Class("grid"));
        }
    }

    // A million tolerances are fully red; the smallest failure is pale.
    private static double Heat(double error) => error <= 1 ? 0 : Math.Min(1, 0.25 + (Math.Log10(error) / 8));
}
