namespace MiniTorch.Optim;

/// <summary>How a rate goes from one value to another.</summary>
public enum Anneal
{
    /// <summary>Along half a cosine.</summary>
    Cos,

    /// <summary>In a line.</summary>
    Linear,
}

/// <summary>
/// One cycle over all steps: up from <c>maxLr / divFactor</c> to <c>maxLr</c>, then down to almost 0, and the momentum the other way round
/// (OneCycleLR; Smith and Topin 2019). Step it after every optimiser step.
/// </summary>
public sealed class OneCycleLR : LRScheduler
{
    private readonly int _totalSteps;
    private readonly Anneal _anneal;
    private readonly bool _cyclesMomentum;
    private readonly Phase[] _phases;

    /// <summary>Makes a schedule.</summary>
    /// <param name="optimizer">With momentum or β₁, if it is to be cycled.</param>
    /// <param name="maxLr">The highest rate.</param>
    /// <param name="totalSteps">The length of the cycle; <paramref name="epochs"/> · <paramref name="stepsPerEpoch"/> by default.</param>
    /// <param name="epochs">The number of epochs of the cycle, if <paramref name="totalSteps"/> is left out.</param>
    /// <param name="stepsPerEpoch">The number of steps of an epoch (<c>loader.Count</c>), if <paramref name="totalSteps"/> is left out.</param>
    /// <param name="pctStart">The share of the steps that go up.</param>
    /// <param name="annealStrategy">How the rate moves.</param>
    /// <param name="cycleMomentum">Whether the momentum moves too.</param>
    /// <param name="baseMomentum">The momentum at the highest rate.</param>
    /// <param name="maxMomentum">The momentum at the lowest rate.</param>
    /// <param name="divFactor">The highest rate over the first.</param>
    /// <param name="finalDivFactor">The first rate over the last.</param>
    /// <param name="threePhase">Whether to come down to the first rate as fast as up, and then further.</param>
    /// <exception cref="ValueException">
    /// The number of steps is not given or not positive, <paramref name="pctStart"/> is outside [0, 1], or the optimiser has no momentum.
    /// </exception>
    public OneCycleLR(Optimizer optimizer, double maxLr, int? totalSteps = null, int? epochs = null, int? stepsPerEpoch = null, double pctStart = 0.3,
        Anneal annealStrategy = Anneal.Cos, bool cycleMomentum = true, double baseMomentum = 0.85, double maxMomentum = 0.95, double divFactor = 25,
        double finalDivFactor = 1e4, bool threePhase = false) : base(optimizer)
    {
        int steps = Steps(totalSteps, epochs, stepsPerEpoch);
        if (!(pctStart is >= 0 and <= 1)) throw Error($"a share of {pctStart} of the steps goes up; it must be in [0, 1]");
        if (cycleMomentum) Momentum.Require(this, Groups);
        (_totalSteps, _anneal, _cyclesMomentum) = (steps, annealStrategy, cycleMomentum);
        double low = maxLr / divFactor, end = low / finalDivFactor;
        var up = new Phase((pctStart * steps) - 1, low, maxLr, maxMomentum, baseMomentum);
        _phases = threePhase
            ? [up, new((2 * pctStart * steps) - 2, maxLr, low, baseMomentum, maxMomentum), new(steps - 1, low, end, maxMomentum, maxMomentum)]
            : [up, new(steps - 1, maxLr, end, baseMomentum, maxMomentum)];
        foreach (ParameterGroup group in Groups) group.InitialRate = low;
        Restart();
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
        if (Epoch > _totalSteps) throw Error($"step {Epoch} of a cycle of {_totalSteps}; make a longer one");
        double start = 0;
        Phase phase = _phases[0];
        for (int i = 1; i < _phases.Length && Epoch > phase.End; phase = _phases[i++]) start = phase.End;
        double part = phase.End == start ? 1 : (Epoch - start) / (phase.End - start); // a phase of no steps is at its end
        if (_cyclesMomentum) group[Momentum.Of(group)] = Between(phase.FromMomentum, phase.ToMomentum, part);
        return Between(phase.FromRate, phase.ToRate, part);
    }

