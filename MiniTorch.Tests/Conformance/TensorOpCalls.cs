namespace MiniTorch.Tests.Conformance;

/// <summary>The tensor ops of the reference data, by name.</summary>
static class TensorOpCalls
{
    public static Dictionary<string, OpCall> Table { get; } = new()
    {
        // pointwise
        ["abs(x)"] = a => [a.X.Abs()],
        ["add(a, b)"] = a => [a.X + a.Y],
        ["clamp(x, min=None, max=None)"] = a => [a.X.Clamp(Number(a.RealOrNull("min")), Number(a.RealOrNull("max")))],
        ["cos(x)"] = a => [a.X.Cos()],
        ["div(a, b)"] = a => [a.X / a.Y],
        ["elu(x, alpha=1.0)"] = a => [a.X.Elu(a.Real("alpha"))],
        ["erf(x)"] = a => [a.X.Erf()],
        ["exp(x)"] = a => [a.X.Exp()],
        ["expm1(x)"] = a => [a.X.Expm1()],
        ["floor(x)"] = a => [a.X.Floor()],
        ["gelu(x)"] = a => [a.X.Gelu()],
        ["gelu_tanh(x)"] = a => [a.X.Gelu("tanh")],
        ["hardsigmoid(x)"] = a => [a.X.Hardsigmoid()],
        ["hardswish(x)"] = a => [a.X.Hardswish()],
        ["leaky_relu(x, slope=0.01)"] = a => [a.X.LeakyRelu(a.Real("slope"))],
        ["log(x)"] = a => [a.X.Log()],
        ["log1p(x)"] = a => [a.X.Log1p()],
        ["logsigmoid(x)"] = a => [a.X.LogSigmoid()],
        ["maximum(a, b)"] = a => [a.X.Maximum(a.Y)],
        ["minimum(a, b)"] = a => [a.X.Minimum(a.Y)],
        ["mish(x)"] = a => [a.X.Mish()],
        ["mul(a, b)"] = a => [a.X * a.Y],
        ["neg(x)"] = a => [-a.X],
        ["pow(a, b)"] = a => [a.X.Pow(a.Y)],
        ["pow_scalar(x, exponent)"] = a => [a.X.Pow((Scalar)a.Real("exponent"))],
        ["reciprocal(x)"] = a => [a.X.Reciprocal()],
        ["relu(x)"] = a => [a.X.Relu()],
        ["relu6(x)"] = a => [a.X.Relu6()],
        ["round(x)"] = a => [a.X.Round()],
        ["rsqrt(x)"] = a => [a.X.Rsqrt()],
        ["selu(x)"] = a => [a.X.Selu()],
        ["sigmoid(x)"] = a => [a.X.Sigmoid()],
        ["sign(x)"] = a => [a.X.Sign()],
        ["silu(x)"] = a => [a.X.Silu()],
        ["sin(x)"] = a => [a.X.Sin()],
        ["softplus(x, beta=1, threshold=20)"] = a => [a.X.Softplus(a.Real("beta"), a.Real("threshold"))],
        ["softsign(x)"] = a => [a.X.Softsign()],
        ["sqrt(x)"] = a => [a.X.Sqrt()],
        ["square(x)"] = a => [a.X.Square()],
        ["sub(a, b)"] = a => [a.X - a.Y],
        ["tan(x)"] = a => [a.X.Tan()],
        ["tanh(x)"] = a => [a.X.Tanh()],
        ["where(cond, a, b)"] = a => [a["a"].Where(a["cond"], a["b"])],
        ["masked_fill(x, mask, value)"] = a => [a.X.MaskedFill(a["mask"], a.Real("value"))],

        // reductions
        ["amax(x, dim=None, keepdim=False)"] = a => [a.X.Amax(a.Ints("dim"), a.Flag("keepdim"))],
        ["amin(x, dim=None, keepdim=False)"] = a => [a.X.Amin(a.Ints("dim"), a.Flag("keepdim"))],
        ["argmax(x, dim=None, keepdim=False)"] = a => [a.Has("dim") ? a.X.ArgMax(a.Int("dim"), a.Flag("keepdim")) : OfAll(a, a.X.ArgMax())],
        ["cumprod(x, dim)"] = a => [a.X.CumProd(a.Int("dim"))],
        ["cumsum(x, dim)"] = a => [a.X.CumSum(a.Int("dim"))],
        ["log_softmax(x, dim)"] = a => [a.X.LogSoftmax(a.Int("dim"))],
        ["logsumexp(x, dim, keepdim=False)"] = a => [a.X.LogSumExp(a.Ints("dim"), a.Flag("keepdim"))],
        ["max_all(x)"] = a => [a.X.Max()],
        ["max_dim(x, dim, keepdim=False)"] = a => Both(a.X.Max(a.Int("dim"), a.Flag("keepdim"))),
        ["mean(x, dim=None, keepdim=False)"] = a => [a.X.Mean(a.Ints("dim"), a.Flag("keepdim"))],
        ["min_all(x)"] = a => [a.X.Min()],
        ["min_dim(x, dim, keepdim=False)"] = a => Both(a.X.Min(a.Int("dim"), a.Flag("keepdim"))),
        ["norm(x, ord=2, dim=None, keepdim=False)"] = a => [a.X.Norm(a.Real("ord"), a.Ints("dim"), a.Flag("keepdim"))],
        ["prod(x, dim=None, keepdim=False)"] = a => [a.Has("dim") ? a.X.Prod(a.Int("dim"), a.Flag("keepdim")) : OfAll(a, a.X.Prod())],
        ["softmax(x, dim)"] = a => [a.X.Softmax(a.Int("dim"))],
        ["sort(x, dim=-1, descending=False)"] = a => Both(a.X.Sort(a.Int("dim"), a.Flag("descending"))),
        ["std(x, dim=None, correction=1, keepdim=False)"] = a => [a.X.Std(a.Ints("dim"), a.Real("correction"), a.Flag("keepdim"))],
        ["sum(x, dim=None, keepdim=False)"] = a => [a.X.Sum(a.Ints("dim"), a.Flag("keepdim"))],
        ["topk(x, k, dim=-1, largest=True)"] = a => Both(a.X.TopK(a.Int("k"), a.Int("dim"), a.Flag("largest"))),
        ["var(x, dim=None, correction=1, keepdim=False)"] = a => [a.X.Var(a.Ints("dim"), a.Real("correction"), a.Flag("keepdim"))],

        // shape and indexing
        ["cat(tensors, dim=0)"] = a => [Tensor.Cat(a.Tensors, a.Int("dim"))],
        ["chunk(x, chunks, dim=0)"] = a => a.X.Chunk(a.Int("chunks"), a.Int("dim")),
        ["diagonal(x, offset=0, dim1=0, dim2=1)"] = a => [a.X.Diagonal(a.Int("offset"), a.Int("dim1"), a.Int("dim2"))],
        ["expand(x, shape)"] = a => [a.X.Expand(a.Ints("shape"))],
        ["flatten(x, start_dim=0, end_dim=-1)"] = a => [a.X.Flatten(a.Int("start_dim"), a.Int("end_dim"))],
        ["flip(x, dims)"] = a => [a.X.Flip(a.Ints("dims"))],
        ["diag(x, diagonal=0)"] = a => [a.X.Diag(a.Int("diagonal"))],
        ["meshgrid(a, b, c, indexing='ij')"] = a =>
            Tensor.MeshGrid(a.Tensors, a.Text("indexing") == "xy" ? MeshIndexing.XY : MeshIndexing.IJ),
        ["rot90(x, k=1, dims=None)"] = a => [a.X.Rot90(a.Int("k"), a.Ints("dims")[0], a.Ints("dims")[1])],
        ["tile(x, dims)"] = a => [a.X.Tile(a.Ints("dims"))],
        ["unflatten(x, dim, sizes)"] = a => [a.X.Unflatten(a.Int("dim"), a.Ints("sizes"))],
        ["gather(x, dim, index)"] = a => [a.X.Gather(a.Int("dim"), a["index"])],
        ["index_select(x, dim, index)"] = a => [a.X.IndexSelect(a.Int("dim"), a["index"])],
        ["narrow(x, dim, start, length)"] = a => [a.X.Narrow(a.Int("dim"), a.Int("start"), a.Int("length"))],
        ["pad(x, pad, mode='constant', value=None)"] = a => [a.X.Pad(a.Ints("pad"), a.Text("mode"), a.RealOrNull("value") ?? 0)],
        ["permute(x, dims)"] = a => [a.X.Permute(a.Ints("dims"))],
        ["repeat(x, repeats)"] = a => [a.X.Repeat(a.Ints("repeats"))],
        ["reshape(x, shape)"] = a => [a.X.Reshape(a.Ints("shape"))],
        ["roll(x, shifts, dims=None)"] = a => [a.Has("dims") ? a.X.Roll(a.Ints("shifts"), a.Ints("dims")) : a.X.Roll(a.Int("shifts"))],
        ["scatter(x, dim, index, src)"] = a => [a.X.Scatter(a.Int("dim"), a["index"], a["src"])],
        ["scatter_add(x, dim, index, src)"] = a => [a.X.ScatterAdd(a.Int("dim"), a["index"], a["src"])],
        ["select(x, dim, index)"] = a => [a.X.Select(a.Int("dim"), a.Int("index"))],
        ["slice(x, dim=0, start=None, stop=None, step=1)"] = a => [a.X.Slice(a.Int("dim"), a.IntOrNull("start"), a.IntOrNull("stop"), a.Int("step"))],
        ["split(x, sizes, dim=0)"] = a => a.X.Split(a.Ints("sizes"), a.Int("dim")),
        ["squeeze(x, dim=None)"] = a => [a.Has("dim") ? a.X.Squeeze(a.Int("dim")) : a.X.Squeeze()],
        ["stack(tensors, dim=0)"] = a => [Tensor.Stack(a.Tensors, a.Int("dim"))],
        ["transpose(x, dim0, dim1)"] = a => [a.X.Transpose(a.Int("dim0"), a.Int("dim1"))],
        ["transpose_reshape(x, dim0, dim1, shape)"] = a => [a.X.Transpose(a.Int("dim0"), a.Int("dim1")).Reshape(a.Ints("shape"))],
        ["tril(x, diagonal=0)"] = a => [a.X.Tril(a.Int("diagonal"))],
        ["triu(x, diagonal=0)"] = a => [a.X.Triu(a.Int("diagonal"))],
        ["unsqueeze(x, dim)"] = a => [a.X.Unsqueeze(a.Int("dim"))],

        // linear algebra
        ["attention(q, k, v, causal=False)"] = a => [a["q"].ScaledDotProductAttention(a["k"], a["v"], isCausal: a.Flag("causal"))],
        ["cdist2(a, b)"] = a => [a.X.Cdist(a.Y)],
        ["cosine_similarity(a, b, dim=1, eps=1e-8)"] = a => [a.X.CosineSimilarity(a.Y, a.Int("dim"), a.Real("eps"))],
        ["einsum(equation, a, b=None, c=None)"] = a => [Tensor.Einsum(a.Text("equation"), a.Tensors)],
        ["linear(x, weight, bias=None)"] = a => [a.X.Linear(a["weight"], a.Find("bias"))],
        ["matmul(a, b)"] = a => [a.X.MatMul(a.Y)],
        ["normalize(x, p=2.0, dim=1, eps=1e-12)"] = a => [a.X.Normalize(a.Real("p"), a.Int("dim"), a.Real("eps"))],

        ["cholesky_solve(b, l, upper=False)"] = a => [Linalg.CholeskySolve(a["b"], a["l"], a.Flag("upper"))],
        ["cond(a, p=2)"] = a => [Linalg.Cond(a.X, a.Real("p"))],
        ["cond_named(a, p)"] = a => [Linalg.Cond(a.X, a.Text("p"))],
        ["cov(x, correction=1)"] = a => [a.X.Cov(a.Real("correction"))],
        ["cross(a, b, dim=-1)"] = a => [a.X.Cross(a.Y, a.Int("dim"))],
        ["kron(a, b)"] = a => [a.X.Kron(a.Y)],
        ["lstsq(a, b)"] = a => Linalg.Lstsq(a.X, a.Y) is var (x, residuals, rank, values) ? [x, residuals, rank, values] : [],
        ["matrix_exp(a)"] = a => [Linalg.MatrixExp(a.X)],
        ["pinv(a, rcond=None)"] = a => [Linalg.Pinv(a.X, a.RealOrNull("rcond"))],
        ["scaled_dot_product_attention(q, k, v, mask=None, is_causal=False, enable_gqa=False)"] = a =>
            [a["q"].ScaledDotProductAttention(a["k"], a["v"], a.Find("mask"), isCausal: a.Flag("is_causal"), enableGqa: a.Flag("enable_gqa"))],
        ["solve_triangular(a, b, upper, left=True, unitriangular=False)"] = a =>
            [Linalg.SolveTriangular(a.X, a.Y, a.Flag("upper"), a.Flag("left"), a.Flag("unitriangular"))],

        // order and counts
        ["bincount(x, weights=None, minlength=0)"] = a => [a.X.BinCount(a.Find("weights"), a.Int("minlength"))],
        ["bucketize(x, boundaries, right=False)"] = a => [a.X.Bucketize(a["boundaries"], a.Flag("right"))],
        ["cummax(x, dim)"] = a => Both(a.X.CumMax(a.Int("dim"))),
        ["cummin(x, dim)"] = a => Both(a.X.CumMin(a.Int("dim"))),
        ["diff(x, n=1, dim=-1, prepend=None, append=None)"] = a =>
            [a.X.Diff(a.Int("n"), a.Int("dim"), a.Find("prepend"), a.Find("append"))],
        ["isin(x, test)"] = a => [a.X.IsIn(a["test"])],
        ["nan_to_num(x, nan=0, posinf=None, neginf=None)"] = a =>
            [a.X.NanToNum(a.Real("nan"), a.RealOrNull("posinf"), a.RealOrNull("neginf"))],
        ["nanmean(x, dim=None, keepdim=False)"] = a => [a.Has("dim") ? a.X.NanMean(a.Int("dim"), a.Flag("keepdim")) : a.X.NanMean()],
        ["nanmedian(x, dim, keepdim=False)"] = a => Both(a.X.NanMedian(a.Int("dim"), a.Flag("keepdim"))),
        ["nanquantile(x, q, dim=None, keepdim=False, interpolation='linear')"] = a =>
            [a.X.NanQuantile(a["q"], a.IntOrNull("dim"), a.Flag("keepdim"), Interpolation(a))],
        ["nansum(x, dim=None, keepdim=False)"] = a => [a.Has("dim") ? a.X.NanSum(a.Int("dim"), a.Flag("keepdim")) : a.X.NanSum()],
        ["quantile(x, q, dim=None, keepdim=False, interpolation='linear')"] = a =>
            [a.X.Quantile(a["q"], a.IntOrNull("dim"), a.Flag("keepdim"), Interpolation(a))],
        ["searchsorted(sorted, values, right=False)"] = a => [a["sorted"].SearchSorted(a["values"], a.Flag("right"))],
        ["unique(x, dim=None)"] = a => Three(a.X.UniqueWithCounts(a.IntOrNull("dim"))),
        ["unique_consecutive(x, dim=None)"] = a => Three(a.X.UniqueConsecutive(a.IntOrNull("dim"))),

        // layers
        ["adaptive_avg_pool2d(x, output_size)"] = a => [a.X.AdaptiveAvgPool2d(Two(a, "output_size"))],
        ["avg_pool2d(x, kernel, stride=None, padding=0, ceil_mode=False, count_include_pad=True)"] = a =>
            [a.X.AvgPool2d(Two(a, "kernel"), Stride(a), Two(a, "padding"), a.Flag("ceil_mode"), a.Flag("count_include_pad"))],
        ["batch_norm(x, running_mean, running_var, weight=None, bias=None, training=False, momentum=0.1, eps=1e-5)"] = BatchNorm,
        ["conv1d(x, weight, bias=None, stride=1, padding=0, dilation=1, groups=1)"] = a =>
            [a.X.Conv1d(a["weight"], a.Find("bias"), a.Int("stride"), a.Int("padding"), a.Int("dilation"), a.Int("groups"))],
        ["conv2d(x, weight, bias=None, stride=1, padding=0, dilation=1, groups=1)"] = a =>
            [a.X.Conv2d(a["weight"], a.Find("bias"), Two(a, "stride"), Two(a, "padding"), Two(a, "dilation"), a.Int("groups"))],
        ["conv_transpose2d(x, weight, bias=None, stride=1, padding=0, output_padding=0, groups=1, dilation=1)"] = a =>
            [a.X.ConvTranspose2d(a["weight"], a.Find("bias"),
            Two(a, "stride"), Two(a, "padding"), Two(a, "output_padding"), a.Int("groups"), Two(a, "dilation"))],
        ["embedding(index, weight, padding_idx=None)"] = a => [a["index"].Embedding(a["weight"], a.IntOrNull("padding_idx"))],
        ["group_norm(x, num_groups, weight=None, bias=None, eps=1e-5)"] = a =>
            [a.X.GroupNorm(a.Int("num_groups"), a.Find("weight"), a.Find("bias"), a.Real("eps"))],
        ["gru_cell(x, h, w_ih, w_hh, b_ih=None, b_hh=None)"] = a => [a.X.GruCell(a["h"], a["w_ih"], a["w_hh"], a.Find("b_ih"), a.Find("b_hh"))],
        ["layer_norm(x, normalized_shape, weight=None, bias=None, eps=1e-5)"] = a =>
            [a.X.LayerNorm(a.Ints("normalized_shape"), a.Find("weight"), a.Find("bias"), a.Real("eps"))],
        ["lstm_cell(x, h, c, w_ih, w_hh, b_ih=None, b_hh=None)"] = a =>
            Both(a.X.LstmCell(a["h"], a["c"], a["w_ih"], a["w_hh"], a.Find("b_ih"), a.Find("b_hh"))),
        ["max_pool2d(x, kernel, stride=None, padding=0, dilation=1, ceil_mode=False)"] = a =>
            [a.X.MaxPool2d(Two(a, "kernel"), Stride(a), Two(a, "padding"), Two(a, "dilation"), a.Flag("ceil_mode"))],
        ["rms_norm(x, weight=None, eps=1e-6)"] = a => [a.X.RmsNorm([a.X.Shape[^1]], a.Find("weight"), a.Real("eps"))],
        ["rnn_cell(x, h, w_ih, w_hh, b_ih=None, b_hh=None)"] = a => [a.X.RnnTanhCell(a["h"], a["w_ih"], a["w_hh"], a.Find("b_ih"), a.Find("b_hh"))],
    };

