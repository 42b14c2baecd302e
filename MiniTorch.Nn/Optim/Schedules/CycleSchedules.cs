namespace MiniTorch.Optim;

/// <summary>The curve along which a rate changes from one value to another.</summary>
public enum Anneal
{
    /// <summary>Along half a cosine.</summary>
    Cos,

    /// <summary>Along a straight line.</summary>
    Linear,
}

/// <summary>
/// Runs one cycle over all steps: the rate rises from <c>maxLr / divFactor</c> to <c>maxLr</c> and then falls to almost 0; the momentum changes in
/// the opposite direction (torch.optim.lr_scheduler.OneCycleLR; Smith and Topin 2019). Call <see cref="LRScheduler.Step"/> after every optimiser
/// step.
/// </summary>
public sealed class OneCycleLR : LRScheduler
{
    private readonly int _totalSteps;
    private readonly Anneal _anneal;
    private readonly bool _cyclesMomentum;
    private readonly Phase[][] _phases;

    /// <summary>Creates a schedule.</summary>
    /// <param name="optimizer">The optimiser; it must have momentum or β₁ if <paramref name="cycleMomentum"/> is true.</param>
    /// <param name="maxLr">The highest rate, for all groups or for each: <c>[0.1, 0.01]</c>.</param>
    /// <param name="totalSteps">The number of steps in the cycle; <paramref name="epochs"/> · <paramref name="stepsPerEpoch"/> by default.</param>
    /// <param name="epochs">The number of epochs in the cycle, if <paramref name="totalSteps"/> is omitted.</param>
    /// <param name="stepsPerEpoch">The number of steps per epoch (<c>loader.Count</c>), if <paramref name="totalSteps"/> is omitted.</param>
    /// <param name="pctStart">The share of the steps in which the rate rises, in [0, 1].</param>
    /// <param name="annealStrategy">The curve of the rate.</param>
    /// <param name="cycleMomentum">Whether the momentum is cycled too, in the opposite direction.</param>
    /// <param name="baseMomentum">The momentum at the highest rate.</param>
    /// <param name="maxMomentum">The momentum at the lowest rate.</param>
    /// <param name="divFactor">The ratio of the highest rate to the first.</param>
    /// <param name="finalDivFactor">The ratio of the first rate to the last.</param>
    /// <param name="threePhase">Whether the rate falls to the first rate in as many steps as it rose, and then to the last rate.</param>
    /// <exception cref="ValueException">
    /// The number of steps is missing or not positive, <paramref name="pctStart"/> is outside [0, 1], <paramref name="maxLr"/> has not one value for
    /// each group, or the optimiser has no momentum.
    /// </exception>
    public OneCycleLR(Optimizer optimizer, PerGroup maxLr, int? totalSteps = null, int? epochs = null, int? stepsPerEpoch = null,
        double pctStart = 0.3, Anneal annealStrategy = Anneal.Cos, bool cycleMomentum = true, double baseMomentum = 0.85, double maxMomentum = 0.95,
        double divFactor = 25, double finalDivFactor = 1e4, bool threePhase = false) : base(optimizer)
    {
        int steps = Steps(totalSteps, epochs, stepsPerEpoch);
        if (!(pctStart is >= 0 and <= 1)) throw Error($"pctStart is {pctStart}; it must be in [0, 1]");
        if (cycleMomentum) Momentum.Require(this, Groups);
        (_totalSteps, _anneal, _cyclesMomentum) = (steps, annealStrategy, cycleMomentum);
        _phases = [.. OnePerGroup(maxLr.Values, nameof(maxLr)).Select(Phases)];
        foreach (ParameterGroup group in Groups) group.InitialRate = Of(group, _phases)[0].FromRate;
        Restart();

        Phase[] Phases(double high)
        {
            double low = high / divFactor, end = low / finalDivFactor;
            var up = new Phase((pctStart * steps) - 1, low, high, maxMomentum, baseMomentum);
            return threePhase
                ? [up, new((2 * pctStart * steps) - 2, high, low, baseMomentum, maxMomentum), new(steps - 1, low, end, maxMomentum, maxMomentum)]
                : [up, new(steps - 1, high, end, baseMomentum, maxMomentum)];
        }
    }

    /// <inheritdoc/>
    protected override IReadOnlyDictionary<string, double> State
    {
        get => base.State;
        set
        {
            foreach (ParameterGroup group in Groups) Rate(group, group["lr"], 0); // sets the momentum of the loaded step
        }
    }

    /// <inheritdoc/>
    protected override double Rate(ParameterGroup group, double current, double initial)
    {
        if (Epoch > _totalSteps) throw Error($"step {Epoch} is beyond the cycle of {_totalSteps} steps; pass a larger totalSteps");
        double start = 0;
        Phase[] phases = Of(group, _phases);
        Phase phase = phases[0];
        for (int i = 1; i < phases.Length && Epoch > phase.End; phase = phases[i++]) start = phase.End;
        double part = phase.End == start ? 1 : (Epoch - start) / (phase.End - start); // a phase without steps is at its end
        if (_cyclesMomentum) group[Momentum.Of(group)] = Between(phase.FromMomentum, phase.ToMomentum, part);
        return Between(phase.FromRate, phase.ToRate, part);
    }

    private int Steps(int? totalSteps, int? epochs, int? stepsPerEpoch)
    {
        if ((totalSteps ?? (long?)epochs * stepsPerEpoch) is not { } steps)
            throw Error($"the number of steps is missing; pass totalSteps, or epochs and stepsPerEpoch");
        if (totalSteps is null && (epochs < 1 || stepsPerEpoch < 1))
            throw Error($"epochs is {epochs} and stepsPerEpoch is {stepsPerEpoch}; both must be 1 or more");
        if (steps < 1) throw Error($"totalSteps is {steps}; it must be 1 or more");
        return steps <= int.MaxValue ? (int)steps
            : throw Error($"{epochs} epochs of {stepsPerEpoch} steps are {steps} steps; the maximum is {int.MaxValue}");
    }

