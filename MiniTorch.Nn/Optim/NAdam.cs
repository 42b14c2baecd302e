using System.Runtime.CompilerServices;
using MiniTorch.Kernels;

namespace MiniTorch.Optim;

/// <summary>
/// Implements NAdam, Adam with Nesterov momentum (torch.optim.NAdam; Dozat 2016): the momentum of step t is μₜ = β₁(1 − 0.96^(tψ) / 2), and the
/// update mixes the gradient with the first moment that the next step will use.
/// </summary>
public sealed class NAdam : Optimizer
{
    /// <summary>Creates an optimiser.</summary>
    /// <param name="parameters">The parameters to optimise: leaves that require a gradient, usually <c>model.Parameters()</c>.</param>
    /// <param name="lr">The learning rate.</param>
    /// <param name="betas">β₁ and β₂; 0.9 and 0.999 by default.</param>
    /// <param name="eps">ε, added for numerical stability.</param>
    /// <param name="weightDecay">λ: adds λ·p to the gradient (L2 penalty).</param>
    /// <param name="momentumDecay">ψ, the decay of the momentum.</param>
    /// <param name="maximize">Maximises the objective instead of minimising it.</param>
    /// <exception cref="ValueException">A value is negative, or a β is not in [0, 1).</exception>
    public NAdam(IEnumerable<Tensor> parameters, double lr = 2e-3, (double, double)? betas = null, double eps = 1e-8, double weightDecay = 0,
        double momentumDecay = 4e-3, bool maximize = false)
        : base(parameters, new("lr", lr), new("beta1", betas?.Item1 ?? 0.9, 1), new("beta2", betas?.Item2 ?? 0.999, 1), new("eps", eps),
            new("weight_decay", weightDecay),
            new("momentum_decay", momentumDecay), new("maximize", maximize))
    {
    }

    /// <inheritdoc/>
    protected override IReadOnlyList<string> NumberNames => ["step", "mu_product"];

    /// <inheritdoc/>
    protected override IReadOnlyList<string> TensorNames => ["exp_avg", "exp_avg_sq"];

    /// <inheritdoc/>
    protected override void Start(ParameterGroup group, ParameterState state) => state.Numbers[1] = 1;

    /// <inheritdoc/>
    protected override void Update(ParameterGroup group, Tensor parameter, Tensor gradient, ParameterState state)
    {
        double mu = Mu(group, state.Step), next = Mu(group, state.Step + 1);
        // PyTorch stores the product in a float32 tensor; rounding reproduces its numbers.
        state.Numbers[1] = (float)state.Numbers[1] * (float)mu;
        Apply(new Rule(group, state.Step, mu, next, state.Numbers[1]), parameter, gradient, state.Tensors);
    }

    private static double Mu(ParameterGroup group, double step) => group["beta1"] * (1 - (0.5 * Math.Pow(0.96, step * group["momentum_decay"])));

    private readonly struct Rule(ParameterGroup group, double step, double mu, double nextMu, double muProduct) : IUpdateRule
    {
        private readonly GradientTransform _descent = new(group);
        private readonly Constant _beta1 = group["beta1"], _beta2 = group["beta2"], _eps = group["eps"];
        private readonly Constant _share1 = 1 - group["beta1"], _share2 = 1 - group["beta2"], _correction = 1 - Math.Pow(group["beta2"], step);
        private readonly Constant _ofGradient = group["lr"] * (1 - mu) / (1 - muProduct),
            _ofMean = group["lr"] * nextMu / (1.0 - ((float)muProduct * (float)mu * (float)nextMu));

        public static int States => 2;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Apply<R>(ref R parameter, R gradient, ref R mean, ref R square, ref R state2) where R : struct, IReal<R>
        {
            R slope = _descent.Of(gradient, parameter);
            mean = R.Fma(_share1, slope, _beta1 * mean);
            square = R.Fma(_share2 * slope, slope, _beta2 * square);
            R scale = R.Sqrt(square / _correction) + _eps;
            parameter = parameter - (_ofGradient * slope / scale) - (_ofMean * mean / scale);
        }
    }
}