    private int Steps(int? totalSteps, int? epochs, int? stepsPerEpoch)
    {
        if ((totalSteps ?? (long?)epochs * stepsPerEpoch) is not { } steps)
            throw Error($"the number of steps is missing; pass totalSteps, or epochs and stepsPerEpoch");
        if (totalSteps is null && (epochs < 1 || stepsPerEpoch < 1)) throw Error($"{epochs} epochs of {stepsPerEpoch} steps; both must be 1 or more");
        if (steps < 1) throw Error($"{steps} steps; there must be 1 or more");
        return steps <= int.MaxValue ? (int)steps
            : throw Error($"{epochs} epochs of {stepsPerEpoch} steps are {steps} steps; there can be {int.MaxValue} at most");
    }

    private double Between(double from, double to, double part) =>
        _anneal == Anneal.Cos ? to + ((from - to) / 2 * (Math.Cos(Math.PI * part) + 1)) : ((to - from) * part) + from;

    private readonly record struct Phase(double End, double FromRate, double ToRate, double FromMomentum, double ToMomentum);
}

/// <summary>How the height of a <see cref="CyclicLR"/>'s cycles changes.</summary>
public enum CycleMode
{
    /// <summary>Not at all.</summary>
    Triangular,

    /// <summary>Halved after every cycle.</summary>
    Triangular2,

    /// <summary>Multiplied by γ every step.</summary>
    ExpRange,
}

/// <summary>Goes up and down between two rates, and the momentum the other way round (CyclicLR; Smith 2017). Step it after every optimiser step.</summary>
public sealed class CyclicLR : LRScheduler
{
    private readonly double _low, _high, _gamma, _baseMomentum, _maxMomentum;
    private readonly int _up;
    private readonly long _period;
    private readonly CycleMode _mode;
    private readonly bool _cyclesMomentum;

    /// <summary>Makes a schedule.</summary>
    /// <param name="optimizer">With momentum or β₁, if it is to be cycled.</param>
    /// <param name="baseLr">The lowest rate.</param>
    /// <param name="maxLr">The highest rate of the first cycle.</param>
    /// <param name="stepSizeUp">Steps up.</param>
    /// <param name="stepSizeDown">Steps down; as many as up by default.</param>
    /// <param name="mode">How the height changes.</param>
    /// <param name="gamma">The factor of <see cref="CycleMode.ExpRange"/>.</param>
    /// <param name="cycleMomentum">Whether the momentum moves too.</param>
    /// <param name="baseMomentum">The momentum at the highest rate.</param>
    /// <param name="maxMomentum">The momentum at the lowest rate.</param>
    /// <exception cref="ValueException">A number of steps is not positive, or the optimiser has no momentum.</exception>
    public CyclicLR(Optimizer optimizer, double baseLr, double maxLr, int stepSizeUp = 2000, int? stepSizeDown = null, CycleMode mode = CycleMode.Triangular,
        double gamma = 1, bool cycleMomentum = true, double baseMomentum = 0.8, double maxMomentum = 0.9) : base(optimizer)
    {
        int down = stepSizeDown ?? stepSizeUp;
        if (stepSizeUp < 1 || down < 1) throw Error($"{stepSizeUp} steps up and {down} down; there must be 1 or more");
        (_low, _high, _up, _period, _mode, _gamma) = (baseLr, maxLr, stepSizeUp, (long)stepSizeUp + down, mode, gamma);
        (_cyclesMomentum, _baseMomentum, _maxMomentum) = (cycleMomentum, baseMomentum, maxMomentum);
        if (cycleMomentum) Momentum.Require(this, Groups);
        foreach (ParameterGroup group in Groups) group["lr"] = baseLr;
        Restart();
        // As in PyTorch, the first rate is the initial one, which is baseLr only if no schedule was there before.
        foreach (ParameterGroup group in Groups) group["lr"] = group.InitialRate ?? baseLr;
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
        double height = part * _mode switch { CycleMode.Triangular => 1, CycleMode.Triangular2 => Math.Pow(0.5, cycle), _ => Math.Pow(_gamma, Epoch) };
        if (_cyclesMomentum) group[Momentum.Of(group)] = _maxMomentum - ((_maxMomentum - _baseMomentum) * height);
        return _low + ((_high - _low) * height);
    }
}

/// <summary>Which of an optimiser's options is its momentum.</summary>
internal static class Momentum
{
    public static string Of(ParameterGroup group) => group.Options.Contains("beta1") ? "beta1" : "momentum";

    public static void Require(LRScheduler schedule, IReadOnlyList<ParameterGroup> groups)
    {
        if (groups.Any(group => !group.Options.Contains(Of(group))))
            throw new ValueException($"{schedule.GetType().Name}: the optimiser has neither momentum nor β₁ to cycle; pass cycleMomentum: false");
    }
}
