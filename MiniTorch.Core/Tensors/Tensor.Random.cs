using System.Runtime.CompilerServices;

namespace MiniTorch;

public partial class Tensor
{
    /// <summary>Draws from the uniform distribution on [0, 1), with the same numbers as PyTorch for the same seed (torch.rand).</summary>
    public static Tensor Rand(Shape shape, Generator? generator = null, DType? dtype = null, bool requiresGrad = false) =>
        Drawn("Rand", shape, dtype, requiresGrad, span => (generator ?? Generator.Default).FillUniform(span),
            span => (generator ?? Generator.Default).FillUniform(span));

    /// <summary>Draws from the uniform distribution on [0, 1) in the given dtype (torch.rand).</summary>
    public static Tensor Rand(Shape shape, DType dtype, Generator? generator = null, bool requiresGrad = false) =>
        Rand(shape, generator, dtype, requiresGrad);

    /// <summary>
    /// Draws a Float32 tensor of the given sizes from the uniform distribution; see <see cref="Rand(Shape, Generator?, DType?, bool)"/>.
    /// </summary>
    [OverloadResolutionPriority(-1)]
    public static Tensor Rand(params ReadOnlySpan<int> sizes) => Rand(Shape.Create(sizes));

    /// <summary>Draws from the standard normal distribution, with the same numbers as PyTorch for the same seed (torch.randn).</summary>
    public static Tensor Randn(Shape shape, Generator? generator = null, DType? dtype = null, bool requiresGrad = false) =>
        Drawn("Randn", shape, dtype, requiresGrad, span => (generator ?? Generator.Default).FillNormal(span),
            span => (generator ?? Generator.Default).FillNormal(span));

    /// <summary>Draws from the standard normal distribution in the given dtype (torch.randn).</summary>
    public static Tensor Randn(Shape shape, DType dtype, Generator? generator = null, bool requiresGrad = false) =>
        Randn(shape, generator, dtype, requiresGrad);

    /// <summary>
    /// Draws a Float32 tensor of the given sizes from the standard normal distribution; see <see cref="Randn(Shape, Generator?, DType?, bool)"/>.
    /// </summary>
    [OverloadResolutionPriority(-1)]
    public static Tensor Randn(params ReadOnlySpan<int> sizes) => Randn(Shape.Create(sizes));

    /// <summary>Draws integers from [low, high), with the same numbers as PyTorch for the same seed (torch.randint). Int64 by default.</summary>
    public static Tensor RandInt(long low, long high, Shape shape, Generator? generator = null, DType? dtype = null, bool requiresGrad = false) =>
        Finish(Filled<long>(shape, to => (generator ?? Generator.Default).FillRandInt(to, low, high)), dtype, requiresGrad);

    /// <summary>Draws integers from [low, high) in the given dtype (torch.randint).</summary>
    public static Tensor RandInt(long low, long high, Shape shape, DType dtype, Generator? generator = null, bool requiresGrad = false) =>
        RandInt(low, high, shape, generator, dtype, requiresGrad);

    /// <summary>
    /// Creates a random permutation of 0 … <paramref name="count"/> − 1, the same as PyTorch's for the same seed (torch.randperm). Int64 by
    /// default.
    /// </summary>
    public static Tensor RandPerm(int count, Generator? generator = null, DType? dtype = null, bool requiresGrad = false)
    {
        if (count < 0) throw new ValueException($"RandPerm: count is {count}; it must be 0 or more");
        return Finish(Filled<long>([count], (generator ?? Generator.Default).FillRandPerm), dtype, requiresGrad);
    }

    /// <summary>Draws from the standard normal distribution, in the shape and dtype of <paramref name="other"/> (torch.randn_like).</summary>
    public static Tensor RandnLike(Tensor other, Generator? generator = null, DType? dtype = null, bool requiresGrad = false) =>
        Randn(other.Shape, generator, dtype ?? other.DType, requiresGrad);

    /// <summary>Draws in the shape of <paramref name="other"/> and the given dtype (torch.randn_like).</summary>
    public static Tensor RandnLike(Tensor other, DType dtype, Generator? generator = null, bool requiresGrad = false) =>
        RandnLike(other, generator, dtype, requiresGrad);

    /// <summary>Draws from the uniform distribution on [0, 1), in the shape and dtype of <paramref name="other"/> (torch.rand_like).</summary>
    public static Tensor RandLike(Tensor other, Generator? generator = null, DType? dtype = null, bool requiresGrad = false) =>
        Rand(other.Shape, generator, dtype ?? other.DType, requiresGrad);

    /// <summary>Draws in the shape of <paramref name="other"/> and the given dtype (torch.rand_like).</summary>
    public static Tensor RandLike(Tensor other, DType dtype, Generator? generator = null, bool requiresGrad = false) =>
        RandLike(other, generator, dtype, requiresGrad);

    private static Tensor Drawn(string op, Shape shape, DType? dtype, bool requiresGrad, SpanAction<float> floats, SpanAction<double> doubles)
    {
        Tensor tensor = (dtype ?? DType.Float32) switch
        {
            DType.Float32 => Filled(shape, floats),
            DType.Float64 => Filled(shape, doubles),
            _ => throw new DTypeException($"{op}: cannot draw {dtype}; use Float32 or Float64 (RandInt draws integers)"),
        };
        return Finish(tensor, null, requiresGrad);
    }
}
