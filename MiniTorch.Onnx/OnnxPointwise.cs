using MiniTorch.Ops;

namespace MiniTorch.IO;

/// <summary>Converts element-wise operations to ONNX: an operator of the same meaning, or a few that compose it.</summary>
internal static class OnnxPointwise
{
    /// <summary>Operations that ONNX has under some name, with the same inputs and no parameters.</summary>
    private static readonly Dictionary<Type, string> SameMeaning = new()
    {
        [typeof(UnaryOp<Relu>)] = "Relu", [typeof(UnaryOp<Sigmoid>)] = "Sigmoid", [typeof(UnaryOp<Tanh>)] = "Tanh",
        [typeof(UnaryOp<Hardswish>)] = "HardSwish",
        [typeof(UnaryOp<Exp>)] = "Exp", [typeof(UnaryOp<Log>)] = "Log", [typeof(UnaryOp<Sqrt>)] = "Sqrt",
        [typeof(UnaryOp<Reciprocal>)] = "Reciprocal", [typeof(UnaryOp<Erf>)] = "Erf",
        [typeof(UnaryOp<Sin>)] = "Sin", [typeof(UnaryOp<Cos>)] = "Cos", [typeof(UnaryOp<Tan>)] = "Tan", [typeof(UnaryOp<Asin>)] = "Asin",
        [typeof(UnaryOp<Acos>)] = "Acos", [typeof(UnaryOp<Atan>)] = "Atan",
        [typeof(UnaryOp<Sinh>)] = "Sinh", [typeof(UnaryOp<Cosh>)] = "Cosh", [typeof(UnaryOp<Asinh>)] = "Asinh", [typeof(UnaryOp<Acosh>)] = "Acosh",
        [typeof(UnaryOp<Atanh>)] = "Atanh",
        [typeof(UnaryOp<Abs>)] = "Abs", [typeof(UnaryOp<Sign>)] = "Sign", [typeof(UnaryOp<Negate>)] = "Neg",
        [typeof(UnaryOp<Floor>)] = "Floor", [typeof(UnaryOp<Ceiling>)] = "Ceil", [typeof(UnaryOp<Round>)] = "Round",
        [typeof(BinaryOp<Add>)] = "Add", [typeof(BinaryOp<Subtract>)] = "Sub", [typeof(BinaryOp<Multiply>)] = "Mul",
        [typeof(BinaryOp<Divide>)] = "Div", [typeof(BinaryOp<Pow>)] = "Pow",
        [typeof(BinaryOp<Prelu>)] = "PRelu", [typeof(BinaryOp<Maximum>)] = "Max", [typeof(BinaryOp<Minimum>)] = "Min",
        [typeof(BinaryOp<Equal>)] = "Equal",
        [typeof(BinaryOp<Less>)] = "Less", [typeof(BinaryOp<LessOrEqual>)] = "LessOrEqual", [typeof(BinaryOp<Greater>)] = "Greater",
        [typeof(BinaryOp<GreaterOrEqual>)] = "GreaterOrEqual",
        [typeof(TernaryOp<Where>)] = "Where",
    };

    /// <summary>Creates the nodes of a call; null if ONNX has no counterpart.</summary>
    public static OnnxResult? Convert(OnnxCall c) =>
        SameMeaning.TryGetValue(c.Op.GetType(), out string? type) ? c.Node(type, c.Broadcast()) : Arithmetic(c) ?? Activation(c) ?? Truth(c);

