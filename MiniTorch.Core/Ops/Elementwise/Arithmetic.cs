using System.Runtime.CompilerServices;

namespace MiniTorch.Ops;

/// <summary>a + b (torch.add).</summary>
internal readonly record struct Add : IBinaryFunction
{
    public static ElementwiseDomain Domain => ElementwiseDomain.Number;
    public static Reads IdentityGradInputs => Reads.Inputs;
    public R Forward<R>(R a, R b) where R : struct, IReal<R> => a + b;
    public R BackwardA<R>(R g, R a, R b, R y) where R : struct, IReal<R> => g;
    public R BackwardB<R>(R g, R a, R b, R y) where R : struct, IReal<R> => g;
}

/// <summary>a − b (torch.sub).</summary>
internal readonly record struct Subtract : IBinaryFunction
{
    public static ElementwiseDomain Domain => ElementwiseDomain.Number;
    public static Reads IdentityGradInputs => Reads.Input0;
    public R Forward<R>(R a, R b) where R : struct, IReal<R> => a - b;
    public R BackwardA<R>(R g, R a, R b, R y) where R : struct, IReal<R> => g;
    public R BackwardB<R>(R g, R a, R b, R y) where R : struct, IReal<R> => -g;
}

/// <summary>a · b (torch.mul).</summary>
internal readonly record struct Multiply : IBinaryFunction
{
    public static ElementwiseDomain Domain => ElementwiseDomain.Number;
    public static Reads Reads => Reads.Inputs;
    public static Reads ReadsA => Reads.Input1;
    public static Reads ReadsB => Reads.Input0;
    public R Forward<R>(R a, R b) where R : struct, IReal<R> => a * b;
    public R BackwardA<R>(R g, R a, R b, R y) where R : struct, IReal<R> => g * b;
    public R BackwardB<R>(R g, R a, R b, R y) where R : struct, IReal<R> => g * a;
}

/// <summary>a / b (torch.true_divide).</summary>
internal readonly record struct Divide : IBinaryFunction
{
    public static Reads Reads => Reads.Input1 | Reads.Output;
    public static Reads ReadsA => Reads.Input1;
    public R Forward<R>(R a, R b) where R : struct, IReal<R> => a / b;
    public R BackwardA<R>(R g, R a, R b, R y) where R : struct, IReal<R> => g / b;
    public R BackwardB<R>(R g, R a, R b, R y) where R : struct, IReal<R> => -g * (y / b);
}

/// <summary>x + c.</summary>
internal readonly record struct AddScalar(Constant C) : IUnaryFunction
{
    public static ElementwiseDomain Domain => ElementwiseDomain.Number;
    public static Reads IdentityGradInputs => Reads.Input0;
    public R Forward<R>(R x) where R : struct, IReal<R> => x + C;
    public R Backward<R>(R g, R x, R y) where R : struct, IReal<R> => g;
}

/// <summary>c − x.</summary>
internal readonly record struct SubtractFromScalar(Constant C) : IUnaryFunction
{
    public static ElementwiseDomain Domain => ElementwiseDomain.Number;
    public R Forward<R>(R x) where R : struct, IReal<R> => C - x;
    public R Backward<R>(R g, R x, R y) where R : struct, IReal<R> => -g;
}

/// <summary>x · c.</summary>
internal readonly record struct MultiplyScalar(Constant C) : IUnaryFunction
{
    public static ElementwiseDomain Domain => ElementwiseDomain.Number;
    public R Forward<R>(R x) where R : struct, IReal<R> => x * C;
    public R Backward<R>(R g, R x, R y) where R : struct, IReal<R> => g * C;
}

/// <summary>x / c.</summary>
internal readonly record struct DivideByScalar(Constant C) : IUnaryFunction
{
    public R Forward<R>(R x) where R : struct, IReal<R> => x / C;
    public R Backward<R>(R g, R x, R y) where R : struct, IReal<R> => g / C;
}

/// <summary>c / x.</summary>
internal readonly record struct DivideScalar(Constant C) : IUnaryFunction
{
    public static Reads Reads => Reads.Input0 | Reads.Output;
    public R Forward<R>(R x) where R : struct, IReal<R> => C / x;
    public R Backward<R>(R g, R x, R y) where R : struct, IReal<R> => -g * (y / x);
}

/// <summary>−x (torch.neg).</summary>
internal readonly record struct Negate : IUnaryFunction
{
    public static ElementwiseDomain Domain => ElementwiseDomain.Number;
    public R Forward<R>(R x) where R : struct, IReal<R> => -x;
    public R Backward<R>(R g, R x, R y) where R : struct, IReal<R> => -g;
}

