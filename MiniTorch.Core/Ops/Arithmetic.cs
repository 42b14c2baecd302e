namespace MiniTorch.Ops;

/// <summary>a + b (torch.add).</summary>
internal readonly record struct Add : IBinaryKernel
{
    public static PointwiseDomain Domain => PointwiseDomain.Number;
    public static Reads PassesThrough => Reads.Inputs;
    public R Value<R>(R a, R b) where R : struct, IReal<R> => a + b;
    public R ChainA<R>(R g, R a, R b, R y) where R : struct, IReal<R> => g;
    public R ChainB<R>(R g, R a, R b, R y) where R : struct, IReal<R> => g;
}

/// <summary>a − b (torch.sub).</summary>
internal readonly record struct Subtract : IBinaryKernel
{
    public static PointwiseDomain Domain => PointwiseDomain.Number;
    public static Reads PassesThrough => Reads.Input0;
    public R Value<R>(R a, R b) where R : struct, IReal<R> => a - b;
    public R ChainA<R>(R g, R a, R b, R y) where R : struct, IReal<R> => g;
    public R ChainB<R>(R g, R a, R b, R y) where R : struct, IReal<R> => -g;
}

/// <summary>a · b (torch.mul).</summary>
internal readonly record struct Multiply : IBinaryKernel
{
    public static PointwiseDomain Domain => PointwiseDomain.Number;
    public static Reads Reads => Reads.Inputs;
    public R Value<R>(R a, R b) where R : struct, IReal<R> => a * b;
    public R ChainA<R>(R g, R a, R b, R y) where R : struct, IReal<R> => g * b;
    public R ChainB<R>(R g, R a, R b, R y) where R : struct, IReal<R> => g * a;
}

/// <summary>a / b (torch.true_divide).</summary>
internal readonly record struct Divide : IBinaryKernel
{
    public static Reads Reads => Reads.Input1 | Reads.Output;
    public R Value<R>(R a, R b) where R : struct, IReal<R> => a / b;
    public R ChainA<R>(R g, R a, R b, R y) where R : struct, IReal<R> => g / b;
    public R ChainB<R>(R g, R a, R b, R y) where R : struct, IReal<R> => -g * (y / b);
}

/// <summary>x + c.</summary>
internal readonly record struct AddScalar(double C) : IUnaryKernel
{
    public static PointwiseDomain Domain => PointwiseDomain.Number;
    public static Reads PassesThrough => Reads.Input0;
    public R Value<R>(R x) where R : struct, IReal<R> => x + R.Of(C);
    public R Chain<R>(R g, R x, R y) where R : struct, IReal<R> => g;
}

/// <summary>c − x.</summary>
internal readonly record struct SubtractFromScalar(double C) : IUnaryKernel
{
    public static PointwiseDomain Domain => PointwiseDomain.Number;
    public R Value<R>(R x) where R : struct, IReal<R> => R.Of(C) - x;
    public R Chain<R>(R g, R x, R y) where R : struct, IReal<R> => -g;
}

/// <summary>x · c.</summary>
internal readonly record struct MultiplyScalar(double C) : IUnaryKernel
{
    public static PointwiseDomain Domain => PointwiseDomain.Number;
    public R Value<R>(R x) where R : struct, IReal<R> => x * R.Of(C);
    public R Chain<R>(R g, R x, R y) where R : struct, IReal<R> => g * R.Of(C);
}

/// <summary>x / c.</summary>
internal readonly record struct DivideByScalar(double C) : IUnaryKernel
{
    public R Value<R>(R x) where R : struct, IReal<R> => x / R.Of(C);
    public R Chain<R>(R g, R x, R y) where R : struct, IReal<R> => g / R.Of(C);
}

/// <summary>c / x.</summary>
internal readonly record struct DivideScalar(double C) : IUnaryKernel
{
    public static Reads Reads => Reads.Input0 | Reads.Output;
    public R Value<R>(R x) where R : struct, IReal<R> => R.Of(C) / x;
    public R Chain<R>(R g, R x, R y) where R : struct, IReal<R> => -g * (y / x);
}

/// <summary>−x (torch.neg).</summary>
internal readonly record struct Negate : IUnaryKernel
{
    public static PointwiseDomain Domain => PointwiseDomain.Number;
    public R Value<R>(R x) where R : struct, IReal<R> => -x;
    public R Chain<R>(R g, R x, R y) where R : struct, IReal<R> => -g;
}

/// <summary>x² (torch.square).</summary>
internal readonly record struct Square : IUnaryKernel
{
    public static PointwiseDomain Domain => PointwiseDomain.Number;
    public static Reads Reads => Reads.Input0;
    public R Value<R>(R x) where R : struct, IReal<R> => x * x;
    public R Chain<R>(R g, R x, R y) where R : struct, IReal<R> => g * (R.Of(2) * x);
}

/// <summary>x to a constant power (torch.pow with a number).</summary>
internal readonly record struct PowScalar(double Exponent) : IUnaryKernel
{
    public static Reads Reads => Reads.Input0;
    public R Value<R>(R x) where R : struct, IReal<R> => R.Pow(x, R.Of(Exponent));
    public R Chain<R>(R g, R x, R y) where R : struct, IReal<R> => Exponent == 0 ? R.Of(0) * g : g * (R.Of(Exponent) * R.Pow(x, R.Of(Exponent - 1)));
}

/// <summary>aᵇ (torch.pow). By b where a = 0 and b ≥ 0 the derivative is 0, its limit.</summary>
internal readonly record struct Pow : IBinaryKernel
{
    public static Reads Reads => Reads.Inputs | Reads.Output;
    public R Value<R>(R a, R b) where R : struct, IReal<R> => R.Pow(a, b);
    public R ChainA<R>(R g, R a, R b, R y) where R : struct, IReal<R> =>
        R.Where(R.Equal(b, R.Of(0)), R.Of(0), g * (b * R.Pow(a, b - R.Of(1))));
    public R ChainB<R>(R g, R a, R b, R y) where R : struct, IReal<R> =>
        R.Where(R.And(R.Equal(a, R.Of(0)), R.LessOrEqual(R.Of(0), b)), R.Of(0), g * (y * R.Log(a)));
}

/// <summary>The remainder of a / b with a's sign (torch.fmod).</summary>
internal readonly record struct Fmod : IBinaryKernel
{
    public static PointwiseDomain Domain => PointwiseDomain.Number;
    public static Reads Reads => Reads.Inputs;
    public static Reads PassesThrough => Reads.Input0;
    public R Value<R>(R a, R b) where R : struct, IReal<R> => R.Fmod(a, b);
    public R ChainA<R>(R g, R a, R b, R y) where R : struct, IReal<R> => g;
    public R ChainB<R>(R g, R a, R b, R y) where R : struct, IReal<R> => -g * R.Truncate(a / b);
}
