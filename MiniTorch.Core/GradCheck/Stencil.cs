using MathNet.Numerics.Differentiation;

namespace MiniTorch.GradChecking;

/// <summary>Numerical derivatives of all results along a line, how far they may be off, and how much the slopes on the two sides differ.</summary>
internal readonly record struct LineSlope(double[] Value, double[] Error, double[] Bend);

/// <summary>Central differences of 2, 4 or 6 points, at spacings h and 2h: Richardson extrapolation joins the two, and their difference estimates
/// the error.</summary>
internal sealed class Stencil
{
    private readonly double[] _weights;
    private readonly int _points;
    private readonly double _step;

    /// <param name="points">2, 4 or 6.</param>
    /// <param name="epsilon">The relative rounding of the function's results.</param>
    /// <param name="step">The step at |x| ≤ 1.</param>
    public Stencil(int points, double epsilon, double step)
    {
        _points = points;
        _weights = new FiniteDifferenceCoefficients(points + 1).GetCoefficients(points / 2, 1)[(points / 2 + 1)..];
        _step = step;
        Epsilon = epsilon;
    }

    /// <summary>The relative rounding of the function's results.</summary>
    public double Epsilon { get; }

    /// <summary>The step at an element: a power of two, so that x ± kh is not rounded.</summary>
    public double StepAt(double x) => Math.Max(Math.ScaleB(1, Math.ILogB(_step * Math.Max(1, Math.Abs(x)))), SmallestAt(x));

    /// <summary>The distance to the element's neighbours among the numbers of the machine: a smaller step would not move it.</summary>
    public double SmallestAt(double x) => Math.Abs(x) * (2 * Epsilon);

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
            double correction = (fine[j] - coarse[j]) / gain, rounding = Epsilon * largest[j] / step;
            fine[j] += correction;
            coarse[j] = Math.Abs(correction) + rounding;
            bend[j] = Math.Max(0, Math.Abs(bend[j]) - (32 * rounding));
        }
        return new LineSlope(fine, coarse, bend);
    }
}
