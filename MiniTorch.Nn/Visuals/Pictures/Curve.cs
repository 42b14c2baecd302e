namespace MiniTorch.Pictures;

/// <summary>A series of numbers over the steps of a training run.</summary>
/// <param name="Name">The name in the legend.</param>
/// <param name="Values">The numbers; numbers that are not finite are marked instead of drawn.</param>
public sealed record Curve(string Name, IReadOnlyList<double> Values)
{
    /// <summary>The name in the legend.</summary>
    public string Name { get; init => field = value ?? throw new ArgumentNullException(nameof(Name)); } = Name
        ?? throw new ArgumentNullException(nameof(Name));

    /// <summary>The numbers; numbers that are not finite are marked instead of drawn.</summary>
    public IReadOnlyList<double> Values { get; init => field = value ?? throw new ArgumentNullException(nameof(Values)); } = Values
        ?? throw new ArgumentNullException(nameof(Values));

    /// <summary>The step of each value, ascending; 1, 2, 3 … by default.</summary>
    public IReadOnlyList<double>? Steps { get; init; }

    /// <summary>Returns the step of a value.</summary>
    internal double StepAt(int index) => Steps is null ? index + 1 : Steps[index];

    /// <summary>
    /// Computes the exponential moving average in which the past has weight aᵈ after d steps, corrected for its start at 0 by 1 − aⁿ (Kingma and Ba
    /// 2015, section 3). A value every hundredth step is therefore hardly smoothed. Values that are not finite are returned unchanged and ignored.
    /// </summary>
    internal double[] Smoothed(double smoothing)
    {
        var result = new double[Values.Count];
        (double average, double weight, double before) = (0, 1, Values.Count == 0 ? 0 : StepAt(0) - 1);
        for (int i = 0; i < result.Length; i++)
        {
            result[i] = Values[i];
            if (!double.IsFinite(Values[i])) continue;
            double past = Math.Pow(smoothing, Math.Max(0, StepAt(i) - before));
            (average, weight, before) = ((past * average) + ((1 - past) * Values[i]), weight * past, StepAt(i));
            result[i] = weight < 1 ? average / (1 - weight) : Values[i];
        }
        return result;
    }
}

/// <summary>Options of <see cref="Picture.Curves(IReadOnlyList{Curve}, CurveOptions?)"/>.</summary>
public sealed record CurveOptions
{
    /// <summary>The heading.</summary>
    public string Title { get; init; } = "Loss";

    /// <summary>The label of the horizontal axis.</summary>
    public string XLabel { get; init; } = "step";

    /// <summary>The label of the vertical axis.</summary>
    public string YLabel { get; init; } = "";

    /// <summary>Whether the vertical axis is logarithmic; values that are not positive are then marked instead of drawn.</summary>
    public bool LogScale { get; init; }

    /// <summary>
    /// In [0, 1): the weight of the past after one step in a moving average that is drawn over the pale values; 0 for no smoothing.
    /// </summary>
    public double Smoothing { get; init; }

    /// <summary>The width in pixels, at least 200.</summary>
    public int Width { get; init; } = 720;

    /// <summary>The height in pixels, at least 160.</summary>
    public int Height { get; init; } = 400;
}
