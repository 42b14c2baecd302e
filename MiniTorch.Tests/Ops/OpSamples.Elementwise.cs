using MiniTorch.Ops;

namespace MiniTorch.Tests;

// Arithmetic, Elementary, Activation, Comparison, Selection and Copy.
static partial class OpSamples
{
    const double Inf = double.PositiveInfinity, NaN = double.NaN;

    /// <summary>A vector of Float64.</summary>
    static Tensor V(params double[] values) => Tensor.From(values);

    static string NoBroadcast(string op) =>
        $"{op}: shapes [2, 3] and [2, 2] do not broadcast: dimension −1 has sizes 3 and 2; sizes must be equal or 1 (Unsqueeze adds a dimension "
            + "of size 1)";

    /// <summary>An op of two inputs, with the misuse that all of them have.</summary>
    static OpRow Broadcast(string name, Func<Tensor, Tensor, Tensor> function, Domain a, Domain b, string? kernel = null) =>
        Pointwise(name, function, a, b)
            .Misuse<ShapeException>("shapes that do not broadcast", () => function(Tensor.Ones([2, 3]), Tensor.Ones([2, 2])),
            NoBroadcast(kernel ?? name));

    static OpRow[] ArithmeticRows() =>
    [
        Broadcast("Add", (a, b) => a + b, Reals, Reals).Integers()
            .Torch("tensor([1., inf, nan]) + tensor([2., -inf, 1.])", [3, NaN, NaN], V(1, Inf, NaN), V(2, -Inf, 1)),
        Broadcast("Subtract", (a, b) => a - b, Reals, Reals).Integers()
            .Torch("tensor([1., inf]) - tensor([2.5, inf])", [-1.5, NaN], V(1, Inf), V(2.5, Inf))
            .Misuse<DTypeException>("Bool − Bool", () => _ = Mask(3) - Mask(3),
            "Subtract: cannot subtract Bool tensors; use LogicalXor, or To(DType.Int64) first")
            .Misuse<DTypeException>("Bool − Bool in place", () => Mask(3).SubInPlace(Mask(3)),
            "Subtract: cannot subtract Bool tensors; use LogicalXor, or To(DType.Int64) first"),
        Broadcast("Multiply", (a, b) => a * b, Reals, Reals).Integers()
            .Torch("tensor([3., 0., -2.]) * tensor([-0.5, inf, 0.])", [-1.5, NaN, -0.0], V(3, 0, -2), V(-0.5, Inf, 0)),
        Broadcast("Divide", (a, b) => a / b, Reals, NonZero)
            .Torch("tensor([1., -1., 0., inf]) / tensor([0., 0., 0., 2.])", [Inf, -Inf, NaN, Inf], V(1, -1, 0, Inf), V(0, 0, 0, 2)),
        Pointwise("AddScalar", x => x + 2.5, Reals),
        Pointwise("AddScalar (integer)", x => 3 + x - 1, Reals).Integers(),
        Pointwise("MultiplyScalar (integer)", x => 3 * x, Reals).Integers(),
        Pointwise("SubtractFromScalar", x => 2.5 - x, Reals),
        Pointwise("MultiplyScalar", x => x * 0.1, Reals).Torch("tensor([3., -1.]) * 0.1", [0.30000000000000004, -0.1], V(3, -1)),
        Pointwise("DivideByScalar", x => x / 3, Reals)
            .Torch("tensor([1., inf, -2.]) / 3", [0.3333333333333333, Inf, -0.6666666666666666], V(1, Inf, -2)),
        Pointwise("DivideScalar", x => 2 / x, NonZero).Torch("1 / tensor([0., -0., inf])", [Inf, -Inf, 0], V(0, -0.0, Inf)),
        Pointwise("Negate", x => -x, Reals).Integers(),
        Pointwise("Square", x => x.Pow(2), Reals).Integers(),
        Pointwise("PowScalar", x => x.Pow(-1.5), Positive).Torch("tensor([0., 4., inf, -1.]).pow(-1.5)", [Inf, 0.125, 0, NaN], V(0, 4, Inf, -1)),
        Pointwise("PowScalar (cube)", x => x.Pow(3), Reals).Integers().Torch("tensor([-2., 0., 0.5]).pow(3)", [-8, 0, 0.125], V(-2, 0, 0.5)),
        Pointwise("PowScalar (0)", x => x.Pow(0), Reals).Integers().Torch("tensor([0., nan, inf]).pow(0)", [1, 1, 1], V(0, NaN, Inf)),
        Broadcast("Pow", (a, b) => a.Pow(b), Positive, Positive).Integers()
            .Torch("tensor([0., 0., -2., -2., 1.]).pow(tensor([0., -1., 3., 0.5, nan]))", [1, Inf, -8, NaN, 1], V(0, 0, -2, -2, 1),
            V(0, -1, 3, 0.5, NaN)),
        Broadcast("Div(floor)", (a, b) => a.Div(b, "floor"), Reals, NonZero, "FloorDivide").Integers().Covers(nameof(FloorDivide))
            .Misuse<ValueException>("integers by 0", () => Indices(1, 2).FloorDivide(Indices(1, 0)),
            "FloorDivide: integer division by zero: element 1 of the divisor, shape [2], is 0")
            .Misuse<ValueException>("another rounding", () => Tensor.Ones([1]).Div(Tensor.Ones([1]), "up"),
            "Div: roundingMode is 'up'; use null, 'floor' or 'trunc'"),
        Pointwise("Div(trunc)", (a, b) => a.Div(b, "trunc"), Reals, NonZero).Integers(),
        Pointwise("Div", (a, b) => a.Div(b), Reals, NonZero),
        Broadcast("Remainder", (a, b) => a.Remainder(b), Reals, NonZero).Integers()
            .Misuse<ValueException>("integers by 0", () => Indices(1).Remainder(Indices(0)),
            "Remainder: integer division by zero: element 0 of the divisor, shape [1], is 0"),
        Broadcast("Remainder (%)", (a, b) => a % b, Reals, NonZero, "Remainder").Integers(),
        Pointwise("Remainder (% number)", x => x % 0.7, Reals),
        Pointwise("Remainder (number %)", x => 2.5 % x, NonZero),
        Broadcast("Atan2", (a, b) => a.Atan2(b), NonZero, NonZero),
        Pointwise("LogAddExp", (a, b) => a.LogAddExp(b), Reals, Reals),
        Pointwise("Xlogy", (a, b) => a.Xlogy(b), Reals, Positive).Within(1e-7),
        Pointwise("Hypot", (a, b) => a.Hypot(b), NonZero, NonZero),
        Row("Lerp", (a, b, weight) => a.Lerp(b, weight), [R(2, 3), R(2, 3), R()], [R(3), R(2, 1), R(2, 3)]),
        Broadcast("Fmod", (a, b) => a.Fmod(b), Reals, Positive).Integers()
            .Torch("torch.fmod(tensor([5., -5., 1.]), tensor([3., 3., inf]))", [2, -2, 1], V(5, -5, 1), V(3, 3, Inf)),
    ];

