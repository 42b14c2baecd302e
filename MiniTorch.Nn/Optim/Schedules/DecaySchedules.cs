namespace MiniTorch.Optim;

/// <summary>Multiplies the rate by γ every <c>stepSize</c> epochs (torch.optim.lr_scheduler.StepLR).</summary>
/// <example><code>
/// var scheduler = new StepLR(optimizer, stepSize: 30, gamma: 0.1);
/// for (int epoch = 0; epoch &lt; 90; epoch++)
/// {
///     // … train for one epoch …
///     scheduler.Step();
/// }
/// </code></example>
public sealed class StepLR : LRScheduler
{
    private readonly int _stepSize;
    private readonly double _gamma;

    /// <summary>Creates a schedule.</summary>
    /// <exception cref="ValueException"><paramref name="stepSize"/> is not positive.</exception>
    public StepLR(Optimizer optimizer, int stepSize, double gamma = 0.1) : base(optimizer)
    {
        if (stepSize < 1) throw Error($"stepSize is {stepSize}; it must be 1 or more");
        (_stepSize, _gamma) = (stepSize, gamma);
        Restart();
    }

    /// <inheritdoc/>
    protected override double Rate(ParameterGroup group, double current, double initial) =>
        Epoch > 0 && Epoch % _stepSize == 0 ? current * _gamma : current;
}

/// <summary>Multiplies the rate by γ at each of the given epochs (torch.optim.lr_scheduler.MultiStepLR).</summary>
public sealed class MultiStepLR : LRScheduler
{
    private readonly int[] _milestones;
    private readonly double _gamma;

    /// <summary>Creates a schedule.</summary>
    public MultiStepLR(Optimizer optimizer, IEnumerable<int> milestones, double gamma = 0.1) : base(optimizer)
    {
        ArgumentNullException.ThrowIfNull(milestones);
        (_milestones, _gamma) = ([.. milestones], gamma);
        Restart();
    }

    /// <inheritdoc/>
    protected override double Rate(ParameterGroup group, double current, double initial) =>
        current * Math.Pow(_gamma, _milestones.Count(epoch => epoch == Epoch));
}

/// <summary>Multiplies the rate by γ every epoch (torch.optim.lr_scheduler.ExponentialLR).</summary>
public sealed class ExponentialLR : LRScheduler
{
    private readonly double _gamma;

    /// <summary>Creates a schedule.</summary>
    public ExponentialLR(Optimizer optimizer, double gamma) : base(optimizer)
    {
        _gamma = gamma;
        Restart();
    }

    /// <inheritdoc/>
    protected override double Rate(ParameterGroup group, double current, double initial) => Epoch == 0 ? current : current * _gamma;
}

/// <summary>Sets the rate to the initial rate times a function of the epoch (torch.optim.lr_scheduler.LambdaLR).</summary>
public sealed class LambdaLR : LRScheduler
{
    private readonly Func<int, double>[] _factors;

    /// <summary>Creates a schedule with one function for all groups.</summary>
    public LambdaLR(Optimizer optimizer, Func<int, double> lrLambda) : this(optimizer, [lrLambda]) { }

    /// <summary>Creates a schedule with a function for each group, in the order of the groups.</summary>
    /// <exception cref="ValueException">There are not as many functions as groups.</exception>
    public LambdaLR(Optimizer optimizer, IEnumerable<Func<int, double>> lrLambdas) : base(optimizer)
    {
        _factors = OnePerGroup(lrLambdas, nameof(lrLambdas));
        Restart();
    }

    /// <inheritdoc/>
    protected override double Rate(ParameterGroup group, double current, double initial) => initial * Of(group, _factors)(Epoch);
}

/// <summary>Multiplies the rate by a function of the epoch, from epoch 1 on (torch.optim.lr_scheduler.MultiplicativeLR).</summary>
public sealed class MultiplicativeLR : LRScheduler
{
    private readonly Func<int, double>[] _factors;

    /// <summary>Creates a schedule with one function for all groups.</summary>
    public MultiplicativeLR(Optimizer optimizer, Func<int, double> lrLambda) : this(optimizer, [lrLambda]) { }

    /// <summary>Creates a schedule with a function for each group, in the order of the groups.</summary>
    /// <exception cref="ValueException">There are not as many functions as groups.</exception>
    public MultiplicativeLR(Optimizer optimizer, IEnumerable<Func<int, double>> lrLambdas) : base(optimizer)
    {
        _factors = OnePerGroup(lrLambdas, nameof(lrLambdas));
        Restart();
    }

    /// <inheritdoc/>
    protected override double Rate(ParameterGroup group, double current, double initial) =>
        Epoch == 0 ? current : current * Of(group, _factors)(Epoch);

    // As in PyTorch, there is no closed form: in a SequentialLR it continues from the rates of the schedule before it.
    internal override void TakeTurn() => Restart();
}
