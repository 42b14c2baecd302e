namespace MiniTorch.Ops;

/// <summary>1 / (1 + e⁻ˣ) (torch.sigmoid).</summary>
internal readonly record struct Sigmoid : IUnaryFunction
{
    public static Reads Reads => Reads.Output;
    public R Forward<R>(R x) where R : struct, IReal<R> => R.Sigmoid(x);
    public R Backward<R>(R g, R x, R y) where R : struct, IReal<R> => g * ((R.Of(1) - y) * y);
}

/// <summary>ln(1 / (1 + e⁻ˣ)) = min(x, 0) − ln(1 + e^−|x|) (torch.nn.functional.logsigmoid).</summary>
internal readonly record struct LogSigmoid : IUnaryFunction
{
    public static Reads Reads => Reads.Input0;
    public R Forward<R>(R x) where R : struct, IReal<R> => R.Min(x, R.Of(0)) - R.Log1p(R.Exp(-R.Abs(x)));
    public R Backward<R>(R g, R x, R y) where R : struct, IReal<R> => g * R.Sigmoid(-x);
}

/// <summary>max(x, 0) (torch.relu); derivative 0 at 0. NaN stays NaN.</summary>
internal readonly record struct Relu : IUnaryFunction
{
    public static ElementwiseDomain Domain => ElementwiseDomain.Number;
    public static Reads Reads => Reads.Output;
    public R Forward<R>(R x) where R : struct, IReal<R> => R.Max(x, R.Of(0));
    public R Backward<R>(R g, R x, R y) where R : struct, IReal<R> => R.Where(R.LessOrEqual(y, R.Of(0)), R.Of(0), g);
}

/// <summary>x where it is positive, else slope · x (torch.nn.functional.leaky_relu); the slope's side at 0.</summary>
internal readonly record struct LeakyRelu(Constant Slope) : IUnaryFunction
{
    public static Reads Reads => Reads.Input0;
    public R Forward<R>(R x) where R : struct, IReal<R> => R.Where(R.Less(R.Of(0), x), x, x * R.Of(Slope));
    public R Backward<R>(R g, R x, R y) where R : struct, IReal<R> => R.Where(R.Less(R.Of(0), x), g, g * R.Of(Slope));
}

/// <summary>a where it is positive, else b · a (torch.nn.functional.prelu); the weight's side at 0.</summary>
internal readonly record struct Prelu : IBinaryFunction
{
    public static Reads Reads => Reads.Inputs;
    public R Forward<R>(R a, R b) where R : struct, IReal<R> => R.Where(R.Less(R.Of(0), a), a, b * a);
    public R BackwardA<R>(R g, R a, R b, R y) where R : struct, IReal<R> => R.Where(R.Less(R.Of(0), a), g, b * g);
    public R BackwardB<R>(R g, R a, R b, R y) where R : struct, IReal<R> => R.Where(R.Less(R.Of(0), a), R.Of(0), a * g);
}

/// <summary>scale · x where x is positive, else scale · α (eˣ − 1) (torch.nn.functional.elu, and selu with its two constants).</summary>
internal readonly record struct Elu(double Alpha, double Scale = 1) : IUnaryFunction
{
    public static Reads Reads => Reads.Input0;
    public R Forward<R>(R x) where R : struct, IReal<R> =>
        R.Where(R.Less(R.Of(0), x), x * R.Of(Scale), R.Of(Alpha * Scale) * R.Expm1(R.Min(x, R.Of(0))));
    public R Backward<R>(R g, R x, R y) where R : struct, IReal<R> =>
        R.Where(R.Less(R.Of(0), x), g * R.Of(Scale), g * (R.Of(Alpha * Scale) * R.Exp(R.Where(R.Less(R.Of(0), x), R.Of(0), x))));
}

