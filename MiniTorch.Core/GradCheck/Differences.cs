using MathNet.Numerics.Differentiation;

namespace MiniTorch.GradChecking;

/// <summary>Difference quotients of all results along one element.</summary>
internal sealed class Differences(Func<double[]> call, double[] center, int points, DifferenceSide side)
{
    private const int AdaptiveLevels = 50;

    private static readonly double s_epsilon = Math.ScaleB(1, -52);

    private readonly int _below = side switch { DifferenceSide.Central => points / 2, DifferenceSide.Backward => points, _ => 0 };
    private readonly double[] _weights = new FiniteDifferenceCoefficients(points + 1)
        .GetCoefficients(side switch { DifferenceSide.Central => points / 2, DifferenceSide.Backward => points, _ => 0 }, 1);

    public int Count => center.Length;

    /// <summary>Returns the derivatives and their errors from the steps h and 2h.</summary>
    public double[][] Extrapolated(Action<double> move, double h)
    {
        (double[] fine, double[] rounding) = At(move, h);
        (double[] coarse, _) = At(move, 2 * h);
        double gain = Math.ScaleB(1, points) - 1;
        double[] correction = [.. fine.Zip(coarse, (a, b) => (a - b) / gain)];
        return [[.. fine.Zip(correction, (a, b) => a + b)], [.. correction.Zip(rounding, (a, b) => Math.Abs(a) + b)]];
    }

    /// <summary>Returns the derivatives at the steps at which they change least.</summary>
    public double[][] Best(Action<double> move, double first, double smallest)
    {
        double[] best = new double[Count], errors = [.. center.Select(_ => double.PositiveInfinity)];
        double[]? before = null;
        for (int level = 0; level < AdaptiveLevels; level++)
        {
            double h = Math.ScaleB(Math.ScaleB(1, Math.ILogB(first)), -level);
            if (h < smallest) break;
            (double[] now, double[] rounding) = At(move, h);
            for (int j = 0; before is not null && j < Count; j++)
                if (Math.Abs(now[j] - before[j]) + rounding[j] is var error && error < errors[j]) (best[j], errors[j]) = (now[j], error);
            before = now;
        }
        return [best, errors];
    }

    private (double[] Derivative, double[] Rounding) At(Action<double> move, double h)
    {
        double[] sum = new double[Count], largest = new double[Count];
        for (int k = 0; k < _weights.Length; k++)
        {
            double[] values = center;
            if (k != _below)
            {
                move((k - _below) * h);
                values = call();
            }
            for (int j = 0; j < Count; j++)
            {
                sum[j] += _weights[k] * values[j];
                largest[j] = Math.Max(largest[j], Math.Abs(values[j]));
            }
        }
        return ([.. sum.Select(value => value / h)], [.. largest.Select(value => s_epsilon * value / h)]);
    }
}
