namespace MiniTorch.GradChecking;

/// <summary>A checked function along a line through the point of the check: its slope at the usual step and, on demand, at steps of all
/// sizes.</summary>
internal sealed class LineProbe
{
    private readonly Func<double, double[]> _at;
    private readonly Stencil _stencil;
    private readonly double[] _center;
    private readonly double _step, _smallest, _scale;
    private StepLadder? _ladder;

    private LineProbe(Func<double, double[]> at, double[] center, Stencil stencil, double x, double scale)
    {
        (_at, _center, _stencil, _scale) = (at, center, stencil, scale);
        _step = stencil.StepAt(x);
        _smallest = stencil.SmallestAt(x);
        Slope = stencil.Measure(at, center, _step);
    }

    /// <summary>The slope at the usual step.</summary>
    public LineSlope Slope { get; }

    /// <summary>The slopes at steps of all sizes.</summary>
    public StepLadder Ladder => _ladder ??= new StepLadder(_at, _center, _step, _smallest, _stencil.Epsilon, _scale);

    /// <summary>The line on which one element moves.</summary>
    public static LineProbe OfElement(CheckedFunction function, Variable variable, int element, Stencil stencil)
    {
        double x = variable.Values[element];
        return new(by => function.At(variable, element, by), function.Measured.Center, stencil, x, x == 0 ? variable.Scale : Math.Abs(x));
    }

    /// <summary>The line along a direction.</summary>
    public static LineProbe Along(CheckedFunction function, double[]?[] direction, Stencil stencil) =>
        new(by => function.At(direction, by), function.Measured.Center, stencil, 0, 1);
}
