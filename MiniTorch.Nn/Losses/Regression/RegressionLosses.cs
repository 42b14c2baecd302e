namespace MiniTorch.Nn;

/// <summary>Computes the mean squared error (torch.nn.MSELoss); see <see cref="Functional.MSELoss(Tensor, Tensor, Reduction)"/>.</summary>
/// <example><code>
/// Tensor x = Tensor.Randn([8, 3]), y = Tensor.Randn([8, 1]);
/// var model = new Linear(3, 1);
/// Tensor loss = new MSELoss().Call(model.Call(x), y);
/// loss.Backward();
/// </code></example>
/// <param name="reduction">None, Mean or Sum.</param>
public sealed class MSELoss(Reduction reduction = Reduction.Mean) : Module<Tensor, Tensor, Tensor>
{
    /// <inheritdoc/>
    [return: Dims("| ...losses")]
    protected override Tensor Forward([Dims("...input")] Tensor input, [Dims("...target")] Tensor target) =>
        Functional.MSELoss(input, target, reduction);
}

/// <summary>Computes the mean absolute error (torch.nn.L1Loss); see <see cref="Functional.L1Loss(Tensor, Tensor, Reduction)"/>.</summary>
/// <param name="reduction">None, Mean or Sum.</param>
public sealed class L1Loss(Reduction reduction = Reduction.Mean) : Module<Tensor, Tensor, Tensor>
{
    /// <inheritdoc/>
    [return: Dims("| ...losses")]
    protected override Tensor Forward([Dims("...input")] Tensor input, [Dims("...target")] Tensor target) =>
        Functional.L1Loss(input, target, reduction);
}

/// <summary>
/// Computes the absolute error, squared near 0 (torch.nn.SmoothL1Loss); see <see cref="Functional.SmoothL1Loss(Tensor, Tensor, Reduction, double)"/>.
/// </summary>
/// <param name="reduction">None, Mean or Sum.</param>
/// <param name="beta">β ≥ 0: errors below it are squared.</param>
public sealed class SmoothL1Loss(Reduction reduction = Reduction.Mean, double beta = 1) : Module<Tensor, Tensor, Tensor>
{
    /// <inheritdoc/>
    [return: Dims("| ...losses")]
    protected override Tensor Forward([Dims("...input")] Tensor input, [Dims("...target")] Tensor target) =>
        Functional.SmoothL1Loss(input, target, reduction, beta);
}

/// <summary>
/// Computes the squared error, linear far from 0 (torch.nn.HuberLoss); see <see cref="Functional.HuberLoss(Tensor, Tensor, Reduction, double)"/>.
/// </summary>
/// <param name="reduction">None, Mean or Sum.</param>
/// <param name="delta">δ > 0: errors above it are linear.</param>
public sealed class HuberLoss(Reduction reduction = Reduction.Mean, double delta = 1) : Module<Tensor, Tensor, Tensor>
{
    /// <inheritdoc/>
    [return: Dims("| ...losses")]
    protected override Tensor Forward([Dims("...input")] Tensor input, [Dims("...target")] Tensor target) =>
        Functional.HuberLoss(input, target, reduction, delta);
}

/// <summary>
/// Computes the negative log-likelihood of a normal distribution (torch.nn.GaussianNLLLoss); see <see
/// cref="Functional.GaussianNLLLoss(Tensor, Tensor, Tensor, bool, double, Reduction)"/>.
/// </summary>
/// <param name="full">Whether the constant ½·ln 2π is added.</param>
/// <param name="eps">The smallest variance; smaller ones are raised to it.</param>
/// <param name="reduction">None, Mean or Sum.</param>
public sealed class GaussianNLLLoss(bool full = false, double eps = 1e-6, Reduction reduction = Reduction.Mean)
    : Module<Tensor, Tensor, Tensor, Tensor>
{
    /// <inheritdoc/>
    [return: Dims("| ...losses")]
    protected override Tensor Forward(
        [Dims("| ... values")] Tensor input, [Dims("| ... values")] Tensor target, [Dims("| ... values | ... 1 | ...")] Tensor var) =>
        Functional.GaussianNLLLoss(input, target, var, full, eps, reduction);
}

/// <summary>
/// Computes the negative log-likelihood of a Poisson distribution (torch.nn.PoissonNLLLoss); see <see
/// cref="Functional.PoissonNLLLoss(Tensor, Tensor, bool, bool, double, Reduction)"/>.
/// </summary>
/// <param name="logInput">Whether the input is the logarithm of the expected count.</param>
/// <param name="full">Whether Stirling's approximation of ln target! is added.</param>
/// <param name="eps">Added to the input so that ln 0 does not occur.</param>
/// <param name="reduction">None, Mean or Sum.</param>
public sealed class PoissonNLLLoss(bool logInput = true, bool full = false, double eps = 1e-8, Reduction reduction = Reduction.Mean)
    : Module<Tensor, Tensor, Tensor>
{
    /// <inheritdoc/>
    [return: Dims("| ...losses")]
    protected override Tensor Forward([Dims("...input")] Tensor input, [Dims("...target")] Tensor target) =>
        Functional.PoissonNLLLoss(input, target, logInput, full, eps, reduction);
}
