namespace MiniTorch.GradChecking;

/// <summary>A checked function along a line through the point of the check: its slope at the usual step, and, once it is asked for, at all.</summary>
internal sealed class LineProbe
{
    private readonly Func<double, double[]> _at;
    private readonly Stencil _stencil;
    private readonly double[] _center;
    private readonly double _step, _smallest;
    private StepLadder? _ladder;

    private LineProbe(Func<double, double[]> at, double[] center, Stencil stencil, double x)
    {
        (_at, _center, _stencil) = (at, center, stencil);
        _step = stencil.StepAt(x);
        _smallest = stencil.SmallestAt(x);
        Slope = stencil.Measure(at, center, _step);
    }

    /// <summary>The first look.</summary>
    public LineSlope Slope { get; }

    /// <summary>The second look.</summary>
    public StepLadder Ladder => _ladder ??= new StepLadder(_at, _center, _step, _smallest, _stencil.Epsilon);

    /// <summary>The line on which one element moves.</summary>
    public static LineProbe OfElement(CheckedFunction function, Variable variable, int element, Stencil stencil) =>
        new(by => function.At(variable, element, by), function.Center, stencil, variable.Values[element]);

    /// <summary>The line along a direction.</summary>
    public static LineProbe Along(CheckedFunction function, double[]?[] direction, Stencil stencil) =>
        new(by => function.At(direction, by), function.Center, stencil, 0);
}
