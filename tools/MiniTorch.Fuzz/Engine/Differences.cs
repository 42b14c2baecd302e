namespace MiniTorch.Fuzz.Engine;

/// <summary>A derivative by differences, and how far wrong it may be.</summary>
internal readonly record struct Differences(double Slope, double Error)
{
    /// <summary>
    /// The derivative of <paramref name="f"/> at 0 from both sides, at the step where they agree best. At a kink they do not agree, and null is what
    /// is known; a kink within a step shows in the same way.
    /// </summary>
    public static Differences? Of(Func<Tensor, double> f)
    {
        double center = f(0.0);
        Differences? best = null;
        foreach (double step in (double[])[1e-2, 1e-3, 1e-4])
        {
            double near = f(step), far = f(2 * step), nearBack = f(-step), farBack = f(-2 * step);
            double right = ((4 * near) - far - (3 * center)) / (2 * step), left = ((3 * center) - (4 * nearBack) + farBack) / (2 * step);
            double slope = ((8 * (near - nearBack)) - (far - farBack)) / (12 * step);
            double error = Math.Max(Math.Abs(right - left), Math.Max(Math.Abs(right - slope), Math.Abs(left - slope)));
            if (double.IsFinite(error) && !(error >= best?.Error)) best = new Differences(slope, error);
        }
        return best;
    }
}
