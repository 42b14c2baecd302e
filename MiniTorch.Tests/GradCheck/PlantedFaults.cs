namespace MiniTorch.Tests.GradChecks;

/// <summary>A function with a fault, and what a check has to say about it.</summary>
/// <param name="Fault">What is wrong.</param>
/// <param name="Function">The function.</param>
/// <param name="Inputs">Where it is checked.</param>
/// <param name="Verdict">The right verdict.</param>
/// <param name="Blamed">The operation to blame; null where none is to be.</param>
/// <param name="Options">How it is checked.</param>
public sealed record PlantedFault(string Fault, Func<Tensor[], Tensor> Function, Tensor[] Inputs, Verdict Verdict, string? Blamed,
    GradCheckOptions Options);

/// <summary>Faults as people make them, each planted among right operations.</summary>
internal static class PlantedFaults
{
    private static readonly GradCheckOptions s_first = new();
    private static readonly GradCheckOptions s_second = new() { Order = 2 };
    private static readonly Tensor s_x = Tensor.Randn([3, 4], new Generator(1), DType.Float64);
    private static readonly Tensor s_y = Tensor.Randn([3, 4], new Generator(2), DType.Float64);
    private static readonly Tensor s_row = Tensor.Randn([4], new Generator(3), DType.Float64);
    private static readonly Tensor s_square = Tensor.Randn([3, 3], new Generator(4), DType.Float64);
    private static readonly Tensor s_cube = Tensor.Randn([2, 2, 2], new Generator(5), DType.Float64);
    private static readonly Tensor s_positive = s_x.Abs() + 0.5;
    private static readonly Tensor s_rows = Tensor.From(new long[] { 0, 2, 2 });

    public static IEnumerable<PlantedFault> All => [.. Factors(), .. Shapes(), .. Places(), .. Regions(), .. States(), .. HigherOrders(),
        .. ForwardModes(), .. Compositions()];

    private static IEnumerable<PlantedFault> Factors() =>
    [
        Rule("the sign is wrong", "Tanh", v => v[0].Tanh(), (c, g, _) => -g * (1 - c.Output.Pow(2)), [s_x]),
        Rule("a factor 2 is missing", "Square", v => v[0] * v[0], (c, g, _) => g * c.Input(0), [s_x]),
        Rule("a factor 2 is there twice", "Square", v => v[0] * v[0], (c, g, _) => 4 * g * c.Input(0), [s_x]),
        Rule("the operands of a quotient are swapped", "Quotient", v => v[0] / v[1],
            (c, g, i) => i == 0 ? -g * c.Input(0) / c.Input(1).Pow(2) : g / c.Input(1), [s_x, s_positive]),
        Rule("the operands of a product are swapped", "Product", v => v[0] * v[1], (c, g, i) => g * c.Input(i), [s_x, s_y]),
        Rule("the second input's sign is lost", "Difference", v => v[0] - v[1], (_, g, _) => g, [s_x, s_y]),
        Rule("the 1/N of a mean is missing", "Average", v => v[0].Mean(), (c, g, _) => g.Expand(c.InputShape(0)), [s_x]),
        Rule("a mean is divided twice", "Average", v => v[0].Mean(), (c, g, _) => g.Expand(c.InputShape(0)) / 144, [s_x]),
        Rule("a root loses its half", "Root", v => v[0].Sqrt(), (c, g, _) => g / c.Output, [s_positive]),
        Rule("a logarithm divides twice", "Logarithm", v => v[0].Log(), (c, g, _) => g / c.Input(0).Pow(2), [s_positive]),
        Rule("a power keeps its exponent", "Cube", v => v[0].Pow(3), (c, g, _) => 3 * g * c.Input(0).Pow(3), [s_x]),
        Rule("a sigmoid's rule reads the input for the output", "Logistic", v => v[0].Sigmoid(), (c, g, _) => g * c.Input(0) * (1 - c.Input(0)),
            [s_x]),
        Rule("a small constant is added", "Sine", v => v[0].Sin(), (c, g, _) => g * (c.Input(0).Cos() + 1e-3), [s_x]),
    ];

