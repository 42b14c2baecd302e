using System.Runtime.CompilerServices;
using MiniTorch.Kernels;

namespace MiniTorch.Optim;

/// <summary>
/// Implements Adam (torch.optim.Adam; Kingma and Ba 2015): m ← β₁m + (1 − β₁)g, v ← β₂v + (1 − β₂)g², p ← p − lr/(1 − β₁ᵗ) · m / (√(v / (1 − β₂ᵗ)) +
/// ε). With amsgrad the largest v so far replaces v in the last formula (Reddi et al. 2018).
/// </summary>
/// <example><code>
/// var optimizer = new Adam(model.Parameters(), lr: 1e-3);
/// foreach (var (x, y) in loader)
/// {
///     optimizer.ZeroGrad();
///     criterion.Call(model.Call(x), y).Backward();
///     optimizer.Step();
/// }
/// </code></example>
public class Adam : Optimizer
{
    private Moments _moments;
    private (ParameterGroup? Group, double Step, int Changes) _momentsOf;

    /// <summary>Creates an optimiser.</summary>
    /// <param name="parameters">The parameters to optimise: leaves that require a gradient, usually <c>model.Parameters()</c>.</param>
    /// <param name="lr">The learning rate.</param>
    /// <param name="betas">β₁ and β₂; 0.9 and 0.999 by default.</param>
    /// <param name="eps">ε, added for numerical stability.</param>
    /// <param name="weightDecay">λ: adds λ·p to the gradient (L2 penalty).</param>
    /// <param name="amsgrad">Uses the largest v so far instead of v.</param>
    /// <param name="maximize">Maximises the objective instead of minimising it.</param>
    /// <exception cref="ValueException">A value is negative, or a β is not in [0, 1).</exception>
    public Adam(IEnumerable<Tensor> parameters, double lr = 1e-3, (double, double)? betas = null, double eps = 1e-8, double weightDecay = 0,
        bool amsgrad = false, bool maximize = false)
        : base(parameters, new("lr", lr), new("beta1", betas?.Item1 ?? 0.9, 1), new("beta2", betas?.Item2 ?? 0.999, 1), new("eps", eps),
            new("weight_decay", weightDecay),
            new("amsgrad", amsgrad), new("maximize", maximize))
    {
    }

    /// <inheritdoc/>
    protected override IReadOnlyList<string> TensorNames =>
        Groups.Any(group => group.Is("amsgrad")) ? ["exp_avg", "exp_avg_sq", "max_exp_avg_sq"] : ["exp_avg", "exp_avg_sq"];

    /// <summary>Whether weight decay shrinks the parameter itself (AdamW) instead of being added to the gradient.</summary>
    private protected virtual bool DecaysParameter => false;

    /// <inheritdoc/>
    protected override void Update(ParameterGroup group, Tensor parameter, Tensor gradient, ParameterState state)
    {
        // Most parameters of a group are at the same step: options and powers are computed once for all of them.
        var key = (group, state.Step, group.Changes);
        if (_momentsOf != key) (_moments, _momentsOf) = (new Moments(group, state.Step, DecaysParameter), key);
        if (_moments.IsAmsgrad) Apply(new Amsgrad(_moments), parameter, gradient, state.Tensors);
        else Apply(new Plain(_moments), parameter, gradient, state.Tensors);
    }

    private readonly struct Moments(ParameterGroup group, double step, bool decaysParameter)
    {
        public readonly bool IsAmsgrad = group.Is("amsgrad");
        private readonly Constant _sign = group.Is("maximize") ? -1 : 1, _penalty = decaysParameter ? 0 : group["weight_decay"];
        private readonly Constant _beta1 = group["beta1"], _beta2 = group["beta2"], _share1 = 1 - group["beta1"], _share2 = 1 - group["beta2"],
            _eps = group["eps"];
        private readonly Constant _keep = decaysParameter ? 1 - (group["lr"] * group["weight_decay"]) : 1;
        private readonly Constant _stepSize = group["lr"] / (1 - Math.Pow(group["beta1"], step)),
            _root = Math.Sqrt(1 - Math.Pow(group["beta2"], step));

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Gather<R>(ref R parameter, R gradient, ref R mean, ref R square) where R : struct, IReal<R>
        {
            R slope = R.Fma(_penalty, parameter, _sign * gradient);
            parameter *= (R)_keep;
            mean = R.Fma(_share1, slope, _beta1 * mean);
            square = R.Fma(_share2 * slope, slope, _beta2 * square);
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Descend<R>(ref R parameter, R mean, R square) where R : struct, IReal<R> =>
            parameter -= _stepSize * mean / ((R.Sqrt(square) / _root) + _eps);
    }

    private readonly struct Plain(Moments moments) : IUpdateRule
    {
        public static int States => 2;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Apply<R>(ref R parameter, R gradient, ref R mean, ref R square, ref R state2) where R : struct, IReal<R>
        {
            moments.Gather(ref parameter, gradient, ref mean, ref square);
            moments.Descend(ref parameter, mean, square);
        }
    }

    private readonly struct Amsgrad(Moments moments) : IUpdateRule
    {
        public static int States => 3;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Apply<R>(ref R parameter, R gradient, ref R mean, ref R square, ref R largest) where R : struct, IReal<R>
        {
            moments.Gather(ref parameter, gradient, ref mean, ref square);
            largest = R.Max(largest, square);
            moments.Descend(ref parameter, mean, largest);
        }
    }
}
