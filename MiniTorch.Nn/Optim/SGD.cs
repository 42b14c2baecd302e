using System.Runtime.CompilerServices;
using MiniTorch.Kernels;

namespace MiniTorch.Optim;

/// <summary>
/// Implements stochastic gradient descent (torch.optim.SGD): p ← p − lr·g. With momentum, b ← μ·b + (1 − dampening)·g replaces g; with Nesterov
/// momentum, g + μ·b does (Sutskever et al. 2013). The first step sets b to g.
/// </summary>
/// <example><code>
/// var optimizer = new SGD(model.Parameters(), lr: 0.1, momentum: 0.9);
/// optimizer.ZeroGrad();
/// criterion.Call(model.Call(x), targets).Backward();
/// optimizer.Step();
/// </code></example>
public sealed class SGD : Optimizer
{
    /// <summary>Creates an optimiser.</summary>
    /// <param name="parameters">The parameters to optimise: leaves that require a gradient, usually <c>model.Parameters()</c>.</param>
    /// <param name="lr">The learning rate.</param>
    /// <param name="momentum">μ; 0 for no momentum.</param>
    /// <param name="dampening">The share of the gradient that is not added to the momentum.</param>
    /// <param name="weightDecay">λ: adds λ·p to the gradient (L2 penalty).</param>
    /// <param name="nesterov">Whether to use Nesterov momentum.</param>
    /// <param name="maximize">Maximises the objective instead of minimising it.</param>
    /// <exception cref="ValueException">A value is negative, or <paramref name="nesterov"/> is used without momentum or with dampening.</exception>
    public SGD(IEnumerable<Tensor> parameters, double lr = 1e-3, double momentum = 0, double dampening = 0, double weightDecay = 0,
        bool nesterov = false, bool maximize = false)
        : base(parameters, new("lr", lr), new("momentum", momentum), new("dampening", dampening), new("weight_decay", weightDecay),
            new("nesterov", nesterov), new("maximize", maximize))
    {
    }

    /// <inheritdoc/>
    protected override IReadOnlyList<string> TensorNames => Groups.Any(group => group["momentum"] != 0) ? ["momentum_buffer"] : [];

    /// <inheritdoc/>
    protected override void CheckGroup(ParameterGroup group)
    {
        if (group.Is("nesterov") && (group["momentum"] == 0 || group["dampening"] != 0))
            throw Error("nesterov needs a positive momentum and a dampening of 0");
    }

    /// <inheritdoc/>
    protected override void Update(ParameterGroup group, Tensor parameter, Tensor gradient, ParameterState state)
    {
        if (group["momentum"] == 0) Apply(new Plain(group), parameter, gradient);
        else Apply(new Momentum(group, state.IsNew), parameter, gradient, state.Tensors);
    }

    private readonly struct Plain(ParameterGroup group) : IUpdateRule
    {
        private readonly GradientTransform _descent = new(group);
        private readonly Constant _step = -group["lr"];

        public static int States => 0;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Apply<R>(ref R parameter, R gradient, ref R state0, ref R state1, ref R state2) where R : struct, IReal<R> =>
            parameter = R.Fma(_step, _descent.Of(gradient, parameter), parameter);
    }

    private readonly struct Momentum(ParameterGroup group, bool isFirst) : IUpdateRule
    {
        private readonly GradientTransform _descent = new(group);
        private readonly Constant _step = -group["lr"], _momentum = isFirst ? 0 : group["momentum"];
        private readonly Constant _share = isFirst ? 1 : 1 - group["dampening"], _ahead = group["momentum"];
        private readonly bool _isNesterov = group.Is("nesterov");

        public static int States => 1;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Apply<R>(ref R parameter, R gradient, ref R buffer, ref R state1, ref R state2) where R : struct, IReal<R>
        {
            R slope = _descent.Of(gradient, parameter);
            buffer = R.Fma(_share, slope, _momentum * buffer);
            R step = _isNesterov ? R.Fma(_ahead, buffer, slope) : buffer;
            parameter = R.Fma(_step, step, parameter);
        }
    }
}
