namespace MiniTorch.Nn;

public static partial class Functional
{
    /// <summary>Computes the squared error (input − target)² (torch.nn.functional.mse_loss).</summary>
    /// <remarks>
    /// <para>Shapes: input and target broadcast; with <see cref="Reduction.None"/> the loss has the broadcast shape. Source: torch.nn.MSELoss.</para>
    /// <para>Edge cases: (N, 1) against (N) gives N² losses; as in PyTorch, different shapes cause a warning, or an error by
    /// <see cref="Losses.OnShapeMismatch"/>. The mean over no elements is NaN.</para>
    /// </remarks>
    /// <param name="input">Any shape.</param>
    /// <param name="target">The same shape, or one that broadcasts with the input's.</param>
    /// <param name="reduction">None, Mean or Sum.</param>
    /// <exception cref="DTypeException">Neither input nor target is a floating tensor.</exception>
    /// <exception cref="ShapeException">The shapes do not broadcast, or they differ and <see cref="Losses.OnShapeMismatch"/> is Throw.</exception>
    public static Tensor MSELoss(Tensor input, Tensor target, Reduction reduction = Reduction.Mean) =>
        OfPair("MSELoss", default(SquaredError), input, target, reduction);

    /// <summary>Computes the absolute error |input − target| (torch.nn.functional.l1_loss).</summary>
    /// <inheritdoc cref="MSELoss(Tensor, Tensor, Reduction)"/>
    /// <remarks>Shapes: see <see cref="MSELoss(Tensor, Tensor, Reduction)"/>. Source: torch.nn.L1Loss. Edge cases: the gradient is 0 if input and
    /// target are equal; the mean over no elements is NaN.</remarks>
    public static Tensor L1Loss(Tensor input, Tensor target, Reduction reduction = Reduction.Mean) =>
        OfPair("L1Loss", default(AbsoluteError), input, target, reduction);

    /// <summary>Computes d²/(2β) if |d| &lt; β, else |d| − β/2, with d = input − target (torch.nn.functional.smooth_l1_loss).</summary>
    /// <remarks>
    /// <para>Shapes: see <see cref="MSELoss(Tensor, Tensor, Reduction)"/>. Source: Girshick, "Fast R-CNN", 2015.</para>
    /// <para>Edge cases: with β = 0 it is |d|; as in PyTorch, its gradient is then −1 for both inputs at d = 0. The mean over no elements is
    /// NaN.</para>
    /// </remarks>
    /// <param name="input">Any shape.</param>
    /// <param name="target">The same shape, or one that broadcasts with the input's.</param>
    /// <param name="reduction">None, Mean or Sum.</param>
    /// <param name="beta">β ≥ 0: the size of d at which the parabola continues as a line.</param>
    /// <exception cref="ValueException">β is negative.</exception>
    public static Tensor SmoothL1Loss(Tensor input, Tensor target, Reduction reduction = Reduction.Mean, double beta = 1)
    {
        if (!(beta >= 0)) throw new ValueException(FormattableString.Invariant($"SmoothL1Loss: beta is {beta} and must be 0 or positive"));
        return OfPair("SmoothL1Loss", new SmoothL1(beta), input, target, reduction);
    }

    /// <summary>Computes d²/2 if |d| ≤ δ, else δ·(|d| − δ/2), with d = input − target (torch.nn.functional.huber_loss).</summary>
    /// <remarks>Shapes: see <see cref="MSELoss(Tensor, Tensor, Reduction)"/>. Source: Huber, "Robust Estimation of a Location Parameter", 1964. Edge
    /// cases: value and gradient agree at |d| = δ.</remarks>
    /// <param name="input">Any shape.</param>
    /// <param name="target">The same shape, or one that broadcasts with the input's.</param>
    /// <param name="reduction">None, Mean or Sum.</param>
    /// <param name="delta">δ > 0: the size of d at which the parabola continues as a line.</param>
    /// <exception cref="ValueException">δ is not positive.</exception>
    public static Tensor HuberLoss(Tensor input, Tensor target, Reduction reduction = Reduction.Mean, double delta = 1)
    {
        if (!(delta > 0)) throw new ValueException(FormattableString.Invariant($"HuberLoss: delta is {delta} and must be positive"));
        return OfPair("HuberLoss", new Huber(delta), input, target, reduction);
    }