    static OpRow[] ElementaryRows() =>
    [
        Pointwise("Exp", x => x.Exp(), Reals)
            .Torch("tensor([0., 1., -inf, inf, 710., nan]).exp()", [1, 2.718281828459045, 0, Inf, Inf, NaN], V(0, 1, -Inf, Inf, 710, NaN)),
        Pointwise("Log", x => x.Log(), Positive)
            .Torch("tensor([0., 1., -1., inf, 2.]).log()", [-Inf, 0, NaN, Inf, 0.6931471805599453], V(0, 1, -1, Inf, 2)),
        Pointwise("Sqrt", x => x.Sqrt(), Positive).Torch("tensor([0., 2., -1., inf]).sqrt()", [0, 1.4142135623730951, NaN, Inf], V(0, 2, -1, Inf)),
        Pointwise("Tanh", x => x.Tanh(), Reals)
            .Torch("tensor([0., 0.5, -100., inf, 1e-9]).tanh()", [0, 0.46211715726000974, -1, 1, 1e-09], V(0, 0.5, -100, Inf, 1e-9)),
        Pointwise("Exp2", x => x.Exp2(), Reals).Torch("torch.exp2(tensor([0., 3., -1.5]))", [1, 8, 0.3535533905932738], V(0, 3, -1.5)),
        Pointwise("Expm1", x => x.Expm1(), Reals)
            .Torch("torch.expm1(tensor([0., 1e-12, 2.]))", [0, 1.0000000000005e-12, 6.38905609893065], V(0, 1e-12, 2)),
        Pointwise("Log1p", x => x.Log1p(), Positive)
            .Torch("torch.log1p(tensor([0., 1e-12, -1., -2.]))", [0, 9.999999999995e-13, -Inf, NaN], V(0, 1e-12, -1, -2)),
        Pointwise("Sin", x => x.Sin(), Reals)
            .Torch("torch.sin(tensor([0., 1., 1e5, inf]))", [0, 0.8414709848078965, 0.03574879797201651, NaN], V(0, 1, 1e5, Inf)),
        Pointwise("Cos", x => x.Cos(), Reals)
            .Torch("torch.cos(tensor([0., 1., 1e5, inf]))", [1, 0.5403023058681398, -0.9993608074382124, NaN], V(0, 1, 1e5, Inf)),
        Pointwise("Tan", x => x.Tan(), Unit).Torch("torch.tan(tensor([0., 1., -2.]))", [0, 1.5574077246549023, 2.185039863261519], V(0, 1, -2)),
        Pointwise("Atan", x => x.Atan(), Reals)
            .Torch("torch.atan(tensor([0., 1., -inf]))", [0, 0.7853981633974483, -1.5707963267948966], V(0, 1, -Inf)),
        Pointwise("Erf", x => x.Erf(), Reals)
            .Torch("torch.erf(tensor([0., 0.5, -3., inf]))", [0, 0.5204998778130465, -0.9999779095030014, 1], V(0, 0.5, -3, Inf)),
        Pointwise("Erfc", x => x.Erfc(), Reals)
            .Torch("torch.erfc(tensor([0., 5., -1.]))", [1, 1.537459794428035e-12, 1.8427007929497148], V(0, 5, -1)),
        Pointwise("Ndtr", x => x.Ndtr(), Reals)
            .Torch("torch.special.ndtr(tensor([0., 1.5, -0.25, inf]))", [0.5, 0.9331927987311419, 0.4012936743170763, 1], V(0, 1.5, -0.25, Inf)),
        Pointwise("Erfinv", x => x.Erfinv(), Unit)
            .Torch("torch.erfinv(tensor([0., 0.5, -0.99, 1.]))", [0, 0.4769362762044699, -1.8213863677184483, Inf], V(0, 0.5, -0.99, 1)),
        Pointwise("Lgamma", x => x.Lgamma(), AboveOne)
            .Torch("torch.lgamma(tensor([0.5, 1., 30.]))", [0.5723649429247001, 0, 71.25703896716801], V(0.5, 1, 30)),
        Pointwise("Polygamma", x => x.Polygamma(2), AboveOne)
            .Torch("torch.polygamma(2, tensor([0.5, 1., 30.]))", [-16.828796644234316, -2.404113806319188, -0.0011487652037285997], V(0.5, 1, 30)),
        Pointwise("Log2", x => x.Log2(), Positive),
        Pointwise("Log10", x => x.Log10(), Positive),
        Pointwise("Rsqrt", x => x.Rsqrt(), Positive),
        Pointwise("Reciprocal", x => x.Reciprocal(), NonZero),
        Pointwise("Square()", x => x.Square(), Reals).Integers(),
        Pointwise("Asin", x => x.Asin(), Unit).Within(1e-7),
        Pointwise("Acos", x => x.Acos(), Unit).Within(1e-7),
        Pointwise("Sinh", x => x.Sinh(), Reals),
        Pointwise("Cosh", x => x.Cosh(), Reals),
        Pointwise("Asinh", x => x.Asinh(), Reals),
        Pointwise("Acosh", x => x.Acosh(), AboveOne).Within(1e-6),
        Pointwise("Atanh", x => x.Atanh(), Unit).Within(1e-7),
        Pointwise("Digamma", x => x.Digamma(), AboveOne)
            .Misuse<ValueException>("a negative order", () => Tensor.Ones([1]).Polygamma(-1), "Polygamma: n is -1; it must be 0 or more"),
        Pointwise("Logit", x => x.Logit(), Probability).Within(1e-6),
        Pointwise("Logit(eps)", x => x.Logit(0.3), Probability),
        Pointwise("Frac", x => x.Frac(), Reals).Integers(),
    ];

