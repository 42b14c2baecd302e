using System.Runtime.CompilerServices;
using MiniTorch.Kernels;
using MiniTorch.Ops;

namespace MiniTorch.Optim;

/// <summary>
/// Implements Lion, "evolved sign momentum" (Chen et al. 2023, algorithm 2): p ← p − lr·(sign(β₁m + (1 − β₁)g) + λ·p), m ← β₂m + (1 − β₂)g. Every
/// element moves by the same amount, so the learning rate is usually 3 to 10 times smaller than <see cref="AdamW"/>'s, and λ as much larger. PyTorch
/// has no Lion.
/// </summary>
public sealed class Lion : Optimizer
{
    /// <summary>Creates an optimiser.</summary>
    /// <param name="parameters">The parameters to optimise: leaves that require a gradient, usually <c>model.Parameters()</c>.</param>
    /// <param name="lr">The learning rate.</param>
    /// <param name="betas">β₁ and β₂; 0.9 and 0.99 by default.</param>
    /// <param name="weightDecay">λ, which shrinks the parameters themselves.</param>
    /// <param name="maximize">Maximises the objective instead of minimising it.</param>
    /// <exception cref="ValueException">A value is negative, or a β is not in [0, 1).</exception>
    public Lion(IEnumerable<Tensor> parameters, double lr = 1e-4, (double, double)? betas = null, double weightDecay = 0, bool maximize = false)
        : base(parameters, new("lr", lr), new("beta1", betas?.Item1 ?? 0.9, 1), new("beta2", betas?.Item2 ?? 0.99, 1),
            new("weight_decay", weightDecay), new("maximize", maximize))
    {
    }

    /// <inheritdoc/>
    protected override IReadOnlyList<string> TensorNames => ["exp_avg"];

    /// <inheritdoc/>
    protected override void Update(ParameterGroup group, Tensor parameter, Tensor gradient, ParameterState state) =>
        Apply(new Rule(group), parameter, gradient, state.Tensors);

    private readonly struct Rule(ParameterGroup group) : IUpdateRule
    {
        private readonly GradientTransform _descent = new(group, addsDecay: false);
        private readonly Constant _step = -group["lr"], _keep = 1 - (group["lr"] * group["weight_decay"]);
        private readonly Constant _beta1 = group["beta1"], _beta2 = group["beta2"], _share1 = 1 - group["beta1"], _share2 = 1 - group["beta2"];

        public static int States => 1;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Apply<R>(ref R parameter, R gradient, ref R mean, ref R state1, ref R state2) where R : struct, IReal<R>
        {
            R slope = _descent.Of(gradient, parameter), mixed = R.Fma(_share1, slope, _beta1 * mean);
            // The sign of NaN is 0, which would hide a NaN gradient for ever; NaN itself shows.
            R direction = R.Where(R.Equal(mixed, mixed), Sign.Of(mixed), mixed);
            parameter = R.Fma(_step, direction, _keep * parameter);
            mean = R.Fma(_share2, slope, _beta2 * mean);
        }
    }
}