    private static string? Arithmetic(OnnxCall c) => c.Op switch
    {
        UnaryOp<AddScalar> op => c.Node("Add", [c.X, c.Number(op.Function.C.Value)]),
        UnaryOp<SubtractFromScalar> op => c.Node("Sub", [c.Number(op.Function.C.Value), c.X]),
        UnaryOp<MultiplyScalar> op => c.Node("Mul", [c.X, c.Number(op.Function.C.Value)]),
        UnaryOp<DivideByScalar> op => c.Node("Div", [c.X, c.Number(op.Function.C.Value)]),
        UnaryOp<DivideScalar> op => c.Node("Div", [c.Number(op.Function.C.Value), c.X]),
        IElementwiseOp { Function: IPowScalar power } => c.Node("Pow", [c.X, c.Number(power.Exponent)]),
        UnaryOp<Square> => c.Node("Mul", [c.X, c.X]),
        UnaryOp<Rsqrt> => c.Node("Reciprocal", [c.Node("Sqrt", [c.X])]),
        UnaryOp<Exp2> => c.Node("Pow", [c.Number(2), c.X]),
        UnaryOp<Expm1> => c.Node("Sub", [c.Node("Exp", [c.X]), c.Number(1)]),
        UnaryOp<Log1p> => c.Node("Log", [c.Node("Add", [c.X, c.Number(1)])]),
        UnaryOp<Log2> => c.Node("Div", [c.Node("Log", [c.X]), c.Number(Math.Log(2))]),
        UnaryOp<Log10> => c.Node("Div", [c.Node("Log", [c.X]), c.Number(Math.Log(10))]),
        UnaryOp<Erfc> => c.Node("Sub", [c.Number(1), c.Node("Erf", [c.X])]),
        UnaryOp<Ndtr> => NormalShare(c),
        UnaryOp<Logit> => c.Node("Log", [c.Node("Div", [c.X, c.Node("Sub", [c.Number(1), c.X])])]),
        UnaryOp<Truncate> => Truncated(c, c.X),
        BinaryOp<TruncateDivide> when c.DType.IsFloat() => Truncated(c, c.Node("Div", c.Broadcast())),
        BinaryOp<TruncateDivide> => c.Node("Div", c.Broadcast()),
        UnaryOp<Clamp> op => Clip(c, op.Function.Low.Value, op.Function.High.Value),
        BinaryOp<Fmod> => c.Node("Mod", c.Broadcast(), ("fmod", 1L)),
        BinaryOp<Remainder> when !c.DType.IsFloat() => c.Node("Mod", c.Broadcast()),
        BinaryOp<Remainder> => c.Node("Sub", [c.X, c.Node("Mul", [c.Node("Floor", [c.Node("Div", c.Inputs())]), c.Input(1)])]),
        BinaryOp<LogAddExp> => LogAddExp(c),
        BinaryOp<Xlogy> => Xlogy(c),
        BinaryOp<Hypot> => Hypot(c),
        TernaryOp<Lerp> => Lerp(c),
        BinaryOp<FloorDivide> when c.DType.IsFloat() => c.Node("Floor", [c.Node("Div", c.Broadcast())]),
        _ => null,
    };

    private static string Truncated(OnnxCall c, string x) => c.Node("Mul", [c.Node("Sign", [x]), c.Node("Floor", [c.Node("Abs", [x])])]);

    // max + ln(1 + e^−|a − b|); the larger input if the difference is NaN, that is, for equal infinities.
    private static string LogAddExp(OnnxCall c)
    {
        string larger = c.Node("Max", c.Inputs()), difference = c.Node("Sub", c.Inputs());
        string share = c.Node("Exp", [c.Node("Neg", [c.Node("Abs", [difference])])]);
        string sum = c.Node("Add", [larger, c.Node("Log", [c.Node("Add", [share, c.Number(1)])])]);
        return c.Node("Where", [c.Node("IsNaN", [difference]), larger, sum]);
    }

    private static string Xlogy(OnnxCall c)
    {
        string isZero = c.Node("And", [c.Node("Equal", [c.X, c.Number(0)]), c.Node("Not", [c.Node("IsNaN", [c.Input(1)])])]);
        return c.Node("Where", [isZero, c.Number(0), c.Node("Mul", [c.X, c.Node("Log", [c.Input(1)])])]);
    }

    // larger · √(1 + ratio²); the larger input if it is 0 or infinite.
    private static string Hypot(OnnxCall c)
    {
        string[] sides = [c.Node("Abs", [c.X]), c.Node("Abs", [c.Input(1)])];
        string larger = c.Node("Max", sides), ratio = c.Node("Div", [c.Node("Min", sides), larger]);
        string length = c.Node("Mul", [larger, c.Node("Sqrt", [c.Node("Add", [c.Node("Mul", [ratio, ratio]), c.Number(1)])])]);
        return c.Node("Where", [c.Node("IsNaN", [ratio]), larger, length]);
    }

    private static string Lerp(OnnxCall c)
    {
        string way = c.Node("Sub", [c.Input(1), c.X]), isNear = c.Node("Less", [c.Node("Abs", [c.Input(2)]), c.Number(0.5)]);
        string fromStart = c.Node("Add", [c.X, c.Node("Mul", [c.Input(2), way])]);
        string fromEnd = c.Node("Sub", [c.Input(1), c.Node("Mul", [way, c.Node("Sub", [c.Number(1), c.Input(2)])])]);
        return c.Node("Where", [isNear, fromStart, fromEnd]);
    }

