using MiniTorch.Nn;

namespace MiniTorch.Tests.GradChecks;

/// <summary>
/// A hundred faults of all families of operations, planted among right ones: wrong formulas, wrong places, wrong layouts, broken contracts and cut
/// graphs. <see cref="FaultSuiteTests"/> counts how many a check finds, and how many it traces to their operation.
/// </summary>
internal static class FaultSuite
{
    private static readonly GradCheckOptions s_first = new();
    private static readonly GradCheckOptions s_second = new() { Order = 2 };
    private static readonly Tensor s_x = Draw(11, 3, 4), s_y = Draw(12, 3, 4), s_v = Draw(13, 5), s_w = Draw(14, 5);
    private static readonly Tensor s_a = Draw(15, 3, 3), s_b = Draw(16, 3, 3), s_pos = s_x.Abs() + 0.4, s_unit = s_x.Tanh() * 0.8;
    private static readonly Tensor s_image = Draw(17, 1, 2, 5, 5), s_filter = Draw(18, 2, 2, 3, 3),
        s_spd = (s_a.MatMul(s_a.T) + (Tensor.Eye(3, dtype: DType.Float64) * 2)).Detach();
    private static readonly Tensor s_classes = Tensor.From(new long[] { 0, 3, 1 }), s_rows = Tensor.From(new long[] { 1, 1, 0, 2 });

    public static IReadOnlyList<PlantedFault> All { get; } =
        [.. Elementwise(), .. Reductions(), .. Products(), .. Layers(), .. Indexing(), .. Movement(), .. Orders(), .. Matrices(), .. Losses(),
            .. Contracts(), .. HigherOrders(), .. Cuts()];

    private static IEnumerable<PlantedFault> Elementwise() =>
    [
        Rule("exp multiplies by its input", "Exp0", v => v[0].Exp(), (c, g, _) => g * c.Input(0), s_x),
        Rule("log1p forgets the 1", "LogP", v => v[0].Log1p(), (c, g, _) => g / c.Input(0), s_pos),
        Rule("expm1 takes its output for exp", "ExpM", v => v[0].Expm1(), (c, g, _) => g * c.Output, s_x),
        Rule("sigmoid loses 1 − y", "Logistic", v => v[0].Sigmoid(), (c, g, _) => g * c.Output, s_x),
        Rule("tanh does not square", "Tanh0", v => v[0].Tanh(), (c, g, _) => g * (1 - c.Output), s_x),
        Rule("softplus mirrors the sigmoid", "Soft", v => v[0].Softplus(), (c, g, _) => g * (-c.Input(0)).Sigmoid(), s_x),
        Rule("gelu loses the density", "Gelu0", v => v[0].Gelu(), (c, g, _) => g * c.Input(0).Ndtr(), s_x),
        Rule("silu loses its second term", "Silu0", v => v[0].Silu(), (c, g, _) => g * c.Input(0).Sigmoid(), s_x),
        Rule("atan does not square", "Atan0", v => v[0].Atan(), (c, g, _) => g / (1 + c.Input(0)), s_pos),
        Rule("asin loses the root", "Asin0", v => v[0].Asin(), (c, g, _) => g / (1 - c.Input(0).Square()), s_unit),
        Rule("sqrt is inverted", "Root", v => v[0].Sqrt(), (c, g, _) => 2 * g * c.Output, s_pos),
        Rule("rsqrt has the wrong sign", "InverseRoot", v => v[0].Rsqrt(), (c, g, _) => 0.5 * g * c.Output.Pow(3), s_pos),
        Rule("the exponent's gradient loses the logarithm", "Power", v => v[0].Pow(v[1]), (c, g, i) =>
            g * (i == 0 ? c.Input(1) * c.Input(0).Pow(c.Input(1) - 1) : c.Output), s_pos, s_y),
        Rule("a smooth absolute value loses its denominator", "SmoothAbs", v => (v[0].Square() + 0.01).Sqrt(), (c, g, _) => g * c.Input(0), s_x),
        Rule("atan2 has its operands swapped", "Angle", v => v[0].Atan2(v[1]), (c, g, i) =>
            g * (i == 0 ? -c.Input(0) : c.Input(1)) / (c.Input(0).Square() + c.Input(1).Square()), s_x, s_y),
        Rule("erf loses 2/√π", "Erf0", v => v[0].Erf(), (c, g, _) => g * (-c.Input(0).Square()).Exp(), s_x),
        Rule("leaky relu has another slope", "Leaky", v => v[0].LeakyRelu(0.01), (c, g, _) => g * ((c.Input(0) > 0).To(DType.Float64) * 0.9 + 0.1),
            s_x),
        Rule("elu loses alpha", "Elu0", v => v[0].Elu(0.5), (c, g, _) =>
            g * Tensor.Where(c.Input(0) > 0, Tensor.OnesLike(c.Input(0)), c.Input(0).Exp()), s_x),
        Rule("clamp passes below the minimum", "Limit", v => v[0].Clamp(-0.3, 0.3), (c, g, _) => g * (c.Input(0) < 0.3).To(DType.Float64), s_x),
        Rule("logit loses a term", "Logit0", v => (v[0] / (1 - v[0])).Log(), (c, g, _) => g / c.Input(0), (s_unit.Abs() * 0.9) + 0.05),
        Rule("a factor is off by a thousandth", "Cosine", v => v[0].Cos(), (c, g, _) => -1.001 * g * c.Input(0).Sin(), s_x),
        Rule("a factor is off by a ten-thousandth", "Sine", v => v[0].Sin(), (c, g, _) => 1.0001 * g * c.Input(0).Cos(), s_x),
        Rule("a product is right only at 1", "Cube", v => v[0].Pow(3), (c, g, _) => 3 * g * c.Input(0), s_x),
        Rule("values below −1 are cut", "Squared", v => v[0].Square(), (c, g, _) => 2 * g * c.Input(0).Clamp(min: -1), s_x * 1.5),
    ];

