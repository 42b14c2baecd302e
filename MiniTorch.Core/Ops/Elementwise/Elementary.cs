using System.Runtime.CompilerServices;

namespace MiniTorch.Ops;

/// <summary>eˣ (torch.exp).</summary>
internal readonly record struct Exp : IUnaryFunction
{
    public static Reads Reads => Reads.Output;
    public R Forward<R>(R x) where R : struct, IReal<R> => R.Exp(x);
    public R Backward<R>(R g, R x, R y) where R : struct, IReal<R> => g * y;
}

/// <summary>2ˣ (torch.exp2).</summary>
internal readonly record struct Exp2 : IUnaryFunction
{
    public static Reads Reads => Reads.Output;
    public R Forward<R>(R x) where R : struct, IReal<R> => R.Exp2(x);
    public R Backward<R>(R g, R x, R y) where R : struct, IReal<R> => g * (y * 0.69314718055994530942);
}

/// <summary>eˣ − 1 (torch.expm1).</summary>
internal readonly record struct Expm1 : IUnaryFunction
{
    public static Reads Reads => Reads.Output;
    public R Forward<R>(R x) where R : struct, IReal<R> => R.Expm1(x);
    public R Backward<R>(R g, R x, R y) where R : struct, IReal<R> => g * (y + 1);
}

/// <summary>ln x (torch.log).</summary>
internal readonly record struct Log : IUnaryFunction
{
    public static Reads Reads => Reads.Input0;
    public R Forward<R>(R x) where R : struct, IReal<R> => R.Log(x);
    public R Backward<R>(R g, R x, R y) where R : struct, IReal<R> => g / x;
}

/// <summary>ln(1 + x) (torch.log1p).</summary>
internal readonly record struct Log1p : IUnaryFunction
{
    public static Reads Reads => Reads.Input0;
    public R Forward<R>(R x) where R : struct, IReal<R> => R.Log1p(x);
    public R Backward<R>(R g, R x, R y) where R : struct, IReal<R> => g / (x + 1);
}

/// <summary>√x (torch.sqrt).</summary>
internal readonly record struct Sqrt : IUnaryFunction
{
    public static Reads Reads => Reads.Output;
    public R Forward<R>(R x) where R : struct, IReal<R> => R.Sqrt(x);
    public R Backward<R>(R g, R x, R y) where R : struct, IReal<R> => g / (2 * y);
}

/// <summary>sin x (torch.sin).</summary>
internal readonly record struct Sin : IUnaryFunction
{
    public static Reads Reads => Reads.Input0;
    public R Forward<R>(R x) where R : struct, IReal<R> => R.Sin(x);
    public R Backward<R>(R g, R x, R y) where R : struct, IReal<R> => g * R.Cos(x);
}

/// <summary>cos x (torch.cos).</summary>
internal readonly record struct Cos : IUnaryFunction
{
    public static Reads Reads => Reads.Input0;
    public R Forward<R>(R x) where R : struct, IReal<R> => R.Cos(x);
    public R Backward<R>(R g, R x, R y) where R : struct, IReal<R> => -g * R.Sin(x);
}

/// <summary>tan x (torch.tan).</summary>
internal readonly record struct Tan : IUnaryFunction
{
    public static Reads Reads => Reads.Output;
    public R Forward<R>(R x) where R : struct, IReal<R> => R.Tan(x);
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public R Backward<R>(R g, R x, R y) where R : struct, IReal<R> => g * (1 + (y * y));
}

/// <summary>arctan x (torch.atan).</summary>
internal readonly record struct Atan : IUnaryFunction
{
    public static Reads Reads => Reads.Input0;
    public R Forward<R>(R x) where R : struct, IReal<R> => R.Atan(x);
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public R Backward<R>(R g, R x, R y) where R : struct, IReal<R> => g / (1 + (x * x));
}

/// <summary>tanh x (torch.tanh).</summary>
internal readonly record struct Tanh : IUnaryFunction
{
    public static Reads Reads => Reads.Output;
    public R Forward<R>(R x) where R : struct, IReal<R> => R.Tanh(x);
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public R Backward<R>(R g, R x, R y) where R : struct, IReal<R> => g * (1 - (y * y));
}

