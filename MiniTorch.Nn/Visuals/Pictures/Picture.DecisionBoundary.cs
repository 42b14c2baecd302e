namespace MiniTorch.Pictures;

public static partial class Picture
{
    /// <summary>
    /// Draws the predictions of a classifier of points in the plane, around and below its data. Each class has a colour, which is stronger the more
    /// certain the prediction is.
    /// </summary>
    /// <param name="scores">(M, 2) → (M, C) logits, or (M) or (M, 1) logits of the second of two classes, such as <c>model.Call</c>. It is called
    /// without recording.</param>
    /// <param name="points">The data, (N, 2).</param>
    /// <param name="classes">The classes of the data, Int64 (N).</param>
    /// <param name="title">The heading.</param>
    /// <param name="cells">The number of cells across and down, 2 to 400.</param>
    /// <exception cref="MiniTorchException">A shape or dtype does not fit.</exception>
    public static string DecisionBoundary(Func<Tensor, Tensor> scores, Tensor points, Tensor classes, string title = "Decision boundary",
        int cells = 100)
    {
        ArgumentNullException.ThrowIfNull(scores);
        ArgumentNullException.ThrowIfNull(points);
        ArgumentNullException.ThrowIfNull(classes);
        ArgumentNullException.ThrowIfNull(title);
        const double Top = 36, Side = 440;
        const int Levels = 6;
        if (points.Rank != 2 || points.Shape[1] != 2)
            throw new ShapeException($"DecisionBoundary: points must have shape (N, 2), not {points.Shape}");
        if (classes.Rank != 1 || classes.Shape[0] != points.Shape[0])
            throw new ShapeException($"DecisionBoundary: classes of shape {classes.Shape} for points of shape {points.Shape}; each point needs one");
        if (cells is < 2 or > 400) throw new ValueException($"DecisionBoundary: {cells} cells across are not in [2, 400]");
        double[] places = points.Detach().ToArray<double>();
        long[] labels = classes.ToArray<long>();
        Axis y = Axis.Over(places.Where((_, i) => i % 2 == 1), false, Top + Side, Top, 0.08);
        double left = 24 + y.Ticks(6).Max(tick => Svg.WidthOf(Svg.Label(tick)));
        Axis x = Axis.Over(places.Where((_, i) => i % 2 == 0), false, left, left + Side, 0.08);

        (int Class, double Probability)[] guesses = Guess(scores, x, y, cells, points.DType);
        int count = Math.Max(guesses.Max(guess => guess.Class), labels.Select(label => (int)Math.Clamp(label, 0, 1000)).DefaultIfEmpty(0).Max()) + 1;
        var svg = new Svg(left + Side + 110, Top + Side + 36, title,
            $"{labels.Length} points of {count} classes over the regions where each class is the likeliest.");
        foreach ((int guess, int level, string path) in Regions(guesses, cells, Levels, left, Top, Side / cells))
            svg.Path(path, $"{Svg.Filled(guess)} fill-opacity=\"{Svg.Number(0.1 + (0.5 * level / Levels))}\"");
        for (int i = 0; i < labels.Length; i++)
            if (x.Shows(places[2 * i]) && y.Shows(places[(2 * i) + 1]))
                svg.Circle(x.At(places[2 * i]), y.At(places[(2 * i) + 1]), 3,
                    $"{Svg.Filled((int)Math.Clamp(labels[i], 0, 1000))} stroke=\"#fff\" stroke-width=\"0.8\"");

        foreach (double tick in x.Ticks(6)) svg.Text(x.At(tick), Top + Side + 18, Svg.Label(tick), Anchor.Middle, "soft");
        foreach (double tick in y.Ticks(6)) svg.Text(left - 8, y.At(tick) + 4, Svg.Label(tick), Anchor.End, "soft");
        svg.Rectangle(left, Top, Side, Side, Svg.Class("axis"));
        for (int i = 0; i < Math.Min(count, 20); i++)
        {
            svg.Circle(left + Side + 22, Top + 8 + (20 * i), 5, Svg.Filled(i));
            svg.Text(left + Side + 34, Top + 12 + (20 * i), $"class {i}");
        }
        return svg.ToString();
    }

    /// <summary>Returns the most likely class at the centre of each cell, rows from the top; −1 if a score is NaN.</summary>
    private static (int Class, double Probability)[] Guess(Func<Tensor, Tensor> scores, Axis x, Axis y, int cells, DType dtype)
    {
        var middles = new double[cells * cells * 2];
        for (int i = 0; i < cells * cells; i++)
        {
            middles[2 * i] = x.Low + ((i % cells) + 0.5) / cells * (x.High - x.Low);
            middles[(2 * i) + 1] = y.High - ((i / cells) + 0.5) / cells * (y.High - y.Low);
        }
        using ModeScope mode = Autograd.NoGrad();
        Tensor found = scores(Tensor.From(middles, [cells * cells, 2], dtype));
        if (found.Rank == 2 && found.Shape[1] == 1) found = found.Squeeze(1);
        if (found.Rank is < 1 or > 2 || found.Shape[0] != cells * cells)
            throw new ShapeException($"DecisionBoundary: {cells * cells} points gave scores of shape {found.Shape}; (M, C), (M, 1) or (M) are "
                + "needed");
        if (found.Rank == 1) found = Tensor.Stack([Tensor.ZerosLike(found), found], 1);
        (Tensor probabilities, Tensor indices) = found.Softmax(1).Max(1);
        return [.. indices.ToArray<long>()
            .Zip(probabilities.ToArray<double>(), (index, probability) => double.IsNaN(probability) ? (-1, 0) : ((int)index, probability))];
    }

    /// <summary>Returns the cells of one class and level as one path; neighbours in a row become one rectangle.</summary>
    private static IEnumerable<(int Class, int Level, string Path)> Regions((int Class, double Probability)[] guesses, int cells, int levels,
        double left, double top, double side)
    {
        (int Class, int Level)[] kinds = [.. guesses.Select(guess => (guess.Class, (int)Math.Round(guess.Probability * levels)))];
        var paths = new SortedDictionary<(int, int), System.Text.StringBuilder>();
        for (int i = 0, run; i < kinds.Length; i += run)
        {
            run = 1;
            while ((i + run) % cells != 0 && kinds[i + run] == kinds[i]) run++;
            if (kinds[i].Class < 0) continue;
            if (!paths.TryGetValue(kinds[i], out System.Text.StringBuilder? path)) paths[kinds[i]] = path = new();
            path.Append('M').Append(Svg.Number(left + (i % cells * side))).Append(' ').Append(Svg.Number(top + (i / cells * side)))
                .Append('h').Append(Svg.Number(run * side)).Append('v').Append(Svg.Number(side)).Append('h').Append(Svg.Number(-run * side))
                .Append('z');
        }
        return paths.Select(path => (path.Key.Item1, path.Key.Item2, path.Value.ToString()));
    }
}