    private static IEnumerable<PlantedFault> Shapes() =>
    [
        Rule("the sum over a broadcast dimension is missing", "AddRow", v => v[0] + v[1], (_, g, _) => g, [s_x, s_row]),
        Rule("the first of the broadcast rows stands for their sum", "AddRow", v => v[0] + v[1], (_, g, i) => i == 0 ? g : g[0], [s_x, s_row]),
        Rule("broadcast rows are averaged", "AddRow", v => v[0] + v[1], (_, g, i) => i == 0 ? g : g.Mean(0), [s_x, s_row]),
        Rule("a product of matrices has its gradient transposed", "Product", v => v[0].MatMul(v[1]),
            (c, g, i) => i == 0 ? g.MatMul(c.Input(1).T).T : c.Input(0).T.MatMul(g), [s_square, s_square + 1]),
        Rule("a product of matrices forgets to transpose", "Product", v => v[0].MatMul(v[1]),
            (c, g, i) => i == 0 ? g.MatMul(c.Input(1)) : c.Input(0).MatMul(g), [s_square, s_square + 1]),
        Rule("a product of matrices has its factors in the wrong order", "Product", v => v[0].MatMul(v[1]),
            (c, g, i) => i == 0 ? c.Input(1).T.MatMul(g) : g.MatMul(c.Input(0).T), [s_square, s_square + 1]),
        Rule("a batch of products is not summed for the shared matrix", "Product", v => v[0].MatMul(v[1]),
            (c, g, i) => i == 0 ? g.MatMul(c.Input(1).T) : c.Input(0).Transpose(1, 2).MatMul(g),
                [Tensor.Randn([2, 3, 4], new Generator(6), DType.Float64), s_x.T]),
        Rule("a sum is spread over the wrong dimension", "SumRows", v => v[0].Sum(0), (c, g, _) => g.Unsqueeze(1).Expand(c.InputShape(0)),
            [s_square]),
        Rule("a permutation is applied again, not undone", "Turn", v => v[0].Permute(1, 2, 0), (_, g, _) => g.Permute(1, 2, 0), [s_cube]),
    ];

    private static IEnumerable<PlantedFault> Places() =>
    [
        Rule("one element gets nothing", "Square", v => v[0] * v[0], (c, g, _) => 2 * g * c.Input(0) * Tensor.Arange(12).Ne(5).To(DType.Float64)
            .Reshape(3, 4), [s_x]),
        Rule("the border gets nothing", "Square", v => v[0] * v[0], (c, g, _) =>
        {
            Tensor inner = Tensor.Zeros([5, 5], DType.Float64);
            inner[1..4, 1..4] = 1f;
            return 2 * g * c.Input(0) * inner;
        }, [Tensor.Randn([5, 5], new Generator(7), DType.Float64)]),
        Rule("the gradient is in reverse order", "Square", v => v[0] * v[0], (c, g, _) => (2 * g * c.Input(0)).Flip(0), [s_row]),
        Rule("the gradient is off by one", "Square", v => v[0] * v[0], (c, g, _) => (2 * g * c.Input(0)).Roll(1), [s_row]),
        Rule("a maximum gives to all elements", "Largest", v => v[0].Amax(1), (c, g, _) => g.Unsqueeze(1).Expand(c.InputShape(0)), [s_x]),
        Rule("a row that is taken twice gets one gradient", "Take", v => v[0].IndexSelect(0, s_rows), (c, g, _) =>
            Tensor.Zeros(c.InputShape(0), g.DType).IndexCopy(0, s_rows, g), [s_x]),
        Rule("a running sum is not reversed", "RunningSum", v => v[0].CumSum(0), (_, g, _) => g.CumSum(0), [s_row]),
        Rule("a softmax misses its sum", "Weights", v => v[0].Softmax(1), (c, g, _) => g * c.Output, [s_x]),
        Rule("a log-softmax forgets the sum of the cotangents", "LogWeights", v => v[0].LogSoftmax(1), (c, g, _) => g - c.Output.Exp(), [s_x]),
        Rule("a product divides by its zero", "ProductOfAll", v => v[0].Prod(0), (c, g, _) => g * c.Output / c.Input(0),
            [s_row * Tensor.From(new double[] { 1, 0, 1, 1 })]),
    ];

