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
    protected internal override Tensor Compute(ReadOnlySpan<Tensor> inputs) => Copies.Fresh(inputs[0]);

    protected override Tensor Transpose(OpContext call, int input, Tensor cotangent) => cotangent;
}

/// <summary>
/// A conversion to another dtype (torch.Tensor.to). Floating-point numbers are truncated toward zero; numbers out of range become the smallest
/// integer.
/// </summary>
internal sealed record Cast(DType From, DType To) : LinearOp
{
    protected internal override bool IsDifferentiable => From.IsFloat() && To.IsFloat();

    protected internal override Tensor Compute(ReadOnlySpan<Tensor> inputs) => Copies.Converted(inputs[0], To);

    protected override Tensor Transpose(OpContext call, int input, Tensor cotangent) => cotangent.To(From);
}

/// <summary>Copies that are not recorded.</summary>
internal static class Copies
{
    /// <summary>Returns a new row-major tensor with the same values.</summary>
    public static Tensor Fresh(Tensor x) => Converted(x, x.DType);

    /// <summary>Returns the tensor itself if it is row-major, otherwise a row-major copy.</summary>
    public static Tensor RowMajor(Tensor x) => x.IsContiguous ? x : Fresh(x);

    public static Tensor Converted(Tensor x, DType dtype)
    {
        var output = new Tensor(Storage.Allocate(dtype, x.ElementCount), x.Shape.Layout);
        Into(output, x);
        return output;
    }

    /// <summary>Copies x to <paramref name="destination"/>, which has the same shape, and converts it.</summary>
    public static void Into(Tensor destination, Tensor x) => ElementwiseCall.RunInto(new UnaryForward<Identity>(default), destination, x);
}