/// <summary>x · Φ(x) with the normal distribution's Φ(x) = erfc(−x/√2) / 2, exact in the left tail (torch.nn.functional.gelu).</summary>
internal readonly record struct Gelu : IUnaryFunction
{
    public static Reads Reads => Reads.Input0;
    public R Forward<R>(R x) where R : struct, IReal<R> => x * default(Ndtr).Forward(x);
    public R Backward<R>(R g, R x, R y) where R : struct, IReal<R> =>
        g * (default(Ndtr).Forward(x) + x * (R.Of(0.39894228040143267794) * R.Exp(R.Of(-0.5) * (x * x))));
}

/// <summary>x/2 · (1 + tanh u) = x · sigmoid(2u) with u = √(2/π) (x + 0.044715 x³) (torch.nn.functional.gelu with approximate='tanh').</summary>
internal readonly record struct GeluTanh : IUnaryFunction
{
    public static Reads Reads => Reads.Input0;
    public R Forward<R>(R x) where R : struct, IReal<R> => x * R.Sigmoid(Twice(Bounded(x)));

    public R Backward<R>(R g, R x, R y) where R : struct, IReal<R>
    {
        R b = Bounded(x), twice = Twice(b), share = R.Sigmoid(twice), slope = R.Of(2 * Root) * (R.Of(1) + R.Of(3 * Cubic) * (b * b));
        return g * (share + x * (share * R.Sigmoid(-twice) * slope));
    }

    private const double Root = 0.79788456080286535588; // √(2/π)
    private const double Cubic = 0.044715;

    // The sigmoid is 0 or 1 from ±30 on, where no power of x overflows yet.
    private static R Bounded<R>(R x) where R : struct, IReal<R> => R.Min(R.Max(x, R.Of(-30)), R.Of(30));

    private static R Twice<R>(R x) where R : struct, IReal<R> => R.Of(2 * Root) * (x + R.Of(Cubic) * (x * x * x));
}

/// <summary>x / (1 + e⁻ˣ) (torch.nn.functional.silu).</summary>
internal readonly record struct Silu : IUnaryFunction
{
    public static Reads Reads => Reads.Input0;
    public R Forward<R>(R x) where R : struct, IReal<R> => x * R.Sigmoid(x);

    public R Backward<R>(R g, R x, R y) where R : struct, IReal<R>
    {
        R s = R.Sigmoid(x);
        return g * (s * (R.Of(1) + x * (R.Of(1) - s)));
    }
}

/// <summary>x · tanh(ln(1 + eˣ)) (torch.nn.functional.mish).</summary>
internal readonly record struct Mish : IUnaryFunction
{
    public static Reads Reads => Reads.Input0;
    public R Forward<R>(R x) where R : struct, IReal<R> => x * R.Tanh(Inner(x));

    public R Backward<R>(R g, R x, R y) where R : struct, IReal<R>
    {
        R t = R.Tanh(Inner(x));
        return g * (t + x * (R.Sigmoid(x) * (R.Of(1) - t * t)));
    }

    private static R Inner<R>(R x) where R : struct, IReal<R> => new Softplus(1, 20).Forward(x);
}

/// <summary>ln(1 + e^βx) / β, and x itself where βx passes the threshold (torch.nn.functional.softplus).</summary>
internal readonly record struct Softplus(Constant Beta, Constant Threshold) : IUnaryFunction
{
    public static Reads Reads => Reads.Input0;

    public R Forward<R>(R x) where R : struct, IReal<R>
    {
        R scaled = x * R.Of(Beta);
        return R.Where(R.Less(R.Of(Threshold), scaled), x, R.Log1p(R.Exp(R.Min(scaled, R.Of(Threshold)))) / R.Of(Beta));
    }

    public R Backward<R>(R g, R x, R y) where R : struct, IReal<R>
    {
        R scaled = x * R.Of(Beta);
        return R.Where(R.Less(R.Of(Threshold), scaled), g, g * R.Sigmoid(scaled));
    }
}