    private static IEnumerable<PlantedFault> Reductions() =>
    [
        Rule("a mean over rows divides by all elements", "RowMean", v => v[0].Mean(1), (c, g, _) => g.Unsqueeze(1).Expand(3, 4) / 12, s_x),
        Rule("a variance divides by n", "Variance", v => v[0].Var(), (c, g, _) => 2 * g * (c.Input(0) - c.Input(0).Mean()) / 12, s_x),
        Rule("a deviation loses its root", "Deviation", v => v[0].Std(), (c, g, _) => g * (c.Input(0) - c.Input(0).Mean()) / 11, s_x),
        Rule("a norm does not normalize", "Length", v => v[0].Norm(), (c, g, _) => g * c.Input(0), s_x),
        Rule("log-sum-exp spreads evenly", "Lse", v => v[0].LogSumExp(1), (c, g, _) => g.Unsqueeze(1).Expand(3, 4) / 4, s_x),
        Rule("a maximum gives to the minimum", "Largest", v => v[0].Amax(1), (c, g, _) => g.Unsqueeze(1) * c.Input(0)
            .Eq(c.Input(0).Amin(1, keepDim: true)).To(DType.Float64), s_x),
        Rule("a product keeps the factor", "Product", v => v[0].Prod(0), (c, g, _) =>
            g.Unsqueeze(0) * c.Output.Unsqueeze(0) * Tensor.OnesLike(c.Input(0)), s_pos),
        Rule("a softmax sums over the wrong dimension", "Weights", v => v[0].Softmax(1), (c, g, _) =>
            c.Output * (g - (g * c.Output).Sum(0, keepDim: true)), s_a),
        Rule("a log-softmax loses its temperature", "Cool", v => (v[0] / 2).LogSoftmax(1), (c, g, _) =>
            g - (c.Output.Exp() * g.Sum(1, keepDim: true)), s_x),
        Rule("a softmax sums over all rows", "Weights", v => v[0].Softmax(1), (c, g, _) => c.Output * (g - (g * c.Output).Sum()), s_x),
    ];

