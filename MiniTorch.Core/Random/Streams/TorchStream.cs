using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace MiniTorch.Kernels;

/// <summary>
/// The numbers that PyTorch's CPU generator makes of the Mersenne Twister's words, in its order. Parameters are checked by the caller; not
/// thread-safe.
/// </summary>
internal sealed class TorchStream(uint seed)
{
    private const int UniformsAtOnce = 256;
    private const uint Mantissa24 = (1u << 24) - 1;
    private const ulong Mantissa53 = (1ul << 53) - 1;
    private const float Ulp24 = 1f / (1u << 24);
    private const double Ulp53 = 1d / (1ul << 53);

    public MersenneTwister Words { get; } = new(seed);

    /// <summary>The second number of a Box–Muller pair, which waits for the next <see cref="Normal"/>; null for none.</summary>
    public double? WaitingNormal { get; set; }

    public TorchStream Copy()
    {
        var copy = new TorchStream(0) { WaitingNormal = WaitingNormal };
        copy.Words.Restore(Words.State, Words.Position);
        return copy;
    }

    /// <summary>Draws a number from [0, 1) with 53 random bits.</summary>
    public double Uniform() => (Words.Next64() & Mantissa53) * Ulp53;

    public double Exponential(double lambda) => -1 / lambda * Math.Log(1 - Uniform());

    public double Normal()
    {
        if (WaitingNormal is { } second)
        {
            WaitingNormal = null;
            return second;
        }
        double angle = 2 * Math.PI * Uniform(), radius = Math.Sqrt(-2 * Math.Log(1 - Uniform()));
        (double sin, double cos) = Math.SinCos(angle);
        WaitingNormal = radius * sin;
        return radius * cos;
    }

    /// <summary>Draws from the gamma distribution of rate 1 (Marsaglia and Tsang, 2000), with PyTorch's constants in float32.</summary>
    public double Gamma(double concentration)
    {
        double scale = 1;
        if (concentration < 1)
        {
            scale = Math.Pow(1 - Uniform(), 1 / concentration); // x·u^(1/α) of a draw x for α + 1
            concentration++;
        }
        double d = concentration - 1f / 3f, c = 1 / Math.Sqrt(9 * d);
        while (true)
        {
            double x = Normal(), root = 1 + (c * x);
            if (root <= 0) continue;
            double v = root * root * root, u = 1 - Uniform(), squared = x * x;
            if (u < 1 - (0.0331f * squared * squared) || Math.Log(u) < (0.5 * squared) + (d * (1 - v + Math.Log(v)))) return scale * d * v;
        }
    }