    static Tensor[] BatchNorm(OpArguments a)
    {
        (Tensor mean, Tensor variance) = (a["running_mean"].Clone(), a["running_var"].Clone()); // they are moved in place
        Tensor y = a.X.BatchNorm(mean, variance, a.Find("weight"), a.Find("bias"), a.Flag("training"), a.Real("momentum"), a.Real("eps"));
        return [y, mean, variance];
    }

    static Tensor[] Three((Tensor First, Tensor Second, Tensor Third) outputs) => [outputs.First, outputs.Second, outputs.Third];

    static QuantileInterpolation Interpolation(OpArguments a) => Enum.Parse<QuantileInterpolation>(a.Text("interpolation"), ignoreCase: true);

    static Tensor[] Both((Tensor First, Tensor Second) outputs) => [outputs.First, outputs.Second];

    static Scalar? Number(double? value) => value is { } number ? (Scalar)number : null;

    static Tensor OfAll(OpArguments a, Tensor result) => a.Flag("keepdim") ? result.Reshape([.. Enumerable.Repeat(1, a.X.Rank)]) : result;

    static Pair Two(OpArguments a, string name) => a.Ints(name) is [var both] ? both : (a.Ints(name)[0], a.Ints(name)[1]);

    static Pair Stride(OpArguments a) => Two(a, a.Has("stride") ? "stride" : "kernel");
}
