namespace MiniTorch;

/// <summary>How <see cref="GradCheck"/> checks.</summary>
public sealed record GradCheckOptions
{
    /// <summary>The highest derivative that is checked: 2 also checks the gradient of the gradient, and so on.</summary>
    public int Order { get; init; } = 1;

    /// <summary>Whether random directions are checked instead of every element; a failure is then examined in full.</summary>
    public bool Fast { get; init; }

    /// <summary>How many random directions the fast mode, forward mode and the dot-product test use.</summary>
    public int Directions { get; init; } = 3;

    /// <summary>The points of the central difference stencil: 2, 4 or 6. More points allow larger steps, and so less rounding.</summary>
    public int Points { get; init; } = 2;

    /// <summary>The step for an element x is this times max(1, |x|), rounded to a power of two; ε^(1/(Points + 1)) by default, with ε that of the dtype.</summary>
    public double? Step { get; init; }

    /// <summary>The error allowed relative to the derivative: 1e-5 by default, 1e-2 where the check runs in Float32.</summary>
    public double? RelativeTolerance { get; init; }

    /// <summary>The error allowed beside that, relative to the largest derivative where all are below 1: 1e-7 by default, 1e-3 where the check runs in Float32.</summary>
    public double? AbsoluteTolerance { get; init; }

    /// <summary>Whether Float32 inputs and parameters are checked as Float64, in which a derivative can be told from rounding.</summary>
    public bool Upcast { get; init; } = true;

    /// <summary>Whether any slope between the left and the right one is right at a kink (a subgradient, as 0 for ReLU at 0).</summary>
    public bool AcceptKinks { get; init; }

    /// <summary>Whether forward mode is checked too, against the numerical derivative and against reverse mode.</summary>
    public bool Forward { get; init; } = true;

    /// <summary>Whether a failure is traced to the operation whose rule is wrong.</summary>
    public bool Blame { get; init; } = true;

    /// <summary>The seed of the random directions.</summary>
    public long Seed { get; init; }

    /// <summary>These, with what is null by default filled in for results of a relative rounding.</summary>
    internal GradCheckOptions WithDefaults(double epsilon)
    {
        bool single = epsilon > 1e-10;
        return this with
        {
            Step = Step ?? Math.ScaleB(1, Math.ILogB(Math.Pow(epsilon, 1.0 / (Points + 1)))),
            RelativeTolerance = RelativeTolerance ?? (single ? 1e-2 : 1e-5),
            AbsoluteTolerance = AbsoluteTolerance ?? (single ? 1e-3 : 1e-7),
        };
    }

    /// <summary>How far two derivatives may be apart in a block in which the largest is given; defaults must be filled in.</summary>
    internal double Tolerance(double analytic, double numerical, double largest)
    {
        double a = double.IsFinite(analytic) ? Math.Abs(analytic) : 0, n = double.IsFinite(numerical) ? Math.Abs(numerical) : 0;
        return (AbsoluteTolerance!.Value * Math.Min(1, Math.Max(largest, n))) + (RelativeTolerance!.Value * Math.Max(a, n));
    }

    internal void Check()
    {
        if (Order < 1) throw new ValueException($"GradCheckOptions.Order: {Order}; derivatives of order 1 or more can be checked");
        if (Directions < 1) throw new ValueException($"GradCheckOptions.Directions: {Directions}; at least 1 is needed");
        if (Points is not (2 or 4 or 6)) throw new ValueException($"GradCheckOptions.Points: {Points}; there are stencils of 2, 4 and 6 points");
        if (Step is { } step && !(step > 0 && step < 1)) throw new ValueException(FormattableString.Invariant($"GradCheckOptions.Step: {step}; a step is between 0 and 1"));
        if (RelativeTolerance is { } relative && !(relative >= 0)) throw new ValueException(FormattableString.Invariant($"GradCheckOptions.RelativeTolerance: {relative}; 0 or more is possible"));
        if (AbsoluteTolerance is { } absolute && !(absolute >= 0)) throw new ValueException(FormattableString.Invariant($"GradCheckOptions.AbsoluteTolerance: {absolute}; 0 or more is possible"));
    }
}