    private static string? Activation(OnnxCall c) => c.Op switch
    {
        UnaryOp<LeakyRelu> op => c.Node("LeakyRelu", [c.X], ("alpha", op.Function.Slope.Single)),
        UnaryOp<Elu> { Function.Scale: 1 } op => c.Node("Elu", [c.X], ("alpha", (float)op.Function.Alpha)),
        UnaryOp<Elu> op => c.Node("Selu", [c.X], ("alpha", (float)op.Function.Alpha), ("gamma", (float)op.Function.Scale)),
        UnaryOp<Hardtanh> op => Clip(c, op.Function.Low.Value, op.Function.High.Value),
        UnaryOp<Hardsigmoid> => c.Node("HardSigmoid", [c.X], ("alpha", 1f / 6), ("beta", 0.5f)),
        UnaryOp<Hardshrink> op => c.Node("Shrink", [c.X], ("lambd", op.Function.Lambda.Single), ("bias", 0f)),
        UnaryOp<Softshrink> op => c.Node("Shrink", [c.X], ("lambd", op.Function.Lambda.Single), ("bias", op.Function.Lambda.Single)),
        UnaryOp<Threshold> op => c.Node("Where",
            [c.Node("LessOrEqual", [c.X, c.Number(op.Function.At.Value)]), c.Number(op.Function.Otherwise.Value), c.X]),
        UnaryOp<LogSigmoid> => c.Node("Neg", [c.Node("Softplus", [c.Node("Neg", [c.X])])]),
        UnaryOp<Softplus> op => Softplus(c, op.Function),
        UnaryOp<Silu> => c.Node("Mul", [c.X, c.Node("Sigmoid", [c.X])]),
        UnaryOp<Mish> => c.Node("Mul", [c.X, c.Node("Tanh", [c.Node("Softplus", [c.X])])]),
        UnaryOp<Gelu> => c.Node("Mul", [c.X, NormalShare(c)]),
        UnaryOp<GeluTanh> => GeluTanh(c),
        _ => null,
    };

    private static string? Truth(OnnxCall c) => c.Op switch
    {
        UnaryOp<IsNonZero> => ToBool(c),
        UnaryOp<IsZero> => c.Node("Not", [c.DType == DType.Bool ? c.X : ToBool(c)]),
        UnaryOp<IsFinite> => c.Node("Not", [c.Node("Or", [c.Node("IsNaN", [c.X]), c.Node("IsInf", [c.X])])]),
        _ => null,
    };

    private static string ToBool(OnnxCall c) => c.Node("Cast", [c.X], ("to", (long)OnnxFile.TypeNumber(DType.Bool)));

    // Omits an infinite end.
    private static string Clip(OnnxCall c, double low, double high) =>
        c.Node("Clip", [c.X, double.IsInfinity(low) ? "" : c.Number(low), double.IsInfinity(high) ? "" : c.Number(high)]);

    // Φ(x) = (1 + erf(x/√2)) / 2
    private static string NormalShare(OnnxCall c) =>
        c.Node("Mul", [c.Node("Add", [c.Node("Erf", [c.Node("Mul", [c.X, c.Number(Math.Sqrt(0.5))])]), c.Number(1)]), c.Number(0.5)]);

    // x/2 · (1 + tanh(√(2/π) (x + 0.044715 x³)))
    private static string GeluTanh(OnnxCall c)
    {
        string cube = c.Node("Mul", [c.Node("Mul", [c.X, c.X]), c.X]);
        string inner = c.Node("Mul", [c.Node("Add", [c.X, c.Node("Mul", [cube, c.Number(0.044715)])]), c.Number(Math.Sqrt(2 / Math.PI))]);
        return c.Node("Mul", [c.Node("Mul", [c.X, c.Number(0.5)]), c.Node("Add", [c.Node("Tanh", [inner]), c.Number(1)])]);
    }

    // From 20 on, ln(1 + eˣ) equals x in Float32, so PyTorch's default threshold needs no node.
    private static string Softplus(OnnxCall c, Softplus kernel)
    {
        if (kernel is { Beta.Value: 1, Threshold.Value: >= 20 }) return c.Node("Softplus", [c.X]);
        string scaled = c.Node("Mul", [c.X, c.Number(kernel.Beta.Value)]);
        string bent = c.Node("Div", [c.Node("Softplus", [scaled]), c.Number(kernel.Beta.Value)]);
        return c.Node("Where", [c.Node("Less", [c.Number(kernel.Threshold.Value), scaled]), c.X, bent]);
    }
}