    private static IEnumerable<PlantedFault> Products() =>
    [
        Mangled("a weight's gradient is transposed", "Dense", v => v[0].MatMul(v[1]), (right, i) => i == 1 ? right.T : right, s_x.Narrow(1, 0, 3),
            s_a),
        Mangled("a bias gets the mean of the batch", "Dense", v => v[0].MatMul(v[1]) + v[2], (right, i) => i == 2 ? right / 3 : right, s_a, s_b,
            Draw(21, 3)),
        Mangled("a quadratic form loses the transpose", "Quadratic", v => (v[0] * v[1].MatMul(v[0])).Sum(), (right, i) => i == 0 ? right / 2 : right,
            Draw(22, 3), s_a),
        Mangled("a batch is reversed", "Batched", v => v[0].MatMul(v[1]), (right, i) => i == 0 ? right.Flip(0) : right, Draw(23, 2, 3, 4),
            Draw(24, 2, 4, 3)),
        Mangled("an outer product swaps its vectors", "Outer0", v => v[0].Outer(v[1]), (right, i) => i == 0 ? right.Roll(1) : right, s_v, s_w),
        Mangled("a dot product returns the same vector", "Dot", v => (v[0] * v[1]).Sum(), (right, i) => i == 0 ? right * 1 + 0.5 : right, s_v, s_w),
        Mangled("a trace gives to all", "Trace0", v => v[0].Trace(), (right, _) => right + 1, s_a),
        Mangled("an einsum forgets to sum", "Einsum0", v => Tensor.Einsum("ij,jk->ik", v[0], v[1]), (right, i) => i == 1 ? right / 3 : right, s_a,
            s_b),
    ];

    private static IEnumerable<PlantedFault> Layers() =>
    [
        Mangled("a convolution loses its border", "Conv", v => v[0].Conv2d(v[1], padding: 1), (right, i) => i == 0 ? right * Inner(5) : right,
            s_image, s_filter),
        Mangled("a filter is not flipped", "Conv", v => v[0].Conv2d(v[1]), (right, i) => i == 1 ? right.Flip(2, 3) : right, s_image, s_filter),
        Mangled("channels are swapped", "Conv", v => v[0].Conv2d(v[1]), (right, i) => i == 0 ? right.Flip(1) : right, s_image, s_filter),
        Mangled("an average pool divides twice", "Pool", v => v[0].AvgPool2d(2), (right, _) => right / 4, s_image),
        Mangled("a maximum pool is off by a column", "Pool", v => v[0].MaxPool2d(2), (right, _) => right.Roll(1, 3), s_image),
        Rule("a normalization treats its statistics as constants", "Norm0", v => v[0].LayerNorm([4]), (c, g, _) =>
            g / (c.Input(0).Var(1, 0, keepDim: true) + 1e-5).Sqrt(), s_x),
        Mangled("a normalization loses the mean of the cotangent", "Norm0", v => v[0].LayerNorm([4]), (right, _) => right + 0.05, s_x),
        Mangled("a root-mean-square norm has the gradient of a scaled copy", "Rms", v => v[0].RmsNorm([4]), (right, _) => right * 1.2, s_x),
        Mangled("keys lose the scale of attention", "Attend", v => v[0].ScaledDotProductAttention(v[1], v[2]), (right, i) => i == 1 ? right * 2
            : right, Draw(25, 1, 3, 4), Draw(26, 1, 3, 4), Draw(27, 1, 3, 4)),
        Mangled("queries get the keys' rows", "Attend", v => v[0].ScaledDotProductAttention(v[1], v[2]), (right, i) => i == 0 ? right.Flip(1)
            : right, Draw(25, 1, 3, 4), Draw(26, 1, 3, 4), Draw(27, 1, 3, 4)),
        new("a recurrence is truncated", v =>
        {
            Tensor h = v[1];
            for (int i = 0; i < 3; i++) h = (v[0][i] + (h.Detach() * 0.7)).Tanh();
            return h;
        }, [s_x, Draw(28, 4)], Verdict.Wrong, "MultiplyScalar", s_first),
        Mangled("gates are permuted", "Gates", v => (v[0].Chunk(4, 0)[0].Sigmoid() * v[0].Chunk(4, 0)[1].Tanh()) + (v[0].Chunk(4,
            0)[2].Sigmoid() * v[0].Chunk(4, 0)[3]), (right, _) => right.Roll(2), Draw(29, 8)),
        Mangled("an upsampling averages", "Up", v => v[0].RepeatInterleave(2), (right, _) => right / 2, s_v),
    ];

