namespace MiniTorch.Optim;

/// <summary>
/// Multiplies the rate by a factor that changes linearly from one number to another over some epochs (torch.optim.lr_scheduler.LinearLR).
/// </summary>
public sealed class LinearLR : LRScheduler
{
    private readonly double _start, _end;
    private readonly int _epochs;

    /// <summary>Creates a schedule.</summary>
    /// <exception cref="ValueException">A factor is outside [0, 1], the first factor is 0, or there are no epochs.</exception>
    public LinearLR(Optimizer optimizer, double startFactor = 1.0 / 3, double endFactor = 1, int totalIters = 5) : base(optimizer)
    {
        if (!(startFactor is > 0 and <= 1 && endFactor is >= 0 and <= 1))
            throw Error($"startFactor is {startFactor} and endFactor is {endFactor}; they must be in [0, 1], and startFactor must not be 0");
        if (totalIters < 1) throw Error($"totalIters is {totalIters}; it must be 1 or more");
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

/// <summary>Multiplies the rate by a constant factor for some epochs (torch.optim.lr_scheduler.ConstantLR).</summary>
public sealed class ConstantLR : LRScheduler
{
    private readonly double _factor;
    private readonly int _epochs;

    /// <summary>Creates a schedule.</summary>
    /// <exception cref="ValueException">The factor is outside (0, 1].</exception>
    public ConstantLR(Optimizer optimizer, double factor = 1.0 / 3, int totalIters = 5) : base(optimizer)
    {
        if (!(factor is > 0 and <= 1)) throw Error($"factor is {factor}; it must be in (0, 1]");
        (_factor, _epochs) = (factor, totalIters);
        Restart();
    }

    /// <inheritdoc/>
    protected override double Rate(ParameterGroup group, double current, double initial) =>
        (Epoch == 0 ? _factor : 1) * (Epoch == _epochs ? 1 / _factor : 1) * current;
}

/// <summary>Sets the rate to the initial rate times (1 − epoch / totalIters)ᵖ, and to 0 afterwards (torch.optim.lr_scheduler.PolynomialLR).</summary>
public sealed class PolynomialLR : LRScheduler
{
    private readonly int _epochs;
    private readonly double _power;

    /// <summary>Creates a schedule.</summary>
    /// <exception cref="ValueException"><paramref name="totalIters"/> is not positive.</exception>
    public PolynomialLR(Optimizer optimizer, int totalIters = 5, double power = 1) : base(optimizer)
    {
        if (totalIters < 1) throw Error($"totalIters is {totalIters}; it must be 1 or more");
        (_epochs, _power) = (totalIters, power);
        Restart();
    }

    /// <inheritdoc/>
    protected override double Rate(ParameterGroup group, double current, double initial) =>
        Epoch == 0 || Epoch > _epochs ? current
        : current * Math.Pow((1 - ((double)Epoch / _epochs)) / (1 - ((Epoch - 1.0) / _epochs)), _power);
}
