using System.Runtime.CompilerServices;
using MiniTorch.Kernels;

namespace MiniTorch.Optim;

/// <summary>
/// Implements averaged stochastic gradient descent (torch.optim.ASGD; Polyak and Juditsky 1992): p ← (1 − λη)p − ηg, a ← a + μ(p − a), with η =
/// lr/(1 + λ·lr·t)^α and μ = 1/max(1, t − t₀). The averages a are the entries <c>ax</c> of <see cref="Optimizer.StateDict"/>.
/// </summary>
/// <remarks>PyTorch rounds η and μ to Float32; MiniTorch keeps all digits.</remarks>
public sealed class ASGD : Optimizer
{
    /// <summary>Creates an optimiser.</summary>
    /// <param name="parameters">The parameters to optimise: leaves that require a gradient, usually <c>model.Parameters()</c>.</param>
    /// <param name="lr">The learning rate.</param>
    /// <param name="lambd">λ, the decay of the parameters and of the rate.</param>
    /// <param name="alpha">α, the power of the rate's decay.</param>
    /// <param name="t0">t₀, the step at which averaging begins.</param>
    /// <param name="weightDecay">Adds this times p to the gradient (L2 penalty).</param>
    /// <param name="maximize">Maximises the objective instead of minimising it.</param>
    /// <exception cref="ValueException">A value is negative.</exception>
    public ASGD(IEnumerable<Tensor> parameters, double lr = 1e-2, double lambd = 1e-4, double alpha = 0.75, double t0 = 1e6, double weightDecay = 0,
        bool maximize = false)
        : base(parameters, new("lr", lr), new("lambd", lambd), new("alpha", alpha), new("t0", t0), new("weight_decay", weightDecay),
            new("maximize", maximize))
    {
    }

    /// <inheritdoc/>
    protected override IReadOnlyList<string> NumberNames => ["step", "eta", "mu"];

    /// <inheritdoc/>
    protected override IReadOnlyList<string> TensorNames => ["ax"];

    /// <inheritdoc/>
    protected override void Start(ParameterGroup group, ParameterState state) => (state.Numbers[1], state.Numbers[2]) = (group["lr"], 1);

    /// <inheritdoc/>
    protected override void Update(ParameterGroup group, Tensor parameter, Tensor gradient, ParameterState state)
    {
        double lr = group["lr"];
        Apply(new Rule(group, state.Numbers[1], state.Numbers[2]), parameter, gradient, state.Tensors);
        // As in PyTorch, a step uses the rate that the step before it has computed.
        state.Numbers[1] = lr / Math.Pow(1 + (group["lambd"] * lr * state.Step), group["alpha"]);
        state.Numbers[2] = 1 / Math.Max(1, state.Step - group["t0"]);
    }

    private readonly struct Rule(ParameterGroup group, double eta, double mu) : IUpdateRule
    {
        private readonly GradientTransform _descent = new(group);
        private readonly Constant _keep = 1 - (group["lambd"] * eta), _step = -eta, _share = mu;
        private readonly bool _copies = mu == 1;

        public static int States => 1;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Apply<R>(ref R parameter, R gradient, ref R average, ref R state1, ref R state2) where R : struct, IReal<R>
        {
            R slope = _descent.Of(gradient, parameter);
            parameter = R.Fma(_step, slope, _keep * parameter);
            average = _copies ? parameter : R.Fma(_share, parameter - average, average);
        }
    }
}
