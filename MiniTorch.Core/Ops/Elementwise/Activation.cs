using System.Runtime.CompilerServices;

namespace MiniTorch.Ops;

/// <summary>1 / (1 + e⁻ˣ) (torch.sigmoid).</summary>
internal readonly record struct Sigmoid : IUnaryFunction
{
    public static Reads Reads => Reads.Output;
    public R Forward<R>(R x) where R : struct, IReal<R> => R.Sigmoid(x);
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public R Backward<R>(R g, R x, R y) where R : struct, IReal<R> => g * ((1 - y) * y);
}

/// <summary>ln(1 / (1 + e⁻ˣ)) = min(x, 0) − ln(1 + e^−|x|) (torch.nn.functional.logsigmoid).</summary>
internal readonly record struct LogSigmoid : IUnaryFunction
{
    public static Reads Reads => Reads.Input0;
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public R Forward<R>(R x) where R : struct, IReal<R> => R.Min(x, 0) - R.Log1p(R.Exp(-R.Abs(x)));
    public R Backward<R>(R g, R x, R y) where R : struct, IReal<R> => g * R.Sigmoid(-x);
}

/// <summary>max(x, 0) (torch.relu); derivative 0 at 0. NaN propagates.</summary>
internal readonly record struct Relu : IUnaryFunction
{
    public static ElementwiseDomain Domain => ElementwiseDomain.Number;
    public static Reads Reads => Reads.Output;
    public R Forward<R>(R x) where R : struct, IReal<R> => R.Max(x, 0);
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public R Backward<R>(R g, R x, R y) where R : struct, IReal<R> => R.Where(R.LessOrEqual(y, 0), 0, g);
}

/// <summary>x if x > 0, otherwise slope · x (torch.nn.functional.leaky_relu). The derivative at 0 is the slope.</summary>
internal readonly record struct LeakyRelu(Constant Slope) : IUnaryFunction
{
    public static Reads Reads => Reads.Input0;
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public R Forward<R>(R x) where R : struct, IReal<R> => R.Where(R.Less(0, x), x, x * Slope);
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public R Backward<R>(R g, R x, R y) where R : struct, IReal<R> => R.Where(R.Less(0, x), g, g * Slope);
}

/// <summary>a if a > 0, otherwise b · a (torch.nn.functional.prelu). The derivative at 0 is the weight b.</summary>
internal readonly record struct Prelu : IBinaryFunction
{
    public static Reads Reads => Reads.Inputs;
    public R Forward<R>(R a, R b) where R : struct, IReal<R> => R.Where(R.Less(0, a), a, b * a);
    public R BackwardA<R>(R g, R a, R b, R y) where R : struct, IReal<R> => R.Where(R.Less(0, a), g, b * g);
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public R BackwardB<R>(R g, R a, R b, R y) where R : struct, IReal<R> => R.Where(R.Less(0, a), 0, a * g);
}

/// <summary>scale · x if x > 0, otherwise scale · α (eˣ − 1) (torch.nn.functional.elu, and selu with its two constants).</summary>
internal readonly record struct Elu(double Alpha, double Scale = 1) : IUnaryFunction
{
    private readonly Constant _above = Scale, _below = Alpha * Scale;

    public static Reads Reads => Reads.Input0;
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public R Forward<R>(R x) where R : struct, IReal<R> => R.Where(R.Less(0, x), x * _above, _below * R.Expm1(R.Min(x, 0)));
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public R Backward<R>(R g, R x, R y) where R : struct, IReal<R> =>
        R.Where(R.Less(0, x), g * _above, g * (_below * R.Exp(R.Where(R.Less(0, x), 0, x))));
}

/// <summary>x · Φ(x) with the normal distribution's Φ(x) = erfc(−x/√2) / 2, accurate in the left tail (torch.nn.functional.gelu).</summary>
internal readonly record struct Gelu : IUnaryFunction
{
    public static Reads Reads => Reads.Input0;
    public R Forward<R>(R x) where R : struct, IReal<R> => x * default(Ndtr).Forward(x);
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public R Backward<R>(R g, R x, R y) where R : struct, IReal<R> =>
        g * (default(Ndtr).Forward(x) + x * (0.39894228040143267794 * R.Exp((-0.5) * (x * x))));
}

