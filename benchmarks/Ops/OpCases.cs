using MiniTorch.Nn;
using MiniTorch.Optim;
using F = MiniTorch.Nn.Functional;

namespace MiniTorch.Benchmarks.Ops;

/// <summary>A case of the op race: <c>family/name/size</c>, and what makes its operands and its function.</summary>
/// <param name="Name">The name, under which another library's time of the same case is filed.</param>
/// <param name="Make">Creates the function and the tensors that get a gradient; none for a function that is only run forward.</param>
internal sealed record OpCase(string Name, Func<(Func<Tensor?> Function, Tensor[] Leaves)> Make);

/// <summary>The cases: one line each, every size of a table of sizes.</summary>
internal static class OpCases
{
    private static readonly (string Name, int[] Shape)[] s_matrices = [("S", [10, 10]), ("M", [200, 300]), ("L", [2000, 2000])];
    private static readonly (string Name, int[] Shape)[] s_logits = [("32x10", [32, 10]), ("128x1000", [128, 1000]), ("2048x2000", [2048, 2000])];
    private static readonly (string Name, int[] Shape)[] s_rows =
        [("4x16", [4, 16]), ("64x64", [64, 64]), ("1024x128", [1024, 128]), ("4096x1024", [4096, 1024])];
    private static readonly (string Name, int[] Shape)[] s_squares = [("32", [32, 32]), ("256", [256, 256]), ("1024", [1024, 1024])];

    public static IEnumerable<OpCase> All =>
    [
        .. Each("unary", s_matrices,
            ("exp", x => x.Exp()), ("tanh", x => x.Tanh()), ("sigmoid", x => x.Sigmoid()), ("relu", x => x.Relu()), ("gelu_erf", x => x.Gelu()),
            ("gelu_tanh", x => x.Gelu("tanh")), ("silu", x => x.Silu()), ("softplus", x => x.Softplus()), ("erf", x => x.Erf()),
                ("abs", x => x.Abs()),
            ("sin", x => x.Sin()), ("pow2", x => x.Pow(2)), ("pow3", x => x.Pow(3)), ("clamp", x => x.Clamp(-0.5, 0.5)), ("elu", x => x.Elu()),
            ("leaky_relu", x => x.LeakyRelu()), ("neg", x => -x), ("mish", x => x.Mish()), ("hardswish", x => x.Hardswish()),
            ("log_sigmoid", x => x.LogSigmoid()), ("sum_of_sq_chain", x => ((x - 0.5) * (x - 0.5)).Mean())),
        .. Each("binary", s_matrices, ("add_scalar", x => x + 1.5), ("mul_scalar", x => x * 1.5), ("cast_f32_f64", x => x.To(DType.Float64))),
        .. Pairs("binary", s_matrices,
            ("add", Normal, (x, y) => x + y), ("mul", Normal, (x, y) => x * y), ("maximum", Normal, (x, y) => x.Maximum(y)),
            ("add_row", s => Normal(s[1]), (x, y) => x + y), ("mul_col", s => Normal(s[0], 1), (x, y) => x * y),
            ("masked_fill", s => Normal(s) > 0, (x, mask) => x.MaskedFill(mask, -1))),
        .. Each("reduce", s_matrices,
            ("sum_all", x => x.Sum()), ("sum0", x => x.Sum(0)), ("sum1", x => x.Sum(1)), ("mean_all", x => x.Mean()), ("var1", x => x.Var(1)),
            ("std_all", x => x.Std()), ("max_all", x => x.Max()), ("max1", x => x.Max(1).Values), ("amax0", x => x.Amax(0)),
            ("logsumexp1", x => x.LogSumExp(1)), ("norm_all", x => x.Norm()), ("cumsum1", x => x.CumSum(1)), ("cumsum0", x => x.CumSum(0)),
            ("median1", x => x.Median(1).Values)),
        .. Each("softmax", s_matrices, ("softmax1", x => x.Softmax(1)), ("softmax0", x => x.Softmax(0)), ("log_softmax1", x => x.LogSoftmax(1))),
        .. Pairs("loss", s_matrices,
            ("mse", Normal, (x, y) => F.MSELoss(x, y)), ("l1", Normal, (x, y) => F.L1Loss(x, y)),
            ("smooth_l1", Normal, (x, y) => F.SmoothL1Loss(x, y)), ("huber", Normal, (x, y) => F.HuberLoss(x, y)),
            ("bce_with_logits", Uniform, (x, y) => F.BinaryCrossEntropyWithLogits(x, y)),
            ("kl_div", s => Normal(s).Softmax(1), (x, y) => F.KLDiv(x, y))),
        .. Pairs("index", s_matrices,
            ("gather1", s => Classes(s[1], s[0], s[1] / 2), (x, i) => x.Gather(1, i)),
            ("index_select0", s => Classes(s[0], s[0]), (x, i) => x.IndexSelect(0, i)),
            ("index_select1", s => Classes(s[1], s[1]), (x, i) => x.IndexSelect(1, i))),
        .. Each("move", s_matrices, ("transpose_contig", x => x.T.Contiguous()), ("flip1", x => x.Flip(1)), ("tril", x => x.Tril())),
        .. Each("sort", s_matrices, ("sort1", x => x.Sort(1).Values), ("topk5", x => x.TopK(5, 1).Values)),
        .. Pairs("ce", s_logits,
            ("plain", s => Classes(s[1], s[0]), (x, y) => F.CrossEntropy(x, y)),
            ("smooth", s => Classes(s[1], s[0]), (x, y) => F.CrossEntropy(x, y, labelSmoothing: 0.1)),
            ("probs", s => Normal(s).Softmax(1).Detach(), (x, y) => F.CrossEntropy(x, y)),
            ("logsoftmax_nll", s => Classes(s[1], s[0]), (x, y) => F.NLLLoss(x.LogSoftmax(1), y))),
        .. Each("norm", s_rows, ("layer_noaffine", x => x.LayerNorm(new[] { x.Shape[1] })), ("normalize", x => x.Normalize(2.0, 1, 1e-12))),
        .. Pairs("norm", s_rows, ("rms", s => Normal(s[1]), (x, w) => x.RmsNorm([x.Shape[1]], w))),
        .. Pairs("matmul", s_squares,
            ("sq", Normal, (x, y) => x.MatMul(y)), ("nt", Normal, (x, y) => x.MatMul(y.T)), ("tn", Normal, (x, y) => x.T.MatMul(y))),
        .. Each("linalg", [("16", [16, 16]), ("64", [64, 64]), ("256", [256, 256])], ("inverse", x => Linalg.Inv(x))),
        Module("conv/c3x3/8x64x28x28", () => new Conv2d(64, 64, 3, padding: 1), 8, 64, 28, 28),
        Module("pool/max2/16x32x28x28", () => new MaxPool2d(2), 16, 32, 28, 28),
        Module("matmul/linear/64x784x256", () => new Linear(784, 256), 64, 784),
        new("rnn/lstm/T64N32H128", () =>
        {
            (var lstm, Tensor x) = (new LSTM(128, 128), Normal(64, 32, 128));
            return (() => lstm.Call(x).Output, [x, .. lstm.Parameters()]);
        }),
        Step("sgd", p => new SGD(p, 1e-3)), Step("sgd_momentum", p => new SGD(p, 1e-3, momentum: 0.9)), Step("adam", p => new Adam(p)),
        Step("adamw", p => new AdamW(p)), Step("rmsprop", p => new RMSprop(p)), Step("adagrad", p => new Adagrad(p)),
    ];