/// <summary>x² (torch.square).</summary>
internal readonly record struct Square : IUnaryFunction
{
    public static ElementwiseDomain Domain => ElementwiseDomain.Number;
    public static Reads Reads => Reads.Input0;
    public R Forward<R>(R x) where R : struct, IReal<R> => x * x;
    public R Backward<R>(R g, R x, R y) where R : struct, IReal<R> => g * (2 * x);
}

/// <summary>The function of an op that raises to a constant power.</summary>
internal interface IPowScalar
{
    double Exponent { get; }
}

/// <summary>x to a constant power (torch.pow with a number).</summary>
internal readonly record struct PowScalar(double Exponent) : IUnaryFunction, IPowScalar
{
    public static Reads Reads => Reads.Input0;
    public R Forward<R>(R x) where R : struct, IReal<R> => R.Pow(x, Exponent);
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public R Backward<R>(R g, R x, R y) where R : struct, IReal<R> => Exponent == 0 ? 0 * g : g * (Exponent * R.Pow(x, Exponent - 1));

    /// <summary>Applies the op to the power: a function of its own for small exponents, whose powers are products and roots.</summary>
    public static Tensor Apply(Tensor x, double exponent) => exponent switch
    {
        -2 => new UnaryOp<PowScalar<Halves.Minus4>>(default).Apply(x),
        -0.5 => new UnaryOp<PowScalar<Halves.Minus1>>(default).Apply(x),
        0.5 => new UnaryOp<PowScalar<Halves.Plus1>>(default).Apply(x),
        1.5 => new UnaryOp<PowScalar<Halves.Plus3>>(default).Apply(x),
        2.5 => new UnaryOp<PowScalar<Halves.Plus5>>(default).Apply(x),
        3 => new UnaryOp<PowScalar<Halves.Plus6>>(default).Apply(x),
        4 => new UnaryOp<PowScalar<Halves.Plus8>>(default).Apply(x),
        _ => new UnaryOp<PowScalar>(new(exponent)).Apply(x),
    };
}

/// <summary>x to the power of <typeparamref name="THalves"/> / 2.</summary>
internal readonly record struct PowScalar<THalves> : IUnaryFunction, IPowScalar
    where THalves : struct, Halves.ICount
{
    public double Exponent => THalves.Count * 0.5;
    public static Reads Reads => Reads.Input0;
    public R Forward<R>(R x) where R : struct, IReal<R> => Power(x, THalves.Count);
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public R Backward<R>(R g, R x, R y) where R : struct, IReal<R> =>
        g * (Exponent * (typeof(R) == typeof(TensorReal) ? R.Pow(x, Exponent - 1) : Power(x, THalves.Count - 2))); // recorded as one op

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static R Power<R>(R x, int halves) where R : struct, IReal<R>
    {
        if (halves < -2) (x, halves) = (1 / x, -halves); // inverted first: a product could overflow before the power does
        if (halves == -1) return 1 / Root(x);
        R integer = (halves / 2) switch { 0 => 1, 1 => halves == 3 ? R.Abs(x) : x, 2 => x * x, 3 => x * x * x, _ => x * x * (x * x) };
        return halves % 2 == 0 ? integer : halves == 1 ? Root(x) : integer * Root(x);
    }

    // C's pow gives ∞ for the root of −∞ and 0 for that of −0.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static R Root<R>(R x) where R : struct, IReal<R> => R.Where(R.Equal(x, double.NegativeInfinity), double.PositiveInfinity, R.Sqrt(x + 0));
}

/// <summary>Counts of halves as types, so that a loop is compiled for each.</summary>
internal static class Halves
{
    internal interface ICount
    {
        static abstract int Count { get; }
    }

    internal readonly record struct Minus4 : ICount { public static int Count => -4; }

    internal readonly record struct Minus1 : ICount { public static int Count => -1; }

    internal readonly record struct Plus1 : ICount { public static int Count => 1; }

    internal readonly record struct Plus3 : ICount { public static int Count => 3; }

    internal readonly record struct Plus5 : ICount { public static int Count => 5; }

    internal readonly record struct Plus6 : ICount { public static int Count => 6; }

    internal readonly record struct Plus8 : ICount { public static int Count => 8; }
}