/// <summary>The error function (torch.erf); derivative 2/√π · e^(−x²).</summary>
internal readonly record struct Erf : IUnaryFunction
{
    public static Reads Reads => Reads.Input0;
    public R Forward<R>(R x) where R : struct, IReal<R> => R.Erf(x);
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public R Backward<R>(R g, R x, R y) where R : struct, IReal<R> => g * (1.1283791670955125739 * R.Exp(-(x * x)));
}

/// <summary>1 − erf x, accurate where erf is near 1 (torch.erfc).</summary>
internal readonly record struct Erfc : IUnaryFunction
{
    public static Reads Reads => Reads.Input0;
    public R Forward<R>(R x) where R : struct, IReal<R> => R.Erfc(x);
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public R Backward<R>(R g, R x, R y) where R : struct, IReal<R> => g * ((-1.1283791670955125739) * R.Exp(-(x * x)));
}

/// <summary>
/// Φ(x), the cumulative distribution function of the standard normal distribution (torch.special.ndtr); derivative e^(−x²/2) / √(2π).
/// </summary>
internal readonly record struct Ndtr : IUnaryFunction
{
    public static Reads Reads => Reads.Input0;
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public R Forward<R>(R x) where R : struct, IReal<R> => 0.5 * R.Erfc(x * (-0.70710678118654752440));
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public R Backward<R>(R g, R x, R y) where R : struct, IReal<R> => g * (0.39894228040143267794 * R.Exp(x * x * (-0.5)));
}

/// <summary>The inverse of erf (torch.erfinv); derivative √π/2 · e^(y²).</summary>
internal readonly record struct Erfinv : IUnaryFunction
{
    public static Reads Reads => Reads.Output;
    public R Forward<R>(R x) where R : struct, IReal<R> => R.Erfinv(x);
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public R Backward<R>(R g, R x, R y) where R : struct, IReal<R> => g * (0.88622692545275801365 * R.Exp(y * y));
}

/// <summary>ln |Γ(x)| (torch.lgamma); derivative ψ(x).</summary>
internal readonly record struct Lgamma : IUnaryFunction
{
    public static Reads Reads => Reads.Input0;
    public R Forward<R>(R x) where R : struct, IReal<R> => R.Lgamma(x);
    public R Backward<R>(R g, R x, R y) where R : struct, IReal<R> => g * R.Polygamma(0, x);
}

/// <summary>The derivative of the given order of ψ(x) = d ln Γ(x) / dx (torch.polygamma; order 0 is torch.digamma).</summary>
internal readonly record struct Polygamma(int Order) : IUnaryFunction
{
    public static Reads Reads => Reads.Input0;
    public R Forward<R>(R x) where R : struct, IReal<R> => R.Polygamma(Order, x);
    public R Backward<R>(R g, R x, R y) where R : struct, IReal<R> => g * R.Polygamma(Order + 1, x);
}

/// <summary>log₂ x (torch.log2).</summary>
internal readonly record struct Log2 : IUnaryFunction
{
    public static Reads Reads => Reads.Input0;
    public R Forward<R>(R x) where R : struct, IReal<R> => R.Log2(x);
    public R Backward<R>(R g, R x, R y) where R : struct, IReal<R> => g / (x * 0.69314718055994530942);
}

/// <summary>log₁₀ x (torch.log10).</summary>
internal readonly record struct Log10 : IUnaryFunction
{
    public static Reads Reads => Reads.Input0;
    public R Forward<R>(R x) where R : struct, IReal<R> => R.Log10(x);
    public R Backward<R>(R g, R x, R y) where R : struct, IReal<R> => g / (x * 2.3025850929940456840);
}

/// <summary>1/√x (torch.rsqrt).</summary>
internal readonly record struct Rsqrt : IUnaryFunction
{
    public static Reads Reads => Reads.Output;
    public R Forward<R>(R x) where R : struct, IReal<R> => 1 / R.Sqrt(x);
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public R Backward<R>(R g, R x, R y) where R : struct, IReal<R> => (-0.5) * g * (y * y * y);
}

/// <summary>1/x (torch.reciprocal).</summary>
internal readonly record struct Reciprocal : IUnaryFunction
{
    public static Reads Reads => Reads.Output;
    public R Forward<R>(R x) where R : struct, IReal<R> => 1 / x;
    public R Backward<R>(R g, R x, R y) where R : struct, IReal<R> => -g * (y * y);
}