    static OpRow[] ActivationRows() =>
    [
        Pointwise("Sigmoid", x => x.Sigmoid(), Reals)
            .Torch("tensor([0., 2., -800., inf, nan]).sigmoid()", [0.5, 0.8807970779778823, 0, 1, NaN], V(0, 2, -800, Inf, NaN)),
        Pointwise("Relu", x => x.Relu(), Reals).Integers().Torch("tensor([-1., 0., 2., nan]).relu()", [0, 0, 2, NaN], V(-1, 0, 2, NaN)),
        Pointwise("LogSigmoid", x => x.LogSigmoid(), Reals),
        Pointwise("Relu6", x => x.Relu6(), Reals).Integers(),
        Pointwise("Hardtanh", x => x.Hardtanh(), Reals).Integers()
            .Misuse<ValueException>("bounds in the wrong order", () => Tensor.Ones([1]).Hardtanh(1, 0), "Hardtanh: low 1 exceeds high 0"),
        Pointwise("LeakyRelu", x => x.LeakyRelu(0.1), Reals),
        Row("Prelu", (x, weight) => x.Prelu(weight), [R(2, 3), R(3)], [R(2, 3, 2), R(1)], [R(2, 3), R()], [R(4), R(1)])
            .Misuse<ShapeException>("another number of weights", () => Tensor.Ones([2, 3]).Prelu(Tensor.Ones([2])),
            "Prelu: got 2 weights for shape [2, 3]; pass 1 or 3, the number of channels (dimension 1)"),
        Pointwise("Elu", x => x.Elu(0.7), Reals),
        Pointwise("Celu", x => x.Celu(0.7), Reals),
        Pointwise("Selu", x => x.Selu(), Reals),
        Pointwise("Gelu", x => x.Gelu(), Reals)
            .Misuse<ValueException>("another approximation", () => Tensor.Ones([1]).Gelu("erf"), "Gelu: approximate is 'erf'; use 'none' or 'tanh'"),
        Pointwise("GeluTanh", x => x.Gelu("tanh"), Reals),
        Pointwise("Fuse", Fuse.Compile((a, b) => (a * b).Tanh() * a - b), Reals, Reals),
        Row("Fuse (rows)", Fuse.Compile((x, y) => x - x.Detach().Max(-1).Values.Unsqueeze(-1) is var z ? z.Exp() * y / z.Exp().Sum(-1, keepDim: true)
            : x),
            [R(2, 3), R(2, 3)], [R(2, 3, 4), R(2, 3, 4)], [R(3), R(3)]).Covers(nameof(FusedRows)).Covers(nameof(ExtremumIndex)),
        Pointwise("Silu", x => x.Silu(), Reals),
        Pointwise("Mish", x => x.Mish(), Reals),
        Pointwise("Softplus", x => x.Softplus(2, 3), Reals),
        Pointwise("Softsign", x => x.Softsign(), Reals),
        Pointwise("Tanhshrink", x => x.Tanhshrink(), Reals),
        Pointwise("Hardshrink", x => x.Hardshrink(), Reals),
        Pointwise("Softshrink", x => x.Softshrink(), Reals),
        Pointwise("Threshold", x => x.Threshold(0.3, -2), Reals),
        Pointwise("Hardsigmoid", x => x.Hardsigmoid(), Reals).Within(1e-7), // PyTorch's gradient takes 1/6 rounded to float32
        Pointwise("Hardswish", x => x.Hardswish(), Reals),
        Row("Glu", x => x.Glu(), R(2, 4), R(6), R(2, 2, 2)).Large(R(263, 1022)).RowWise()
            .Misuse<ShapeException>("an odd size", () => Tensor.Ones([2, 3]).Glu(), "Glu: dimension -1 of shape [2, 3] must have an even size"),
    ];

