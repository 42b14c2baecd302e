namespace MiniTorch;

/// <summary>Which two derivatives were compared.</summary>
public enum GradCheckMode
{
    /// <summary>Reverse mode against the numerical derivative.</summary>
    ReverseAgainstNumerical,

    /// <summary>Forward mode against the numerical derivative.</summary>
    ForwardAgainstNumerical,

    /// <summary>Forward against reverse mode: ⟨u, Jv⟩ = ⟨Jᵀu, v⟩ for random u and v.</summary>
    ForwardAgainstReverse,

    /// <summary>Reverse mode against a closed form.</summary>
    ReverseAgainstClosedForm,

    /// <summary>Two runs against each other.</summary>
    RunAgainstRun,
}

/// <summary>What is wrong with the derivative of one output by one input.</summary>
/// <param name="Verdict">The kind of failure.</param>
/// <param name="Mode">What was compared.</param>
/// <param name="Order">The order of the derivative.</param>
/// <param name="Input">The input's or parameter's name.</param>
/// <param name="Output">The output's name.</param>
public sealed record GradCheckFinding(Verdict Verdict, GradCheckMode Mode, int Order, string Input, string Output)
{
    /// <summary>The five worst entries, worst first; none where differentiation threw.</summary>
    public IReadOnlyList<GradCheckEntry> Worst { get; init; } = [];

    /// <summary>How many entries fail.</summary>
    public int Failures { get; init; } = 1;

    /// <summary>What the pattern of errors suggests; null where it suggests nothing.</summary>
    public string? Hint { get; init; }

    /// <summary>The input's shape; null where the finding is about all of them.</summary>
    public Shape? InputShape { get; init; }

    /// <summary>For each element of the input, the largest error over tolerance among the output's elements.</summary>
    public IReadOnlyList<double> ErrorMap { get; init; } = [];

    internal static GradCheckFinding Threw(Exception error, GradCheckMode mode, int order) =>
        new(Verdict.Wrong, mode, order, "the inputs", "the outputs") { Hint = $"differentiation threw: {error.Message}" };
}

/// <summary>One derivative that does not agree.</summary>
/// <param name="InputIndex">The element of the input.</param>
/// <param name="OutputIndex">The element of the output.</param>
/// <param name="Analytic">What automatic differentiation gives.</param>
/// <param name="Numerical">What it was compared with.</param>
/// <param name="Uncertainty">How far the numerical value may be off.</param>
/// <param name="Tolerance">The allowed error.</param>
/// <param name="Verdict">What is wrong with it.</param>
public sealed record GradCheckEntry(
    IReadOnlyList<int> InputIndex, IReadOnlyList<int> OutputIndex, double Analytic, double Numerical, double Uncertainty, double Tolerance, Verdict Verdict)
{
    /// <summary>At a kink the slope from the left; null where there is none.</summary>
    public double? LeftSlope { get; init; }

    /// <summary>At a kink the slope from the right; null where there is none.</summary>
    public double? RightSlope { get; init; }

    /// <summary>The difference of the two derivatives; at a kink that of the two slopes.</summary>
    public double Error => Math.Abs(Verdict == Verdict.Kink && RightSlope - LeftSlope is { } bend ? bend : Analytic - Numerical);

    /// <summary>The difference in units of what is allowed.</summary>
    public double ErrorOverTolerance => double.IsFinite(Error) ? Error / Math.Max(Tolerance, double.Epsilon) : double.PositiveInfinity;
}
