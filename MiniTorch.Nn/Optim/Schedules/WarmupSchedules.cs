namespace MiniTorch.Optim;

/// <summary>The rate times a factor that goes in a line from one number to another, over some epochs (LinearLR).</summary>
public sealed class LinearLR : LRScheduler
{
    private readonly double _start, _end;
    private readonly int _epochs;

    /// <summary>Makes a schedule.</summary>
    /// <exception cref="ValueException">A factor is outside [0, 1], the first one is 0, or there are no epochs.</exception>
    public LinearLR(Optimizer optimizer, double startFactor = 1.0 / 3, double endFactor = 1, int totalIters = 5) : base(optimizer)
    {
        if (!(startFactor is > 0 and <= 1 && endFactor is >= 0 and <= 1)) throw Error($"factors {startFactor} and {endFactor}; they must be in [0, 1], and the first not 0");
        if (totalIters < 1) throw Error($"{totalIters} epochs; there must be 1 or more");
        (_start, _end, _epochs) = (startFactor, endFactor, totalIters);
        Restart();
    }

    /// <inheritdoc/>
    protected override double Rate(ParameterGroup group, double current, double initial)
    {
        if (Epoch == 0) return current * _start;
        double rise = _end - _start;
        return Epoch > _epochs ? current : current * (1 + (rise / ((_epochs * _start) + ((Epoch - 1) * rise))));
    }
}

/// <summary>The rate times a factor for some epochs (ConstantLR).</summary>
public sealed class ConstantLR : LRScheduler
{
    private readonly double _factor;
    private readonly int _epochs;

    /// <summary>Makes a schedule.</summary>
    /// <exception cref="ValueException">The factor is outside (0, 1].</exception>
    public ConstantLR(Optimizer optimizer, double factor = 1.0 / 3, int totalIters = 5) : base(optimizer)
    {
        if (!(factor is > 0 and <= 1)) throw Error($"a factor of {factor}; it must be in (0, 1]");
        (_factor, _epochs) = (factor, totalIters);
        Restart();
    }

    /// <inheritdoc/>
    protected override double Rate(ParameterGroup group, double current, double initial) =>
        (Epoch == 0 ? _factor : 1) * (Epoch == _epochs ? 1 / _factor : 1) * current;
}

/// <summary>The initial rate times (1 − epoch / epochs)ᵖ, then 0 (PolynomialLR).</summary>
public sealed class PolynomialLR : LRScheduler
{
    private readonly int _epochs;
    private readonly double _power;

    /// <summary>Makes a schedule.</summary>
    /// <exception cref="ValueException">There are no epochs.</exception>
    public PolynomialLR(Optimizer optimizer, int totalIters = 5, double power = 1) : base(optimizer)
    {
        if (totalIters < 1) throw Error($"{totalIters} epochs; there must be 1 or more");
        (_epochs, _power) = (totalIters, power);
        Restart();
    }

    /// <inheritdoc/>
    protected override double Rate(ParameterGroup group, double current, double initial) =>
        Epoch == 0 || Epoch > _epochs ? current
        : current * Math.Pow((1 - ((double)Epoch / _epochs)) / (1 - ((Epoch - 1.0) / _epochs)), _power);
}
