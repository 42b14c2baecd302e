using System.Numerics;
using MiniTorch.Kernels;

namespace MiniTorch.Ops;

/// <summary>
/// The maximum of each window of the last two dimensions and its index in its plane (torch.max_pool2d with indices). The gradient goes to this
/// index.
/// </summary>
internal sealed record MaxPool(PoolingShape Sizes) : Op
{
    internal override bool CanReuseTemporaries => true;

    protected internal override Reads Reads => Reads.Output;

    // Nobody asks for indices.
    protected internal override Tensor Compute(ReadOnlySpan<Tensor> inputs)
    {
        Tensor x = Copies.RowMajor(inputs[0]), y = Tensor.Empty(Windows.Pooled(x.Shape, Sizes), x.DType);
        KernelCall.RunReal(new Kernel(Sizes), x, y);
        return y;
    }

    protected internal override Tensor[] ComputeAll(ReadOnlySpan<Tensor> inputs)
    {
        Tensor x = Copies.RowMajor(inputs[0]);
        Shape shape = Windows.Pooled(x.Shape, Sizes);
        Tensor y = Tensor.Empty(shape, x.DType), indices = Tensor.Empty(shape, DType.Int64);
        KernelCall.RunReal(new Kernel(Sizes), x, y, indices);
        return [y, indices];
    }

    protected internal override void Vjp(OpContext call, Tensor cotangent, Span<Tensor?> gradients) =>
        gradients[0] = new MaxUnpool(Sizes, call.InputShape(0)).Apply(cotangent, call.OutputAt(1));

    protected internal override Tensor? Jvp(OpContext call, ReadOnlySpan<Tensor?> tangents) => Windows.Pick(tangents[0]!, call.OutputAt(1), Sizes);

    private readonly unsafe struct Kernel(PoolingShape sizes) : IRealKernelCall
    {
        public static int IndexAt => 2;

        public void Run<T>(byte** data) where T : unmanaged, IBinaryFloatingPointIeee754<T> =>
            Kernels.PoolingKernel.Max(sizes, (T*)data[0], (T*)data[1], (long*)data[2]);
    }
}

/// <summary>Zeros with each element added at its index in its plane: the transpose of selecting the maxima. Inputs: values, indices.</summary>
internal sealed record MaxUnpool(PoolingShape Sizes, Shape To) : LinearOp
{
    internal override bool CanReuseTemporaries => true;

    protected internal override Reads Reads => Reads.Input1;

    protected override bool IsIndex(int input) => input == 1;

    protected internal override Tensor Compute(ReadOnlySpan<Tensor> inputs)
    {
        Tensor values = Copies.RowMajor(inputs[0]), x = Tensor.Empty(To, values.DType);
        KernelCall.RunReal(new Kernel(Sizes), values, Copies.RowMajor(inputs[1]), x);
        return x;
    }

    protected override Tensor Transpose(OpContext call, int input, Tensor cotangent) => Windows.Pick(cotangent, call.Input(1), Sizes);

    private readonly unsafe struct Kernel(PoolingShape sizes) : IRealKernelCall
    {
        public static int IndexAt => 1;

        public void Run<T>(byte** data) where T : unmanaged, IBinaryFloatingPointIeee754<T> =>
            Kernels.PoolingKernel.MaxBackward(sizes, (T*)data[0], (long*)data[1], (T*)data[2]);
    }
}

/// <summary>The mean of each window of the last two dimensions (torch.avg_pool2d), or its transpose.</summary>
internal sealed record AveragePool(PoolingShape Sizes, AverageDivisor Divisor, Shape To, bool IsTransposed = false) : LinearOp
{
    internal override bool CanReuseTemporaries => true;

    protected internal override Tensor Compute(ReadOnlySpan<Tensor> inputs)
    {
        Tensor x = Copies.RowMajor(inputs[0]), y = Tensor.Empty(To, x.DType);
        KernelCall.RunReal(new Kernel(Sizes, Divisor, IsTransposed), x, y);
        return y;
    }

    protected override Tensor Transpose(OpContext call, int input, Tensor cotangent) =>
        (this with { To = call.InputShape(0), IsTransposed = !IsTransposed }).Apply(cotangent);

    private readonly unsafe struct Kernel(PoolingShape sizes, AverageDivisor divisor, bool isTransposed) : IRealKernelCall
    {
        public void Run<T>(byte** data) where T : unmanaged, IBinaryFloatingPointIeee754<T>
        {
            if (isTransposed) Kernels.PoolingKernel.AverageBackward(sizes, divisor, (T*)data[0], (T*)data[1]);
            else Kernels.PoolingKernel.Average(sizes, divisor, (T*)data[0], (T*)data[1]);
        }
    }
}