    /// <summary>Draws floats or doubles from [from, to).</summary>
    public void FillUniform<T>(Span<T> destination, T from, T to) where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        if (typeof(T) == typeof(float))
            FillSingle(MemoryMarshal.Cast<T, float>(destination), float.CreateTruncating(from), float.CreateTruncating(to - from));
        else FillDouble(MemoryMarshal.Cast<T, double>(destination), double.CreateTruncating(from), double.CreateTruncating(to - from));
    }

    /// <summary>
    /// Draws fewer than 16 numbers one by one, otherwise blocks of 16; if the length is not a multiple of 16, the last 16 are drawn again.
    /// </summary>
    public void FillNormal<T>(Span<T> destination, double mean, double std) where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        if (destination.Length < BoxMuller.Block)
        {
            foreach (ref T element in destination) element = T.CreateTruncating(Math.FusedMultiplyAdd(Normal(), std, mean));
            return;
        }
        FillBlocks(destination);
        if (destination.Length % BoxMuller.Block != 0) FillBlocks(destination[^BoxMuller.Block..]);

        void FillBlocks(Span<T> blocks)
        {
            FillUniform(blocks, T.Zero, T.One);
            if (typeof(T) == typeof(float)) BoxMuller.Transform(MemoryMarshal.Cast<T, float>(blocks), (float)mean, (float)std);
            else BoxMuller.Transform(MemoryMarshal.Cast<T, double>(blocks), mean, std);
        }
    }

    /// <summary>Draws integers from [low, low + range); a range of up to 32 bits takes one word, a larger one two, as in PyTorch.</summary>
    public void FillIntegers(Span<long> destination, long low, ulong range)
    {
        if (range < 1ul << 32)
        {
            // x mod range as the upper half of range · (x / range mod 1): exact for 32 bits (Lemire, Kaser, Kurz 2019), and one division in all.
            ulong inverse = unchecked((ulong.MaxValue / range) + 1);
            while (!destination.IsEmpty)
            {
                ReadOnlySpan<uint> words = Words.Take(destination.Length);
                for (int i = 0; i < words.Length; i++) destination[i] = (long)Math.BigMul(unchecked(inverse * words[i]), range, out _) + low;
                destination = destination[words.Length..];
            }
        }
        else
            foreach (ref long element in destination) element = unchecked((long)(Words.Next64() % range) + low);
    }

    public void Shuffle(Span<long> numbers)
    {
        for (int i = 0; i < numbers.Length - 1; i++)
        {
            int other = i + (int)(Words.Next32() % (uint)(numbers.Length - i));
            (numbers[i], numbers[other]) = (numbers[other], numbers[i]);
        }
    }

    /// <summary>Draws zeros and ones with one probability for all elements or one for each; without branches, which could not be predicted.</summary>
    public void FillBernoulli<T, P>(Span<T> destination, ReadOnlySpan<P> probabilities)
        where T : unmanaged, INumberBase<T>
        where P : unmanaged, IBinaryFloatingPointIeee754<P>
    {
        int step = probabilities.Length == 1 ? 0 : 1;
        Span<P> uniforms = stackalloc P[UniformsAtOnce];
        for (int start = 0; start < destination.Length; start += UniformsAtOnce)
        {
            Span<T> part = destination[start..Math.Min(start + UniformsAtOnce, destination.Length)];
            FillUniform(uniforms[..part.Length], P.Zero, P.One);
            for (int i = 0; i < part.Length; i++)
                part[i] = T.CreateTruncating(Unsafe.BitCast<bool, byte>(uniforms[i] < probabilities[(start + i) * step]));
        }
    }

    /// <summary>Draws indices with replacement by inverting the cumulative sum of their weights.</summary>
    public void FillByInversion<T>(Span<long> destination, ReadOnlySpan<T> weights) where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        T[] cumulative = CumulativeWeights.Of(weights);
        cumulative[^1] = T.One;
        while (destination.Length >= 4)
        {
            CumulativeWeights.FirstOfFour(cumulative, (Uniform(), Uniform(), Uniform(), Uniform()), destination);
            destination = destination[4..];
        }
        foreach (ref long index in destination) index = CumulativeWeights.First(cumulative, Uniform(), exceeds: false);
    }

    /// <summary>Draws indices without replacement: those of the largest weight/e, with exponential draws e.</summary>
    public unsafe void FillByLargestScores<T>(Span<long> destination, ReadOnlySpan<T> weights) where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        var scores = new T[weights.Length];
        for (int i = 0; i < scores.Length; i++) scores[i] = weights[i] / T.CreateTruncating(Exponential(1));
        fixed (T* score = scores)
        fixed (long* position = destination) SortKernel.Leading(score, position, 1, scores.Length, 1, destination.Length, descending: true);
    }

    private void FillSingle(Span<float> destination, float from, float range)
    {
        while (!destination.IsEmpty)
        {
            ReadOnlySpan<uint> words = Words.Take(destination.Length);
            int i = 0;
            for (; i + Vector256<uint>.Count <= words.Length; i += Vector256<uint>.Count)
            {
                Vector256<int> mantissa = (Vector256.Create(words[i..]) & Vector256.Create(Mantissa24)).AsInt32();
                Vector256.FusedMultiplyAdd(Vector256.ConvertToSingle(mantissa) * Ulp24, Vector256.Create(range), Vector256.Create(from))
                    .CopyTo(destination[i..]);
            }
            for (; i < words.Length; i++) destination[i] = MathF.FusedMultiplyAdd((words[i] & Mantissa24) * Ulp24, range, from);
            destination = destination[words.Length..];
        }
    }

    private void FillDouble(Span<double> destination, double from, double range)
    {
        while (!destination.IsEmpty)
        {
            // Draws pairs of words within a block, high word first; a pair across two blocks is drawn separately.
            ReadOnlySpan<ulong> pairs = MemoryMarshal.Cast<uint, ulong>(
                Words.Take(2 * Math.Min(destination.Length, MersenneTwister.Size / 2), multiple: 2));
            int i = 0;
            for (; i + Vector256<ulong>.Count <= pairs.Length; i += Vector256<ulong>.Count)
            {
                Vector256<ulong> pair = Vector256.Create(pairs[i..]);
                Vector256<long> mantissa = ((pair << 32 | pair >>> 32) & Vector256.Create(Mantissa53)).AsInt64();
                Vector256.FusedMultiplyAdd(Vector256.ConvertToDouble(mantissa) * Ulp53, Vector256.Create(range), Vector256.Create(from))
                    .CopyTo(destination[i..]);
            }
            for (; i < pairs.Length; i++)
                destination[i] = Math.FusedMultiplyAdd((BitOperations.RotateLeft(pairs[i], 32) & Mantissa53) * Ulp53, range, from);
            destination = destination[pairs.Length..];
            if (!pairs.IsEmpty) continue;
            destination[0] = Math.FusedMultiplyAdd(Uniform(), range, from);
            destination = destination[1..];
        }
    }
}
