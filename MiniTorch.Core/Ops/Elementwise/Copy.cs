using MiniTorch.Kernels;

namespace MiniTorch.Ops;

/// <summary>x: the function of copies and conversions.</summary>
internal readonly record struct Identity : IUnaryFunction
{
    public static ElementwiseDomain Domain => ElementwiseDomain.Number;
    public static Reads IdentityGradInputs => Reads.Input0;
    public R Forward<R>(R x) where R : struct, IReal<R> => x;
    public R Backward<R>(R g, R x, R y) where R : struct, IReal<R> => g;
}

/// <summary>A row-major copy (torch.clone, torch.contiguous).</summary>
internal sealed record Copy : LinearOp
{
    internal override bool CanReuseTemporaries => true;

    protected internal override Tensor Compute(ReadOnlySpan<Tensor> inputs) => Copies.Fresh(inputs[0]);

    protected override Tensor Transpose(OpContext call, int input, Tensor cotangent) => cotangent;
}

/// <summary>
/// A conversion to another dtype (torch.Tensor.to). Floating-point numbers are truncated toward zero; numbers out of range become the smallest
/// integer.
/// </summary>
internal sealed record Cast(DType From, DType To) : LinearOp
{
    internal override bool CanReuseTemporaries => true;

    protected internal override bool IsDifferentiable => From.IsFloat() && To.IsFloat();

    protected internal override Tensor Compute(ReadOnlySpan<Tensor> inputs) => Copies.Converted(inputs[0], To);

    protected override Tensor Transpose(OpContext call, int input, Tensor cotangent) => cotangent.To(From);
}

/// <summary>Copies that are not recorded.</summary>
internal static class Copies
{
    /// <summary>Returns a new row-major tensor with the same values.</summary>
    public static Tensor Fresh(Tensor x) => Converted(x, x.DType);

    /// <summary>Returns a new row-major tensor that is not read soon, such as a gradient of a leaf: large ones are written past the caches.</summary>
    public static Tensor ForLater(Tensor x)
    {
        const long Large = 1 << 20;
        var output = new Tensor(Storage.Allocate(x.DType, x.ElementCount), x.Shape.Layout);
        ElementwiseCall.RunInto(new CopyFunction(x.ElementCount * x.DType.Size() >= Large ? long.MaxValue : 0), output, x);
        return output;
    }

    /// <summary>Returns the tensor itself if it is row-major, otherwise a row-major copy.</summary>
    public static Tensor RowMajor(Tensor x) => x.IsContiguous ? x : Fresh(x);

    public static Tensor Converted(Tensor x, DType dtype)
    {
        var output = new Tensor(Storage.Allocate(dtype, x.ElementCount), x.Shape.Layout);
        Into(output, x);
        return output;
    }

    /// <summary>A new tensor of the same values in a dtype that keeps the strides, unless they overlap.</summary>
    public static Tensor WithStrides(Tensor x, DType dtype)
    {
        long extent = 1;
        for (int dim = 0; dim < x.Rank; dim++) extent += (x.Shape[dim] - 1) * x.Layout.Strides[dim];
        Tensor copy = x.IsContiguous || x.Layout.Overlaps ? Tensor.Empty(x.Shape, dtype)
            : new Tensor(Storage.Allocate(dtype, extent), new Layout(x.Shape, x.Layout.Strides, 0));
        Into(copy, x);
        return copy;
    }

    /// <summary>
    /// Converts x and writes it over <paramref name="destination"/>, which has the same shape and is a part of <paramref name="whole"/>.
    /// </summary>
    public static void Into(Tensor destination, Tensor x, Tensor? whole = null) =>
        ElementwiseCall.RunInto(new CopyFunction(whole is null ? 0 : whole.ElementCount * whole.DType.Size()), destination, x);
}
