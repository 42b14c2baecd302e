using MiniTorch.Kernels;
using MiniTorch.Ops;

namespace MiniTorch;

public partial class Tensor
{
    /// <summary>
    /// Returns the largest element of each window of […, height, width] (torch.nn.functional.max_pool2d). The first of equal maxima gets the
    /// gradient.
    /// </summary>
    /// <param name="kernel">The size of the window.</param>
    /// <param name="stride">The distance between neighboring windows; the kernel by default.</param>
    /// <param name="padding">The number of −∞ added on each side, at most half of the kernel.</param>
    /// <param name="dilation">The distance between neighboring elements of a window; 1 by default.</param>
    /// <param name="ceilMode">Whether windows can extend beyond the end, so that the output size is rounded up.</param>
    /// <exception cref="ShapeException">A window is larger than the padded input.</exception>
    /// <exception cref="ValueException">A size is out of range.</exception>
    public Tensor MaxPool2d(Pair kernel, Pair? stride = null, Pair padding = default, Pair? dilation = null, bool ceilMode = false) =>
        Maxima(SlidingMax(kernel, stride, padding, dilation, ceilMode));

    /// <summary>
    /// Returns the result of <see cref="MaxPool2d"/> and the row-major index of each maximum in its plane (torch.nn.functional.max_pool2d with
    /// return_indices).
    /// </summary>
    public (Tensor Values, Tensor Indices) MaxPool2dWithIndices(Pair kernel, Pair? stride = null, Pair padding = default, Pair? dilation = null,
        bool ceilMode = false)
    {
        Tensor[] both = SlidingMax(kernel, stride, padding, dilation, ceilMode).ApplyAll(this);
        return (both[0], both[1]);
    }

    /// <summary>Returns the largest element of each window of […, length] (torch.nn.functional.max_pool1d).</summary>
    public Tensor MaxPool1d(int kernel, int? stride = null, int padding = 0, int dilation = 1, bool ceilMode = false)
    {
        CheckPlanes("MaxPool1d", 1);
        Tensor rows = Unsqueeze(-2);
        PoolingShape sizes = Windows.Sliding("MaxPool1d", rows.Shape, (1, kernel), (1, stride ?? kernel), (0, padding), (1, dilation), ceilMode);
        return rows.Maxima(new MaxPool(sizes)).Squeeze(-2);
    }

    /// <summary>Returns the mean of each window of […, height, width] (torch.nn.functional.avg_pool2d).</summary>
    /// <param name="kernel">The size of the window.</param>
    /// <param name="stride">The distance between neighboring windows; the kernel by default.</param>
    /// <param name="padding">The number of zeros added on each side, at most half of the kernel.</param>
    /// <param name="ceilMode">Whether windows can extend beyond the end, so that the output size is rounded up.</param>
    /// <param name="countIncludePad">Whether the mean includes the padding.</param>
    /// <param name="divisorOverride">The divisor of each window's sum; the number of its elements by default.</param>
    /// <exception cref="ShapeException">A window is larger than the padded input.</exception>
    /// <exception cref="ValueException">A size is out of range.</exception>
    public Tensor AvgPool2d(Pair kernel, Pair? stride = null, Pair padding = default, bool ceilMode = false, bool countIncludePad = true,
        int? divisorOverride = null)
    {
        CheckPlanes("AvgPool2d", 2);
        if (divisorOverride == 0) throw new ValueException("AvgPool2d: divisorOverride must not be 0");
        PoolingShape sizes = Windows.Sliding("AvgPool2d", Shape, kernel, stride ?? kernel, padding, 1, ceilMode);
        return Means(sizes, new AverageDivisor(countIncludePad, divisorOverride));
    }

    /// <summary>Returns the mean of each window of […, length] (torch.nn.functional.avg_pool1d).</summary>
    public Tensor AvgPool1d(int kernel, int? stride = null, int padding = 0, bool ceilMode = false, bool countIncludePad = true)
    {
        CheckPlanes("AvgPool1d", 1);
        Tensor rows = Unsqueeze(-2);
        PoolingShape sizes = Windows.Sliding("AvgPool1d", rows.Shape, (1, kernel), (1, stride ?? kernel), (0, padding), 1, ceilMode);
        return rows.Means(sizes, new AverageDivisor(countIncludePad, null)).Squeeze(-2);
    }

    /// <summary>
    /// Returns the means of evenly spread windows of […, length], so that the result has the given length (torch.nn.functional.adaptive_avg_pool1d).
    /// </summary>
    /// <exception cref="ShapeException">The input is empty, or the length is negative.</exception>
    public Tensor AdaptiveAvgPool1d(int outputSize)
    {
        CheckPlanes("AdaptiveAvgPool1d", 1);
        Tensor rows = Unsqueeze(-2);
        return rows.Means(Windows.Adaptive("AdaptiveAvgPool1d", rows.Shape, new Pair(1, outputSize)), default).Squeeze(-2);
    }

    /// <summary>
    /// Returns the means of evenly spread windows of […, height, width], so that the result has the given size
    /// (torch.nn.functional.adaptive_avg_pool2d).
    /// </summary>
    /// <exception cref="ShapeException">The input is empty, or the size is negative.</exception>
    public Tensor AdaptiveAvgPool2d(Pair outputSize)
    {
        CheckPlanes("AdaptiveAvgPool2d", 2);
        return Means(Windows.Adaptive("AdaptiveAvgPool2d", Shape, outputSize), default);
    }

    /// <summary>
    /// Returns the maxima of evenly spread windows of […, height, width], so that the result has the given size
    /// (torch.nn.functional.adaptive_max_pool2d).
    /// </summary>
    /// <exception cref="ShapeException">The input is empty, or the size is negative.</exception>
    public Tensor AdaptiveMaxPool2d(Pair outputSize)
    {
        CheckPlanes("AdaptiveMaxPool2d", 2);
        return Maxima(new MaxPool(Windows.Adaptive("AdaptiveMaxPool2d", Shape, outputSize)));
    }

    private MaxPool SlidingMax(Pair kernel, Pair? stride, Pair padding, Pair? dilation, bool ceilMode)
    {
        CheckPlanes("MaxPool2d", 2);
        return new MaxPool(Windows.Sliding("MaxPool2d", Shape, kernel, stride ?? kernel, padding, dilation ?? 1, ceilMode));
    }

    private Tensor Means(PoolingShape sizes, AverageDivisor divisor) => new AveragePool(sizes, divisor, Windows.Pooled(Shape, sizes)).Apply(this);

    // Only a derivative reads the indices.
    private Tensor Maxima(MaxPool pool) => ElementwiseCall.MustRecord(this) ? pool.ApplyAll(this)[0] : pool.Apply(this);

    private void CheckPlanes(string op, int dims)
    {
        if (Rank < dims) throw new ShapeException($"{op}: shape {Shape} has too few dimensions; pooling needs at least {dims}");
        this.RequireFloat(op, "the input");
    }
}
