namespace MiniTorch.Nn;

public static partial class Functional
{
    /// <summary>(input − target)² (mse_loss).</summary>
    /// <remarks>
    /// <para>Shapes: input and target, which broadcast; the loss without a reduction has the shape both give. Source: torch.nn.MSELoss.</para>
    /// <para>Borders: (N, 1) against (N) has N² losses, as in PyTorch, which warns of it; a mean over no element is NaN.</para>
    /// </remarks>
    /// <param name="input">Any shape.</param>
    /// <param name="target">The same shape, or one that broadcasts with it.</param>
    /// <param name="reduction">None, Mean or Sum.</param>
    /// <exception cref="DTypeException">Neither is a floating tensor.</exception>
    /// <exception cref="ShapeException">The shapes do not broadcast.</exception>
    public static Tensor MSELoss(Tensor input, Tensor target, Reduction reduction = Reduction.Mean) =>
        Difference("MSELoss", input, target).Pow(2).Reduce("MSELoss", reduction);

    /// <summary>|input − target| (l1_loss).</summary>
    /// <inheritdoc cref="MSELoss"/>
    /// <remarks>Shapes: as of <see cref="MSELoss"/>. Source: torch.nn.L1Loss. Borders: gradient 0 where input and target are equal; a mean over no element is NaN.</remarks>
    public static Tensor L1Loss(Tensor input, Tensor target, Reduction reduction = Reduction.Mean) =>
        Difference("L1Loss", input, target).Abs().Reduce("L1Loss", reduction);

    /// <summary>d²/(2β) where |d| = |input − target| &lt; β, else |d| − β/2 (smooth_l1_loss).</summary>
    /// <remarks>
    /// <para>Shapes: as of <see cref="MSELoss"/>. Source: Girshick, "Fast R-CNN", 2015.</para>
    /// <para>Borders: with β = 0 it is |d|, whose gradient in PyTorch is −1 for both inputs where d is 0, and so it is here; a mean over no element is NaN.</para>
    /// </remarks>
    /// <param name="input">Any shape.</param>
    /// <param name="target">The same shape, or one that broadcasts with it.</param>
    /// <param name="reduction">None, Mean or Sum.</param>
    /// <param name="beta">β ≥ 0, where the parabola meets the lines.</param>
    /// <exception cref="ValueException">β is negative.</exception>
    public static Tensor SmoothL1Loss(Tensor input, Tensor target, Reduction reduction = Reduction.Mean, double beta = 1)
    {
        if (!(beta >= 0)) throw new ValueException($"SmoothL1Loss: beta is {beta}, and must be 0 or positive");
        CheckAnyFloat("SmoothL1Loss", input, target);
        return new BinaryOp<SmoothL1>(new SmoothL1(beta)).Apply(input, target).Reduce("SmoothL1Loss", reduction);
    }

    /// <summary>d²/2 where |d| = |input − target| ≤ δ, else δ·(|d| − δ/2) (huber_loss).</summary>
    /// <remarks>Shapes: as of <see cref="MSELoss"/>. Source: Huber, "Robust Estimation of a Location Parameter", 1964. Borders: value and gradient agree at |d| = δ.</remarks>
    /// <param name="input">Any shape.</param>
    /// <param name="target">The same shape, or one that broadcasts with it.</param>
    /// <param name="reduction">None, Mean or Sum.</param>
    /// <param name="delta">δ > 0, where the parabola meets the lines.</param>
    /// <exception cref="ValueException">δ is not positive.</exception>
    public static Tensor HuberLoss(Tensor input, Tensor target, Reduction reduction = Reduction.Mean, double delta = 1)
    {
        if (!(delta > 0)) throw new ValueException($"HuberLoss: delta is {delta}, and must be positive");
        CheckAnyFloat("HuberLoss", input, target);
        return new BinaryOp<Huber>(new Huber(delta)).Apply(input, target).Reduce("HuberLoss", reduction);
    }