    private static Tensor Normal(params int[] shape) => Tensor.Randn(shape);

    private static Tensor Uniform(params int[] shape) => Tensor.Rand(shape);

    private static Tensor Classes(int count, params int[] shape) => Tensor.RandInt(0, count, shape);

    /// <summary>Functions of one tensor.</summary>
    private static IEnumerable<OpCase> Each(string family, (string Name, int[] Shape)[] sizes,
        params (string Name, Func<Tensor, Tensor> Function)[] functions) =>
        from size in sizes
        from function in functions
        select new OpCase($"{family}/{function.Name}/{size.Name}", () =>
        {
            Tensor x = Normal(size.Shape);
            return (() => function.Function(x), [x]);
        });

    /// <summary>Functions of two tensors, of which the second is made for the shape of the first; in some families it gets a
    /// gradient too.</summary>
    private static IEnumerable<OpCase> Pairs(
        string family, (string Name, int[] Shape)[] sizes,
            params (string Name, Func<int[], Tensor> Make, Func<Tensor, Tensor, Tensor> Function)[] functions) =>
        from size in sizes
        from function in functions
        select new OpCase($"{family}/{function.Name}/{size.Name}", () =>
        {
            (Tensor x, Tensor y) = (Normal(size.Shape), function.Make(size.Shape));
            return (() => function.Function(x, y), (family is "binary" or "matmul" or "norm") && y.DType.IsFloat() ? [x, y] : [x]);
        });

    private static OpCase Module(string name, Func<Module<Tensor, Tensor>> make, params int[] shape) => new(name, () =>
    {
        (Module<Tensor, Tensor> module, Tensor x) = (make(), Normal(shape));
        return (() => module.Call(x), [x, .. module.Parameters()]);
    });

    private static OpCase Step(string name, Func<Parameter[], Optimizer> make) => new($"optim/{name}/1x1000000", () =>
    {
        var parameter = new Parameter(Normal(1_000_000)) { Grad = Normal(1_000_000) };
        Optimizer optimizer = make([parameter]);
        return (() =>
        {
            optimizer.Step();
            return null;
        }, []);
    });
}
