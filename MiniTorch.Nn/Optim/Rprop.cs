using System.Runtime.CompilerServices;
using MiniTorch.Kernels;
using MiniTorch.Ops;

namespace MiniTorch.Optim;

/// <summary>
/// Implements resilient backpropagation (torch.optim.Rprop; Riedmiller and Braun 1993) for gradients of the whole data set. Every element has its
/// own step size, which starts at lr: it grows by η⁺ while the gradient keeps its sign, and shrinks by η⁻ when the sign changes, and then the element
/// rests for one step. p ← p − sign(g) · size.
/// </summary>
/// <remarks>As in PyTorch, the sign of NaN is 0: an element whose gradient is NaN stays as it is.</remarks>
public sealed class Rprop : Optimizer
{
    /// <summary>Creates an optimiser.</summary>
    /// <param name="parameters">The parameters to optimise: leaves that require a gradient, usually <c>model.Parameters()</c>.</param>
    /// <param name="lr">The first step size.</param>
    /// <param name="etas">η⁻, below 1, and η⁺, 1 or more; 0.5 and 1.2 by default.</param>
    /// <param name="stepSizes">The smallest and the largest step size; 1e-6 and 50 by default.</param>
    /// <param name="maximize">Maximises the objective instead of minimising it.</param>
    /// <exception cref="ValueException">A value is negative, or an η is out of range.</exception>
    public Rprop(IEnumerable<Tensor> parameters, double lr = 1e-2, (double, double)? etas = null, (double, double)? stepSizes = null,
        bool maximize = false)
        : base(parameters, new("lr", lr), new("etaminus", etas?.Item1 ?? 0.5, 1), new("etaplus", etas?.Item2 ?? 1.2, AtLeast: 1),
            new("step_size_min", stepSizes?.Item1 ?? 1e-6), new("step_size_max", stepSizes?.Item2 ?? 50), new("maximize", maximize))
    {
    }

    /// <inheritdoc/>
    protected override IReadOnlyList<string> TensorNames => ["prev", "step_size"];

    /// <inheritdoc/>
    protected override void Start(ParameterGroup group, ParameterState state) => state.Tensors[1].FillInPlace(group["lr"]);

    /// <inheritdoc/>
    protected override void CheckGroup(ParameterGroup group)
    {
        (double least, double most) = (group["step_size_min"], group["step_size_max"]);
        if (least > most) throw Error(FormattableString.Invariant($"step_size_min is {least} and step_size_max is {most}; it must not be smaller"));
    }

    /// <inheritdoc/>
    protected override void Update(ParameterGroup group, Tensor parameter, Tensor gradient, ParameterState state) =>
        Apply(new Rule(group), parameter, gradient, state.Tensors);

    private readonly struct Rule(ParameterGroup group) : IUpdateRule
    {
        private readonly GradientTransform _descent = new(group, addsDecay: false);
        private readonly Constant _shrink = group["etaminus"], _grow = group["etaplus"];
        private readonly Constant _least = group["step_size_min"], _most = group["step_size_max"];

        public static int States => 2;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Apply<R>(ref R parameter, R gradient, ref R previous, ref R size, ref R state2) where R : struct, IReal<R>
        {
            R slope = _descent.Of(gradient, parameter), agreement = slope * previous, turned = R.Less(agreement, 0);
            R factor = R.Where(turned, _shrink, R.Where(R.Less(0, agreement), _grow, 1));
            size = R.Min(R.Max(size * factor, _least), _most);
            previous = R.Where(turned, 0, slope);
            parameter -= Sign.Of(previous) * size;
        }
    }
}
