namespace MiniTorch.Optim;

/// <summary>
/// A line search for a step that satisfies the strong Wolfe conditions. It brackets such a step, then narrows the bracket by cubic interpolation
/// (Nocedal and Wright 2006, algorithms 3.5 and 3.6), with PyTorch's safeguards.
/// </summary>
internal sealed class WolfeSearch(Func<double, (double Loss, Tensor Gradient)> evaluate, Tensor direction, double loss, Tensor gradient, double slope)
{
    private const double SufficientDecrease = 1e-4, Curvature = 0.9, LeastChange = 1e-9, EdgeShare = 0.1;
    private const int MaxTrials = 25;

    private int _trials;

    /// <summary>The number of evaluations of the loss.</summary>
    public int Evaluations { get; private set; }

    /// <summary>Returns a step with its loss and gradient; the best one found if none satisfies the conditions.</summary>
    public (double Step, double Loss, Tensor Gradient) Run(double step)
    {
        (Trial low, Trial high, bool isDone) = Bracket(step);
        if (high.Loss < low.Loss) (low, high) = (high, low);
        Trial best = isDone ? low : Zoom(low, high);
        return (best.Step, best.Loss, best.Gradient);
    }

    private (Trial, Trial, bool IsDone) Bracket(double step)
    {
        var start = new Trial(0, loss, gradient, slope);
        Trial previous = start, current = Try(step);
        for (; _trials < MaxTrials; _trials++)
        {
            if (IsTooHigh(current) || (_trials > 1 && current.Loss >= previous.Loss)) return (previous, current, false);
            if (IsFlat(current)) return (current, current, true);
            if (current.Slope >= 0) return (previous, current, false);
            double next = Minimum(previous, current, current.Step + (0.01 * (current.Step - previous.Step)), current.Step * 10);
            (previous, current) = (current, Try(next));
        }
        return (start, current, true);
    }

    private Trial Zoom(Trial low, Trial high)
    {
        double length = direction.Abs().Max().Item<double>();
        bool wasAtEdge = false;
        for (; _trials < MaxTrials && Math.Abs(high.Step - low.Step) * length >= LeastChange; _trials++)
        {
            double left = Math.Min(low.Step, high.Step), right = Math.Max(low.Step, high.Step), edge = EdgeShare * (right - left);
            double step = Minimum(low, high, left, right);
            bool isAtEdge = Math.Min(right - step, step - left) < edge;
            if (isAtEdge && (wasAtEdge || step >= right || step <= left))
            {
                // A second step so close to an end would make no progress.
                step = right - step < step - left ? right - edge : left + edge;
                isAtEdge = false;
            }
            wasAtEdge = isAtEdge;

            Trial trial = Try(step);
            if (IsTooHigh(trial) || trial.Loss >= low.Loss)
            {
                high = trial;
                if (high.Loss < low.Loss) (low, high) = (high, low);
                continue;
            }
            if (IsFlat(trial)) return trial;
            if (trial.Slope * (high.Step - low.Step) >= 0) high = low;
            low = trial;
        }
        return low;
    }

    private Trial Try(double step)
    {
        Evaluations++;
        (double value, Tensor slopes) = evaluate(step);
        return new Trial(step, value, slopes, (slopes * direction).Sum().Item<double>());
    }

    private bool IsTooHigh(Trial trial) => trial.Loss > loss + (SufficientDecrease * trial.Step * slope);

    private bool IsFlat(Trial trial) => Math.Abs(trial.Slope) <= -Curvature * slope;

    /// <summary>
    /// Returns the minimum, within bounds, of the cubic through two points with their slopes; the middle of the bounds if it has none.
    /// </summary>
    private static double Minimum(Trial a, Trial b, double from, double to)
    {
        if (a.Step > b.Step) (a, b) = (b, a);
        double d1 = a.Slope + b.Slope - (3 * (a.Loss - b.Loss) / (a.Step - b.Step)), square = (d1 * d1) - (a.Slope * b.Slope);
        if (!(square >= 0)) return (from + to) / 2;
        double d2 = Math.Sqrt(square);
        return Math.Min(Math.Max(b.Step - ((b.Step - a.Step) * ((b.Slope + d2 - d1) / (b.Slope - a.Slope + (2 * d2)))), from), to);
    }

    private readonly record struct Trial(double Step, double Loss, Tensor Gradient, double Slope);
}
