using System.Numerics;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using MathNet.Numerics;
using MiniTorch.Kernels;

namespace MiniTorch;

public sealed partial class Generator
{
    const uint Mantissa24 = (1u << 24) - 1;
    const ulong Mantissa53 = (1ul << 53) - 1;
    const float Ulp24 = 1f / (1u << 24);
    const double Ulp53 = 1d / (1ul << 53);

    /// <summary>Fills with the uniform distribution on [from, to) (torch.Tensor.uniform_; torch.rand for 0 and 1).</summary>
    /// <typeparam name="T">float (24 random bits an element) or double (53).</typeparam>
    /// <param name="destination">Receives the numbers.</param>
    /// <param name="from">The lower end.</param>
    /// <param name="to">The upper end; it can occur where from + u·(to − from) rounds up to it.</param>
    /// <exception cref="ValueException">from &gt; to, or an end or their distance is not finite in <typeparamref name="T"/>.</exception>
    public void FillUniform<T>(Span<T> destination, double from = 0, double to = 1)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        RequireSingleOrDouble<T>("uniform");
        T low = T.CreateTruncating(from), high = T.CreateTruncating(to);
        if (!(from <= to && T.IsFinite(low) && T.IsFinite(high) && T.IsFinite(high - low)))
            throw new ValueException($"uniform: needs finite from <= to with a finite distance, but got from={from}, to={to} for {typeof(T).Name}.");
        lock (_gate)
            Uniform(destination, low, high);
    }

    /// <summary>Fills with the normal distribution (torch.Tensor.normal_; torch.randn for 0 and 1).</summary>
    /// <remarks>As PyTorch does, fewer than 16 numbers are drawn one by one in float64, in Box–Muller pairs whose second number waits
    /// for the next such call; 16 and more come in blocks of 16 in <typeparamref name="T"/>, the last 16 being drawn again where the
    /// length is no multiple of 16.</remarks>
    /// <typeparam name="T">float or double.</typeparam>
    /// <param name="destination">Receives the numbers.</param>
    /// <param name="mean">The mean.</param>
    /// <param name="std">The standard deviation.</param>
    /// <exception cref="ValueException"><paramref name="std"/> is negative or NaN.</exception>
    public void FillNormal<T>(Span<T> destination, double mean = 0, double std = 1)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        RequireSingleOrDouble<T>("normal");
        if (!(std >= 0))
            throw new ValueException($"normal: needs std >= 0, but got std={std}.");
        lock (_gate)
        {
            if (destination.Length < BoxMuller.Block)
            {
                foreach (ref T element in destination)
                    element = T.CreateTruncating(Math.FusedMultiplyAdd(NextNormal(), std, mean));
                return;
            }
            Uniform(destination, T.Zero, T.One);
            BoxMullerTransform(destination, mean, std);
            if (destination.Length % BoxMuller.Block != 0)
            {
                var last = destination[^BoxMuller.Block..];
                Uniform(last, T.Zero, T.One);
                BoxMullerTransform(last, mean, std);
            }
        }
    }

    /// <summary>Fills with the normal distribution restricted to [low, high] (torch.nn.init.trunc_normal_): Φ⁻¹ of uniforms.</summary>
    /// <typeparam name="T">float or double.</typeparam>
    /// <param name="destination">Receives the numbers.</param>
    /// <param name="mean">The mean before truncation.</param>
    /// <param name="std">The standard deviation before truncation.</param>
    /// <param name="low">The smallest value.</param>
    /// <param name="high">The largest value.</param>
    /// <exception cref="ValueException"><paramref name="std"/> is not positive, or low &gt; high.</exception>
    public void FillTruncatedNormal<T>(Span<T> destination, double mean = 0, double std = 1, double low = -2, double high = 2)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        if (!(std > 0 && low <= high))
            throw new ValueException($"trunc_normal: needs std > 0 and low <= high, but got std={std}, low={low}, high={high}.");
        FillUniform(destination, ErfOfBound(low), ErfOfBound(high));
        T scale = T.CreateTruncating(std * Constants.Sqrt2), shift = T.CreateTruncating(mean);
        T least = T.CreateTruncating(low), largest = T.CreateTruncating(high);
        foreach (ref T element in destination)
            element = T.Clamp(T.CreateTruncating(SpecialFunctions.ErfInv(double.CreateTruncating(element))) * scale + shift, least, largest);

        // 2Φ(z) − 1, rounded as PyTorch rounds it
        double ErfOfBound(double bound) => 2 * ((1 + SpecialFunctions.Erf((bound - mean) / std / Constants.Sqrt2)) / 2) - 1;
    }

    /// <summary>Fills with the exponential distribution of density λe^(−λx) (torch.Tensor.exponential_): −ln(1 − u)/λ in float64.</summary>
    /// <typeparam name="T">float or double.</typeparam>
    /// <param name="destination">Receives the numbers.</param>
    /// <param name="lambda">The rate λ.</param>
    /// <exception cref="ValueException"><paramref name="lambda"/> is not positive.</exception>
    public void FillExponential<T>(Span<T> destination, double lambda = 1)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        RequireSingleOrDouble<T>("exponential");
        if (!(lambda > 0))
            throw new ValueException($"exponential: needs lambda > 0, but got lambda={lambda}.");
        lock (_gate)
        {
            foreach (ref T element in destination)
                element = T.CreateTruncating(NextExponential(lambda));
        }
    }

    double NextUniform() => (_engine.Next64() & Mantissa53) * Ulp53;

    double NextExponential(double lambda) => -1 / lambda * Math.Log(1 - NextUniform());

    double NextNormal()
    {
        if (_nextNormal is { } second)
        {
            _nextNormal = null;
            return second;
        }
        double angle = 2 * Math.PI * NextUniform();
        double radius = Math.Sqrt(-2 * Math.Log(1 - NextUniform()));
        var (sin, cos) = Math.SinCos(angle);
        _nextNormal = radius * sin;
        return radius * cos;
    }

    void Uniform<T>(Span<T> destination, T from, T to)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        if (typeof(T) == typeof(float))
            UniformSingle(MemoryMarshal.Cast<T, float>(destination), float.CreateTruncating(from), float.CreateTruncating(to - from));
        else
            UniformDouble(MemoryMarshal.Cast<T, double>(destination), double.CreateTruncating(from), double.CreateTruncating(to - from));
    }

    void UniformSingle(Span<float> destination, float from, float range)
    {
        while (!destination.IsEmpty)
        {
            var words = _engine.Take(destination.Length);
            int i = 0;
            for (; i + Vector256<uint>.Count <= words.Length; i += Vector256<uint>.Count)
            {
                var mantissa = (Vector256.Create(words[i..]) & Vector256.Create(Mantissa24)).AsInt32();
                var unit = Vector256.ConvertToSingle(mantissa) * Ulp24;
                Vector256.FusedMultiplyAdd(unit, Vector256.Create(range), Vector256.Create(from)).CopyTo(destination[i..]);
            }
            for (; i < words.Length; i++)
                destination[i] = MathF.FusedMultiplyAdd((words[i] & Mantissa24) * Ulp24, range, from);
            destination = destination[words.Length..];
        }
    }

    void UniformDouble(Span<double> destination, double from, double range)
    {
        while (!destination.IsEmpty)
        {
            // Whole pairs of words, high word first, as far as the block reaches; a pair across two blocks is drawn by itself.
            var pairs = MemoryMarshal.Cast<uint, ulong>(_engine.Take(2 * Math.Min(destination.Length, MersenneTwister.Size / 2), multiple: 2));
            int i = 0;
            for (; i + Vector256<ulong>.Count <= pairs.Length; i += Vector256<ulong>.Count)
            {
                var pair = Vector256.Create(pairs[i..]);
                var mantissa = (pair << 32 | pair >>> 32) & Vector256.Create(Mantissa53);
                var unit = Vector256.ConvertToDouble(mantissa.AsInt64()) * Ulp53;
                Vector256.FusedMultiplyAdd(unit, Vector256.Create(range), Vector256.Create(from)).CopyTo(destination[i..]);
            }
            for (; i < pairs.Length; i++)
                destination[i] = Math.FusedMultiplyAdd((BitOperations.RotateLeft(pairs[i], 32) & Mantissa53) * Ulp53, range, from);
            destination = destination[pairs.Length..];
            if (pairs.IsEmpty)
            {
                destination[0] = Math.FusedMultiplyAdd(NextUniform(), range, from);
                destination = destination[1..];
            }
        }
    }

    static void BoxMullerTransform<T>(Span<T> data, double mean, double std)
        where T : unmanaged
    {
        if (typeof(T) == typeof(float))
            BoxMuller.Transform(MemoryMarshal.Cast<T, float>(data), (float)mean, (float)std);
        else
            BoxMuller.Transform(MemoryMarshal.Cast<T, double>(data), mean, std);
    }

    static void RequireSingleOrDouble<T>(string op)
    {
        if (typeof(T) != typeof(float) && typeof(T) != typeof(double))
            throw new DTypeException($"{op}: draws float or double, not {typeof(T).Name}; draw one of these and convert.");
    }
}