    private static IEnumerable<PlantedFault> Indexing() =>
    [
        Rule("rows taken twice overwrite each other", "Take", v => v[0].IndexSelect(0, s_rows), (c, g, _) => Tensor.Zeros([3, 4], DType.Float64)
            .IndexCopy(0, s_rows, g), s_x),
        Mangled("rows are off by one", "Take", v => v[0].IndexSelect(0, s_rows), (right, _) => right.Roll(1, 0), s_x),
        Mangled("an embedding scales by the number of uses", "Lookup", v => s_rows.Embedding(v[0]), (right, _) =>
            right * Tensor.From(new double[] { 1, 0.5, 1 }).Unsqueeze(1), s_x),
        Mangled("a scatter's source reads the wrong rows", "Put", v => v[0].IndexAdd(0, s_rows.Narrow(0, 0, 3), v[1]), (right, i) => i == 1
            ? right.Flip(0) : right, s_x, s_y),
        Mangled("a filled element keeps its gradient", "Fill", v => v[0].MaskedFill(s_y > 0, 2.0), (right, _) =>
            right + ((s_y > 0).To(DType.Float64) * 0.5), s_x),
        Mangled("the other branch gets the gradient", "Choose", v => Tensor.Where(s_y > 0, v[0], v[1]), (right, i) => right.Flip(1), s_x, s_y),
        Mangled("a slice's gradient stands at the start", "Part", v => v[0][1..4], (right, _) => right.Roll(-1), s_v),
        Mangled("a stride is lost", "Every", v => v[0].Slice(0, 0, null, 2), (right, _) => right.Roll(1), s_v),
        Rule("a gathered gradient is not accumulated", "Gather0", v => v[0].Gather(0, s_rows), (c, g, _) => Tensor.Zeros([5], DType.Float64)
            .IndexCopy(0, s_rows, g), s_v),
    ];

    private static IEnumerable<PlantedFault> Movement() =>
    [
        Rule("a transposed square stays transposed", "Turn", v => v[0].T, (_, g, _) => g, s_a),
        Rule("joined parts are swapped", "Join", v => Tensor.Cat(v, 0), (_, g, i) => g.Narrow(0, i == 0 ? 3 : 0, 3), s_x, s_y),
        Rule("a second part gets the first's gradient", "Pile", v => Tensor.Stack(v), (_, g, _) => g[0], s_x, s_y),
        Rule("a flip is not undone", "Mirror", v => v[0].Flip(1), (_, g, _) => g, s_x),
        Rule("a roll goes on", "Turned", v => v[0].Roll(1, 1), (_, g, _) => g.Roll(1, 1), s_x),
        Rule("padding is read from the start", "Padded", v => v[0].Pad([1, 2]), (_, g, _) => g.Narrow(-1, 0, 4), s_x),
        Rule("a repeated tensor gets one copy", "Twice", v => v[0].Repeat(2, 1), (_, g, _) => g.Narrow(0, 0, 3), s_x),
        Rule("a diagonal fills a row", "Diag", v => v[0].Diagonal(), (_, g, _) =>
            Tensor.Cat([g.Unsqueeze(0), Tensor.Zeros([2, 3], DType.Float64)], 0), s_a),
    ];

    private static IEnumerable<PlantedFault> Orders() =>
    [
        Rule("a sort's gradient stays sorted", "Sorted", v => v[0].Sort(0).Values, (_, g, _) => g, s_v),
        Rule("the largest are taken for the first", "Top", v => v[0].TopK(2).Values, (_, g, _) => g.Pad([0, 3]), s_v),
        Rule("a running product divides by itself", "Running", v => v[0].CumProd(0), (c, g, _) => (g * c.Output).Sum() / c.Input(0), s_v),
        Rule("a median gives to all", "Middle", v => v[0].Median(), (_, g, _) => (g / 5).Expand(5), s_v),
        Rule("a running sum goes forward", "Sums", v => v[0].CumSum(0), (_, g, _) => g.CumSum(0), s_v),
    ];