/// <summary>x between −λ and λ becomes 0 (torch.nn.functional.hardshrink).</summary>
internal readonly record struct Hardshrink(Constant Lambda) : IUnaryFunction
{
    public static Reads Reads => Reads.Input0;
    public R Forward<R>(R x) where R : struct, IReal<R> => R.Where(R.LessOrEqual(R.Abs(x), R.Of(Lambda)), R.Of(0), x);
    public R Backward<R>(R g, R x, R y) where R : struct, IReal<R> => R.Where(R.Less(R.Of(Lambda), R.Abs(x)), g, R.Of(0));
}

/// <summary>x moved by λ towards 0, and 0 between −λ and λ (torch.nn.functional.softshrink).</summary>
internal readonly record struct Softshrink(Constant Lambda) : IUnaryFunction
{
    public static Reads Reads => Reads.Input0;
    public R Forward<R>(R x) where R : struct, IReal<R> =>
        R.Where(R.LessOrEqual(R.Abs(x), R.Of(Lambda)), R.Of(0), x - R.Of(Lambda) * Sign.Of(x));
    public R Backward<R>(R g, R x, R y) where R : struct, IReal<R> => R.Where(R.Less(R.Of(Lambda), R.Abs(x)), g, R.Of(0));
}

/// <summary>x above the threshold, else a constant (torch.nn.functional.threshold).</summary>
internal readonly record struct Threshold(Constant At, Constant Otherwise) : IUnaryFunction
{
    public static Reads Reads => Reads.Input0;
    public R Forward<R>(R x) where R : struct, IReal<R> => R.Where(R.LessOrEqual(x, R.Of(At)), R.Of(Otherwise), x);
    public R Backward<R>(R g, R x, R y) where R : struct, IReal<R> => R.Where(R.LessOrEqual(x, R.Of(At)), R.Of(0), g);
}

/// <summary>(x + 3) / 6 cut to [0, 1] (torch.nn.functional.hardsigmoid); derivative 0 at both ends.</summary>
internal readonly record struct Hardsigmoid : IUnaryFunction
{
    public static Reads Reads => Reads.Input0;
    public R Forward<R>(R x) where R : struct, IReal<R> => R.Min(R.Max(x + R.Of(3), R.Of(0)), R.Of(6)) / R.Of(6);
    public R Backward<R>(R g, R x, R y) where R : struct, IReal<R> => R.Where(R.Less(R.Abs(x), R.Of(3)), g * R.Of(1f / 6f), R.Of(0)); // as PyTorch: 1/6 in float32
}

/// <summary>x · hardsigmoid(x) (torch.nn.functional.hardswish); derivative 0 below −3, 1 from 3 on, x/3 + 1/2 between.</summary>
internal readonly record struct Hardswish : IUnaryFunction
{
    public static Reads Reads => Reads.Input0;
    public R Forward<R>(R x) where R : struct, IReal<R> => x * R.Min(R.Max(x + R.Of(3), R.Of(0)), R.Of(6)) / R.Of(6);
    public R Backward<R>(R g, R x, R y) where R : struct, IReal<R> =>
        R.Where(R.Less(x, R.Of(-3)), R.Of(0), R.Where(R.LessOrEqual(R.Of(3), x), g, g * (x / R.Of(3) + R.Of(0.5))));
}

/// <summary>x cut to lie strictly inside its range: at the ends the derivative is 0 (torch.nn.functional.hardtanh, relu6).</summary>
internal readonly record struct Hardtanh(Constant Low, Constant High) : IUnaryFunction
{
    public static ElementwiseDomain Domain => ElementwiseDomain.Number;
    public static Reads Reads => Reads.Input0;
    public R Forward<R>(R x) where R : struct, IReal<R> => R.Min(R.Max(x, R.Of(Low)), R.Of(High));
    public R Backward<R>(R g, R x, R y) where R : struct, IReal<R> =>
        R.Where(R.And(R.Less(R.Of(Low), x), R.Less(x, R.Of(High))), g, R.Of(0));
}
