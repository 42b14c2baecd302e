using System.Numerics;

namespace MiniTorch.Kernels;

/// <summary>The numbers that NumPy's legacy generator makes of the Mersenne Twister's words. Not thread-safe.</summary>
internal sealed class NumpyStream(uint seed)
{
    private readonly MersenneTwister _words = new(seed);
    private double? _waitingNormal;

    /// <summary>53 random bits in [0, 1).</summary>
    public double Uniform()
    {
        uint high = _words.Next32() >> 5, low = _words.Next32() >> 6;
        return (high * (double)(1 << 26) + low) / (1L << 53);
    }

    /// <summary>By Marsaglia's polar method, whose second number waits for the next call.</summary>
    public double Normal()
    {
        if (_waitingNormal is { } second)
        {
            _waitingNormal = null;
            return second;
        }
        double x, y, squares;
        do
        {
            x = 2 * Uniform() - 1;
            y = 2 * Uniform() - 1;
            squares = x * x + y * y;
        }
        while (squares is >= 1 or 0);
        double factor = Math.Sqrt(-2 * Math.Log(squares) / squares);
        _waitingNormal = factor * x;
        return factor * y;
    }

    /// <summary>An integer of [0, <paramref name="largest"/>] by rejection of bits, in as many words as the range needs.</summary>
    public ulong UpTo(ulong largest)
    {
        if (largest == 0) return 0;
        ulong mask = ulong.MaxValue >> BitOperations.LeadingZeroCount(largest), value;
        do value = (largest <= uint.MaxValue ? _words.Next32() : _words.Next64()) & mask;
        while (value > largest);
        return value;
    }
}