    private double Between(double from, double to, double part) =>
        _anneal == Anneal.Cos ? to + ((from - to) / 2 * (Math.Cos(Math.PI * part) + 1)) : ((to - from) * part) + from;

    private readonly record struct Phase(double End, double FromRate, double ToRate, double FromMomentum, double ToMomentum);
}

/// <summary>How the amplitude of a <see cref="CyclicLR"/> changes.</summary>
public enum CycleMode
{
    /// <summary>The amplitude is constant.</summary>
    Triangular,

    /// <summary>The amplitude is halved after every cycle.</summary>
    Triangular2,

    /// <summary>The amplitude is multiplied by γ every step.</summary>
    ExpRange,
}

/// <summary>
/// Moves the rate up and down between two values, and the momentum in the opposite direction (torch.optim.lr_scheduler.CyclicLR; Smith 2017). Call
/// <see cref="LRScheduler.Step"/> after every optimiser step.
/// </summary>
public sealed class CyclicLR : LRScheduler
{
    private readonly double[] _low, _high;
    private readonly double _gamma, _baseMomentum, _maxMomentum;
    private readonly int _up;
    private readonly long _period;
    private readonly CycleMode _mode;
    private readonly bool _cyclesMomentum;

    /// <summary>Creates a schedule.</summary>
    /// <param name="optimizer">The optimiser; it must have momentum or β₁ if <paramref name="cycleMomentum"/> is true.</param>
    /// <param name="baseLr">The lowest rate, for all groups or for each: <c>[0.1, 0.01]</c>.</param>
    /// <param name="maxLr">The highest rate of the first cycle, for all groups or for each.</param>
    /// <param name="stepSizeUp">The number of steps in which the rate rises.</param>
    /// <param name="stepSizeDown">The number of steps in which the rate falls; <paramref name="stepSizeUp"/> by default.</param>
    /// <param name="mode">How the amplitude changes.</param>
    /// <param name="gamma">The factor of <see cref="CycleMode.ExpRange"/>.</param>
    /// <param name="cycleMomentum">Whether the momentum is cycled too, in the opposite direction.</param>
    /// <param name="baseMomentum">The momentum at the highest rate.</param>
    /// <param name="maxMomentum">The momentum at the lowest rate.</param>
    /// <exception cref="ValueException">
    /// A number of steps is not positive, the rates are not one for each group, or the optimiser has no momentum.
    /// </exception>
    public CyclicLR(Optimizer optimizer, PerGroup baseLr, PerGroup maxLr, int stepSizeUp = 2000, int? stepSizeDown = null,
        CycleMode mode = CycleMode.Triangular, double gamma = 1, bool cycleMomentum = true,
        double baseMomentum = 0.8, double maxMomentum = 0.9) : base(optimizer)
    {
        int down = stepSizeDown ?? stepSizeUp;
        if (stepSizeUp < 1 || down < 1) throw Error($"stepSizeUp is {stepSizeUp} and stepSizeDown is {down}; both must be 1 or more");
        (_low, _high) = (OnePerGroup(baseLr.Values, nameof(baseLr)), OnePerGroup(maxLr.Values, nameof(maxLr)));
        (_up, _period, _mode, _gamma) = (stepSizeUp, (long)stepSizeUp + down, mode, gamma);
        (_cyclesMomentum, _baseMomentum, _maxMomentum) = (cycleMomentum, baseMomentum, maxMomentum);
        if (cycleMomentum) Momentum.Require(this, Groups);
        foreach (ParameterGroup group in Groups) group["lr"] = Of(group, _low);
        Restart();
        // As in PyTorch, the first rate is the initial one, which is baseLr only if there was no schedule before.
        foreach (ParameterGroup group in Groups) group["lr"] = group.InitialRate ?? Of(group, _low);
    }

    /// <inheritdoc/>
    protected override IReadOnlyDictionary<string, double> State
    {
        get => base.State;
        set
        {
            foreach (ParameterGroup group in Groups) Rate(group, group["lr"], 0); // sets the momentum of the loaded step
        }
    }

    /// <inheritdoc/>
    protected override double Rate(ParameterGroup group, double current, double initial)
    {
        long cycle = Epoch / _period, place = Epoch % _period;
        double part = place <= _up ? (double)place / _up : (double)(_period - place) / (_period - _up);
        double height = part * _mode switch
        {
            CycleMode.Triangular => 1,
            CycleMode.Triangular2 => Math.Pow(0.5, cycle),
            _ => Math.Pow(_gamma, Epoch)
        };
        if (_cyclesMomentum) group[Momentum.Of(group)] = _maxMomentum - ((_maxMomentum - _baseMomentum) * height);
        double low = Of(group, _low);
        return low + ((Of(group, _high) - low) * height);
    }
}

/// <summary>Finds the option of an optimiser that is its momentum.</summary>
internal static class Momentum
{
    public static string Of(ParameterGroup group) => group.Options.Contains("beta1") ? "beta1" : "momentum";

    public static void Require(LRScheduler schedule, IReadOnlyList<ParameterGroup> groups)
    {
        if (groups.Any(group => !group.Options.Contains(Of(group))))
            throw new ValueException($"{schedule.GetType().Name}: the optimiser has neither momentum nor β₁ to cycle; pass cycleMomentum: false");
    }
}
