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
    public static Reads ReadsA => Reads.Input1;
    public static Reads ReadsB => Reads.Input0;
    public R Value<R>(R a, R b) where R : struct, IReal<R> => a * b;
    public R ChainA<R>(R g, R a, R b, R y) where R : struct, IReal<R> => g * b;
    public R ChainB<R>(R g, R a, R b, R y) where R : struct, IReal<R> => g * a;
}

/// <summary>a / b (torch.true_divide).</summary>
internal readonly record struct Divide : IBinaryKernel
{
    public static Reads Reads => Reads.Input1 | Reads.Output;
    public static Reads ReadsA => Reads.Input1;
    public R Value<R>(R a, R b) where R : struct, IReal<R> => a / b;
    public R ChainA<R>(R g, R a, R b, R y) where R : struct, IReal<R> => g / b;
    public R ChainB<R>(R g, R a, R b, R y) where R : struct, IReal<R> => -g * (y / b);
}

/// <summary>x + c.</summary>
internal readonly record struct AddScalar(Constant C) : IUnaryKernel
{
    public static PointwiseDomain Domain => PointwiseDomain.Number;
    public static Reads PassesThrough => Reads.Input0;
    public R Value<R>(R x) where R : struct, IReal<R> => x + R.Of(C);
    public R Chain<R>(R g, R x, R y) where R : struct, IReal<R> => g;
}

/// <summary>c − x.</summary>
internal readonly record struct SubtractFromScalar(Constant C) : IUnaryKernel
{
    public static PointwiseDomain Domain => PointwiseDomain.Number;
    public R Value<R>(R x) where R : struct, IReal<R> => R.Of(C) - x;
    public R Chain<R>(R g, R x, R y) where R : struct, IReal<R> => -g;
}

/// <summary>x · c.</summary>
internal readonly record struct MultiplyScalar(Constant C) : IUnaryKernel
{
    public static PointwiseDomain Domain => PointwiseDomain.Number;
    public R Value<R>(R x) where R : struct, IReal<R> => x * R.Of(C);
    public R Chain<R>(R g, R x, R y) where R : struct, IReal<R> => g * R.Of(C);
}

/// <summary>x / c.</summary>
internal readonly record struct DivideByScalar(Constant C) : IUnaryKernel
{
    public R Value<R>(R x) where R : struct, IReal<R> => x / R.Of(C);
    public R Chain<R>(R g, R x, R y) where R : struct, IReal<R> => g / R.Of(C);
}

/// <summary>c / x.</summary>
internal readonly record struct DivideScalar(Constant C) : IUnaryKernel
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
    public static PointwiseDomain Domain => PointwiseDomain.Number;
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

/// <summary>The remainder of a / b with b's sign (torch.remainder).</summary>
internal readonly record struct Remainder : IBinaryKernel
{
    public static PointwiseDomain Domain => PointwiseDomain.Number;
    public static Reads Reads => Reads.Inputs;
    public static Reads PassesThrough => Reads.Input0;

    public R Value<R>(R a, R b) where R : struct, IReal<R>
    {
        R r = R.Fmod(a, b);
        return R.Where(FloorDivide.IsBelow(r, b), r + b, r);
    }

    public R ChainA<R>(R g, R a, R b, R y) where R : struct, IReal<R> => g;
    public R ChainB<R>(R g, R a, R b, R y) where R : struct, IReal<R> => -g * R.Floor(a / b);
}

/// <summary>The largest integer not above a / b (torch.floor_divide); derivative 0.</summary>
internal readonly record struct FloorDivide : IBinaryKernel
{
    public static PointwiseDomain Domain => PointwiseDomain.Number;

    // From the exact remainder, because a / b may round up to the next integer.
    public R Value<R>(R a, R b) where R : struct, IReal<R>
    {
        R r = R.Fmod(a, b), q = R.Round((a - r) / b);
        return R.Where(R.Equal(b, R.Of(0)), a / b, R.Where(IsBelow(r, b), q - R.Of(1), q));
    }

    public R ChainA<R>(R g, R a, R b, R y) where R : struct, IReal<R> => R.Of(0);
    public R ChainB<R>(R g, R a, R b, R y) where R : struct, IReal<R> => R.Of(0);

    // Whether a truncated quotient with this remainder lies above the floored one.
    internal static R IsBelow<R>(R remainder, R divisor) where R : struct, IReal<R> =>
        R.Or(R.And(R.Less(remainder, R.Of(0)), R.Less(R.Of(0), divisor)), R.And(R.Less(R.Of(0), remainder), R.Less(divisor, R.Of(0))));
}

/// <summary>The angle of the point (b, a), in (−π, π] (torch.atan2).</summary>
internal readonly record struct Atan2 : IBinaryKernel
{
    public static Reads Reads => Reads.Inputs;

    public R Value<R>(R a, R b) where R : struct, IReal<R>
    {
        R zero = R.Of(0), one = R.Of(1), infinity = R.Of(double.PositiveInfinity);
        R below = R.Or(R.Less(a, zero), R.And(R.Equal(a, zero), R.Less(one / a, zero)));
        R left = R.Or(R.Less(b, zero), R.And(R.Equal(b, zero), R.Less(one / b, zero)));
        R bothInfinite = R.And(R.Equal(R.Abs(a), infinity), R.Equal(R.Abs(b), infinity));
        R ratio = R.Where(bothInfinite, one, R.Where(R.And(R.Equal(a, zero), R.Equal(b, zero)), zero, R.Abs(a) / R.Abs(b)));
        R angle = R.Atan(ratio);
        angle = R.Where(left, R.Of(Math.PI) - angle, angle);
        return R.Where(below, -angle, angle);
    }

    public R ChainA<R>(R g, R a, R b, R y) where R : struct, IReal<R> => g * (b / (a * a + b * b));
    public R ChainB<R>(R g, R a, R b, R y) where R : struct, IReal<R> => -g * (a / (a * a + b * b));
}