    private static IEnumerable<PlantedFault> Regions() =>
    [
        Rule("a rectifier's mask is inverted", "Rectify", v => v[0].Relu(), (c, g, _) => g * (c.Input(0) < 0).To(DType.Float64), [s_x]),
        Rule("a rectifier's threshold is off", "Rectify", v => v[0].Relu(), (c, g, _) => g * (c.Input(0) > 0.7).To(DType.Float64), [s_x]),
        Rule("a rectifier's slope at its kink is outside the subgradients", "Rectify", v => v[0].Relu(),
            (c, g, _) => g * ((c.Input(0) > 0).To(DType.Float64) + (2 * c.Input(0).Eq(0).To(DType.Float64))),
                [s_row * Tensor.From(new double[] { 1, 0, 1, 1 })], new GradCheckOptions { AcceptKinks = true }),
        Rule("an absolute value loses its sign", "Magnitude", v => v[0].Abs(), (_, g, _) => g, [s_x]),
        Rule("a clamp passes gradients from outside", "Limit", v => v[0].Clamp(-0.5, 0.5), (_, g, _) => g, [s_x]),
        Rule("a selection has its branches swapped", "Choose", v => Tensor.Where(s_x > 0, v[0], v[1]), (_, g, i) => g * (i == 0 ? s_x <= 0 : s_x > 0)
            .To(DType.Float64), [s_x, s_y]),
        Rule("values above 1 are treated as 1", "Square", v => v[0] * v[0], (c, g, _) => 2 * g * c.Input(0).Clamp(max: 1), [s_x + 0.5]),
        Rule("negative values are treated as positive", "Cube", v => v[0].Pow(3), (c, g, _) => 3 * g * c.Input(0).Abs() * c.Input(0), [s_x]),
        Rule("tiny gradients are wrong by a factor", "Tiny", v => v[0] * v[0] * 1e-12, (c, g, _) => 3e-12 * g * c.Input(0), [s_x]),
        Rule("only a strided input is read wrongly", "Square", v => v[0] * v[0],
            (c, g, _) => 2 * g * (c.Input(0).IsContiguous ? c.Input(0) : c.Input(0).T.Reshape(c.InputShape(0))), [s_x.T], direct: true),
    ];

    private static IEnumerable<PlantedFault> States()
    {
        Tensor? last = null;
        var random = new Generator(8);
        return
        [
            Rule("the rule reads what the last call left behind", "Square", v => (last = v[0].Detach().Clone()) * v[0], (_, g, _) => 2 * g * last!,
                [s_x]),
            Rule("no gradient is given", "Square", v => v[0] * v[0], (_, _, _) => null, [s_x], verdict: Verdict.Disconnected),
            Rule("zeros are given", "Square", v => v[0] * v[0], (_, g, _) => g * 0, [s_x], verdict: Verdict.Disconnected),
            Rule("the rule throws", "Square", v => v[0] * v[0], (_, g, _) => g.Reshape(5), [s_x]),
            Rule("the rule draws random numbers", "Square", v => v[0] * v[0], (c, g, _) =>
                2 * g * (c.Input(0) + Tensor.Rand([3, 4], random, DType.Float64)), [s_x], verdict: Verdict.Nondeterministic, blamed: false),
        ];
    }

    private static IEnumerable<PlantedFault> HigherOrders() =>
    [
        Rule("the second order is cut at the input", "Square", v => v[0] * v[0], (c, g, _) => 2 * g * c.Input(0).Detach(), [s_x], s_second,
            direct: true, verdict: Verdict.Disconnected),
        Rule("the second order is cut at the output", "Exponential", v => v[0].Exp(), (c, g, _) => g * c.Output.Detach(), [s_x], s_second,
            direct: true, verdict: Verdict.Disconnected),
        Rule("the second order is cut at the cotangent", "Sine", v => v[0].Sin(), (c, g, _) => g.Detach() * c.Input(0).Cos(), [s_x], s_second,
            direct: true, verdict: Verdict.Disconnected),
        Rule("the second order is cut, inside a composition", "Square", v => v[0] * v[0], (c, g, _) => 2 * g * c.Input(0).Detach(), [s_x], s_second),
        Rule("the rule computes on arrays", "Square", v => v[0] * v[0], (c, g, _) =>
            2 * g * Tensor.From(c.Input(0).ToArray<double>(), c.InputShape(0)), [s_x], s_second, direct: true, verdict: Verdict.Disconnected),
        Rule("the second order's own rule is wrong", "Cube", v => v[0].Pow(3),
            (c, g, _) => 3 * g * new PlantedOp("Square", v => v[0] * v[0], (d, h, _) => h * d.Input(0)).Apply(c.Input(0)), [s_x], s_second),
        Rule("the third order is cut", "Fourth", v => v[0].Pow(4),
            (c, g, _) => 4 * g * new PlantedOp("Cube", v => v[0].Pow(3), (d, h, _) => 3 * h * d.Input(0).Detach().Pow(2)).Apply(c.Input(0)), [s_row],
                new GradCheckOptions { Order = 3 }),
    ];

