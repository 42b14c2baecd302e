namespace MiniTorch;

/// <summary>The options of <see cref="GradCheck"/>.</summary>
public sealed record GradCheckOptions
{
    /// <summary>The highest order of derivatives to check: 2 also checks the gradient of the gradient, and so on.</summary>
    public int Order { get; init; } = 1;

    /// <summary>
    /// Whether to check random directions instead of every element. After a failure, a small function is examined in full, and of a large one a
    /// sample of the elements.
    /// </summary>
    public bool Fast { get; init; }

    /// <summary>The number of random directions that the fast mode, forward mode and the dot-product test use.</summary>
    public int Directions { get; init; } = 3;

    /// <summary>The points of the central difference stencil: 2, 4 or 6. More points allow larger steps, and so less rounding.</summary>
    public int Points { get; init; } = 2;

    /// <summary>
    /// The step for an element x, divided by max(1, |x|) and rounded to a power of two; ε^(1/(Points + 1)) by default, where ε is the precision of
    /// the dtype.
    /// </summary>
    public double? Step { get; init; }

    /// <summary>The allowed error relative to the derivative: 1e-5 by default, and 1e-2 if the check runs in Float32.</summary>
    public double? RelativeTolerance { get; init; }

    /// <summary>
    /// The allowed error in addition to the relative one: 1e-7 by default, and 1e-3 if the check runs in Float32. It shrinks with the largest
    /// derivative if all are below 1.
    /// </summary>
    public double? AbsoluteTolerance { get; init; }

    /// <summary>Whether Float32 inputs and parameters are checked as Float64, in which a derivative can be told from rounding.</summary>
    public bool Upcast { get; init; } = true;

    /// <summary>
    /// Whether a subgradient passes at a kink: any value between the left and the right slope, such as 0 for ReLU at 0. A value outside of them does
    /// not pass.
    /// </summary>
    public bool AcceptKinks { get; init; }

    /// <summary>Whether forward mode is checked too, against the numerical derivative and against reverse mode.</summary>
    public bool Forward { get; init; } = true;

    /// <summary>Whether a failure is traced to the operations whose rules are wrong.</summary>
    public bool Blame { get; init; } = true;

    /// <summary>The seed of the random directions.</summary>
    public long Seed { get; init; }

    /// <summary>
    /// Returns whether the function may be called with these inputs; null for everywhere. The check does not evaluate the function at moved points
    /// outside of the domain, and takes one-sided slopes at its edge. Without this option, a point at which the function throws counts as
    /// outside.
    /// </summary>
    /// <example><code>
    /// var options = new GradCheckOptions { Domain = v => ((v[0] &gt; 0) &amp; (v[0] &lt; 1)).All().Item&lt;bool&gt;() };
    /// </code></example>
    public Func<IReadOnlyList<Tensor>, bool>? Domain { get; init; }

    /// <summary>
    /// Restricts the directions in which an input is moved: returns the part of a direction (second argument) that is allowed at an input (first
    /// argument); null for no restriction. <see cref="GradCheckDirections"/> has those of symmetric and orthogonal matrices and of the simplex.
    /// Parameters are not restricted.
    /// </summary>
    public Func<Tensor, Tensor, Tensor>? Project { get; init; }

    /// <summary>
    /// The function whose slopes the gradient is meant to have; null for the checked function itself. A straight-through estimator such as rounding
    /// with the gradient of the identity has <c>Intended = v => [v[0]]</c>. Only first derivatives can be checked against it.
    /// </summary>
    public Func<Tensor[], Tensor[]>? Intended { get; init; }

    /// <summary>Whether the report keeps all compared derivatives as tensors (<see cref="GradCheckReport.Jacobians"/>).</summary>
    public bool Jacobians { get; init; }

    /// <summary>
    /// The time in seconds after which no further elements are compared; null for no limit. A note in the report counts the elements that were left
    /// out.
    /// </summary>
    public double? MaxSeconds { get; init; }

