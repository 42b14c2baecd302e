using System.Runtime.CompilerServices;
using MiniTorch.Kernels;

namespace MiniTorch.Optim;

/// <summary>
/// Implements Adadelta (torch.optim.Adadelta; Zeiler 2012): v ← ρv + (1 − ρ)g², δ = √(u + ε) / √(v + ε) · g, u ← ρu + (1 − ρ)δ², p ← p − lr·δ.
/// </summary>
public sealed class Adadelta : Optimizer
{
    /// <summary>Creates an optimiser.</summary>
    /// <param name="parameters">The parameters to optimise: leaves that require a gradient, usually <c>model.Parameters()</c>.</param>
    /// <param name="lr">The learning rate.</param>
    /// <param name="rho">ρ, in [0, 1): the weight of the past in both averages.</param>
    /// <param name="eps">ε, added for numerical stability.</param>
    /// <param name="weightDecay">λ: adds λ·p to the gradient (L2 penalty).</param>
    /// <param name="maximize">Maximises the objective instead of minimising it.</param>
    /// <exception cref="ValueException">A value is negative, or ρ is not below 1.</exception>
    public Adadelta(IEnumerable<Tensor> parameters, double lr = 1, double rho = 0.9, double eps = 1e-6, double weightDecay = 0, bool maximize = false)
        : base(parameters, new("lr", lr), new("rho", rho, 1), new("eps", eps), new("weight_decay", weightDecay), new("maximize", maximize))
    {
    }

    /// <inheritdoc/>
    protected override IReadOnlyList<string> TensorNames => ["square_avg", "acc_delta"];

    /// <inheritdoc/>
    protected override void Update(ParameterGroup group, Tensor parameter, Tensor gradient, ParameterState state) =>
        Apply(new Rule(group), parameter, gradient, state.Tensors);

    private readonly struct Rule(ParameterGroup group) : IUpdateRule
    {
        private readonly GradientTransform _descent = new(group);
        private readonly Constant _step = -group["lr"], _rho = group["rho"], _share = 1 - group["rho"], _eps = group["eps"];

        public static int States => 2;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Apply<R>(ref R parameter, R gradient, ref R square, ref R moved, ref R state2) where R : struct, IReal<R>
        {
            R slope = _descent.Of(gradient, parameter);
            square = R.Fma(_share * slope, slope, _rho * square);
            R delta = R.Sqrt(moved + _eps) / R.Sqrt(square + _eps) * slope;
            moved = R.Fma(_share * delta, delta, _rho * moved);
            parameter = R.Fma(_step, delta, parameter);
        }
    }
}
