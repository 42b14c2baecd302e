namespace MiniTorch.Pictures;

/// <summary>Draws where the errors of a gradient check are.</summary>
public static class GradCheckPicture
{
    private const int Cell = 12, Gap = 24, Left = 40, MostCells = 64, MostPlanes = 16, Ticks = 8, MostDecades = 12;

    /// <summary>Two dimensions of a finding's input as a grid; a cell shows the worst of several elements of a large one.</summary>
    private sealed record Grid(GradCheckFinding Finding, Shape Shape, int Start, string? Plane)
    {
        private int Columns => Shape.Rank == 0 ? 1 : Shape[-1];
        private int Rows => Shape.Rank < 2 ? 1 : Shape[-2];
        private int Across => IntegerMath.CeilDiv(Columns, MostCells);
        private int Down => IntegerMath.CeilDiv(Rows, MostCells);

        public string Caption => (Plane is null ? "" : $"{Plane}: ")
            + FormattableString.Invariant($"{Finding.Output} by {Finding.Input} {Shape}, order {Finding.Order}: {Finding.Verdict}")
            + (Across * Down == 1 ? "" : $" (a cell shows the worst of {Down} × {Across} elements)");

        public (int Rows, int Columns) Size => (IntegerMath.CeilDiv(Rows, Down), IntegerMath.CeilDiv(Columns, Across));

        /// <summary>Returns the index of the worst element of each cell.</summary>
        public IEnumerable<(int Row, int Column, int Worst)> Cells() =>
            Enumerable.Range(0, Rows * Columns).GroupBy(i => (Row: i / Columns / Down, Column: i % Columns / Across),
                (cell, elements) => (cell.Row, cell.Column, Start + elements.MaxBy(i => Finding.ErrorMap[Start + i])));

        /// <summary>Returns cells and the index to write beside them, along a dimension.</summary>
        public IEnumerable<(int At, int Index)> Labels(bool rows)
        {
            (int cells, int each) = rows ? (Size.Rows, Down) : (Size.Columns, Across);
            int every = IntegerMath.CeilDiv(cells, Ticks);
            return Enumerable.Range(0, cells).Where(at => at % every == 0).Select(at => (at, at * each));
        }

        /// <summary>Splits an input of more than two dimensions into the planes of its last two, those with errors first.</summary>
        public static IEnumerable<Grid> Of(GradCheckFinding finding)
        {
            Shape shape = finding.InputShape!;
            if (shape.Rank <= 2) return [new Grid(finding, shape, 0, null)];
            int size = shape[-1] * shape[-2];
            Shape planes = [.. shape.Span[..^2]];
            return Enumerable.Range(0, finding.ErrorMap.Count / size)
                .OrderByDescending(plane => finding.ErrorMap.Skip(plane * size).Take(size).Any(error => error > 0)).Take(MostPlanes).Order()
                .Select(plane => new Grid(finding, shape, plane * size, $"[{string.Join(", ", ElementIndex.Of(planes, plane))}, :, :]"));
        }
    }

    /// <summary>
    /// Draws the error of each input element as an SVG image with the indices beside it, from white (agrees) to red (the largest error). An input of
    /// more than two dimensions is drawn as up to sixteen planes of its last two.
    /// </summary>
    /// <param name="report">The report of a check. Only findings are drawn, so a passed check gives only a heading.</param>
    public static string ToSvg(this GradCheckReport report)
    {
        ArgumentNullException.ThrowIfNull(report);
        Grid[] grids = [.. report.Findings.Where(finding => finding.InputShape is not null && finding.ErrorMap.Count > 0).SelectMany(Grid.Of)];
        double largest = grids.SelectMany(grid => grid.Finding.ErrorMap).Where(double.IsFinite).DefaultIfEmpty(1).Max();
        int decades = Math.Clamp((int)Math.Ceiling(Math.Log10(Math.Max(largest, 10)) - 1e-9), 1, MostDecades * 4),
            each = IntegerMath.CeilDiv(decades, MostDecades);
        string legend = FormattableString.Invariant(
            $"error in tolerances: 1 or less, {Power(each)}, {Power(2 * each)} … {Power(IntegerMath.CeilDiv(decades, each) * each)} or more");
        string title = FormattableString.Invariant($"GradCheck: {report.Verdict}, {report.Compared} derivatives compared");
        double width = grids.SelectMany(grid => new[] { Svg.WidthOf(grid.Caption), grid.Size.Columns * Cell }).Append(Svg.WidthOf(legend))
            .Max() + (2 * Left);
        double height = grids.Length == 0 ? 36 : 36 + grids.Sum(grid => (grid.Size.Rows * Cell) + (3 * Gap)) + (2 * Gap);
        var svg = new Svg(Math.Max(width, Svg.WidthForHeading(title)), height, title, string.Join("; ", grids.Select(grid => grid.Caption)));
        double top = 36;
        foreach (Grid grid in grids)
        {
            Caption(grid.Caption);
            if (grid.Shape.Rank > 0)
                foreach ((int at, int index) in grid.Labels(rows: false)) svg.Text(Left + (at * Cell), top + Cell - 2, $"{index}", style: "soft",
                    size: 9);
            if (grid.Shape.Rank > 1)
                foreach ((int at, int index) in grid.Labels(rows: true)) svg.Text(Left - 4, top + ((at + 2) * Cell) - 2, $"{index}", Anchor.End,
                    "soft", size: 9);
            top += Cell + 2;
            foreach ((int row, int column, int worst) in grid.Cells()) Square(column, top + (row * Cell), grid.Finding.ErrorMap[worst],
                ElementIndex.Index(grid.Shape, worst));
            top += (grid.Size.Rows * Cell) + Gap;
        }
        if (grids.Length > 0)
        {
            Caption(legend);
            for (int decade = 0; decade < decades + each; decade += each) Square(decade / each, top, Math.Pow(10, decade), "");
        }
        return svg.ToString();

        static string Power(int decade) => decade <= 4 ? Math.Pow(10, decade).ToString("0", System.Globalization.CultureInfo.InvariantCulture)
            : FormattableString.Invariant($"1e{decade}");

        void Caption(string text)
        {
            svg.Text(Left, top + Cell, text, style: "soft");
            top += Gap;
        }

        void Square(int column, double y, double error, string place)
        {
            double x = Left + (column * Cell);
            svg.Rectangle(x, y, Cell, Cell, $"class=\"plus\" fill-opacity=\"{Svg.Number(Heat(error))}\"",
                FormattableString.Invariant($"{place} {error:g3} tolerances").Trim());
            svg.Rectangle(x, y, Cell, Cell, Svg.Class("grid"));
        }

        // The largest error is fully red, and the smallest failure is pale.
        double Heat(double error) => error <= 1 ? 0 : Math.Min(1, 0.15 + (0.85 * Math.Log10(error) / decades));
    }
}
