using System.Runtime.CompilerServices;
using MiniTorch.Kernels;

namespace MiniTorch.Optim;

/// <summary>
/// Implements RMSprop (torch.optim.RMSprop; Hinton 2012): v ← αv + (1 − α)g², p ← p − lr·g / (√v + ε). If centred, the squared mean of g is
/// subtracted from v (Graves 2013). With momentum, b ← μb + g / (√v + ε) and p ← p − lr·b.
/// </summary>
public sealed class RMSprop : Optimizer
{
    /// <summary>Creates an optimiser.</summary>
    /// <param name="parameters">The parameters to optimise: leaves that require a gradient, usually <c>model.Parameters()</c>.</param>
    /// <param name="lr">The learning rate.</param>
    /// <param name="alpha">α, in [0, 1): the weight of the past in the average.</param>
    /// <param name="eps">ε, added for numerical stability.</param>
    /// <param name="weightDecay">λ: adds λ·p to the gradient (L2 penalty).</param>
    /// <param name="momentum">μ; 0 for no momentum.</param>
    /// <param name="centered">Divides by the gradient's estimated variance instead of its mean square.</param>
    /// <param name="maximize">Maximises the objective instead of minimising it.</param>
    /// <exception cref="ValueException">A value is negative, or α is not below 1.</exception>
    public RMSprop(IEnumerable<Tensor> parameters, double lr = 1e-2, double alpha = 0.99, double eps = 1e-8, double weightDecay = 0,
        double momentum = 0, bool centered = false, bool maximize = false)
        : base(parameters, new("lr", lr), new("alpha", alpha, 1), new("eps", eps), new("weight_decay", weightDecay), new("momentum", momentum),
            new("centered", centered), new("maximize", maximize))
    {
    }

    /// <inheritdoc/>
    protected override IReadOnlyList<string> TensorNames =>
        Groups.Any(RemembersMore) ? ["square_avg", "grad_avg", "momentum_buffer"] : ["square_avg"];

    /// <inheritdoc/>
    protected override void Update(ParameterGroup group, Tensor parameter, Tensor gradient, ParameterState state)
    {
        if (RemembersMore(group)) Apply(new Full(group), parameter, gradient, state.Tensors);
        else Apply(new Plain(group), parameter, gradient, state.Tensors);
    }

    private static bool RemembersMore(ParameterGroup group) => group.Is("centered") || group["momentum"] > 0;

    private readonly struct Scaling(ParameterGroup group)
    {
        private readonly GradientTransform _descent = new(group);
        private readonly Constant _alpha = group["alpha"], _share = 1 - group["alpha"];

        public Constant Step { get; } = -group["lr"];

        public Constant Eps { get; } = group["eps"];

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public R Gather<R>(R parameter, R gradient, ref R square) where R : struct, IReal<R>
        {
            R slope = _descent.Of(gradient, parameter);
            square = R.Fma(_share * slope, slope, _alpha * square);
            return slope;
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public R Average<R>(R mean, R value) where R : struct, IReal<R> => R.Fma(_share, value, _alpha * mean);
    }

    private readonly struct Plain(ParameterGroup group) : IUpdateRule
    {
        private readonly Scaling _scaling = new(group);

        public static int States => 1;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Apply<R>(ref R parameter, R gradient, ref R square, ref R state1, ref R state2) where R : struct, IReal<R>
        {
            R slope = _scaling.Gather(parameter, gradient, ref square);
            parameter = R.Fma(_scaling.Step, slope / (R.Sqrt(square) + _scaling.Eps), parameter);
        }
    }

    private readonly struct Full(ParameterGroup group) : IUpdateRule
    {
        private readonly Scaling _scaling = new(group);
        private readonly Constant _momentum = group["momentum"];
        private readonly bool _isCentered = group.Is("centered");

        public static int States => 3;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Apply<R>(ref R parameter, R gradient, ref R square, ref R mean, ref R buffer) where R : struct, IReal<R>
        {
            R slope = _scaling.Gather(parameter, gradient, ref square), spread = square;
            if (_isCentered)
            {
                mean = _scaling.Average(mean, slope);
                spread = R.Max(square - (mean * mean), 0); // rounding can make the variance of a constant gradient negative
            }
            buffer = R.Fma(_momentum, buffer, slope / (R.Sqrt(spread) + _scaling.Eps));
            parameter = R.Fma(_scaling.Step, buffer, parameter);
        }
    }
}
