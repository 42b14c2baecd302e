using MiniTorch.Kernels;
using MiniTorch.Ops;

namespace MiniTorch;

public partial class Tensor
{
    /// <summary>The largest element of each window of […, height, width]; the first of equal ones takes the gradient (torch.nn.functional.max_pool2d).</summary>
    /// <param name="kernel">The window's size.</param>
    /// <param name="stride">The windows' distance; the kernel by default.</param>
    /// <param name="padding">−∞ on each side, at most half the kernel.</param>
    /// <param name="dilation">The distance of a window's elements; 1 by default.</param>
    /// <param name="ceilMode">Whether windows may pass the end.</param>
    /// <exception cref="ShapeException">A window is larger than the padded input.</exception>
    /// <exception cref="ValueException">A size is out of range.</exception>
    public Tensor MaxPool2d(Pair kernel, Pair? stride = null, Pair padding = default, Pair? dilation = null, bool ceilMode = false) =>
        MaxPool2dWithIndices(kernel, stride, padding, dilation, ceilMode).Values;

    /// <summary>As <see cref="MaxPool2d"/>, with each maximum's place in its plane, counted row-major (torch.nn.functional.max_pool2d with return_indices).</summary>
    public (Tensor Values, Tensor Indices) MaxPool2dWithIndices(Pair kernel, Pair? stride = null, Pair padding = default, Pair? dilation = null, bool ceilMode = false)
    {
        CheckPlanes("MaxPool2d", 2);
        Tensor[] both = new MaxPool(Windows.Sliding("MaxPool2d", Shape, kernel, stride ?? kernel, padding, dilation ?? 1, ceilMode)).ApplyAll(this);
        return (both[0], both[1]);
    }

    /// <summary>The largest element of each window of […, length] (torch.nn.functional.max_pool1d).</summary>
    public Tensor MaxPool1d(int kernel, int? stride = null, int padding = 0, int dilation = 1, bool ceilMode = false)
    {
        CheckPlanes("MaxPool1d", 1);
        return Unsqueeze(-2).MaxPool2d((1, kernel), (1, stride ?? kernel), (0, padding), (1, dilation), ceilMode).Squeeze(-2);
    }

    /// <summary>The mean of each window of […, height, width] (torch.nn.functional.avg_pool2d).</summary>
    /// <param name="kernel">The window's size.</param>
    /// <param name="stride">The windows' distance; the kernel by default.</param>
    /// <param name="padding">Zeros on each side, at most half the kernel.</param>
    /// <param name="ceilMode">Whether windows may pass the end.</param>
    /// <param name="countIncludePad">Whether the padding counts in the mean.</param>
    /// <param name="divisorOverride">What each window's sum is divided by instead of its number of elements.</param>
    /// <exception cref="ShapeException">A window is larger than the padded input.</exception>
    /// <exception cref="ValueException">A size is out of range.</exception>
    public Tensor AvgPool2d(Pair kernel, Pair? stride = null, Pair padding = default, bool ceilMode = false, bool countIncludePad = true, int? divisorOverride = null)
    {
        CheckPlanes("AvgPool2d", 2);
        if (divisorOverride == 0) throw new ValueException("AvgPool2d: the divisor must not be 0");
        PoolingShape sizes = Windows.Sliding("AvgPool2d", Shape, kernel, stride ?? kernel, padding, 1, ceilMode);
        return new AveragePool(sizes, new AverageDivisor(countIncludePad, divisorOverride), Windows.Pooled(Shape, sizes)).Apply(this);
    }

    /// <summary>The mean of each window of […, length] (torch.nn.functional.avg_pool1d).</summary>
    public Tensor AvgPool1d(int kernel, int? stride = null, int padding = 0, bool ceilMode = false, bool countIncludePad = true)
    {
        CheckPlanes("AvgPool1d", 1);
        return Unsqueeze(-2).AvgPool2d((1, kernel), (1, stride ?? kernel), (0, padding), ceilMode, countIncludePad).Squeeze(-2);
    }

    /// <summary>The means of windows of […, height, width] spread evenly, so that the result has a given size (torch.nn.functional.adaptive_avg_pool2d).</summary>
    /// <exception cref="ShapeException">There is nothing to pool, or the size is negative.</exception>
    public Tensor AdaptiveAvgPool2d(Pair outputSize)
    {
        CheckPlanes("AdaptiveAvgPool2d", 2);
        PoolingShape sizes = Windows.Adaptive("AdaptiveAvgPool2d", Shape, outputSize);
        return new AveragePool(sizes, default, Windows.Pooled(Shape, sizes)).Apply(this);
    }

    /// <summary>The maxima of windows of […, height, width] spread evenly, so that the result has a given size (torch.nn.functional.adaptive_max_pool2d).</summary>
    /// <exception cref="ShapeException">There is nothing to pool, or the size is negative.</exception>
    public Tensor AdaptiveMaxPool2d(Pair outputSize)
    {
        CheckPlanes("AdaptiveMaxPool2d", 2);
        return new MaxPool(Windows.Adaptive("AdaptiveMaxPool2d", Shape, outputSize)).ApplyAll(this)[0];
    }

    private void CheckPlanes(string op, int dims)
    {
        if (Rank < dims) throw new ShapeException($"{op}: shape {Shape} needs {dims} dimensions at least to pool over");
        if (!DType.IsFloat()) throw new DTypeException($"{op}: {DType} elements cannot be pooled; To(DType.Float32) first");
    }
}
