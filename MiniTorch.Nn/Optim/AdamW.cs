namespace MiniTorch.Optim;

/// <summary>
/// Implements AdamW, which is <see cref="Adam"/> with decoupled weight decay: p ← p·(1 − lr·λ) before each step (torch.optim.AdamW; Loshchilov and
/// Hutter 2019).
/// </summary>
/// <param name="parameters">The parameters to optimise: leaves that require a gradient, usually <c>model.Parameters()</c>.</param>
/// <param name="lr">The learning rate.</param>
/// <param name="betas">β₁ and β₂; 0.9 and 0.999 by default.</param>
/// <param name="eps">ε, added for numerical stability.</param>
/// <param name="weightDecay">λ, which shrinks the parameters themselves.</param>
/// <param name="amsgrad">Uses the largest v so far instead of v.</param>
/// <param name="maximize">Maximises the objective instead of minimising it.</param>
/// <exception cref="ValueException">A value is negative, or a β is not in [0, 1).</exception>
public sealed class AdamW(IEnumerable<Tensor> parameters, double lr = 1e-3, (double, double)? betas = null, double eps = 1e-8,
    double weightDecay = 0.01, bool amsgrad = false, bool maximize = false)
    : Adam(parameters, lr, betas, eps, weightDecay, amsgrad, maximize)
{
    private protected override bool DecaysParameter => true;
}
