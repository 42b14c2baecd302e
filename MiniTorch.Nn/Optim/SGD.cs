using MiniTorch.Kernels;

namespace MiniTorch.Optim;

/// <summary>
/// Stochastic gradient descent (torch.optim.SGD): p ← p − lr·g, with momentum b ← μ·b + (1 − dampening)·g in place of g, and with Nesterov's g + μ·b
/// (Sutskever et al. 2013). The first step's b is g.
/// </summary>
public sealed class SGD : Optimizer
{
    /// <summary>Makes an optimiser.</summary>
    /// <param name="parameters">Leaves that require a gradient.</param>
    /// <param name="lr">The learning rate.</param>
    /// <param name="momentum">μ; 0 for none.</param>
    /// <param name="dampening">How much of the gradient momentum leaves out.</param>
    /// <param name="weightDecay">An L2 penalty.</param>
    /// <param name="nesterov">Whether to look one step of momentum ahead.</param>
    /// <param name="maximize">Whether to climb.</param>
    /// <exception cref="ValueException">A value is negative, or Nesterov is asked for without momentum or with dampening.</exception>
    public SGD(IEnumerable<Tensor> parameters, double lr = 1e-3, double momentum = 0, double dampening = 0, double weightDecay = 0, bool nesterov = false, bool maximize = false)
        : base(parameters, new("lr", lr), new("momentum", momentum), new("dampening", dampening), new("weight_decay", weightDecay), new("nesterov", nesterov), new("maximize", maximize))
    {
    }

    /// <inheritdoc/>
    protected override IReadOnlyList<string> TensorNames => Groups.Any(group => group["momentum"] != 0) ? ["momentum_buffer"] : [];

    /// <inheritdoc/>
    protected override void CheckGroup(ParameterGroup group)
    {
        if (group.Is("nesterov") && (group["momentum"] == 0 || group["dampening"] != 0))
            throw Error("Nesterov's method needs a momentum and no dampening");
    }

    /// <inheritdoc/>
    protected override void Update(ParameterGroup group, Tensor parameter, Tensor gradient, ParameterState state)
    {
        if (group["momentum"] == 0) InPlaceUpdate.Run(new Plain(group), StepName, parameter, gradient);
        else InPlaceUpdate.Run(new Momentum(group, state.IsNew), StepName, parameter, gradient, state.Tensors);
    }

    private readonly struct Plain(ParameterGroup group) : IUpdateRule
    {
        private readonly GradientTransform _descent = new(group);
        private readonly double _lr = group["lr"];

        public static int States => 0;

        public void Apply<R>(ref R parameter, R gradient, ref R state0, ref R state1, ref R state2) where R : struct, IReal<R> =>
            parameter = R.Fma(-_lr, _descent.Of(gradient, parameter), parameter);
    }

    private readonly struct Momentum(ParameterGroup group, bool isFirst) : IUpdateRule
    {
        private readonly GradientTransform _descent = new(group);
        private readonly double _lr = group["lr"], _momentum = isFirst ? 0 : group["momentum"], _share = isFirst ? 1 : 1 - group["dampening"];
        private readonly double _ahead = group.Is("nesterov") ? group["momentum"] : 0;

        public static int States => 1;

        public void Apply<R>(ref R parameter, R gradient, ref R buffer, ref R state1, ref R state2) where R : struct, IReal<R>
        {
            R slope = _descent.Of(gradient, parameter);
            buffer = R.Fma(_share, slope, _momentum * buffer);
            R step = _ahead == 0 ? buffer : R.Fma(_ahead, buffer, slope);
            parameter = R.Fma(-_lr, step, parameter);
        }
    }
}
