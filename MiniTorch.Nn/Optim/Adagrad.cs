using System.Runtime.CompilerServices;
using MiniTorch.Kernels;

namespace MiniTorch.Optim;

/// <summary>Implements Adagrad (torch.optim.Adagrad; Duchi et al. 2011): s ← s + g², p ← p − lr/(1 + (t − 1)·lrDecay) · g / (√s + ε).</summary>
public sealed class Adagrad : Optimizer
{
    /// <summary>Creates an optimiser.</summary>
    /// <param name="parameters">The parameters to optimise: leaves that require a gradient, usually <c>model.Parameters()</c>.</param>
    /// <param name="lr">The learning rate.</param>
    /// <param name="lrDecay">The decay of the learning rate; see the formula.</param>
    /// <param name="weightDecay">λ: adds λ·p to the gradient (L2 penalty).</param>
    /// <param name="initialAccumulatorValue">The initial value of s.</param>
    /// <param name="eps">ε, added for numerical stability.</param>
    /// <param name="maximize">Maximises the objective instead of minimising it.</param>
    /// <exception cref="ValueException">A value is negative.</exception>
    public Adagrad(IEnumerable<Tensor> parameters, double lr = 1e-2, double lrDecay = 0, double weightDecay = 0, double initialAccumulatorValue = 0,
        double eps = 1e-10, bool maximize = false)
        : base(parameters, new("lr", lr), new("lr_decay", lrDecay), new("weight_decay", weightDecay),
            new("initial_accumulator_value", initialAccumulatorValue), new("eps", eps), new("maximize", maximize))
    {
    }

    /// <inheritdoc/>
    protected override IReadOnlyList<string> TensorNames => ["sum"];

    /// <inheritdoc/>
    protected override void Start(ParameterGroup group, ParameterState state) => state.Tensors[0].FillInPlace(group["initial_accumulator_value"]);

    /// <inheritdoc/>
    protected override void Update(ParameterGroup group, Tensor parameter, Tensor gradient, ParameterState state) =>
        Apply(new Rule(group, state.Step), parameter, gradient, state.Tensors);

    private readonly struct Rule(ParameterGroup group, double step) : IUpdateRule
    {
        private readonly GradientTransform _descent = new(group);
        private readonly Constant _stepSize = group["lr"] / (1 + ((step - 1) * group["lr_decay"])), _eps = group["eps"];

        public static int States => 1;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Apply<R>(ref R parameter, R gradient, ref R sum, ref R state1, ref R state2) where R : struct, IReal<R>
        {
            R slope = _descent.Of(gradient, parameter);
            sum = R.Fma(slope, slope, sum);
            parameter -= _stepSize * slope / (R.Sqrt(sum) + _eps);
        }
    }
}
