using System.Runtime.CompilerServices;
using MiniTorch.Kernels;

namespace MiniTorch.Optim;

/// <summary>
/// Implements schedule-free AdamW, which needs no learning-rate schedule (Defazio et al. 2024, "The Road Less Scheduled"; the package schedulefree).
/// It averages the parameters while it trains: the gradient is taken at y = (1 − β₁)z + β₁x, z ← z − γ·(g/(√v + ε) + λy) with v as in
/// <see cref="Adam"/>, and x ← (1 − c)x + cz. γ is lr·√(1 − β₂ᵗ) times min(1, t/warmup), and c is the share of step t in the sum of all weights
/// tʳ·(max γ)ᵖ.
/// </summary>
/// <remarks>
/// The model holds y while it trains and x, the result, after <see cref="Eval"/>. Call Eval before you evaluate or save the model, and
/// <see cref="Train"/> before you train on. y and x are computed from each other, so β₁ must stay the same.
/// </remarks>
/// <example><code>
/// var optimizer = new AdamWScheduleFree(model.Parameters(), lr: 2.5e-3, warmupSteps: 100);
/// optimizer.Train();
/// foreach (var (x, y) in loader)
/// {
///     optimizer.ZeroGrad();
///     criterion.Call(model.Call(x), y).Backward();
///     optimizer.Step();
/// }
/// optimizer.Eval();
/// </code></example>
public sealed class AdamWScheduleFree : Optimizer
{
    private const string TrainingName = "schedule_free.training";

    /// <summary>Creates an optimiser, in training mode.</summary>
    /// <param name="parameters">The parameters to optimise: leaves that require a gradient, usually <c>model.Parameters()</c>.</param>
    /// <param name="lr">The learning rate; 1 to 10 times the one of AdamW with a schedule.</param>
    /// <param name="betas">β₁, positive, and β₂; 0.9 and 0.999 by default.</param>
    /// <param name="eps">ε, added for numerical stability.</param>
    /// <param name="weightDecay">λ, which shrinks the parameters themselves.</param>
    /// <param name="warmupSteps">The number of steps in which the rate rises.</param>
    /// <param name="r">The power of the step in an average's weight.</param>
    /// <param name="weightLrPower">p, the power of the rate in an average's weight.</param>
    /// <exception cref="ValueException">A value is negative, a β is not in [0, 1), or β₁ is 0.</exception>
    public AdamWScheduleFree(IEnumerable<Tensor> parameters, double lr = 2.5e-3, (double, double)? betas = null, double eps = 1e-8,
        double weightDecay = 0, int warmupSteps = 0, double r = 0, double weightLrPower = 2)
        : base(parameters, new("lr", lr), new("beta1", betas?.Item1 ?? 0.9, 1, double.Epsilon), new("beta2", betas?.Item2 ?? 0.999, 1),
            new("eps", eps), new("weight_decay", weightDecay), new("warmup_steps", warmupSteps), new("r", r), new("weight_lr_power", weightLrPower))
    {
    }

    /// <summary>Whether the parameters are those to train (y), not the averages (x).</summary>
    public bool Training { get; private set; } = true;

    /// <inheritdoc/>
    protected override IReadOnlyList<string> NumberNames => ["step", "weight_sum", "lr_max"];

    /// <inheritdoc/>
    protected override IReadOnlyList<string> TensorNames => ["z", "exp_avg_sq"];

    /// <summary>Sets the parameters to the averages x, for evaluating and saving the model; does nothing if they are.</summary>
    public void Eval() => Switch(toTraining: false);

    /// <summary>Sets the parameters to y, for training; does nothing if they are.</summary>
    public void Train() => Switch(toTraining: true);

    /// <inheritdoc/>
    /// <exception cref="ValueException">The parameters are the averages; call <see cref="Train"/> first.</exception>
    public override Tensor? Step(Func<Tensor>? closure = null) =>
        Training ? base.Step(closure) : throw Error("Step after Eval; call Train() first, before the gradients are computed");

    /// <inheritdoc/>
    public override OrderedDictionary<string, Tensor> StateDict()
    {
        OrderedDictionary<string, Tensor> state = base.StateDict();
        state[TrainingName] = Number(Training ? 1 : 0);
        return state;
    }

    private protected override Action ReadMore(StateReader reader)
    {
        double? training = reader.Number(TrainingName, value =>
        {
            if (value is not (0 or 1)) throw Error(FormattableString.Invariant($"{value} is not 0 or 1"));
        });
        return () => Training = training == 1;
    }

    /// <inheritdoc/>
    protected override void Update(ParameterGroup group, Tensor parameter, Tensor gradient, ParameterState state)
    {
        if (state.IsNew) state.Tensors[0].CopyInPlace(parameter);
        double warmup = Math.Min(1, state.Step / Math.Max(1, group["warmup_steps"]));
        double lr = group["lr"] * warmup * Math.Sqrt(1 - Math.Pow(group["beta2"], state.Step));
        ref double sum = ref state.Numbers[1], largest = ref state.Numbers[2];
        largest = Math.Max(largest, lr);
        double weight = Math.Pow(state.Step, group["r"]) * Math.Pow(largest, group["weight_lr_power"]);
        sum += weight;
        Apply(new Rule(group, lr, sum > 0 ? weight / sum : 0), parameter, gradient, state.Tensors);
    }

    // y = x + (1 − β₁)(z − x), so x = y + (1 − 1/β₁)(z − y).
    private void Switch(bool toTraining)
    {
        if (Training == toTraining) return;
        using ModeScope mode = Autograd.NoGrad();
        foreach (ParameterGroup group in Groups)
            foreach (Tensor parameter in group.Parameters)
                if (Remembered(group, parameter) is { } state)
                    parameter.LerpInPlace(state.Tensors[0], 1 - (toTraining ? group["beta1"] : 1 / group["beta1"]));
        Training = toTraining;
    }

    private readonly struct Rule(ParameterGroup group, double lr, double share) : IUpdateRule
    {
        private readonly Constant _beta2 = group["beta2"], _share2 = 1 - group["beta2"], _eps = group["eps"], _decay = group["weight_decay"];
        private readonly Constant _share = share, _ofParameter = lr * ((group["beta1"] * (1 - share)) - 1), _ofZ = -lr;

        public static int States => 2;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Apply<R>(ref R parameter, R gradient, ref R z, ref R square, ref R state2) where R : struct, IReal<R>
        {
            square = R.Fma(_share2 * gradient, gradient, _beta2 * square);
            R step = R.Fma(_decay, parameter, gradient / (R.Sqrt(square) + _eps));
            parameter = R.Fma(_ofParameter, step, R.Fma(_share, z - parameter, parameter));
            z = R.Fma(_ofZ, step, z);
        }
    }
}
