using System.Runtime.CompilerServices;
using System.Text;

namespace MiniTorch.Pictures;

/// <summary>
/// Draws pictures of a training run as SVG text. They scale, follow the reader's light or dark theme, and accept any numbers, including NaN and
/// infinity.
/// </summary>
/// <example><code>
/// double[] losses = [0.9, 0.5, 0.3];
/// File.WriteAllText("loss.svg", Picture.Curves([new("train", losses)]));
/// </code></example>
public static partial class Picture
{
    /// <summary>Draws curves over the steps of a run, optionally with a logarithmic scale and smoothing.</summary>
    /// <param name="curves">The curves; an empty list gives an empty frame.</param>
    /// <param name="options">Texts, scale, smoothing and size.</param>
    /// <exception cref="ValueException">The smoothing is outside [0, 1), the picture is too small, or the number of steps differs from the number of
    /// values.</exception>
    [OverloadResolutionPriority(1)] // so that new("train", values) in a list is a curve
    public static string Curves(IReadOnlyList<Curve> curves, CurveOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(curves);
        options ??= new();
        if (!(options.Smoothing is >= 0 and < 1))
            throw new ValueException(FormattableString.Invariant($"Curves: smoothing {options.Smoothing} is not in [0, 1)"));
        if (options.Width < 200 || options.Height < 160)
            throw new ValueException($"Curves: {options.Width} × {options.Height} pixels are too few; at least 200 × 160 are needed");
        foreach (Curve curve in curves)
            if ((curve ?? throw new ArgumentNullException(nameof(curves), "Curves: a curve is null")).Steps is { } steps
                && steps.Count != curve.Values.Count)
                throw new ValueException($"Curves: '{curve.Name}' has {curve.Values.Count} values but {steps.Count} steps; each value needs a step");
        return new CurvePlot(curves, options).Draw();
    }

    /// <summary>Draws one curve of numbers, such as a list of losses.</summary>
    /// <param name="values">The numbers.</param>
    /// <param name="options">Texts, scale, smoothing and size.</param>
    /// <returns>An SVG document.</returns>
    /// <exception cref="ValueException">The smoothing is not in [0, 1), or the picture is smaller than 200 × 160 pixels.</exception>
    public static string Curves(IReadOnlyList<double> values, CurveOptions? options = null) =>
        Curves([new Curve(options?.Title ?? "loss", values)], options);
}

/// <summary>Lays out and draws curves.</summary>
internal sealed class CurvePlot(IReadOnlyList<Curve> curves, CurveOptions options)
{
    private const double Margin = 16, LineHeight = 18, Swatch = 18;

    private readonly double[][] _smoothed =
        [.. curves.Select(curve => options.Smoothing > 0 ? curve.Smoothed(options.Smoothing) : [.. curve.Values])];

    public string Draw()
    {
        int hidden = curves.Sum(curve => curve.Values.Count(value => !Fits(value)));
        string note = hidden == 0 ? ""
            : $"{hidden} {(hidden == 1 ? "value is" : "values are")} {(options.LogScale ? "not positive or " : "")}not finite (×)";
        var svg = new Svg(options.Width, options.Height, options.Title, Description(note));
        double top = Legend(svg, Margin + 4 + LineHeight, note) + 10;

        double bottom = options.Height - Margin - (2 * LineHeight) + 4;
        Axis y = Axis.Over(curves.SelectMany(curve => curve.Values), options.LogScale, bottom, top, 0.05);
        List<double> yTicks = y.Ticks(Math.Max(2, (int)((bottom - top) / 45)));
        double left = Margin + (options.YLabel.Length == 0 ? 0 : LineHeight) + yTicks.Select(tick => Svg.WidthOf(Svg.Label(tick))).DefaultIfEmpty(0)
            .Max() + 8;
        double right = options.Width - Margin - 8;
        double[] steps = [.. curves.SelectMany(curve => Enumerable.Range(0, curve.Values.Count).Select(curve.StepAt))];
        Axis x = Axis.Over(steps, false, left, right, 0);
        bool isCount = Array.TrueForAll(steps, step => step == Math.Floor(step)) && x.High - x.Low >= 1;

        // The page's script reads these to find the step under the pointer.
        svg.Rectangle(left, top, right - left, bottom - top, $"class=\"plot\" data-low=\"{Svg.Plain(x.Low)}\" data-high=\"{Svg.Plain(x.High)}\"");
        foreach (double tick in yTicks)
        {
            svg.Line(left, y.At(tick), right, y.At(tick), Svg.Class("grid"));
            svg.Text(left - 8, y.At(tick) + 4, Svg.Label(tick), Anchor.End, "soft");
        }
        foreach (double tick in x.Ticks(Math.Max(2, (int)((right - left) / 90))))
        {
            if (isCount && tick != Math.Floor(tick)) continue; // there is no step 1.5
            svg.Line(x.At(tick), bottom, x.At(tick), bottom + 4, Svg.Class("axis"));
            svg.Text(x.At(tick), bottom + LineHeight, Svg.Label(tick), Anchor.Middle, "soft");
        }
        svg.Line(left, bottom, right, bottom, Svg.Class("axis"));
        svg.Text((left + right) / 2, bottom + (2 * LineHeight), Svg.Fit(options.XLabel, right - left), Anchor.Middle, "soft");
        svg.Text(Margin, (top + bottom) / 2, Svg.Fit(options.YLabel, bottom - top), Anchor.Middle, "soft", turn: -90);
        if (curves.All(curve => curve.Values.Count == 0))
            svg.Text((left + right) / 2, (top + bottom) / 2, "nothing to draw yet", Anchor.Middle, "soft");

        for (int i = 0; i < curves.Count; i++)
        {
            if (options.Smoothing > 0) Polyline(svg, x, y, i, curves[i].Values, "stroke-width=\"1\" opacity=\"0.35\"");
            Polyline(svg, x, y, i, _smoothed[i],
                "stroke-width=\"2\" stroke-linejoin=\"round\"" + (i >= Svg.Colours ? " stroke-dasharray=\"6 3\"" : ""));
            foreach (double column in Columns(x, curves[i]))
                svg.Text(column, top + 4, "×", Anchor.Middle, $"mark s{i % Svg.Colours}");
        }
        return svg.ToString();
    }