    private static IEnumerable<PlantedFault> Matrices() =>
    [
        Mangled("an inverse loses its sign", "Inverse0", v => Linalg.Inv(v[0]), (right, _) => -right, s_spd),
        Mangled("a determinant has the inverse untransposed", "Determinant", v => Linalg.Det(v[0]), (right, _) => right.T,
            s_a + (2 * Tensor.Eye(3, dtype: DType.Float64))),
        Mangled("a solution's matrix is transposed", "Solved", v => Linalg.Solve(v[0], v[1]), (right, i) => i == 0 ? right.T : right, s_spd + s_a,
            s_b),
        Mangled("a factor's gradient keeps the upper triangle only", "Factor", v => Linalg.Cholesky(v[0]), (right, _) => right.Triu(), s_spd),
        Mangled("eigenvalues are in reverse order", "Spectrum", v => Linalg.EigvalsH(v[0]), (right, _) => right * 0.5, s_spd),
    ];

    private static IEnumerable<PlantedFault> Losses() =>
    [
        Rule("cross entropy is not averaged", "Loss", v => Functional.CrossEntropy(v[0], s_classes), (c, g, _) =>
            g * (c.Input(0).Softmax(1) - s_classes.OneHot(4).To(DType.Float64)), s_x),
        Rule("binary cross entropy adds the target", "Loss", v => Functional.BinaryCrossEntropy(v[0], Tensor.Full([3, 4], 0.3, DType.Float64)),
            (c, g, _) => g * (c.Input(0) + 0.3) / (c.Input(0) * (1 - c.Input(0))) / 12, (s_unit.Abs() * 0.9) + 0.05),
        Rule("Huber has another delta", "Loss", v => Functional.HuberLoss(v[0], Tensor.Zeros([3, 4], DType.Float64), delta: 0.5), (c, g, _) =>
            g * c.Input(0).Clamp(-1, 1) / 12, s_x),
        Mangled("a divergence is reversed", "Loss", v => Functional.KLDiv(v[0], v[1].Softmax(1)), (right, i) => i == 0 ? -right : right, s_x, s_y),
        Mangled("a weighted error loses its weights", "Loss", v => ((v[0] - s_y).Square() * s_pos).Mean(), (right, _) => right / s_pos, s_x),
        Mangled("a cosine keeps the radial part", "Cosine0", v => v[0].CosineSimilarity(v[1]), (right, i) => i == 0 ? right + (0.1 * s_x) : right,
            s_x, s_y),
    ];

    private static IEnumerable<PlantedFault> Contracts()
    {
        double seen = 0;
        return
        [
            Rule("a rule clips its cotangent", "Square", v => v[0].Square(), (c, g, _) => 2 * c.Input(0) * g.Clamp(-20, 20), s_x),
            Rule("a rule reads a strided cotangent as if it were row-major", "Square", v => v[0].Square(), (c, g, _) =>
                2 * c.Input(0) * (g.IsContiguous ? g : g.T.Reshape(3, 4)), s_x, direct: true),
            Rule("a rule reads only the first of an expanded cotangent", "Scaled", v => v[0] * 3, (_, g, _) => 3 * (g.Layout.Overlaps ? g / 2 : g),
                s_x, direct: true),
            Rule("a rule writes to its cotangent", "Square", v => v[0].Square(), (c, g, _) => g.MulInPlace(2) * c.Input(0), s_x, direct: true),
            Rule("a rule needs the other input's gradient", "Both", v => v[0] * v[1], (c, g, i) => i == 0 ? g * c.Input(1) : c.Needs(0)
                ? g * c.Input(0) : g * 0, s_x, s_y),
            Rule("another value without recording", "Mode", v => v[0] * 2, (_, g, _) => 2 * g, s_x, wrap: op => v => EngineMode.Enabled
                ? op.Apply(v[0]) : op.Apply(v[0]) * 1.1, blamed: false),
            Rule("a state of earlier calls", "Momentum", v => v[0] * 2, (_, g, _) => 2 * g, s_x, verdict: Verdict.Nondeterministic, blamed: false,
                wrap: op => v => op.Apply(v[0]) + (seen = (0.9 * seen) + (0.1 * v[0].Detach().Mean().Item<double>()))),
            new("one of two outputs is not used", v => new PlantedPair().ApplyAll(v[0])[0] * 2, [s_x], Verdict.Wrong, nameof(PlantedPair), s_first),
            Rule("a rule in Float64 only", "Wide", v => v[0] * v[0], (c, g, _) => 2 * g * c.Input(0).To(DType.Float64), s_x.To(DType.Float32),
                blamed: false),
            Rule("a rule that overflows in Float32", "Gate", v => v[0].Sigmoid(), (c, g, _) => g * (2 * c.Input(0)).Exp() / (1 + c.Input(0).Exp())
                .Square() / c.Input(0).Exp(), (s_x.Abs() * 10 + 48).To(DType.Float32), blamed: false),
            Rule("a sign depends on the cotangent", "Square", v => v[0].Square(), (c, g, _) => 2 * c.Input(0) * g.Abs(), s_x),
        ];
    }