    /// <summary>
    /// ½·(ln v + (input − target)²/v), v = max(var, eps), plus ½·ln 2π where <paramref name="full"/> (gaussian_nll_loss).
    /// </summary>
    /// <remarks>
    /// <para>Shapes: the loss without a reduction has the input's shape; the target broadcasts to it.
    /// Source: Nix and Weigend, "Estimating the Mean and Variance of the Target Probability Distribution", 1994.</para>
    /// <para>Borders: as in PyTorch the gradient passes through the maximum: where var &lt; eps it is that of the formula at eps. A variance ∞ has loss ∞ and gradient 0.</para>
    /// </remarks>
    /// <param name="input">The expected values.</param>
    /// <param name="target">The observed values, in that shape, or one that broadcasts to it: (N) does not fit an input (N, 1).</param>
    /// <param name="var">The variances in that shape, or without its last dimension, or with 1 there.</param>
    /// <param name="full">Whether the constant is added.</param>
    /// <param name="eps">The least variance, > 0.</param>
    /// <param name="reduction">None, Mean or Sum.</param>
    /// <exception cref="ShapeException"><paramref name="target"/> or <paramref name="var"/> does not fit the input's shape.</exception>
    /// <exception cref="ValueException">A variance is negative, or <paramref name="eps"/> is not positive.</exception>
    public static Tensor GaussianNLLLoss(Tensor input, Tensor target, Tensor var, bool full = false, double eps = 1e-6, Reduction reduction = Reduction.Mean)
    {
        ArgumentNullException.ThrowIfNull(input);
        ArgumentNullException.ThrowIfNull(target);
        ArgumentNullException.ThrowIfNull(var);
        const string op = "GaussianNLLLoss";
        if (!(eps > 0)) throw new ValueException($"{op}: eps is {eps}, and must be positive");
        if (var.Shape != input.Shape)
        {
            if (var.Shape == input.Shape.Without(input.Rank - 1)) var = var.Unsqueeze(-1);
            else if (input.Rank == 0 || var.Shape != input.Shape.With(input.Rank - 1, 1))
                throw new ShapeException($"{op}: var has shape {var.Shape}; for input {input.Shape} it has the same shape, no last dimension, or 1 there");
        }
        target = LossShapes.Fitted(op, "target", target, input.Shape);
        Tensor values = var.Detach();
        if ((values < 0).Any().Item<bool>()) throw new ValueException($"{op}: var has the negative element {values.Min().Item<double>()}; variances are 0 or more");
        Tensor variance = var + (eps - values).Clamp(min: 0); // the clamped value with the gradient of what was not clamped
        Tensor losses = (variance.Log() + Difference(op, input, target).Pow(2) / variance) * 0.5;
        return (full ? losses + 0.5 * Math.Log(2 * Math.PI) : losses).Reduce(op, reduction);
    }

    /// <summary>
    /// e^input − target·input, or input − target·ln(input + eps) if the input is not a logarithm; with <paramref name="full"/> plus Stirling's
    /// target·ln target − target + ½·ln(2π·target) where target > 1 (poisson_nll_loss).
    /// </summary>
    /// <remarks>
    /// <para>Shapes: input and target, which broadcast; the loss without a reduction has the shape both give. Source: torch.nn.PoissonNLLLoss.</para>
    /// <para>Borders: an expected count of 0 has loss −target·ln eps, a negative one NaN; a logarithm of 710 overflows float64, of 89 float32; −∞ with target 0 is NaN (0·∞), as in PyTorch.</para>
    /// </remarks>
    /// <param name="input">The expected counts or their logarithms.</param>
    /// <param name="target">The counts; no gradient passes through Stirling's term.</param>
    /// <param name="logInput">Whether the input is a logarithm.</param>
    /// <param name="full">Whether Stirling's approximation of ln target! is added.</param>
    /// <param name="eps">Keeps ln 0 away.</param>
    /// <param name="reduction">None, Mean or Sum.</param>
    public static Tensor PoissonNLLLoss(
        Tensor input, Tensor target, bool logInput = true, bool full = false, double eps = 1e-8, Reduction reduction = Reduction.Mean)
    {
        LossShapes.CheckFloat("PoissonNLLLoss", "input", input);
        Tensor losses = logInput ? input.Exp() - target * input : input - target * (input + eps).Log();
        if (full)
        {
            Tensor count = target.Detach();
            Tensor stirling = count * count.Log() - count + (count * (2 * Math.PI)).Log() * 0.5;
            losses += stirling.MaskedFill(count <= 1, 0);
        }
        return losses.Reduce("PoissonNLLLoss", reduction);
    }

    private static Tensor Difference(string op, Tensor input, Tensor target)
    {
        CheckAnyFloat(op, input, target);
        return input - target;
    }

    private static void CheckAnyFloat(string op, Tensor input, Tensor target)
    {
        ArgumentNullException.ThrowIfNull(input);
        ArgumentNullException.ThrowIfNull(target);
        if (!input.DType.IsFloat() && !target.DType.IsFloat())
            throw new DTypeException($"{op}: input is {input.DType} and target {target.DType}, and one must be Float32 or Float64 (To converts)");
    }
}