    static OpRow[] ComparisonRows() =>
    [
        Broadcast("Less", (a, b) => a < b, Reals, Reals).NotDifferentiable().Covers(nameof(Less))
            .Torch("tensor([1., 2., nan]) < tensor([2., 2., 1.])", [1, 0, 0], V(1, 2, NaN), V(2, 2, 1)),
        Broadcast("Greater", (a, b) => a > b, Reals, Reals).NotDifferentiable().Covers(nameof(Greater))
            .Torch("tensor([1., 3., nan]) > tensor([2., 2., 1.])", [0, 1, 0], V(1, 3, NaN), V(2, 2, 1)),
        Broadcast("LessOrEqual", (a, b) => a <= b, Reals, Reals).NotDifferentiable().Covers(nameof(LessOrEqual))
            .Torch("tensor([1., 2., nan]) <= tensor([2., 2., nan])", [1, 1, 0], V(1, 2, NaN), V(2, 2, NaN)),
        Broadcast("GreaterOrEqual", (a, b) => a >= b, Reals, Reals).NotDifferentiable().Covers(nameof(GreaterOrEqual))
            .Torch("tensor([1., 2., nan]) >= tensor([2., 2., nan])", [0, 1, 0], V(1, 2, NaN), V(2, 2, NaN)),
        Broadcast("Eq", (a, b) => a.Eq(b), Reals, Reals, "Equal").NotDifferentiable().Covers(nameof(Equal))
            .Torch("tensor([1., 0., nan]).eq(tensor([2., -0., nan]))", [0, 1, 0], V(1, 0, NaN), V(2, -0.0, NaN)),
        Broadcast("Ne", (a, b) => a.Ne(b), Reals, Reals, "Equal").NotDifferentiable()
            .Torch("tensor([1., 0., nan]).ne(tensor([2., -0., nan]))", [1, 0, 1], V(1, 0, NaN), V(2, -0.0, NaN)),
        Pointwise("IsNaN", x => x.IsNaN(), Reals).NotDifferentiable().Torch("tensor([1., nan, inf]).isnan()", [0, 1, 0], V(1, NaN, Inf)),
        Pointwise("LogicalNot", x => x.LogicalNot(), Reals).NotDifferentiable().Covers(nameof(IsZero))
            .Torch("tensor([0., 2., nan]).logical_not()", [1, 0, 0], V(0, 2, NaN)),
        Pointwise("To(Bool)", x => x.To(DType.Bool), Reals).NotDifferentiable().Covers(nameof(IsNonZero))
            .Torch("tensor([0., 0.5, nan, -0.]).bool()", [0, 1, 1, 0], V(0, 0.5, NaN, -0.0)),
        Broadcast("Bool and", (a, b) => (a > 0) & (b > 0), Reals, Reals, "Multiply").NotDifferentiable(),
        Broadcast("Bool or", (a, b) => (a > 0) | (b > 0), Reals, Reals, "Add").NotDifferentiable(),
        Broadcast("Bool xor", (a, b) => (a > 0) ^ (b > 0), Reals, Reals, "Equal").NotDifferentiable(),
        Pointwise("Bool not", x => !(x > 0), Reals).NotDifferentiable(),
        Broadcast("LogicalAnd", (a, b) => a.LogicalAnd(b), Reals, Reals, "Multiply").NotDifferentiable()
            .Torch("tensor([0., 2., nan]).logical_and(tensor([1., 1., 1.]))", [0, 1, 1], V(0, 2, NaN), V(1, 1, 1)),
        Broadcast("LogicalOr", (a, b) => a.LogicalOr(b), Reals, Reals, "Add").NotDifferentiable()
            .Torch("tensor([0., 2., 0.]).logical_or(tensor([0., 1., nan]))", [0, 1, 1], V(0, 2, 0), V(0, 1, NaN)),
        Pointwise("IsInf", x => x.IsInf(), Reals).NotDifferentiable(),
        Pointwise("IsFinite", x => x.IsFinite(), Reals).NotDifferentiable().Covers(nameof(IsFinite)),
        Pointwise("LogicalXor", (a, b) => a.LogicalXor(b), Reals, Reals).NotDifferentiable(),
        Row("IsClose", (a, b) => a.IsClose(b, 0.5), [R(2, 3), R(2, 3)], [R(), R(3)]).NotDifferentiable()
            .Misuse<DTypeException>("two dtypes", () => Tensor.Ones([1]).IsClose(Tensor.Ones([1], DType.Float64)),
            "IsClose: the dtypes Float32 and Float64 differ; convert one tensor with To"),
    ];

