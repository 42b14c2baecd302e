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

    /// <summary>
    /// The contract of a derivative rule: linear in the cotangent, the same for every layout of the cotangent and for every subset of inputs that
    /// need a gradient, and without side effects.
    /// </summary>
    Contract,
}

/// <summary>Describes what is wrong with the derivative of one output with respect to one input.</summary>
/// <param name="Verdict">The kind of failure.</param>
/// <param name="Mode">The derivatives that were compared.</param>
/// <param name="Order">The order of the derivative.</param>
/// <param name="Input">The name of the input or parameter.</param>
/// <param name="Output">The name of the output.</param>
public sealed record GradCheckFinding(Verdict Verdict, GradCheckMode Mode, int Order, string Input, string Output)
{
    /// <summary>The five worst entries, worst first; empty if differentiation threw.</summary>
    public IReadOnlyList<GradCheckEntry> Worst { get; init; } = [];

    /// <summary>The number of entries that fail.</summary>
    public int Failures { get; init; } = 1;

    /// <summary>
    /// The number of input elements that were looked at; null for all. A fast check (<see cref="GradCheckOptions.Fast"/>) of a large input looks at a
    /// sample after a failure.
    /// </summary>
    public int? Examined { get; init; }

    /// <summary>What the pattern of errors suggests; null if it suggests nothing.</summary>
    public string? Hint { get; init; }

    /// <summary>The input's shape; null if the finding concerns all inputs.</summary>
    public Shape? InputShape { get; init; }

    /// <summary>For each element of the input, the largest error over tolerance among the output's elements.</summary>
    public IReadOnlyList<double> ErrorMap { get; init; } = [];

    /// <summary>Whether a finite derivative lies outside of the two slopes at a kink: an operation must give one of its subgradients there.</summary>
    internal bool IsAtPlainKink { get; init; }

    /// <summary>Whether a failing entry has a slope, the same from both sides.</summary>
    internal bool IsAtSmoothEntry { get; init; }

    internal static GradCheckFinding Threw(Exception error, GradCheckMode mode, int order) =>
        new(Verdict.Wrong, mode, order, "the inputs", "the outputs") { Hint = $"differentiation threw: {error.Message}" };
}

/// <summary>One derivative that does not agree.</summary>
/// <param name="InputIndex">The index of the input element.</param>
/// <param name="OutputIndex">The index of the output element.</param>
/// <param name="Analytic">The derivative by automatic differentiation.</param>
/// <param name="Numerical">The derivative that it was compared with.</param>
/// <param name="Uncertainty">How far the numerical value may be off.</param>
/// <param name="Tolerance">The allowed error.</param>
/// <param name="Verdict">The kind of failure.</param>
public sealed record GradCheckEntry(
    IReadOnlyList<int> InputIndex, IReadOnlyList<int> OutputIndex, double Analytic, double Numerical, double Uncertainty, double Tolerance,
        Verdict Verdict)
{
    /// <summary>The slope from the left at a kink; null if there is none.</summary>
    public double? LeftSlope { get; init; }

    /// <summary>The slope from the right at a kink; null if there is none.</summary>
    public double? RightSlope { get; init; }

    /// <summary>The difference of the two derivatives; at a kink that of the two slopes.</summary>
    public double Error => Math.Abs(Verdict == Verdict.Kink && RightSlope - LeftSlope is { } bend ? bend : Analytic - Numerical);

    /// <summary>The error as a multiple of the tolerance.</summary>
    public double ErrorOverTolerance => double.IsFinite(Error) ? Error / Math.Max(Tolerance, double.Epsilon) : double.PositiveInfinity;
}

/// <summary>The operation that a failure was traced to.</summary>
/// <param name="Op">Its name.</param>
/// <param name="InputShapes">The shapes that it was called with.</param>
/// <param name="Module">The path of the module that called it; null outside modules.</param>
/// <param name="Line">The source line that called it, such as <c>file.cs:12</c>; null if there is no debug information.</param>
/// <param name="Reason">What is wrong with it.</param>
public sealed record GradCheckBlame(string Op, IReadOnlyList<Shape> InputShapes, string? Module, string? Line, string Reason)
{
    /// <summary>Returns one sentence that names the operation, its place and the reason.</summary>
    public override string ToString() =>
        $"{Op}({string.Join(", ", InputShapes)}){(Module is null ? "" : $" in {Module}")}{(Line is null ? "" : $" at {Line}")}: {Reason}";
}

/// <summary>All derivatives of one output with respect to one input (<see cref="GradCheckOptions.Jacobians"/>).</summary>
/// <param name="Mode">The derivatives that were compared.</param>
/// <param name="Order">The order of the derivative.</param>
/// <param name="Input">The name of the input or parameter.</param>
/// <param name="Output">The name of the output.</param>
/// <param name="Analytic">The derivatives by automatic differentiation, Float64, of shape [shape of the output…, shape of the input…].</param>
/// <param name="Numerical">The numerical derivatives, of the same shape.</param>
public sealed record GradCheckJacobian(GradCheckMode Mode, int Order, string Input, string Output, Tensor Analytic, Tensor Numerical)
{
    /// <summary>The absolute differences, of the same shape.</summary>
    public Tensor Error => (Analytic - Numerical).Abs();
}

/// <summary>How far a check has come (<see cref="GradCheckOptions.Progress"/>).</summary>
/// <param name="Input">The input or parameter that is being checked.</param>
/// <param name="Done">The number of its elements that were compared.</param>
/// <param name="Count">The number of its elements that are to be compared.</param>
public readonly record struct GradCheckProgress(string Input, int Done, int Count);