    /// <summary>
    /// Computes ½·(ln v + (input − target)²/v) with v = max(var, eps), plus ½·ln 2π if <paramref name="full"/> is true
    /// (torch.nn.functional.gaussian_nll_loss).
    /// </summary>
    /// <remarks>
    /// <para>Shapes: the target broadcasts to the input; with <see cref="Reduction.None"/> the loss has the input's shape.
    /// Source: Nix and Weigend, "Estimating the Mean and Variance of the Target Probability Distribution", 1994.</para>
    /// <para>Edge cases: as in PyTorch, the gradient with respect to a var &lt; eps is that of the formula at eps, not 0. A variance ∞ has loss ∞ and
    /// gradient 0.</para>
    /// </remarks>
    /// <param name="input">The expected values.</param>
    /// <param name="target">The observed values, in the input's shape or one that broadcasts to it: (N) does not fit an input (N, 1).</param>
    /// <param name="var">The variances, in the input's shape, without its last dimension, or with size 1 in it.</param>
    /// <param name="full">Whether the constant ½·ln 2π is added.</param>
    /// <param name="eps">The smallest variance, > 0; smaller ones are raised to it.</param>
    /// <param name="reduction">None, Mean or Sum.</param>
    /// <exception cref="ShapeException"><paramref name="target"/> or <paramref name="var"/> does not fit the input's shape.</exception>
    /// <exception cref="ValueException">A variance is negative, or <paramref name="eps"/> is not positive.</exception>
    public static Tensor GaussianNLLLoss(Tensor input, Tensor target, Tensor var, bool full = false, double eps = 1e-6,
        Reduction reduction = Reduction.Mean)
    {
        ArgumentNullException.ThrowIfNull(input);
        ArgumentNullException.ThrowIfNull(target);
        ArgumentNullException.ThrowIfNull(var);
        const string op = "GaussianNLLLoss";
        if (!(eps > 0)) throw new ValueException(FormattableString.Invariant($"{op}: eps is {eps} and must be positive"));
        if (var.Shape != input.Shape)
        {
            if (var.Shape == input.Shape.Without(input.Rank - 1)) var = var.Unsqueeze(-1);
            else if (input.Rank == 0 || var.Shape != input.Shape.With(input.Rank - 1, 1))
                throw new ShapeException($"{op}: var has shape {var.Shape}; for input {input.Shape} it must have the same shape, no last "
                    + "dimension, or size 1 in it");
        }
        target = LossShapes.Fitted(op, "target", target, input.Shape);
        CheckPair(op, input, target);
        Tensor loss = Reductions.Reduce(new GaussianLikelihood(eps), input, target, var, op, reduction), values = var.Detach();
        // A negative variance makes the sum of the losses NaN, so that their check takes no pass of its own.
        if ((reduction == Reduction.None || double.IsNaN(loss.Detach().Item<double>())) && (values < 0).Any().Item<bool>())
            throw new ValueException(FormattableString.Invariant(
                $"{op}: var has the negative element {values.Min().Item<double>()}; variances must be 0 or more"));
        return full ? loss + 0.5 * Math.Log(2 * Math.PI) * (reduction == Reduction.Sum ? input.ElementCount : 1) : loss;
    }

    /// <summary>
    /// Computes e^input − target·input; if the input is not a logarithm, input − target·ln(input + eps). If <paramref name="full"/> is true, adds
    /// Stirling's approximation target·ln target − target + ½·ln(2π·target) for targets > 1 (torch.nn.functional.poisson_nll_loss).
    /// </summary>
    /// <remarks>
    /// <para>Shapes: input and target broadcast; with <see cref="Reduction.None"/> the loss has the broadcast shape. Source:
    /// torch.nn.PoissonNLLLoss.</para>
    /// <para>Edge cases: an expected count of 0 has loss −target·ln eps, a negative one NaN. A logarithm of 710 overflows Float64, one of 89 Float32.
    /// As in PyTorch, −∞ with target 0 is NaN (0·∞).</para>
    /// </remarks>
    /// <param name="input">The expected counts or their logarithms.</param>
    /// <param name="target">The counts; Stirling's term has no gradient.</param>
    /// <param name="logInput">Whether the input is the logarithm of the expected counts.</param>
    /// <param name="full">Whether Stirling's approximation of ln target! is added.</param>
    /// <param name="eps">Added to the input so that ln 0 does not occur.</param>
    /// <param name="reduction">None, Mean or Sum.</param>
    public static Tensor PoissonNLLLoss(
        Tensor input, Tensor target, bool logInput = true, bool full = false, double eps = 1e-8, Reduction reduction = Reduction.Mean)
    {
        const string op = "PoissonNLLLoss";
        ArgumentNullException.ThrowIfNull(target);
        LossShapes.CheckFloat(op, "input", input);
        LossShapes.CheckBroadcast(op, input, target);
        Tensor losses = logInput ? Reductions.Reduce(default(PoissonOfLogarithm), input, target, op, full ? Reduction.None : reduction)
            : Reductions.Reduce(new PoissonOfCount(eps), input, target, op, full ? Reduction.None : reduction);
        if (!full) return losses;
        Tensor count = target.Detach();
        Tensor stirling = count * count.Log() - count + (count * (2 * Math.PI)).Log() * 0.5;
        return (losses + stirling.MaskedFill(count <= 1, 0)).Reduce(op, reduction);
    }

    private static Tensor OfPair<TKernel>(string op, TKernel function, Tensor input, Tensor target, Reduction reduction)
        where TKernel : struct, IBinaryFunction
    {
        CheckPair(op, input, target);
        Losses.CheckSameShape(op, input, target);
        return Reductions.Reduce(function, input, target, op, reduction);
    }

    private static void CheckPair(string op, Tensor input, Tensor target)
    {
        ArgumentNullException.ThrowIfNull(input);
        ArgumentNullException.ThrowIfNull(target);
        if (!input.DType.IsFloat() && !target.DType.IsFloat())
            throw new DTypeException($"{op}: input is {input.DType} and target is {target.DType}; at least one must be Float32 or Float64 (To "
                + "converts)");
        LossShapes.CheckBroadcast(op, input, target);
    }
}
