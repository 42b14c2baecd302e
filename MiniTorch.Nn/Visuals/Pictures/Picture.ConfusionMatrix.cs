namespace MiniTorch.Pictures;

public static partial class Picture
{
    /// <summary>
    /// Draws a confusion matrix: rows are the true classes, columns the predicted ones. The larger a cell's share of its row, the darker it is.
    /// </summary>
    /// <param name="counts">A square matrix of integers or reals, such as <see cref="Nn.Metrics.ConfusionMatrix"/> returns.</param>
    /// <param name="names">The names of the classes; their numbers by default.</param>
    /// <param name="title">The heading; the accuracy is appended.</param>
    /// <exception cref="ShapeException">The matrix is not square, or the number of names differs from the number of classes.</exception>
    public static string ConfusionMatrix(Tensor counts, IReadOnlyList<string>? names = null, string title = "Confusion matrix")
    {
        if (counts.Rank != 2 || counts.Shape[0] != counts.Shape[1])
            throw new ShapeException($"ConfusionMatrix: a matrix of shape {counts.Shape} is not square; Metrics.ConfusionMatrix counts "
                + "predictions of C classes as (C, C)");
        int classes = counts.Shape[0];
        if (names is not null && names.Count != classes) throw new ShapeException($"ConfusionMatrix: {names.Count} names for {classes} classes");
        names ??= [.. Enumerable.Range(0, classes).Select(i => $"{i}")];
        double[] cells = counts.Detach().ToArray<double>();
        double total = cells.Sum(), right = Enumerable.Range(0, classes).Sum(i => cells[(i * classes) + i]);
        string accuracy = total > 0 ? FormattableString.Invariant($"{100 * right / total:0.0} % of {total:0.##} right") : "nothing counted";

        const double MostNameWidth = 120;
        double longest = names.Select(name => Svg.WidthOf(name)).DefaultIfEmpty(0).Max(), nameWidth = Math.Min(MostNameWidth, longest);
        double widest = cells.Select(cell => Svg.WidthOf(Svg.Label(cell))).DefaultIfEmpty(0).Max();
        bool hasNumbers = classes <= 32;
        double side = hasNumbers ? Math.Clamp(widest + 10, 26, 64) : Math.Max(3, 640.0 / classes);
        int every = Math.Max(1, (int)Math.Ceiling(14 / side)); // labels every n-th class, as far as there is room
        bool isTurned = nameWidth > side - 4;
        double left = 46 + nameWidth, top = 62 + (isTurned ? nameWidth : 16);
        string heading = $"{title}: {accuracy}";
        double width = Math.Max(Math.Max(left + (classes * side) + 70, 280), Svg.WidthForHeading(heading)), height = top + (classes * side) + 20;

        var svg = new Svg(width, height, title, $"{classes} classes, {accuracy}. {Worst(cells, names)}", heading);
        svg.Text(left + (classes * side / 2), 46, "predicted", Anchor.Middle, "soft");
        svg.Text(20, top + (classes * side / 2), "true", Anchor.Middle, "soft", turn: -90);
        svg.Text(left + (classes * side) + 8, top - 8, "recall", style: "soft");
        for (int i = 0; i < classes; i++)
        {
            double rowTotal = cells.AsSpan(i * classes, classes).ToArray().Sum(), middle = top + ((i + 0.5) * side) + 4;
            if (i % every == 0)
            {
                string name = Svg.Fit(names[i], MostNameWidth);
                double column = left + ((i + 0.5) * side);
                svg.Text(left - 8, middle, name, Anchor.End);
                if (isTurned) svg.Text(column + 4, top - 8, name, turn: -90);
                else svg.Text(column, top - 8, name, Anchor.Middle);
                svg.Text(left + (classes * side) + 8, middle, rowTotal > 0
                    ? FormattableString.Invariant($"{100 * cells[(i * classes) + i] / rowTotal:0} %") : "–", style: "soft");
            }
            for (int j = 0; j < classes; j++)
            {
                if (!hasNumbers && cells[(i * classes) + j] == 0) continue; // a thousand classes have a million cells, nearly all 0
                double count = cells[(i * classes) + j], share = rowTotal > 0 ? Math.Clamp(count / rowTotal, 0, 1) : 0;
                string percent = FormattableString.Invariant($"{100 * share:0.#} %");
                svg.Rectangle(left + (j * side), top + (i * side), side, side, $"class=\"heat\" fill-opacity=\"{Svg.Number(share)}\"",
                    $"true {names[i]}, predicted {names[j]}: {Svg.Label(count)} ({percent})");
                if (hasNumbers && count != 0)
                    svg.Text(left + ((j + 0.5) * side), middle, Svg.Label(count), Anchor.Middle, share > 0.55 ? "on" : "ink");
            }
        }
        for (int i = 0; i <= classes; i += hasNumbers ? 1 : Math.Max(1, classes))
        {
            svg.Line(left + (i * side), top, left + (i * side), top + (classes * side), Svg.Class("grid"));
            svg.Line(left, top + (i * side), left + (classes * side), top + (i * side), Svg.Class("grid"));
        }
        return svg.ToString();
    }

    private static string Worst(double[] cells, IReadOnlyList<string> names)
    {
        (double count, int at) = (0, -1);
        for (int i = 0; i < cells.Length; i++)
            if (i / names.Count != i % names.Count && cells[i] > count) (count, at) = (cells[i], i);
        return at < 0 ? "No class was taken for another."
            : $"Most often, {Svg.Label(count)} times, {names[at / names.Count]} was taken for {names[at % names.Count]}.";
    }
}
