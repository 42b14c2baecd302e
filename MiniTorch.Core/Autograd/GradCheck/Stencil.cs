using MathNet.Numerics.Differentiation;

namespace MiniTorch;

/// <summary>Numerical derivatives of all results along a line, how far they may be off, and how much the slopes on the two sides differ.</summary>
internal readonly record struct LineSlope(double[] Value, double[] Error, double[] Bend);

/// <summary>Central differences of 2, 4 or 6 points, at spacings h and 2h: Richardson extrapolation joins the two, and their difference estimates the error.</summary>
internal sealed class Stencil
{
    private readonly double[] _weights;
    private readonly int _points;
    private readonly double _epsilon;

    /// <param name="points">2, 4 or 6.</param>
    /// <param name="epsilon">The relative rounding of the function's results.</param>
    /// <param name="step">The step at |x| ≤ 1; by default where truncation, h^points, and rounding, ε/h, balance.</param>
    public Stencil(int points, double epsilon, double? step)
    {
        _points = points;
        _epsilon = epsilon;
        double[] coefficients = new FiniteDifferenceCoefficients(points + 1).GetCoefficients(points / 2, 1);
        _weights = coefficients[(points / 2 + 1)..];
        Step = step ?? Math.Pow(epsilon, 1.0 / (points + 1));
    }

    public double Step { get; }

    /// <summary>The step at an element: a power of two, so that x ± kh is not rounded, and at least the distance to x's neighbours, so that it differs from x.</summary>
    public double StepAt(double x)
    {
        double step = Math.ScaleB(1, Math.ILogB(Step * Math.Max(1, Math.Abs(x))));
        return Math.Max(step, 2 * Math.Abs(x) * _epsilon);
    }

    /// <summary>The derivatives at t = 0 of <paramref name="at"/>, which is <paramref name="center"/> there.</summary>
    public LineSlope Measure(Func<double, double[]> at, double[] center, double step)
    {
        int half = _weights.Length, count = center.Length;
        double[] fine = new double[count], coarse = new double[count], bend = new double[count], largest = new double[count];
        for (int k = 1; k <= 2 * half; k++)
        {
            if (k > half && k % 2 != 0) continue;
            double[] plus = at(k * step), minus = at(-k * step);
            for (int j = 0; j < count; j++)
            {
                double difference = (plus[j] - minus[j]) / step;
                if (k <= half) fine[j] += _weights[k - 1] * difference;
                if (k % 2 == 0) coarse[j] += _weights[(k / 2) - 1] / 2 * difference;
                // right minus left slope, extrapolated to steps of 0: a kink stays, curvature goes
                if (k <= 2) bend[j] += (k == 1 ? 2 : -0.5) * (plus[j] - (2 * center[j]) + minus[j]) / step;
                largest[j] = Math.Max(largest[j], Math.Max(Math.Abs(plus[j]), Math.Abs(minus[j])));
            }
        }
        double gain = Math.ScaleB(1, _points) - 1;
        for (int j = 0; j < count; j++)
        {
            double correction = (fine[j] - coarse[j]) / gain, rounding = _epsilon * largest[j] / step;
            fine[j] += correction;
            coarse[j] = Math.Abs(correction) + rounding;
            bend[j] = Math.Max(0, Math.Abs(bend[j]) - (32 * rounding));
        }
        return new LineSlope(fine, coarse, bend);
    }
}
