using System.Numerics;
using MathNet.Numerics;
using MiniTorch.Kernels;

namespace MiniTorch;

public sealed partial class Generator
{
    /// <summary>Fills a span with draws from the uniform distribution on [from, to) (torch.Tensor.uniform_; torch.rand for 0 and 1).</summary>
    /// <typeparam name="T">float (24 random bits an element) or double (53).</typeparam>
    /// <param name="destination">Receives the numbers.</param>
    /// <param name="from">The lower end.</param>
    /// <param name="to">The upper end, excluded; the result equals it only if from + u·(to − from) rounds up to it.</param>
    /// <exception cref="ValueException"><paramref name="from"/> is larger than <paramref name="to"/>, or an end or their distance is not finite in
    /// <typeparamref name="T"/>.</exception>
    public void FillUniform<T>(Span<T> destination, double from = 0, double to = 1)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        RequireSingleOrDouble<T>("uniform");
        T low = T.CreateTruncating(from), high = T.CreateTruncating(to);
        if (!(from <= to && T.IsFinite(low) && T.IsFinite(high) && T.IsFinite(high - low)))
            throw new ValueException(FormattableString.Invariant(
                $"uniform: needs finite from <= to with a finite distance, but got from={from}, to={to} for {typeof(T).Name}."));
        lock (_gate)
            Stream.FillUniform(destination, low, high);
    }

    /// <summary>Fills a span with draws from a normal distribution (torch.Tensor.normal_; torch.randn for 0 and 1).</summary>
    /// <remarks>As in PyTorch, fewer than 16 numbers are drawn one by one in float64, in Box–Muller pairs; the second number of a pair is kept for
    /// the next such call. 16 numbers or more are drawn in blocks of 16 in <typeparamref name="T"/>; if the length is not a multiple of 16, the last
    /// 16 are drawn again.</remarks>
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
            throw new ValueException(FormattableString.Invariant($"normal: needs std >= 0, but got std={std}."));
        lock (_gate)
            Stream.FillNormal(destination, mean, std);
    }

    /// <summary>
    /// Fills a span with draws from a normal distribution truncated to [low, high], computed as Φ⁻¹ of uniform draws (torch.nn.init.trunc_normal_).
    /// </summary>
    /// <typeparam name="T">float or double.</typeparam>
    /// <param name="destination">Receives the numbers.</param>
    /// <param name="mean">The mean before truncation.</param>
    /// <param name="std">The standard deviation before truncation.</param>
    /// <param name="low">The smallest value.</param>
    /// <param name="high">The largest value.</param>
    /// <exception cref="ValueException"><paramref name="std"/> is not positive, or <paramref name="low"/> is larger than <paramref
    /// name="high"/>.</exception>
    public void FillTruncatedNormal<T>(Span<T> destination, double mean = 0, double std = 1, double low = -2, double high = 2)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        if (!(std > 0 && low <= high))
            throw new ValueException(FormattableString.Invariant(
                $"trunc_normal: needs std > 0 and low <= high, but got std={std}, low={low}, high={high}."));
        FillUniform(destination, ErfOfBound(low), ErfOfBound(high));
        T scale = T.CreateTruncating(std * Constants.Sqrt2), shift = T.CreateTruncating(mean);
        T least = T.CreateTruncating(low), largest = T.CreateTruncating(high);
        foreach (ref T element in destination)
            element = T.Clamp(T.CreateTruncating(SpecialFunctions.ErfInv(double.CreateTruncating(element))) * scale + shift, least, largest);

        // 2Φ(z) − 1, rounded as in PyTorch
        double ErfOfBound(double bound) => 2 * ((1 + SpecialFunctions.Erf((bound - mean) / std / Constants.Sqrt2)) / 2) - 1;
    }

    /// <summary>
    /// Fills a span with draws from the exponential distribution of density λe^(−λx), computed as −ln(1 − u) / λ in float64
    /// (torch.Tensor.exponential_).
    /// </summary>
    /// <typeparam name="T">float or double.</typeparam>
    /// <param name="destination">Receives the numbers.</param>
    /// <param name="lambda">The rate λ.</param>
    /// <exception cref="ValueException"><paramref name="lambda"/> is not positive.</exception>
    public void FillExponential<T>(Span<T> destination, double lambda = 1)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        RequireSingleOrDouble<T>("exponential");
        if (!(lambda > 0))
            throw new ValueException(FormattableString.Invariant($"exponential: needs lambda > 0, but got lambda={lambda}."));
        lock (_gate)
        {
            foreach (ref T element in destination)
                element = T.CreateTruncating(Stream.Exponential(lambda));
        }
    }

    /// <summary>
    /// Fills a span with draws from gamma distributions of rate 1, by the method of Marsaglia and Tsang, "A Simple Method for Generating Gamma
    /// Variables" (2000), in float64 (torch._standard_gamma).
    /// </summary>
    /// <typeparam name="T">float or double.</typeparam>
    /// <param name="destination">Receives the numbers, which are never 0: the smallest normal number replaces it.</param>
    /// <param name="concentrations">As many concentrations α as <paramref name="destination"/> has elements.</param>
    /// <exception cref="ValueException">The lengths differ, or a concentration is not positive and finite.</exception>
    public void FillGamma<T>(Span<T> destination, ReadOnlySpan<T> concentrations)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        RequireSingleOrDouble<T>("gamma");
        if (concentrations.Length != destination.Length)
            throw new ValueException($"gamma: {concentrations.Length} concentrations for {destination.Length} elements; give each element one.");
        foreach (T concentration in concentrations)
            if (!(concentration > T.Zero && T.IsFinite(concentration)))
                throw new ValueException(FormattableString.Invariant($"gamma: needs finite concentrations > 0, but got {concentration}."));
        T least = T.CreateTruncating(typeof(T) == typeof(float) ? 1.17549435e-38 : 2.2250738585072014e-308);
        lock (_gate)
        {
            TorchStream stream = Stream;
            for (int i = 0; i < destination.Length; i++)
                destination[i] = T.Max(T.CreateTruncating(stream.Gamma(double.CreateTruncating(concentrations[i]))), least);
        }
    }

    static void RequireSingleOrDouble<T>(string op)
    {
        if (typeof(T) != typeof(float) && typeof(T) != typeof(double))
            throw new DTypeException($"{op}: draws float or double, not {typeof(T).Name}; draw one of these and convert.");
    }
}