/// <summary>aᵇ (torch.pow). The derivative with respect to b is 0, its limit, if a = 0 and b ≥ 0.</summary>
internal readonly record struct Pow : IBinaryFunction
{
    public static ElementwiseDomain Domain => ElementwiseDomain.Number;
    public static Reads Reads => Reads.Inputs | Reads.Output;
    public R Forward<R>(R a, R b) where R : struct, IReal<R> => R.Pow(a, b);

    // The product is NaN instead of 0 only if b is 0 and a⁻¹ is not finite; elsewhere it must keep its derivative with respect to b.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public R BackwardA<R>(R g, R a, R b, R y) where R : struct, IReal<R>
    {
        R isUndefined = R.And(R.Equal(b, 0), R.Not(R.Less(R.Abs(1 / a), double.PositiveInfinity)));
        return R.Where(isUndefined, 0, g * (b * R.Pow(R.Where(isUndefined, 1, a), b - 1)));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public R BackwardB<R>(R g, R a, R b, R y) where R : struct, IReal<R>
    {
        R isLimit = R.And(R.Equal(a, 0), R.LessOrEqual(0, b));
        return R.Where(isLimit, 0, g * (y * R.Log(R.Where(isLimit, 1, a))));
    }
}

/// <summary>The remainder of a / b with a's sign (torch.fmod).</summary>
internal readonly record struct Fmod : IBinaryFunction
{
    public static ElementwiseDomain Domain => ElementwiseDomain.Number;
    public static Reads Reads => Reads.Inputs;
    public static Reads IdentityGradInputs => Reads.Input0;
    public R Forward<R>(R a, R b) where R : struct, IReal<R> => R.Fmod(a, b);
    public R BackwardA<R>(R g, R a, R b, R y) where R : struct, IReal<R> => g;
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public R BackwardB<R>(R g, R a, R b, R y) where R : struct, IReal<R> => -g * FloorDivide.Truncated(a, b, R.Fmod(a, b));
}

/// <summary>The remainder of a / b with b's sign (torch.remainder).</summary>
internal readonly record struct Remainder : IBinaryFunction
{
    public static ElementwiseDomain Domain => ElementwiseDomain.Number;
    public static Reads Reads => Reads.Inputs;
    public static Reads IdentityGradInputs => Reads.Input0;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public R Forward<R>(R a, R b) where R : struct, IReal<R>
    {
        R r = R.Fmod(a, b);
        return R.Where(FloorDivide.IsBelow(r, b), r + b, r);
    }

    public R BackwardA<R>(R g, R a, R b, R y) where R : struct, IReal<R> => g;
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public R BackwardB<R>(R g, R a, R b, R y) where R : struct, IReal<R> => -g * default(FloorDivide).Forward(a, b);
}

/// <summary>The largest integer not above a / b (torch.floor_divide); derivative 0.</summary>
internal readonly record struct FloorDivide : IBinaryFunction
{
    public static ElementwiseDomain Domain => ElementwiseDomain.Number;

    // Uses the exact remainder because a / b may round up to the next integer.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public R Forward<R>(R a, R b) where R : struct, IReal<R>
    {
        R r = R.Fmod(a, b), q = Truncated(a, b, r);
        R quotient = a / b, floor = R.Where(IsBelow(r, b), q - 1, q);
        return R.Where(R.Equal(b, 0), quotient, R.Where(R.Equal(floor, 0), quotient * 0, floor)); // a zero with the quotient's sign
    }

    public R BackwardA<R>(R g, R a, R b, R y) where R : struct, IReal<R> => 0;
    public R BackwardB<R>(R g, R a, R b, R y) where R : struct, IReal<R> => 0;

    // The integer q with a = q · b + r.
    internal static R Truncated<R>(R a, R b, R r) where R : struct, IReal<R> => R.Round((a - r) / b);

    // Whether the truncated quotient with this remainder exceeds the floored quotient.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static R IsBelow<R>(R remainder, R divisor) where R : struct, IReal<R> =>
        R.Or(R.And(R.Less(remainder, 0), R.Less(0, divisor)), R.And(R.Less(0, remainder), R.Less(divisor, 0)));
}

/// <summary>a / b rounded toward 0 (torch.div with rounding_mode='trunc'); derivative 0.</summary>
internal readonly record struct TruncateDivide : IBinaryFunction
{
    public static ElementwiseDomain Domain => ElementwiseDomain.Number;
    public R Forward<R>(R a, R b) where R : struct, IReal<R> => R.Truncate(a / b);
    public R BackwardA<R>(R g, R a, R b, R y) where R : struct, IReal<R> => 0;
    public R BackwardB<R>(R g, R a, R b, R y) where R : struct, IReal<R> => 0;
}

/// <summary>The angle of the point (b, a), in (−π, π] (torch.atan2).</summary>
internal readonly record struct Atan2 : IBinaryFunction
{
    public static Reads Reads => Reads.Inputs;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public R Forward<R>(R a, R b) where R : struct, IReal<R>
    {
        R zero = 0, one = 1, infinity = double.PositiveInfinity;
        R below = R.Or(R.Less(a, zero), R.And(R.Equal(a, zero), R.Less(one / a, zero)));
        R left = R.Or(R.Less(b, zero), R.And(R.Equal(b, zero), R.Less(one / b, zero)));
        R bothInfinite = R.And(R.Equal(R.Abs(a), infinity), R.Equal(R.Abs(b), infinity));
        R ratio = R.Where(bothInfinite, one, R.Where(R.And(R.Equal(a, zero), R.Equal(b, zero)), zero, R.Abs(a) / R.Abs(b)));
        R angle = R.Atan(ratio);
        angle = R.Where(left, Math.PI - angle, angle);
        return R.Where(below, -angle, angle);
    }


    // b / (a² + b²) and −a / (a² + b²), computed from the ratio of the smaller to the larger to avoid overflow and underflow of squares.
    public R BackwardA<R>(R g, R a, R b, R y) where R : struct, IReal<R> => g * OverSquare(b, a, b);
    public R BackwardB<R>(R g, R a, R b, R y) where R : struct, IReal<R> => -g * OverSquare(a, a, b);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static R OverSquare<R>(R x, R a, R b) where R : struct, IReal<R>
    {
        R isSteep = R.Less(R.Abs(b), R.Abs(a)), larger = R.Where(isSteep, a, b), ratio = R.Where(isSteep, b, a) / larger;
        return x / larger / (larger * (1 + ratio * ratio));
    }
}

/// <summary>ln(eᵃ + eᵇ) = max(a, b) + ln(1 + e^−|a − b|) (torch.logaddexp); the difference of equal infinities is taken as 0.</summary>
internal readonly record struct LogAddExp : IBinaryFunction
{
    public static Reads Reads => Reads.Inputs;
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public R Forward<R>(R a, R b) where R : struct, IReal<R> => R.Max(a, b) + R.Log1p(R.Exp(-R.Abs(Difference(a, b))));
    public R BackwardA<R>(R g, R a, R b, R y) where R : struct, IReal<R> => g * R.Sigmoid(Difference(a, b));
    public R BackwardB<R>(R g, R a, R b, R y) where R : struct, IReal<R> => g * R.Sigmoid(Difference(b, a));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static R Difference<R>(R a, R b) where R : struct, IReal<R> =>
        R.Where(R.And(R.Equal(a, b), R.Equal(R.Abs(a), double.PositiveInfinity)), 0, a - b);
}

/// <summary>a · ln b, and 0 if a is 0 and b is not NaN (torch.xlogy). If a = 0 and b ≤ 0, both derivatives are 0.</summary>
internal readonly record struct Xlogy : IBinaryFunction
{
    public static Reads Reads => Reads.Inputs;
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public R Forward<R>(R a, R b) where R : struct, IReal<R> => R.Where(R.And(R.Equal(a, 0), R.Equal(b, b)), 0, a * R.Log(b));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public R BackwardA<R>(R g, R a, R b, R y) where R : struct, IReal<R>
    {
        R isZero = IsZero(a, b);
        return R.Where(isZero, 0, g * R.Log(R.Where(isZero, 1, b)));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public R BackwardB<R>(R g, R a, R b, R y) where R : struct, IReal<R>
    {
        R isZero = IsZero(a, b);
        return R.Where(isZero, 0, g * (a / R.Where(isZero, 1, b)));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static R IsZero<R>(R a, R b) where R : struct, IReal<R> => R.And(R.Equal(a, 0), R.LessOrEqual(b, 0));
}

/// <summary>√(a² + b²) = |larger| · √(1 + ratio²), without overflow; the result for ∞ and NaN is ∞, as in C (torch.hypot).</summary>
internal readonly record struct Hypot : IBinaryFunction
{
    public static Reads Reads => Reads.Inputs | Reads.Output;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public R Forward<R>(R a, R b) where R : struct, IReal<R>
    {
        R infinity = double.PositiveInfinity, x = R.Abs(a), y = R.Abs(b), larger = R.Max(x, y), ratio = R.Min(x, y) / larger;
        R length = R.Where(R.Equal(larger, 0), larger, larger * R.Sqrt(1 + ratio * ratio));
        return R.Where(R.Or(R.Equal(x, infinity), R.Equal(y, infinity)), infinity, length);
    }

    public R BackwardA<R>(R g, R a, R b, R y) where R : struct, IReal<R> => g * (a / y);
    public R BackwardB<R>(R g, R a, R b, R y) where R : struct, IReal<R> => g * (b / y);
}

/// <summary>a + c · (b − a), computed from the nearer end, so that a weight of 1 gives exactly b (torch.lerp).</summary>
internal readonly record struct Lerp : ITernaryFunction
{
    public static Reads Reads => Reads.Inputs;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public R Forward<R>(R a, R b, R c) where R : struct, IReal<R>
    {
        R way = b - a;
        return R.Where(R.Less(R.Abs(c), 0.5), a + c * way, b - way * (1 - c));
    }

    public R BackwardA<R>(R g, R a, R b, R c, R y) where R : struct, IReal<R> => g * (1 - c);
    public R BackwardB<R>(R g, R a, R b, R c, R y) where R : struct, IReal<R> => g * c;
    public R BackwardC<R>(R g, R a, R b, R c, R y) where R : struct, IReal<R> => g * (b - a);
}
