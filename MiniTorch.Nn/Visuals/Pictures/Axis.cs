namespace MiniTorch.Pictures;

/// <summary>A linear or logarithmic scale along an edge of a picture, from <see cref="Low"/> to <see cref="High"/>.</summary>
internal readonly struct Axis
{
    private readonly double _start, _end;
    private readonly bool _isLog;

    private Axis(double low, double high, bool isLog, double start, double end) => (Low, High, _isLog, _start, _end) = (low, high, isLog, start, end);

    public double Low { get; }

    public double High { get; }

    /// <summary>Creates an axis that covers all values it can show, with a margin; without any values it goes from 0 to 1.</summary>
    /// <param name="values">Any numbers; numbers that are not finite, or not positive on a logarithmic axis, are ignored.</param>
    /// <param name="isLog">Whether the axis is logarithmic.</param>
    /// <param name="start">The position of <see cref="Low"/>.</param>
    /// <param name="end">The position of <see cref="High"/>.</param>
    /// <param name="margin">The free share of the range at both ends.</param>
    public static Axis Over(IEnumerable<double> values, bool isLog, double start, double end, double margin)
    {
        (double low, double high) = (double.PositiveInfinity, double.NegativeInfinity);
        foreach (double value in values)
            if (double.IsFinite(value) && (!isLog || value > 0)) (low, high) = (Math.Min(low, value), Math.Max(high, value));
        if (low > high) (low, high) = isLog ? (0.1, 1) : (0, 1);
        (double from, double to) = isLog ? (Math.Log10(low), Math.Log10(high)) : (low / 2, high / 2); // halves, so that the range is finite
        double range = to - from, spare = range > Math.Abs(to) * 1e-12 ? range * margin : margin == 0 && !isLog ? 0.5
            : Math.Max(0.1, Math.Abs(to) * 0.1);
        (from, to) = (from - spare, to + spare);
        return isLog ? new(Math.Pow(10, Math.Max(from, -323)), Math.Pow(10, Math.Min(to, 308)), true, start, end)
            : new(Math.Max(2 * from, -double.MaxValue), Math.Min(2 * to, double.MaxValue), false, start, end);
    }

    /// <summary>Whether the axis can show a value.</summary>
    public bool Shows(double value) => double.IsFinite(value) && (!_isLog || value > 0);

    /// <summary>Returns the position of a value.</summary>
    public double At(double value)
    {
        double share = _isLog ? (Math.Log10(value) - Math.Log10(Low)) / (Math.Log10(High) - Math.Log10(Low))
            : ((value / 2) - (Low / 2)) / ((High / 2) - (Low / 2));
        return _start + (share * (_end - _start));
    }

    /// <summary>Returns about <paramref name="wanted"/> round numbers on the axis.</summary>
    public List<double> Ticks(int wanted) => _isLog && Math.Log10(High / Low) >= 1 ? Powers(wanted) : Steps(wanted);

    private List<double> Powers(int wanted)
    {
        (int first, int last) = ((int)Math.Ceiling(Math.Log10(Low)), (int)Math.Floor(Math.Log10(High)));
        int step = Math.Max(1, (int)Math.Ceiling((last - first + 1.0) / wanted));
        var ticks = new List<double>();
        double[] between = last - first < 2 ? [1, 2, 5] : [1];
        for (int power = first - 1; power <= last; power++)
            foreach (double factor in between)
                if (power % step == 0 && factor * Math.Pow(10, power) is var tick && tick >= Low && tick <= High) ticks.Add(tick);
        return ticks;
    }

    private List<double> Steps(int wanted)
    {
        double range = (High / wanted) - (Low / wanted), unit = Math.Pow(10, Math.Floor(Math.Log10(range)));
        double step = unit * ((range / unit) switch { <= 1 => 1, <= 2 => 2, <= 5 => 5, _ => 10 });
        var ticks = new List<double>();
        for (double i = Math.Ceiling(Low / step); i * step <= High && ticks.Count <= 2 * wanted; i++) ticks.Add(i * step);
        return ticks;
    }
}
