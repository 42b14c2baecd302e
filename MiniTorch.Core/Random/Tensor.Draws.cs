using System.Numerics;

namespace MiniTorch;

// Draws whose parameters are tensors. They have no gradient; the reparametrised draws of MiniTorch.Distributions have one.
public partial class Tensor
{
    /// <summary>
    /// Draws each element from a normal distribution of its own, mean + std·ε with the numbers ε of <see cref="Randn(Shape, Generator?, DType?,
    /// bool)"/> (torch.normal). The shape is the broadcast shape of both.
    /// </summary>
    /// <param name="mean">The means, a tensor or a number.</param>
    /// <param name="std">The standard deviations, a tensor or a number.</param>
    /// <param name="generator"><see cref="Generator.Default"/> by default.</param>
    /// <exception cref="ValueException">A standard deviation is negative or NaN.</exception>
    /// <exception cref="DTypeException">A tensor is not of Float32 or Float64.</exception>
    /// <example><code>
    /// Tensor noisy = Tensor.Normal(x, 0.1);
    /// </code></example>
    public static Tensor Normal(Tensor mean, Tensor std, Generator? generator = null)
    {
        ArgumentNullException.ThrowIfNull(mean);
        ArgumentNullException.ThrowIfNull(std);
        using ModeScope mode = Autograd.NoGrad();
        DType dtype = DTypes.Promote(mean, std);
        if (!dtype.IsFloat()) throw new DTypeException($"Normal: mean and std are {dtype}; at least one must be Float32 or Float64");
        double[] widths = std.ToArray<double>();
        if (Array.FindIndex(widths, width => !(width >= 0)) is >= 0 and int bad)
            throw new ValueException(FormattableString.Invariant($"Normal: needs std >= 0, but element {bad} is {widths[bad]}"));
        return Randn(Shape.Broadcast(mean.Shape, std.Shape, "Normal"), generator, dtype) * std.Detach() + mean.Detach();
    }

    /// <summary>
    /// Draws from one normal distribution, with the same numbers as PyTorch for the same seed (torch.normal with a size; torch.Tensor.normal_).
    /// </summary>
    /// <exception cref="ValueException"><paramref name="std"/> is negative or NaN.</exception>
    public static Tensor Normal(
        double mean, double std, Shape shape, Generator? generator = null, DType? dtype = null, bool requiresGrad = false) =>
        Drawn("Normal", shape, dtype, requiresGrad, span => (generator ?? Generator.Default).FillNormal(span, mean, std),
            span => (generator ?? Generator.Default).FillNormal(span, mean, std));

    /// <summary>Draws zeros and ones, each one with the same probability (torch.Tensor.bernoulli_ with a number).</summary>
    /// <exception cref="ValueException"><paramref name="probability"/> is outside [0, 1].</exception>
    public static Tensor Bernoulli(
        double probability, Shape shape, Generator? generator = null, DType? dtype = null, bool requiresGrad = false) =>
        Drawn("Bernoulli", shape, dtype, requiresGrad, span => (generator ?? Generator.Default).FillBernoulli(span, probability),
            span => (generator ?? Generator.Default).FillBernoulli(span, probability));

    /// <summary>
    /// Takes the elements as probabilities and draws a zero or a one with each, in this tensor's shape and dtype (torch.bernoulli).
    /// </summary>
    /// <param name="generator"><see cref="Generator.Default"/> by default.</param>
    /// <exception cref="ValueException">An element is outside [0, 1] or NaN.</exception>
    /// <exception cref="DTypeException">The tensor is not of Float32 or Float64.</exception>
    public Tensor Bernoulli(Generator? generator = null)
    {
        generator ??= Generator.Default;
        return FloatType("Bernoulli") == DType.Float32 ? Filled<float>(Shape, to => generator.FillBernoulli(to, ToArray<float>()))
            : Filled<double>(Shape, to => generator.FillBernoulli(to, ToArray<double>()));
    }

    /// <summary>
    /// Takes the last dimension as weights of categories and draws category indices with probabilities proportional to them (torch.multinomial).
    /// </summary>
    /// <param name="count">How many indices to draw from each row of weights.</param>
    /// <param name="replacement">Whether an index can be drawn more than once.</param>
    /// <param name="generator"><see cref="Generator.Default"/> by default.</param>
    /// <returns>Int64, this shape with <paramref name="count"/> for its last dimension.</returns>
    /// <remarks>The indices are PyTorch's for the same seed. The weights need not sum to 1; any number of leading dimensions is accepted.</remarks>
    /// <exception cref="ValueException">A weight is negative or not finite, all weights of a row are zero, or fewer are positive than indices are
    /// drawn without replacement.</exception>
    /// <exception cref="ShapeException">The tensor is a scalar.</exception>
    /// <exception cref="DTypeException">The tensor is not of Float32 or Float64.</exception>
    /// <example><code>
    /// Tensor next = logits.Softmax(-1).Multinomial(1); // [N, vocabulary] → [N, 1]
    /// </code></example>
    public Tensor Multinomial(int count, bool replacement = false, Generator? generator = null)
    {
        if (Rank == 0) throw new ShapeException("Multinomial: a scalar has no categories; the last dimension holds the weights");
        if (count < 0) throw new ValueException($"Multinomial: count is {count}; it must be 0 or more");
        Shape shape = [.. Shape.Span[..^1], count];
        generator ??= Generator.Default;
        return FloatType("Multinomial") == DType.Float32 ? Filled<long>(shape, to => DrawRows(to, ToArray<float>()))
            : Filled<long>(shape, to => DrawRows(to, ToArray<double>()));

        void DrawRows<T>(Span<long> indices, ReadOnlySpan<T> weights) where T : unmanaged, IBinaryFloatingPointIeee754<T>
        {
            int categories = Shape[^1];
            for (int row = 0; count > 0 && row < indices.Length / count; row++)
                generator.FillMultinomial(indices.Slice(row * count, count), weights.Slice(row * categories, categories), replacement);
        }
    }

    /// <summary>Draws from the exponential distribution of rate 1 (torch.Tensor.exponential_).</summary>
    internal static Tensor StandardExponential(Shape shape, Generator? generator, DType dtype) =>
        Drawn("Exponential", shape, dtype, false, span => (generator ?? Generator.Default).FillExponential(span),
            span => (generator ?? Generator.Default).FillExponential(span));

    /// <summary>Draws each element from the gamma distribution of rate 1 with this tensor's element as concentration.</summary>
    internal Tensor StandardGamma(Generator? generator)
    {
        generator ??= Generator.Default;
        return FloatType("Gamma") == DType.Float32 ? Filled<float>(Shape, to => generator.FillGamma(to, ToArray<float>()))
            : Filled<double>(Shape, to => generator.FillGamma(to, ToArray<double>()));
    }

    private DType FloatType(string op) =>
        DType.IsFloat() ? DType : throw new DTypeException($"{op}: the tensor is {DType} and must be Float32 or Float64; convert it with To");
}
