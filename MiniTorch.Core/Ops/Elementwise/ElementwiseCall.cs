using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using MiniTorch.Kernels;

namespace MiniTorch;

/// <summary>Runs element-wise functions on the memory of tensors.</summary>
internal static unsafe class ElementwiseCall
{
    /// <summary>Applies a function to up to five tensors of one shape and returns a new tensor. A missing tensor reads as zeros.</summary>
    public static Tensor Run<F>(F function, DType result, Shape shape, Tensor a, Tensor? b = null, Tensor? c = null, Tensor? d = null,
        Tensor? e = null)
        where F : struct, ILoopFunction
    {
        var output = new Tensor(Storage.Allocate(result, shape.ElementCount), shape.Layout);
        RunInto(function, output, a, b, c, d, e);
        return output;
    }

    /// <summary>Applies a function to tensors of one shape and dtype, and writes the result to the first or to a new tensor.</summary>
    public static Tensor RunOver<F>(bool overwrites, F function, Tensor a, Tensor? b, Tensor? c, Tensor? d = null, Tensor? e = null)
        where F : struct, ILoopFunction
    {
        Tensor output = overwrites ? a : new Tensor(Storage.Allocate(a.DType, a.Shape.ElementCount), a.Shape.Layout);
        RunInto(function, output, a, b, c, d, e);
        return output;
    }

    /// <summary>Applies a function as <see cref="Run"/> does and writes to an existing tensor, which may be one of the inputs.</summary>
    public static void RunInto<F>(F function, Tensor output, Tensor a, Tensor? b = null, Tensor? c = null, Tensor? d = null, Tensor? e = null)
        where F : struct, ILoopFunction
    {
        if (output.Layout.Overlaps)
            throw new ShapeException($"several elements of an expanded tensor of shape {output.Shape} share the same memory and cannot be "
                + "written; Clone() it first");
        // F.Inputs is a constant to the compiler: functions of one and two inputs do not look at the others.
        DType compute = Wider(Wider(output.DType, a), b);
        if (F.Inputs > 2) compute = Wider(Wider(Wider(compute, c), d), e);
        else c = d = e = null;
        fixed (byte* po = &output.Data, pa = &a.Data, pb = &Ops.KernelCall.DataOf(b), pc = &Ops.KernelCall.DataOf(c), pd = &Ops.KernelCall.DataOf(d),
            pe = &Ops.KernelCall.DataOf(e))
        {
            Operand o = Of(output, po), x = Of(a, pa), y = Of(b, pb), z = Of(c, pc), u = Of(d, pd), v = Of(e, pe);
            if (compute == DType.Float32) ElementwiseKernel.Run<F, float>(function, output.Shape, o, x, y, z, u, v);
            else if (compute == DType.Float64) ElementwiseKernel.Run<F, double>(function, output.Shape, o, x, y, z, u, v);
            else ElementwiseKernel.Run<F, long>(function, output.Shape, o, x, y, z, u, v);
        }
        GC.KeepAlive(output);
        GC.KeepAlive(a);
        GC.KeepAlive(b);
        GC.KeepAlive(c);
        GC.KeepAlive(d);
        GC.KeepAlive(e);
    }

    /// <summary>Returns whether a derivative must be computed by recorded tensor operations because it will be differentiated again.</summary>
    public static bool MustRecord(Tensor g, Tensor? a = null, Tensor? b = null, Tensor? c = null)
    {
        bool grad = EngineMode.Enabled;
        return Matters(g, grad) || Matters(a, grad) || Matters(b, grad) || Matters(c, grad);

        static bool Matters(Tensor? tensor, bool grad) => tensor is not null && ((grad && tensor.Node is not null) || tensor.Dual is not null);
    }

    /// <summary>Returns whether two functions have bitwise equal parameters.</summary>
    public static bool SameBits<TKernel>(TKernel a, TKernel b) where TKernel : struct =>
        RuntimeHelpers.IsReferenceOrContainsReferences<TKernel>() ? a.Equals(b)
        : MemoryMarshal.AsBytes(new ReadOnlySpan<TKernel>(in a)).SequenceEqual(MemoryMarshal.AsBytes(new ReadOnlySpan<TKernel>(in b)))
            || (a.Equals(b) && a.ToString() == b.ToString()); // bytes between fields may differ, and −0 equals 0 but prints otherwise

    public static DType OperandType(ElementwiseDomain domain, DType dtype) =>
        domain == ElementwiseDomain.Real && !dtype.IsFloat() ? DType.Float32 : dtype;

    public static DType ResultType(ElementwiseResult result, DType operands) => result == ElementwiseResult.Bool ? DType.Bool : operands;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static DType Wider(DType dtype, Tensor? tensor) => tensor is not null && tensor.DType > dtype ? tensor.DType : dtype;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Operand Of(Tensor? tensor, byte* data) =>
        tensor is null ? default : new(data, tensor.DType, tensor.Layout.Strides);
}