/// <summary>x/2 · (1 + tanh u) = x · sigmoid(2u) with u = √(2/π) (x + 0.044715 x³) (torch.nn.functional.gelu with approximate='tanh').</summary>
internal readonly record struct GeluTanh : IUnaryFunction
{
    public static Reads Reads => Reads.Input0;
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public R Forward<R>(R x) where R : struct, IReal<R> => x * R.Sigmoid(Twice(Bounded(x)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public R Backward<R>(R g, R x, R y) where R : struct, IReal<R>
    {
        R b = Bounded(x), twice = Twice(b), share = R.Sigmoid(twice), slope = (2 * Root) * (1 + (3 * Cubic) * (b * b));
        return g * (share + x * (share * R.Sigmoid(-twice) * slope));
    }

    private const double Root = 0.79788456080286535588; // √(2/π)
    private const double Cubic = 0.044715;

    // Beyond ±30 the sigmoid is 0 or 1; the bound keeps the powers of x from overflowing.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static R Bounded<R>(R x) where R : struct, IReal<R> => R.Min(R.Max(x, -30), 30);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static R Twice<R>(R x) where R : struct, IReal<R> => (2 * Root) * (x + Cubic * (x * x * x));
}

/// <summary>x / (1 + e⁻ˣ) (torch.nn.functional.silu).</summary>
internal readonly record struct Silu : IUnaryFunction
{
    public static Reads Reads => Reads.Input0;
    public R Forward<R>(R x) where R : struct, IReal<R> => x * R.Sigmoid(x);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public R Backward<R>(R g, R x, R y) where R : struct, IReal<R>
    {
        R s = R.Sigmoid(x);
        return g * (s * (1 + x * (1 - s)));
    }
}

/// <summary>x · tanh(ln(1 + eˣ)) = x · w / (w + 2) with n = eˣ and w = n (n + 2) (torch.nn.functional.mish).</summary>
internal readonly record struct Mish : IUnaryFunction
{
    public static Reads Reads => Reads.Input0;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public R Forward<R>(R x) where R : struct, IReal<R>
    {
        R n = Bounded(x), w = n * (n + 2);
        return x * (w / (w + 2));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public R Backward<R>(R g, R x, R y) where R : struct, IReal<R>
    {
        R n = Bounded(x), w = n * (n + 2), t = w / (w + 2);
        return g * (t + x * (n / (n + 1) * (1 - t * t)));
    }

    // Beyond 20 the quotient is 1; the bound keeps its parts from overflowing.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static R Bounded<R>(R x) where R : struct, IReal<R> => R.Exp(R.Min(x, 20));
}

/// <summary>ln(1 + e^βx) / β, and x if βx exceeds the threshold (torch.nn.functional.softplus).</summary>
internal readonly record struct Softplus(Constant Beta, Constant Threshold) : IUnaryFunction
{
    public static Reads Reads => Reads.Input0;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public R Forward<R>(R x) where R : struct, IReal<R>
    {
        R scaled = x * Beta;
        return R.Where(R.Less(Threshold, scaled), x, R.Log1p(R.Exp(R.Min(scaled, Threshold))) / Beta);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public R Backward<R>(R g, R x, R y) where R : struct, IReal<R>
    {
        R scaled = x * Beta;
        return R.Where(R.Less(Threshold, scaled), g, g * R.Sigmoid(scaled));
    }
}

/// <summary>0 if −λ ≤ x ≤ λ, otherwise x (torch.nn.functional.hardshrink).</summary>
internal readonly record struct Hardshrink(Constant Lambda) : IUnaryFunction
{
    public static Reads Reads => Reads.Input0;
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public R Forward<R>(R x) where R : struct, IReal<R> => R.Where(R.LessOrEqual(R.Abs(x), Lambda), 0, x);
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public R Backward<R>(R g, R x, R y) where R : struct, IReal<R> => R.Where(R.Less(Lambda, R.Abs(x)), g, 0);
}

/// <summary>0 if −λ ≤ x ≤ λ, otherwise x moved toward 0 by λ (torch.nn.functional.softshrink).</summary>
internal readonly record struct Softshrink(Constant Lambda) : IUnaryFunction
{
    public static Reads Reads => Reads.Input0;
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public R Forward<R>(R x) where R : struct, IReal<R> =>
        R.Where(R.LessOrEqual(R.Abs(x), Lambda), 0, x - Lambda * Sign.Of(x));
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public R Backward<R>(R g, R x, R y) where R : struct, IReal<R> => R.Where(R.Less(Lambda, R.Abs(x)), g, 0);
}

/// <summary>x if x exceeds the threshold, otherwise a constant (torch.nn.functional.threshold).</summary>
internal readonly record struct Threshold(Constant At, Constant Otherwise) : IUnaryFunction
{
    public static Reads Reads => Reads.Input0;
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public R Forward<R>(R x) where R : struct, IReal<R> => R.Where(R.LessOrEqual(x, At), Otherwise, x);
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public R Backward<R>(R g, R x, R y) where R : struct, IReal<R> => R.Where(R.LessOrEqual(x, At), 0, g);
}

/// <summary>(x + 3) / 6 clamped to [0, 1] (torch.nn.functional.hardsigmoid); derivative 0 at both ends.</summary>
internal readonly record struct Hardsigmoid : IUnaryFunction
{
    public static Reads Reads => Reads.Input0;
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public R Forward<R>(R x) where R : struct, IReal<R> => R.AtMost(R.AtLeast(x + 3, 0), 6) / 6;
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public R Backward<R>(R g, R x, R y) where R : struct, IReal<R> => R.Where(R.Less(R.Abs(x), 3), g * (1f / 6f), 0); // as PyTorch: 1/6 in float32
}

/// <summary>x · hardsigmoid(x) (torch.nn.functional.hardswish); derivative 0 below −3, 1 from 3 on, x/3 + 1/2 between.</summary>
internal readonly record struct Hardswish : IUnaryFunction
{
    public static Reads Reads => Reads.Input0;
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public R Forward<R>(R x) where R : struct, IReal<R> => x * R.AtMost(R.AtLeast(x + 3, 0), 6) / 6;
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public R Backward<R>(R g, R x, R y) where R : struct, IReal<R> =>
        R.Where(R.Less(x, -3), 0, R.Where(R.LessOrEqual(3, x), g, g * (x / 3 + 0.5)));
}

/// <summary>x clamped to [low, high] (torch.nn.functional.hardtanh, relu6); derivative 0 at both ends.</summary>
internal readonly record struct Hardtanh(Constant Low, Constant High) : IUnaryFunction
{
    public static ElementwiseDomain Domain => ElementwiseDomain.Number;
    public static Reads Reads => Reads.Input0;
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public R Forward<R>(R x) where R : struct, IReal<R> => Clamp.Between(x, Low, High);
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public R Backward<R>(R g, R x, R y) where R : struct, IReal<R> =>
        R.Where(R.And(R.Less(Low, x), R.Less(x, High)), g, 0);
}