    private bool Fits(double value) => double.IsFinite(value) && (!options.LogScale || value > 0);

    private string Description(string note)
    {
        if (curves.Count == 0) return "No curves.";
        var text = new StringBuilder();
        foreach (Curve curve in curves)
        {
            double[] finite = [.. curve.Values.Where(double.IsFinite)];
            text.Append(curve.Name).Append(": ")
                .Append(finite.Length == 0 ? "no values. "
                : $"{curve.Values.Count} {(curve.Values.Count == 1 ? "value" : "values")} from {Svg.Label(finite[0])} to {Svg.Label(finite[^1])}, "
                + $"least {Svg.Label(finite.Min())}. ");
        }
        return text.Append(note).ToString();
    }

    /// <summary>Draws names and last values in as many lines as they need; returns the baseline of the last line.</summary>
    private double Legend(Svg svg, double baseline, string note)
    {
        double at = Margin;
        for (int i = 0; i < curves.Count; i++)
        {
            string last = curves[i].Values.Count == 0 ? "" : " " + Svg.Label(curves[i].Values[^1]);
            string text = Svg.Fit(curves[i].Name, options.Width - (4 * Margin) - Swatch - Svg.WidthOf(last)) + last;
            double width = Swatch + 6 + Svg.WidthOf(text) + Margin;
            if (at > Margin && at + width > options.Width - Margin) (at, baseline) = (Margin, baseline + LineHeight);
            svg.Line(at, baseline - 4, at + Swatch, baseline - 4,
                Svg.Stroked(i) + " stroke-width=\"3\"" + (i >= Svg.Colours ? " stroke-dasharray=\"6 3\"" : ""));
            svg.Text(at + Swatch + 6, baseline, text);
            at += width;
        }
        if (note.Length == 0) return baseline;
        if (at > Margin && at + Svg.WidthOf(note) > options.Width - Margin) (at, baseline) = (Margin, baseline + LineHeight);
        svg.Text(at, baseline, Svg.Fit(note, options.Width - (2 * Margin)), style: "soft");
        return baseline;
    }

    /// <summary>
    /// Draws a line through the values with gaps at values that cannot be shown; of the values in one pixel column only the first, least, largest and
    /// last are drawn.
    /// </summary>
    private void Polyline(Svg svg, Axis x, Axis y, int index, IReadOnlyList<double> values, string stroke)
    {
        Curve curve = curves[index];
        var path = new StringBuilder();
        var column = new List<(double X, double Y)>();
        bool broken = true;
        for (int i = 0; i < values.Count; i++)
        {
            double step = curve.StepAt(i);
            if (!y.Shows(values[i]) || !double.IsFinite(step))
            {
                Flush();
                broken = true;
                continue;
            }
            (double X, double Y) point = (x.At(step), y.At(values[i]));
            if (column.Count > 0 && (int)column[0].X != (int)point.X) Flush();
            column.Add(point);
        }
        Flush();
        if (path.Length > 0) svg.Path(path.ToString(), $"{Svg.Stroked(index)} {stroke} stroke-linecap=\"round\"");

        void Flush()
        {
            if (column.Count > 4)
            {
                int least = 0, largest = 0;
                for (int i = 1; i < column.Count; i++)
                {
                    if (column[i].Y < column[least].Y) least = i;
                    if (column[i].Y > column[largest].Y) largest = i;
                }
                column = [.. new SortedSet<int> { 0, least, largest, column.Count - 1 }.Select(i => column[i])];
            }
            foreach ((double px, double py) in column)
            {
                path.Append(broken ? 'M' : 'L').Append(Svg.Number(px)).Append(' ').Append(Svg.Number(py));
                if (broken) path.Append("h0"); // a value between two gaps is a line without length; its round caps make it visible
                broken = false;
            }
            column.Clear();
        }
    }

    /// <summary>Returns the pixel columns of values that cannot be shown.</summary>
    private IEnumerable<double> Columns(Axis x, Curve curve) =>
        Enumerable.Range(0, curve.Values.Count).Where(i => !Fits(curve.Values[i]) && double.IsFinite(curve.StepAt(i)))
            .Select(i => Math.Round(x.At(curve.StepAt(i)) / 4) * 4).Distinct();
}