    private static IEnumerable<PlantedFault> HigherOrders() =>
    [
        Rule("the second derivative of a tanh takes the output as constant", "Tanh0", v => v[0].Tanh(), (c, g, _) =>
            g * (1 - c.Output.Detach().Square()), s_x, options: s_second),
        Rule("the second derivative of a product loses the first factor", "Times", v => v[0] * v[1], (c, g, i) => i == 0 ? g * c.Input(1).Detach()
            : g * c.Input(0), s_x, s_y, options: s_second),
        Rule("the gradient is rounded", "Square", v => v[0].Square(), (c, g, _) => (2 * g * c.Input(0)).To(DType.Float32).Detach().To(DType.Float64),
            s_x, options: s_second),
        new("forward mode loses a term", v => new PlantedOp("Times", w => w[0] * w[1], (c, g, i) => g * c.Input(1 - i)) { Tangent = (c, t) =>
            t[0] is null ? null : t[0]! * c.Input(1) }.Apply(v[0], v[1]), [s_x, s_y], Verdict.Disconnected, "Times", s_first),
        new("forward mode has the wrong scale", v => new PlantedOp("Sine", w => w[0].Sin(), (c, g, _) => g * c.Input(0).Cos()) { Tangent = (c, t) =>
            t[0]! * c.Input(0).Cos() * 0.9 }.Apply(v[0]).Exp(), [s_x], Verdict.Wrong, "Sine", s_first),
    ];

    private static IEnumerable<PlantedFault> Cuts() =>
    [
        new("a norm is detached", v => v[0] / v[0].Norm().Detach(), [s_x], Verdict.Wrong, "Divide", s_first),
        new("a factor runs without recording", v =>
        {
            Tensor factor;
            using (Autograd.NoGrad()) factor = v[0].Exp();
            return v[0] * factor;
        }, [s_x], Verdict.Wrong, "Exp", s_first),
        new("a straight-through estimator", v => v[0] + ((v[0] * 1e3).Round() / 1e3 - v[0]).Detach(), [s_x], Verdict.Wrong, "Add", s_first),
        new("a fine wave is detached", v => v[0] + ((v[0] * 1e5).Sin() * 1e-5).Detach(), [s_x], Verdict.Wrong, "Add", s_first),
        new("a masked root is a trap", v => Tensor.Where(v[0] > 0, v[0].Sqrt(), 0 * v[0]), [Tensor.From(new double[] { 0, 1, 4 })], Verdict.Wrong,
            "Sqrt", s_first),
        new("a scale is read as a number", v => v[0] * v[0].Sum().Item<double>(), [s_x], Verdict.Wrong, null, s_first),
        new("an index is used as a value", v => v[0] * (v[0] * 7).To(DType.Int64).To(DType.Float64) + v[0].Sum().Item<double>(), [s_v],
            Verdict.Wrong, null, s_first),
        new("one of two uses is detached, beside a harmless Detach", v =>
        {
            Tensor shift = v[0].Max().Detach();
            return ((v[0] - shift).Exp().Sum().Log() + shift) * v[0].Detach().Cos().Sum();
        }, [s_x], Verdict.Wrong, "Cos", s_first),
    ];

