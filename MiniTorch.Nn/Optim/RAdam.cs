using System.Runtime.CompilerServices;
using MiniTorch.Kernels;

namespace MiniTorch.Optim;

/// <summary>
/// Implements RAdam, Adam with a rectified adaptive rate (torch.optim.RAdam; Liu et al. 2020): m and v are <see cref="Adam"/>'s, and ρₜ = ρ∞ −
/// 2tβ₂ᵗ/(1 − β₂ᵗ) with ρ∞ = 2/(1 − β₂) − 1. If ρₜ is greater than 5, p ← p − lr/(1 − β₁ᵗ) · m · r·√(1 − β₂ᵗ)/(√v + ε) with r² = (ρₜ − 4)(ρₜ −
/// 2)ρ∞ / ((ρ∞ − 4)(ρ∞ − 2)ρₜ); before, p ← p − lr/(1 − β₁ᵗ) · m. It needs no warm-up.
/// </summary>
public sealed class RAdam : Optimizer
{
    /// <summary>Creates an optimiser.</summary>
    /// <param name="parameters">The parameters to optimise: leaves that require a gradient, usually <c>model.Parameters()</c>.</param>
    /// <param name="lr">The learning rate.</param>
    /// <param name="betas">β₁ and β₂; 0.9 and 0.999 by default.</param>
    /// <param name="eps">ε, added for numerical stability.</param>
    /// <param name="weightDecay">λ: adds λ·p to the gradient (L2 penalty), or shrinks the parameters themselves.</param>
    /// <param name="decoupledWeightDecay">Whether λ shrinks the parameters themselves, as in <see cref="AdamW"/>.</param>
    /// <param name="maximize">Maximises the objective instead of minimising it.</param>
    /// <exception cref="ValueException">A value is negative, or a β is not in [0, 1).</exception>
    public RAdam(IEnumerable<Tensor> parameters, double lr = 1e-3, (double, double)? betas = null, double eps = 1e-8, double weightDecay = 0,
        bool decoupledWeightDecay = false, bool maximize = false)
        : base(parameters, new("lr", lr), new("beta1", betas?.Item1 ?? 0.9, 1), new("beta2", betas?.Item2 ?? 0.999, 1), new("eps", eps),
            new("weight_decay", weightDecay), new("decoupled_weight_decay", decoupledWeightDecay), new("maximize", maximize))
    {
    }

    /// <inheritdoc/>
    protected override IReadOnlyList<string> TensorNames => ["exp_avg", "exp_avg_sq"];

    /// <inheritdoc/>
    protected override void Update(ParameterGroup group, Tensor parameter, Tensor gradient, ParameterState state)
    {
        double beta2 = group["beta2"], power = Math.Pow(beta2, state.Step), limit = (2 / (1 - beta2)) - 1;
        double length = limit - (2 * state.Step * power / (1 - power));
        double? adaptive = length > 5
            ? Math.Sqrt((length - 4) * (length - 2) * limit / ((limit - 4) * (limit - 2) * length)) * Math.Sqrt(1 - power)
            : null;
        Apply(new Rule(group, group["lr"] / (1 - Math.Pow(group["beta1"], state.Step)), adaptive), parameter, gradient, state.Tensors);
    }

    private readonly struct Rule(ParameterGroup group, double stepSize, double? adaptive) : IUpdateRule
    {
        private readonly GradientTransform _descent = new(group, addsDecay: !group.Is("decoupled_weight_decay"));
        private readonly Constant _beta1 = group["beta1"], _beta2 = group["beta2"], _share1 = 1 - group["beta1"], _share2 = 1 - group["beta2"];
        private readonly Constant _eps = group["eps"], _step = -stepSize * (adaptive ?? 1);
        private readonly Constant _keep = group.Is("decoupled_weight_decay") ? 1 - (group["lr"] * group["weight_decay"]) : 1;
        private readonly bool _isAdaptive = adaptive is not null;

        public static int States => 2;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Apply<R>(ref R parameter, R gradient, ref R mean, ref R square, ref R state2) where R : struct, IReal<R>
        {
            R slope = _descent.Of(gradient, parameter);
            mean = R.Fma(_share1, slope, _beta1 * mean);
            square = R.Fma(_share2 * slope, slope, _beta2 * square);
            R direction = _isAdaptive ? mean / (R.Sqrt(square) + _eps) : mean;
            parameter = R.Fma(_step, direction, _keep * parameter);
        }
    }
}
