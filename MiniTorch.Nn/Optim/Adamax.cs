using System.Runtime.CompilerServices;
using MiniTorch.Kernels;

namespace MiniTorch.Optim;

/// <summary>
/// Implements Adamax, Adam with the infinity norm (torch.optim.Adamax; Kingma and Ba 2015): m ← β₁m + (1 − β₁)g, u ← max(β₂u, |g| + ε), p ← p − lr/(1
/// − β₁ᵗ) · m / u.
/// </summary>
public sealed class Adamax : Optimizer
{
    /// <summary>Creates an optimiser.</summary>
    /// <param name="parameters">The parameters to optimise: leaves that require a gradient, usually <c>model.Parameters()</c>.</param>
    /// <param name="lr">The learning rate.</param>
    /// <param name="betas">β₁ and β₂; 0.9 and 0.999 by default.</param>
    /// <param name="eps">ε, added for numerical stability.</param>
    /// <param name="weightDecay">λ: adds λ·p to the gradient (L2 penalty).</param>
    /// <param name="maximize">Maximises the objective instead of minimising it.</param>
    /// <exception cref="ValueException">A value is negative, or a β is not in [0, 1).</exception>
    public Adamax(IEnumerable<Tensor> parameters, double lr = 2e-3, (double, double)? betas = null, double eps = 1e-8, double weightDecay = 0,
        bool maximize = false)
        : base(parameters, new("lr", lr), new("beta1", betas?.Item1 ?? 0.9, 1), new("beta2", betas?.Item2 ?? 0.999, 1), new("eps", eps),
            new("weight_decay", weightDecay), new("maximize", maximize))
    {
    }

    /// <inheritdoc/>
    protected override IReadOnlyList<string> TensorNames => ["exp_avg", "exp_inf"];

    /// <inheritdoc/>
    protected override void Update(ParameterGroup group, Tensor parameter, Tensor gradient, ParameterState state) =>
        Apply(new Rule(group, state.Step), parameter, gradient, state.Tensors);

    private readonly struct Rule(ParameterGroup group, double step) : IUpdateRule
    {
        private readonly GradientTransform _descent = new(group);
        private readonly Constant _beta1 = group["beta1"], _share = 1 - group["beta1"], _beta2 = group["beta2"], _eps = group["eps"];
        private readonly Constant _stepSize = group["lr"] / (1 - Math.Pow(group["beta1"], step));

        public static int States => 2;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Apply<R>(ref R parameter, R gradient, ref R mean, ref R largest, ref R state2) where R : struct, IReal<R>
        {
            R slope = _descent.Of(gradient, parameter);
            mean = R.Fma(_share, slope, _beta1 * mean);
            largest = R.Max(_beta2 * largest, R.Abs(slope) + _eps);
            parameter -= _stepSize * mean / largest;
        }
    }
}