    private static IEnumerable<PlantedFault> ForwardModes() =>
    [
        Tangent("forward mode has the wrong sign", (c, t) => -2 * c.Input(0) * t[0]! * c.Input(1) + c.Input(0).Pow(2) * t[1]!),
        Tangent("forward mode forgets an input", (c, t) => 2 * c.Input(0) * (t[0] ?? Tensor.ZerosLike(c.Input(0))) * c.Input(1),
            Verdict.Disconnected),
        Tangent("forward mode throws", (c, t) => t[0]!.Reshape(5)),
        Tangent("forward mode gives nothing", (_, _) => null, Verdict.Disconnected),
    ];

    private static IEnumerable<PlantedFault> Compositions() =>
    [
        new("half of a product is detached", v => (v[0].Tanh() * v[0].Tanh().Detach()).Exp(), [s_x], Verdict.Wrong, "Multiply", s_first),
        new("everything is detached", v => v[0].Tanh().Detach().Exp(), [s_x], Verdict.Disconnected, "Exp", s_first),
        new("a part runs without recording", v => { using (Autograd.NoGrad()) return v[0].Tanh(); }, [s_x], Verdict.Disconnected, "Tanh", s_first),
        new("values go through an array", v => Tensor.From(v[0].ToArray<double>()).Tanh(), [s_row], Verdict.Disconnected, null, s_first),
        new("a random mask is drawn in each call", v => v[0] * Tensor.Rand([3, 4], dtype: DType.Float64), [s_x], Verdict.Nondeterministic, null,
            s_first),
        new("nothing depends on the input", v => Tensor.Ones([2]) * 2, [s_x], Verdict.NothingChecked, null, s_first),
        new("there is a kink at the point", v => v[0].Relu(), [s_row * 0], Verdict.Kink, null, s_first),
        new("there is a jump at the point", v => v[0].Floor() + v[0], [s_row * 0], Verdict.Kink, null, s_first),
        new("the tangent is vertical at the point", v => v[0].Sqrt(), [Tensor.Zeros([1])], Verdict.Kink, null, s_first),
        new("the values are noise", v => v[0] + (0.01 * Hash(v[0].Detach())), [s_x], Verdict.Noise, null, s_first),
    ];

    private static PlantedFault Rule(string fault, string op, Func<Tensor[], Tensor> value, PlantedRule rule, Tensor[] inputs,
        GradCheckOptions? options = null,
        bool direct = false, Verdict verdict = Verdict.Wrong, bool blamed = true)
    {
        var planted = new PlantedOp(op, value, rule);
        Func<Tensor[], Tensor> function = direct ? v => planted.ApplyAll(v)[0] : v => (planted.ApplyAll([.. v.Select(t => t * 1.25)])[0] * 0.5)
            .Sinh();
        return new(fault, function, inputs, verdict, blamed ? op : null, options ?? s_first);
    }

    private static PlantedFault Tangent(string fault, PlantedTangent tangent, Verdict verdict = Verdict.Wrong)
    {
        var planted = new PlantedOp("SquareTimes", v => v[0] * v[0] * v[1], (c, g, i) => i == 0 ? 2 * g * c.Input(0) * c.Input(1) : g * c.Input(0)
            .Pow(2))
        {
            Tangent = (c, t) => t[0] is null || t[1] is null
                ? tangent(c, [t[0] ?? Tensor.ZerosLike(c.Input(0)), t[1] ?? Tensor.ZerosLike(c.Input(1))]) : tangent(c, t),
        };
        return new(fault, v => planted.Apply(v[0], v[1]).Tanh(), [s_x, s_y], verdict, "SquareTimes", s_first);
    }

    // Neighbouring numbers have unrelated hashes, at every step that can be taken.
    private static Tensor Hash(Tensor x)
    {
        return Fraction(Fraction((x * 1e6).Sin() * 1e9) * 1e9);

        static Tensor Fraction(Tensor wild) => wild - wild.Floor();
    }
}
