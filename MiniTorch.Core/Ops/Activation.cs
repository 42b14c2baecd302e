namespace MiniTorch.Ops;

/// <summary>1 / (1 + e⁻ˣ) (torch.sigmoid).</summary>
internal readonly record struct Sigmoid : IUnaryKernel
{
    public static Reads Reads => Reads.Output;
    public R Value<R>(R x) where R : struct, IReal<R> => R.Sigmoid(x);
    public R Chain<R>(R g, R x, R y) where R : struct, IReal<R> => g * ((R.Of(1) - y) * y);
}

/// <summary>max(x, 0) (torch.relu); derivative 0 at 0. NaN stays NaN.</summary>
internal readonly record struct Relu : IUnaryKernel
{
    public static PointwiseDomain Domain => PointwiseDomain.Number;
    public static Reads Reads => Reads.Output;
    public R Value<R>(R x) where R : struct, IReal<R> => R.Max(x, R.Of(0));
    public R Chain<R>(R g, R x, R y) where R : struct, IReal<R> => R.Where(R.LessOrEqual(y, R.Of(0)), R.Of(0), g);
}
