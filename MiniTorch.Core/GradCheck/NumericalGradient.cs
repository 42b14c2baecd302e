using MiniTorch.GradChecking;

namespace MiniTorch;

/// <summary>The points that a numerical derivative uses.</summary>
public enum DifferenceSide
{
    /// <summary>Points on both sides: the most accurate for the same number of points.</summary>
    Central,

    /// <summary>The point itself and points above it, for the lower end of a domain.</summary>
    Forward,

    /// <summary>The point itself and points below it, for the upper end of a domain.</summary>
    Backward,
}

/// <summary>Numerical derivatives by finite differences, for functions without a derivative rule and for comparisons.</summary>
public static class NumericalGradient
{
    private static readonly double s_epsilon = Math.ScaleB(1, -52);

    /// <summary>
    /// Returns the derivatives of a function and how far they may be off, in Float64. The weights are those of Math.NET's
    /// <c>FiniteDifferenceCoefficients</c>; two step sizes are combined by Richardson extrapolation.
    /// </summary>
    /// <param name="f">The function. It is called with copies of x in Float64, without recording.</param>
    /// <param name="x">The point.</param>
    /// <param name="points">The points of the stencil beside x: 2, 4 or 6 for a central one, 1 to 6 for a one-sided one.</param>
    /// <param name="side">The side of the points.</param>
    /// <param name="step">The step for an element x, divided by max(1, |x|); ε^(1/(points + 1)) by default. Ignored if <paramref
    /// name="adaptive"/>.</param>
    /// <param name="adaptive">Whether to try steps of many sizes for every derivative and to take the one with the smallest error: for functions of
    /// very small or large scales, at about twenty times the cost.</param>
    /// <returns>Both of shape [shape of f(x)…, shape of x…]; of x's shape for a scalar function.</returns>
    /// <exception cref="DTypeException">x is not floating-point.</exception>
    /// <exception cref="ValueException">The number of points or the step is out of range.</exception>
    /// <example><code>
    /// (Tensor gradient, Tensor error) = NumericalGradient.Of(t => t.Exp().Sum(), Tensor.Randn([3]), points: 4);
    /// </code></example>
    public static (Tensor Derivative, Tensor Error) Of(Func<Tensor, Tensor> f, Tensor x, int points = 2, DifferenceSide side = DifferenceSide.Central,
        double? step = null, bool adaptive = false)
    {
        ArgumentNullException.ThrowIfNull(f);
        ArgumentNullException.ThrowIfNull(x);
        if (!x.DType.IsFloat()) throw new DTypeException($"NumericalGradient: x is {x.DType}, shape {x.Shape}; convert it to a floating-point dtype");
        if (side == DifferenceSide.Central ? points is not (2 or 4 or 6) : points is < 1 or > 6)
            throw new ValueException($"NumericalGradient: {points} points; central differences have 2, 4 or 6, one-sided ones 1 to 6");
        if (step is { } given && !(given > 0 && given < 1))
            throw new ValueException(FormattableString.Invariant($"NumericalGradient: the step is {given}; a step is between 0 and 1"));

        using ModeScope mode = EngineMode.Record(false);
        var variable = new Variable("x", Ops.Copies.WithStrides(x, DType.Float64));
        Tensor result = Result();
        Shape shape = Shape.Create([.. result.Shape.Span, .. x.Shape.Span]);
        var line = new Differences(Values, result.ToArray<double>(), points, side);
        double[] derivatives = new double[line.Count * variable.Count], errors = new double[derivatives.Length];
        for (int i = 0; i < variable.Count; i++)
        {
            double value = variable.Values[i], scale = Math.Max(1, Math.Abs(value));
            double[][] found = adaptive ? line.Best(by => variable.Move(i, by), scale / 4, Math.Abs(value) * 2 * s_epsilon)
                : line.Extrapolated(by => variable.Move(i, by),
                    Math.ScaleB(1, Math.ILogB((step ?? Math.Pow(s_epsilon, 1.0 / (points + 1))) * scale)));
            variable.Move(i, 0);
            for (int j = 0; j < line.Count; j++)
                (derivatives[(j * variable.Count) + i], errors[(j * variable.Count) + i]) = (found[0][j], found[1][j]);
        }
        return (Tensor.From(derivatives, shape), Tensor.From(errors, shape));

        Tensor Result() => f(variable.Tensor) ?? throw new ValueException("NumericalGradient: the function returned null; it must return a tensor");

        double[] Values()
        {
            Tensor moved = Result();
            return moved.Shape == result.Shape ? moved.ToArray<double>()
                : throw new ShapeException($"NumericalGradient: the function gave the shape {result.Shape} first and {moved.Shape} when called "
                + "again; "
                    + "its shape must not depend on values or on earlier calls");
        }
    }
}