/// <summary>arcsin x (torch.asin).</summary>
internal readonly record struct Asin : IUnaryFunction
{
    public static Reads Reads => Reads.Input0;
    public R Forward<R>(R x) where R : struct, IReal<R> => R.Asin(x);
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public R Backward<R>(R g, R x, R y) where R : struct, IReal<R> => g / R.Sqrt(1 - (x * x));
}

/// <summary>arccos x (torch.acos).</summary>
internal readonly record struct Acos : IUnaryFunction
{
    public static Reads Reads => Reads.Input0;
    public R Forward<R>(R x) where R : struct, IReal<R> => R.Acos(x);
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public R Backward<R>(R g, R x, R y) where R : struct, IReal<R> => -g / R.Sqrt(1 - (x * x));
}

/// <summary>sinh x (torch.sinh).</summary>
internal readonly record struct Sinh : IUnaryFunction
{
    public static Reads Reads => Reads.Input0;
    public R Forward<R>(R x) where R : struct, IReal<R> => R.Sinh(x);
    public R Backward<R>(R g, R x, R y) where R : struct, IReal<R> => g * R.Cosh(x);
}

/// <summary>cosh x (torch.cosh).</summary>
internal readonly record struct Cosh : IUnaryFunction
{
    public static Reads Reads => Reads.Input0;
    public R Forward<R>(R x) where R : struct, IReal<R> => R.Cosh(x);
    public R Backward<R>(R g, R x, R y) where R : struct, IReal<R> => g * R.Sinh(x);
}

/// <summary>arsinh x = sign(x) ln(|x| + √(x² + 1)), with log1p near 0 (torch.asinh).</summary>
internal readonly record struct Asinh : IUnaryFunction
{
    public static Reads Reads => Reads.Input0;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public R Forward<R>(R x) where R : struct, IReal<R>
    {
        R magnitude = R.Abs(x), square = magnitude * magnitude;
        R result = R.Where(R.Less(magnitude, 1e9),
            R.Log1p(magnitude + square / (1 + R.Sqrt(square + 1))), R.Log(magnitude) + 0.69314718055994530942);
        return R.Where(R.Less(0, x), result, R.Where(R.Less(x, 0), -result, x));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public R Backward<R>(R g, R x, R y) where R : struct, IReal<R> => g / R.Sqrt((x * x) + 1);
}

/// <summary>arcosh x = ln(x + √(x² − 1)) (torch.acosh).</summary>
internal readonly record struct Acosh : IUnaryFunction
{
    public static Reads Reads => Reads.Input0;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public R Forward<R>(R x) where R : struct, IReal<R>
    {
        R above = x - 1;
        above = R.Where(R.Less(x, 1), double.NaN, above);
        return R.Where(R.Less(1e9, x), R.Log(x) + 0.69314718055994530942, R.Log1p(above + R.Sqrt(above * (x + 1))));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public R Backward<R>(R g, R x, R y) where R : struct, IReal<R> => g / R.Sqrt((x - 1) * (x + 1));
}

/// <summary>artanh x = (ln(1 + x) − ln(1 − x)) / 2 (torch.atanh).</summary>
internal readonly record struct Atanh : IUnaryFunction
{
    public static Reads Reads => Reads.Input0;
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public R Forward<R>(R x) where R : struct, IReal<R> => 0.5 * (R.Log1p(x) - R.Log1p(-x));
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public R Backward<R>(R g, R x, R y) where R : struct, IReal<R> => g / ((1 - x) * (1 + x));
}

/// <summary>ln(x / (1 − x)) (torch.logit); outside [0, 1] both the value and the derivative are NaN.</summary>
internal readonly record struct Logit : IUnaryFunction
{
    public static Reads Reads => Reads.Input0;
    public R Forward<R>(R x) where R : struct, IReal<R> => R.Log(x) - R.Log1p(-x);
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public R Backward<R>(R g, R x, R y) where R : struct, IReal<R> =>
        R.Where(R.And(R.LessOrEqual(0, x), R.LessOrEqual(x, 1)), g / (x * (1 - x)), double.NaN);
}