    static OpRow[] SelectionRows() =>
    [
        Row("Where", (a, b) => Tensor.Where(Mask(2, 3), a, b), [R(2, 3), R(2, 3)], [R(), R(3)], [R(1, 3), R(2, 1)], [R(4, 2, 3), R(4, 1, 3)],
            [R(0, 2, 3), R()])
            .Large(R(70, 2, 3), R(70, 2, 3))
            .Misuse<DTypeException>("a condition of numbers", () => Tensor.Where(Tensor.Ones([2]), 1.0, 2.0),
            "Where: the condition is Float32 and must be Bool; use a comparison or To(DType.Bool)")
            .Misuse<ShapeException>("shapes that do not broadcast", () => Tensor.Where(Mask(2), Tensor.Ones([3]), 2.0),
                "Where: shapes [2] and [3] do not broadcast: dimension −1 has sizes 2 and 3; sizes must be equal or 1 (Unsqueeze adds a dimension "
                    + "of size 1)"),
        Row("x.Where", (a, b) => a.Where(Mask(2, 3), b), [R(2, 3), R(3)]),
        Row("MaskedFill", x => x.MaskedFill(Mask(3), -7.5), R(2, 3), R(3), R(0, 3)),
        Broadcast("Maximum", (a, b) => a.Maximum(b), Reals, Reals).Integers()
            .Torch("tensor([1., nan, inf, 2.]).maximum(tensor([2., 1., nan, 2.]))", [2, NaN, NaN, 2], V(1, NaN, Inf, 2), V(2, 1, NaN, 2)),
        Broadcast("Minimum", (a, b) => a.Minimum(b), Reals, Reals).Integers()
            .Torch("tensor([1., nan, inf, 2.]).minimum(tensor([2., 1., nan, 2.]))", [1, NaN, NaN, 2], V(1, NaN, Inf, 2), V(2, 1, NaN, 2)),
        Pointwise("Abs", x => x.Abs(), Reals).Integers().Torch("tensor([-1., -0., nan, -inf]).abs()", [1, 0, NaN, Inf], V(-1, -0.0, NaN, -Inf)),
        Pointwise("Sign", x => x.Sign(), Reals).Integers().Torch("tensor([-3., 0., nan, inf]).sign()", [-1, 0, 0, 1], V(-3, 0, NaN, Inf)),
        Pointwise("Floor", x => x.Floor(), Reals).Integers().Torch("tensor([-1.5, 2.5, -0.]).floor()", [-2, 2, -0.0], V(-1.5, 2.5, -0.0)),
        Pointwise("Ceiling", x => x.Ceil(), Reals).Integers().Torch("tensor([-1.5, 2.5, inf]).ceil()", [-1, 3, Inf], V(-1.5, 2.5, Inf)),
        Pointwise("Round", x => x.Round(), Reals).Integers().Torch("tensor([-1.5, 2.5, 0.5, 3.5]).round()", [-2, 2, 0, 4], V(-1.5, 2.5, 0.5, 3.5)),
        Pointwise("Truncate", x => x.Trunc(), Reals).Integers().Torch("tensor([-1.5, 2.5, nan]).trunc()", [-1, 2, NaN], V(-1.5, 2.5, NaN)),
        Pointwise("Clamp", x => x.Clamp(-0.5, 0.7), Reals)
            .Misuse<ValueException>("no bound", () => Tensor.Ones([1]).Clamp(), "Clamp: give min, max or both"),
        Pointwise("Clamp (integer)", x => x.Clamp(min: -1), Reals).Integers(),
        Pointwise("NanToNum", x => x.NanToNum(), Reals).Integers()
            .Torch("tensor([nan, inf, -inf, 2.]).nan_to_num()", [0, double.MaxValue, -double.MaxValue, 2], V(NaN, Inf, -Inf, 2)),
        Pointwise("NanToNum(values)", x => x.NanToNum(Inf, 2.5, -3), Reals).Integers()
            .Torch("tensor([nan, inf, -inf, 2.]).nan_to_num(inf, 2.5, -3)", [Inf, 2.5, -3, 2], V(NaN, Inf, -Inf, 2)),
    ];

    static OpRow[] CopyRows() =>
    [
        Pointwise("Clone", x => x.Clone(), Reals).Integers(),
        Row("Contiguous", x => x.Contiguous(), R(2, 3), R(), R(0, 2)),
        Pointwise("To(Float64)", x => x.To(DType.Float64), Reals).Covers(nameof(Cast), nameof(Identity)),
        Pointwise("To(Int64)", x => x.To(DType.Int64), Reals).NotDifferentiable()
            .Torch("tensor([1.9, -1.9, 0.]).long()", [1, -1, 0], V(1.9, -1.9, 0)),
    ];
}