    /// <summary>Receives the progress of a long check.</summary>
    public IProgress<GradCheckProgress>? Progress { get; init; }

    /// <summary>Cancels a long check, which then throws <see cref="OperationCanceledException"/>.</summary>
    public CancellationToken Cancellation { get; init; }

    /// <summary>Whether one operation is checked by itself, to find the one to blame.</summary>
    internal bool IsAlone { get; init; }

    /// <summary>Returns these options with null replaced by the defaults for results of a given relative rounding error.</summary>
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

    /// <summary>The allowed difference of two derivatives in a block with a given largest derivative; defaults must be filled in.</summary>
    internal double Tolerance(double analytic, double numerical, double largest)
    {
        double a = double.IsFinite(analytic) ? Math.Abs(analytic) : 0, n = double.IsFinite(numerical) ? Math.Abs(numerical) : 0;
        return (AbsoluteTolerance!.Value * Math.Min(1, Math.Max(largest, n))) + (RelativeTolerance!.Value * Math.Max(a, n));
    }

    /// <summary>Throws if a value is out of range.</summary>
    internal void Check()
    {
        if (Order < 1) throw new ValueException($"GradCheckOptions.Order: {Order}; derivatives of order 1 or more can be checked");
        if (Order > 1 && Intended is not null)
            throw new ValueException($"GradCheckOptions.Intended: Order is {Order}; only first derivatives can be checked against an intended "
                + "function");
        if (Directions < 1) throw new ValueException($"GradCheckOptions.Directions: {Directions}; at least 1 is needed");
        if (Points is not (2 or 4 or 6)) throw new ValueException($"GradCheckOptions.Points: {Points}; there are stencils of 2, 4 and 6 points");
        if (Step is { } step && !(step > 0 && step < 1))
            throw new ValueException(FormattableString.Invariant($"GradCheckOptions.Step: {step}; a step is between 0 and 1"));
        if (RelativeTolerance is { } relative && !(relative >= 0))
            throw new ValueException(FormattableString.Invariant($"GradCheckOptions.RelativeTolerance: {relative}; 0 or more is possible"));
        if (AbsoluteTolerance is { } absolute && !(absolute >= 0))
            throw new ValueException(FormattableString.Invariant($"GradCheckOptions.AbsoluteTolerance: {absolute}; 0 or more is possible"));
        if (MaxSeconds is { } most && !(most > 0))
            throw new ValueException(FormattableString.Invariant($"GradCheckOptions.MaxSeconds: {most}; a limit is above 0"));
    }
}

/// <summary>Directions that keep an input among the tensors that a function is meant for (<see cref="GradCheckOptions.Project"/>).</summary>
public static class GradCheckDirections
{
    /// <summary>Returns the symmetric part of a direction, for symmetric matrices of shape (…, N, N).</summary>
    public static Tensor Symmetric(Tensor x, Tensor direction)
    {
        ArgumentNullException.ThrowIfNull(x);
        ArgumentNullException.ThrowIfNull(direction);
        return (direction + direction.Transpose(-1, -2)) / 2;
    }

    /// <summary>
    /// Returns the part x·(xᵀd − dᵀx)/2 of a direction d that keeps the columns of x orthonormal to first order, for square orthogonal matrices of
    /// shape (…, N, N).
    /// </summary>
    public static Tensor Orthogonal(Tensor x, Tensor direction)
    {
        ArgumentNullException.ThrowIfNull(x);
        ArgumentNullException.ThrowIfNull(direction);
        Tensor inner = x.Transpose(-1, -2).MatMul(direction);
        return x.MatMul(inner - inner.Transpose(-1, -2)) / 2;
    }

    /// <summary>Returns a direction minus its mean over the last dimension, which keeps the sums of probabilities of shape (…, N).</summary>
    public static Tensor Simplex(Tensor x, Tensor direction)
    {
        ArgumentNullException.ThrowIfNull(x);
        ArgumentNullException.ThrowIfNull(direction);
        return direction - direction.Mean(-1, keepDim: true);
    }
}
