namespace MiniTorch.Optim;

/// <summary>
/// Lowers the rate from the initial one to <c>etaMin</c> along half a cosine over <c>tMax</c> epochs, and raises it again over the next <c>tMax</c>
/// (torch.optim.lr_scheduler.CosineAnnealingLR; Loshchilov and Hutter 2017).
/// </summary>
public sealed class CosineAnnealingLR : LRScheduler
{
    private readonly int _half;
    private readonly double _least;

    /// <summary>Creates a schedule.</summary>
    /// <exception cref="ValueException"><paramref name="tMax"/> is not positive.</exception>
    public CosineAnnealingLR(Optimizer optimizer, int tMax, double etaMin = 0) : base(optimizer)
    {
        if (tMax < 1) throw Error($"tMax is {tMax}; it must be 1 or more");
        (_half, _least) = (tMax, etaMin);
        Restart();
    }

    /// <inheritdoc/>
    protected override double Rate(ParameterGroup group, double current, double initial)
    {
        if (Epoch == 0) return current;
        // At the lowest rate the ratio below would be 0 / 0.
        if ((Epoch - 1 - _half) % (2L * _half) == 0) return current + ((initial - _least) * (1 - Math.Cos(Math.PI / _half)) / 2);
        return (1 + Math.Cos(Math.PI * Epoch / _half)) / (1 + Math.Cos(Math.PI * (Epoch - 1) / _half)) * (current - _least) + _least;
    }
}

/// <summary>
/// Lowers the rate from the initial one to <c>etaMin</c> along half a cosine and restarts; each period is <c>tMult</c> times as long as the one
/// before (torch.optim.lr_scheduler.CosineAnnealingWarmRestarts).
/// </summary>
public sealed class CosineAnnealingWarmRestarts : LRScheduler
{
    private readonly int _first, _growth;
    private readonly double _least;

    /// <summary>Creates a schedule.</summary>
    /// <exception cref="ValueException"><paramref name="t0"/> or <paramref name="tMult"/> is not positive.</exception>
    public CosineAnnealingWarmRestarts(Optimizer optimizer, int t0, int tMult = 1, double etaMin = 0) : base(optimizer)
    {
        if (t0 < 1 || tMult < 1) throw Error($"t0 is {t0} and tMult is {tMult}; both must be 1 or more");
        (_first, _growth, _least) = (t0, tMult, etaMin);
        Restart();
    }

    /// <inheritdoc/>
    protected override double Rate(ParameterGroup group, double current, double initial)
    {
        // A period grows only after its last epoch, so it is at most the epoch before, and 64 bits hold the next one.
        long place = Epoch, period = _first;
        if (_growth == 1) place %= period;
        for (; place >= period; period *= _growth) place -= period;
        return _least + ((initial - _least) * (1 + Math.Cos(Math.PI * place / period)) / 2);
    }
}
