using MiniTorch.Nn;

namespace MiniTorch.Pictures;

public static partial class Picture
{
    /// <summary>
    /// Draws the size of the gradients of a model's parameters after a backward pass: a histogram of log₁₀ |g| for each parameter, first layers
    /// first.
    /// </summary>
    /// <remarks>Gradients vanish if the bars move to the left from the last layer to the first, and explode if they move to the right. Zeros, NaN and
    /// missing gradients are noted beside the histogram.</remarks>
    /// <param name="model">The model, after <c>loss.Backward()</c>.</param>
    /// <param name="title">The heading.</param>
    public static string GradientFlow(Module model, string title = "Gradients by parameter") =>
        GradientFlow([.. (model ?? throw new ArgumentNullException(nameof(model))).NamedParameters()
            .Select(parameter => (parameter.Name, parameter.Value.Grad))], title);

    /// <summary>Draws histograms of log₁₀ of the absolute values of named gradients, or of other tensors, on one scale.</summary>
    /// <param name="gradients">Names and gradients; null for a missing gradient.</param>
    /// <param name="title">The heading.</param>
    public static string GradientFlow(IReadOnlyList<(string Name, Tensor? Gradient)> gradients, string title = "Gradients by parameter")
    {
        ArgumentNullException.ThrowIfNull(gradients);
        ArgumentNullException.ThrowIfNull(title);
        const double Row = 30, Top = 40, BarsWidth = 360, MostNameWidth = 220;
        const int Bins = 60, MostDecades = 24;
        double[]?[] values = [.. gradients.Select(gradient => gradient.Gradient?.Detach().ToArray<double>())];
        double[] exponents = [.. values.SelectMany(all => all ?? []).Where(value => double.IsFinite(value) && value != 0)
            .Select(value => Math.Log10(Math.Abs(value)))];
        double high = exponents.Length == 0 ? 0 : Math.Ceiling(exponents.Max() + 1e-9), low = exponents.Length == 0 ? -1
            : Math.Max(Math.Floor(exponents.Min()), high - MostDecades);
        double left = 24 + Math.Min(MostNameWidth, gradients.Select(gradient => Svg.WidthOf(gradient.Name)).DefaultIfEmpty(0).Max());
        double bottom = Top + (gradients.Count * Row) + 6;
        string summary = string.Join(" ", gradients.Select((gradient, i) => $"{gradient.Name}: {Note(values[i])}."));
        double noteWidth = 26 + Math.Max(60, values.Select(all => Svg.WidthOf(Note(all))).DefaultIfEmpty(0).Max());
        var svg = new Svg(left + BarsWidth + noteWidth, bottom + 44, title, summary.Length == 0 ? "No parameters." : summary);
        int step = Math.Max(1, (int)Math.Ceiling((high - low) / 8));
        for (double power = low; power <= high; power += step)
        {
            double x = left + ((power - low) / (high - low) * BarsWidth);
            svg.Line(x, Top, x, bottom, Svg.Class("grid"));
            svg.Text(x, bottom + 16, FormattableString.Invariant($"1e{power:0}").Replace('-', '−'), Anchor.Middle, "soft");
        }
        svg.Text(left + (BarsWidth / 2), bottom + 34, "size of the gradient's elements", Anchor.Middle, "soft");
        for (int i = 0; i < gradients.Count; i++)
        {
            double floor = Top + ((i + 1) * Row);
            string name = gradients[i].Name;
            svg.Text(left - 8, floor - 6, Svg.Fit(name, MostNameWidth, keepEnd: true), Anchor.End);
            svg.Text(left + BarsWidth + 10, floor - 6, Note(values[i]), style: values[i] is { } all && all.Any(value => !double.IsFinite(value))
                ? "odd" : "soft");
            svg.Line(left, floor, left + BarsWidth, floor, Svg.Class("grid"));
            var bins = new int[Bins];
            foreach (double value in values[i] ?? [])
                if (double.IsFinite(value) && value != 0)
                    bins[(int)Math.Clamp((Math.Log10(Math.Abs(value)) - low) / (high - low) * Bins, 0, Bins - 1)]++;
            double most = bins.Max();
            for (int bin = 0; bin < Bins; bin++)
                if (bins[bin] > 0)
                    svg.Rectangle(left + (BarsWidth * bin / Bins), floor - (bins[bin] / most * (Row - 6)), (BarsWidth / Bins) - 0.5,
                        bins[bin] / most * (Row - 6), Svg.Filled(0), $"{name}: {bins[bin]}");
        }
        return svg.ToString();
    }

    /// <summary>Returns the median, and the counts that a histogram of logarithms cannot show.</summary>
    private static string Note(double[]? values)
    {
        if (values is null) return "no gradient";
        if (values.Length == 0) return "empty";
        double[] sizes = [.. values.Where(double.IsFinite).Select(Math.Abs).Order()];
        int zeros = sizes.Count(size => size == 0), odd = values.Length - sizes.Length;
        string text = sizes.Length == 0 ? "" : zeros == sizes.Length ? "all zero"
            : FormattableString.Invariant($"median {sizes[sizes.Length / 2]:0.0e0}").Replace('-', '−');
        if (zeros > 0 && zeros < sizes.Length) text += FormattableString.Invariant($", {100.0 * zeros / values.Length:0.#} % zero");
        if (odd > 0) text += $"{(text.Length > 0 ? ", " : "")}{odd} not finite";
        return text;
    }
}