    private static Tensor Draw(long seed, params int[] sizes) => Tensor.Randn(sizes, new Generator(seed), DType.Float64);

    private static Tensor Inner(int size)
    {
        Tensor inner = Tensor.Zeros([size, size], DType.Float64);
        inner[1..(size - 1), 1..(size - 1)] = 1f;
        return inner;
    }

    private static PlantedFault Rule(string fault, string op, Func<Tensor[], Tensor> value, PlantedRule rule, Tensor x, Tensor? y = null,
        GradCheckOptions? options = null,
        bool direct = false, bool blamed = true, Verdict verdict = Verdict.Wrong, Func<PlantedOp, Func<Tensor[], Tensor>>? wrap = null) =>
        Rule(fault, op, value, rule, y is null ? [x] : [x, y], wrap ?? (direct ? planted => v => planted.ApplyAll(v)[0] : null), options ?? s_first,
            blamed, verdict);

    private static PlantedFault Rule(string fault, string op, Func<Tensor[], Tensor> value, PlantedRule rule, Tensor[] inputs, Func<PlantedOp,
        Func<Tensor[], Tensor>>? wrap,
        GradCheckOptions options, bool blamed = true, Verdict verdict = Verdict.Wrong)
    {
        var planted = new PlantedOp(op, value, rule);
        return new(fault, wrap?.Invoke(planted) ?? Among(planted), inputs, verdict, blamed ? op : null, options);
    }

    /// <summary>A rule whose right gradient is changed, for operations whose own is long.</summary>
    private static PlantedFault Mangled(string fault, string op, Func<Tensor[], Tensor> value, Func<Tensor, int, Tensor> change,
        params Tensor[] inputs)
    {
        var planted = new PlantedOp(op, value, (c, g, i) =>
        {
            Tensor[] all = new Tensor[c.InputCount];
            for (int k = 0; k < all.Length; k++) all[k] = c.Input(k);
            return change(Autograd.Vjp(t => value([.. all[..i], t, .. all[(i + 1)..]]), all[i], g).Gradient, i);
        });
        return new(fault, Among(planted), inputs, Verdict.Wrong, op, s_first);
    }

    // The inputs and the result pass through right operations.
    private static Func<Tensor[], Tensor> Among(PlantedOp planted) => v =>
    {
        Tensor y = planted.ApplyAll([.. v.Select(t => t * 1.0)])[0];
        return (0.7 * y) + (0.3 * y).Sin();
    };

    /// <summary>x² and x³; the rule gives nothing if the second output is not used.</summary>
    private sealed record PlantedPair : Op
    {
        protected internal override Reads Reads => Reads.Input0;

        protected internal override Tensor Compute(ReadOnlySpan<Tensor> inputs) => ComputeAll(inputs)[0];

        protected internal override Tensor[] ComputeAll(ReadOnlySpan<Tensor> inputs) => [inputs[0].Detach().Square(), inputs[0].Detach().Pow(3)];

        protected internal override void Vjp(OpContext call, Tensor cotangent, Span<Tensor?> gradients) => VjpAll(call, [cotangent, null], gradients);

        protected internal override void VjpAll(OpContext call, ReadOnlySpan<Tensor?> cotangents, Span<Tensor?> gradients)
        {
            if (cotangents[1] is { } second) gradients[0] = (3 * second * call.Input(0)
                .Square()) + (2 * (cotangents[0] ?? 0 * second) * call.Input(0));
        }

        protected internal override Tensor? Jvp(OpContext call, ReadOnlySpan<Tensor?> tangents) => 2 * tangents[0]! * call.Input(0);

        protected internal override void JvpAll(OpContext call, ReadOnlySpan<Tensor?> tangents, Span<Tensor?> outputTangents)
        {
            outputTangents[0] = 2 * tangents[0]! * call.Input(0);
            outputTangents[1] = 3 * tangents[0]! * call.Input(0).Square();
        }
    }
}