/// <summary>Windows over the last two dimensions of a tensor.</summary>
internal static class Windows
{
    /// <summary>A pooling of sliding windows (torch.nn.functional.max_pool2d's arguments).</summary>
    /// <exception cref="ValueException">A kernel, stride or dilation is not positive, or the padding exceeds half of the kernel.</exception>
    /// <exception cref="ShapeException">The windows are larger than the padded input, or a window contains only padding.</exception>
    public static PoolingShape Sliding(string op, Shape x, Pair kernel, Pair stride, Pair padding, Pair dilation, bool ceilMode)
    {
        if (Math.Min(kernel.Height, kernel.Width) < 1 || Math.Min(stride.Height, stride.Width) < 1 || Math.Min(dilation.Height, dilation.Width) < 1)
            throw new ValueException($"{op}: kernel {Of(kernel)}, stride {Of(stride)}, dilation {Of(dilation)}: all must be 1 or more");
        if (padding.Height < 0 || padding.Width < 0 || padding.Height > kernel.Height / 2 || padding.Width > kernel.Width / 2)
            throw new ValueException($"{op}: padding {Of(padding)} must be from 0 to half of kernel {Of(kernel)}");
        PoolingAxis rows = Axis(x[^2], kernel.Height, stride.Height, padding.Height, dilation.Height);
        PoolingAxis columns = Axis(x[^1], kernel.Width, stride.Width, padding.Width, dilation.Width);
        if (rows.Output < 1 || columns.Output < 1)
            throw new ShapeException($"{op}: windows of {Of(kernel)} with dilation {Of(dilation)} are larger than the padded input "
                + $"({AsGiven(op, x)}, padding {Of(padding)})");
        return new PoolingShape(Planes(x), rows, columns);

        string Of(Pair sizes) => AsGiven(op, sizes);

        PoolingAxis Axis(long size, long kernel, long stride, long padding, long dilation)
        {
            long room = size + (2 * padding) - (dilation * (kernel - 1)) - 1;
            if (room < 0) return new PoolingAxis(size, 0);
            long count = (ceilMode ? IntegerMath.CeilDiv(room, stride) : room / stride) + 1;
            if (ceilMode && (count - 1) * stride >= size + padding) count--; // a window must start inside the input or its left padding
            var axis = new PoolingAxis(size, count, kernel, stride, padding, dilation);
            for (long o = 0; o < count && o * stride < padding; o++) // from the padding a dilated window may step over the whole input
                if (axis.Start(o) >= axis.End(o))
                    throw new ShapeException($"{op}: a window of {kernel} with dilation {dilation} and padding {padding} contains "
                        + $"none of the {size} elements, input {AsGiven(op, x)}");
            return axis;
        }
    }

    /// <summary>Returns a pooling to a given size, with evenly spread windows.</summary>
    /// <exception cref="ShapeException">The output size is negative, or the input is empty.</exception>
    public static PoolingShape Adaptive(string op, Shape x, Pair output)
    {
        if (output.Height < 0 || output.Width < 0 || x[^2] == 0 || x[^1] == 0)
            throw new ShapeException($"{op}: input {AsGiven(op, x)} cannot be pooled to {AsGiven(op, output)}");
        return new PoolingShape(Planes(x), new PoolingAxis(x[^2], output.Height), new PoolingAxis(x[^1], output.Width));
    }

    /// <summary>The shape of the result.</summary>
    public static Shape Pooled(Shape x, in PoolingShape sizes) => Shape.Create([.. x.Span[..^2], Shape.Size(sizes.Y.Output, "a "
        + "pooling"), Shape.Size(sizes.X.Output, "a pooling")]);

    /// <summary>The elements at places in their planes.</summary>
    public static Tensor Pick(Tensor x, Tensor indices, in PoolingShape sizes)
    {
        int planes = Shape.Size(sizes.Planes, "a pooling");
        Tensor flat = x.Reshape(planes, Shape.Size(sizes.InputSize, "a pooling"));
        return flat.Gather(1, indices.Reshape(planes, Shape.Size(sizes.OutputSize, "a pooling"))).Reshape(indices.Shape);
    }

    // A pooling of sequences runs as one of images of one row; its errors show what the caller passed.
    private static bool IsOfSequences(string op) => op.EndsWith("1d", StringComparison.Ordinal);

    private static string AsGiven(string op, Pair sizes) => IsOfSequences(op) ? $"{sizes.Width}" : $"{sizes}";

    private static Shape AsGiven(string op, Shape x) => IsOfSequences(op) ? Shape.Create([.. x.Span[..^2], x[^1]]) : x;

    private static long Planes(Shape x) => Shape.Create(x.Span[..^2]).ElementCount;
}
