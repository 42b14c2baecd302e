namespace MiniTorch.Tests.Conformance;

/// <summary>The tensor ops of the reference data, by name.</summary>
static class TensorOpCalls
{
    public static Dictionary<string, OpCall> Table { get; } = new()
    {
        // pointwise
        ["abs"] = a => [a.X.Abs()],
        ["add"] = a => [a.X + a.Y],
        ["clamp"] = a => [a.X.Clamp(Number(a.RealOrNull("min")), Number(a.RealOrNull("max")))],
        ["cos"] = a => [a.X.Cos()],
        ["div"] = a => [a.X / a.Y],
        ["elu"] = a => [a.X.Elu(a.Real("alpha"))],
        ["erf"] = a => [a.X.Erf()],
        ["exp"] = a => [a.X.Exp()],
        ["expm1"] = a => [a.X.Expm1()],
        ["floor"] = a => [a.X.Floor()],
        ["gelu"] = a => [a.X.Gelu()],
        ["gelu_tanh"] = a => [a.X.Gelu("tanh")],
        ["hardsigmoid"] = a => [a.X.Hardsigmoid()],
        ["hardswish"] = a => [a.X.Hardswish()],
        ["leaky_relu"] = a => [a.X.LeakyRelu(a.Real("slope"))],
        ["log"] = a => [a.X.Log()],
        ["log1p"] = a => [a.X.Log1p()],
        ["logsigmoid"] = a => [a.X.LogSigmoid()],
        ["maximum"] = a => [a.X.Maximum(a.Y)],
        ["minimum"] = a => [a.X.Minimum(a.Y)],
        ["mish"] = a => [a.X.Mish()],
        ["mul"] = a => [a.X * a.Y],
        ["neg"] = a => [-a.X],
        ["pow"] = a => [a.X.Pow(a.Y)],
        ["pow_scalar"] = a => [a.X.Pow((Scalar)a.Real("exponent"))],
        ["reciprocal"] = a => [a.X.Reciprocal()],
        ["relu"] = a => [a.X.Relu()],
        ["relu6"] = a => [a.X.Relu6()],
        ["round"] = a => [a.X.Round()],
        ["rsqrt"] = a => [a.X.Rsqrt()],
        ["selu"] = a => [a.X.Selu()],
        ["sigmoid"] = a => [a.X.Sigmoid()],
        ["sign"] = a => [a.X.Sign()],
        ["silu"] = a => [a.X.Silu()],
        ["sin"] = a => [a.X.Sin()],
        ["softplus"] = a => [a.X.Softplus(a.Real("beta"), a.Real("threshold"))],
        ["softsign"] = a => [a.X.Softsign()],
        ["sqrt"] = a => [a.X.Sqrt()],
        ["square"] = a => [a.X.Square()],
        ["sub"] = a => [a.X - a.Y],
        ["tan"] = a => [a.X.Tan()],
        ["tanh"] = a => [a.X.Tanh()],
        ["where"] = a => [a["a"].Where(a["cond"], a["b"])],
        ["masked_fill"] = a => [a.X.MaskedFill(a["mask"], a.Real("value"))],

        // reductions
        ["amax"] = a => [a.X.Amax(a.Ints("dim"), a.Flag("keepdim"))],
        ["amin"] = a => [a.X.Amin(a.Ints("dim"), a.Flag("keepdim"))],
        ["argmax"] = a => [a.Has("dim") ? a.X.ArgMax(a.Int("dim"), a.Flag("keepdim")) : a.X.ArgMax()],
        ["cumprod"] = a => [a.X.CumProd(a.Int("dim"))],
        ["cumsum"] = a => [a.X.CumSum(a.Int("dim"))],
        ["log_softmax"] = a => [a.X.LogSoftmax(a.Int("dim"))],
        ["logsumexp"] = a => [a.X.LogSumExp(a.Ints("dim"), a.Flag("keepdim"))],
        ["max_all"] = a => [a.X.Max()],
        ["max_dim"] = a => Both(a.X.Max(a.Int("dim"), a.Flag("keepdim"))),
        ["mean"] = a => [a.X.Mean(a.Ints("dim"), a.Flag("keepdim"))],
        ["min_all"] = a => [a.X.Min()],
        ["min_dim"] = a => Both(a.X.Min(a.Int("dim"), a.Flag("keepdim"))),
        ["norm"] = a => [a.X.Norm(a.Real("ord"), a.Ints("dim"), a.Flag("keepdim"))],
        ["prod"] = a => [a.Has("dim") ? a.X.Prod(a.Int("dim"), a.Flag("keepdim")) : a.X.Prod()],
        ["softmax"] = a => [a.X.Softmax(a.Int("dim"))],
        ["sort"] = a => Both(a.X.Sort(a.Int("dim"), a.Flag("descending"))),
        ["std"] = a => [a.X.Std(a.Ints("dim"), a.Real("correction"), a.Flag("keepdim"))],
        ["sum"] = a => [a.X.Sum(a.Ints("dim"), a.Flag("keepdim"))],
        ["topk"] = a => Both(a.X.TopK(a.Int("k"), a.Int("dim"), a.Flag("largest"))),
        ["var"] = a => [a.X.Var(a.Ints("dim"), a.Real("correction"), a.Flag("keepdim"))],

        // shape and indexing
        ["cat"] = a => [Tensor.Cat(a.Tensors, a.Int("dim"))],
        ["chunk"] = a => a.X.Chunk(a.Int("chunks"), a.Int("dim")),
        ["diagonal"] = a => [a.X.Diagonal(a.Int("offset"), a.Int("dim1"), a.Int("dim2"))],
        ["expand"] = a => [a.X.Expand(a.Ints("shape"))],
        ["flatten"] = a => [a.X.Flatten(a.Int("start_dim"), a.Int("end_dim"))],
        ["flip"] = a => [a.X.Flip(a.Ints("dims"))],
        ["gather"] = a => [a.X.Gather(a.Int("dim"), a["index"])],
        ["index_select"] = a => [a.X.IndexSelect(a.Int("dim"), a["index"])],
        ["narrow"] = a => [a.X.Narrow(a.Int("dim"), a.Int("start"), a.Int("length"))],
        ["pad"] = a => [a.X.Pad(a.Ints("pad"), a.Text("mode"), a.RealOrNull("value") ?? 0)],
        ["permute"] = a => [a.X.Permute(a.Ints("dims"))],
        ["repeat"] = a => [a.X.Repeat(a.Ints("repeats"))],
        ["reshape"] = a => [a.X.Reshape(a.Ints("shape"))],
        ["roll"] = a => [a.Has("dims") ? a.X.Roll(a.Ints("shifts"), a.Ints("dims")) : a.X.Roll(a.Int("shifts"))],
        ["scatter"] = a => [a.X.Scatter(a.Int("dim"), a["index"], a["src"])],
        ["scatter_add"] = a => [a.X.ScatterAdd(a.Int("dim"), a["index"], a["src"])],
        ["select"] = a => [a.X.Select(a.Int("dim"), a.Int("index"))],
        ["slice"] = a => [a.X.Slice(a.Int("dim"), a.IntOrNull("start"), a.IntOrNull("stop"), a.Int("step"))],
        ["split"] = a => a.X.Split(a.Ints("sizes"), a.Int("dim")),
        ["squeeze"] = a => [a.Has("dim") ? a.X.Squeeze(a.Int("dim")) : a.X.Squeeze()],
        ["stack"] = a => [Tensor.Stack(a.Tensors, a.Int("dim"))],
        ["transpose"] = a => [a.X.Transpose(a.Int("dim0"), a.Int("dim1"))],
        ["transpose_reshape"] = a => [a.X.Transpose(a.Int("dim0"), a.Int("dim1")).Reshape(a.Ints("shape"))],
        ["tril"] = a => [a.X.Tril(a.Int("diagonal"))],
        ["triu"] = a => [a.X.Triu(a.Int("diagonal"))],
        ["unsqueeze"] = a => [a.X.Unsqueeze(a.Int("dim"))],

        // linear algebra
        ["attention"] = a => [a["q"].ScaledDotProductAttention(a["k"], a["v"], isCausal: a.Flag("causal"))],
        ["cdist2"] = a => [a.X.Cdist(a.Y)],
        ["cosine_similarity"] = a => [a.X.CosineSimilarity(a.Y, a.Int("dim"), a.Real("eps"))],
        ["einsum"] = a => [Tensor.Einsum(a.Text("equation"), a.Tensors)],
        ["linear"] = a => [a.X.Linear(a["weight"], a.Find("bias"))],
        ["matmul"] = a => [a.X.MatMul(a.Y)],
        ["normalize"] = a => [a.X.Normalize(a.Real("p"), a.Int("dim"), a.Real("eps"))],

        // layers
        ["adaptive_avg_pool2d"] = a => [a.X.AdaptiveAvgPool2d(Two(a, "output_size"))],
        ["avg_pool2d"] = a => [a.X.AvgPool2d(Two(a, "kernel"), Two(a, "stride"), Two(a, "padding"), a.Flag("ceil_mode"), a.Flag("count_include_pad"))],
        ["batch_norm"] = BatchNorm,
        ["conv1d"] = a => [a.X.Conv1d(a["weight"], a.Find("bias"), a.Int("stride"), a.Int("padding"), a.Int("dilation"), a.Int("groups"))],
        ["conv2d"] = a => [a.X.Conv2d(a["weight"], a.Find("bias"), Two(a, "stride"), Two(a, "padding"), Two(a, "dilation"), a.Int("groups"))],
        ["conv_transpose2d"] = a => [a.X.ConvTranspose2d(a["weight"], a.Find("bias"),
            Two(a, "stride"), Two(a, "padding"), Two(a, "output_padding"), a.Int("groups"), Two(a, "dilation"))],
        ["embedding"] = a => [a["index"].Embedding(a["weight"], a.IntOrNull("padding_idx"))],
        ["group_norm"] = a => [a.X.GroupNorm(a.Int("num_groups"), a.Find("weight"), a.Find("bias"), a.Real("eps"))],
        ["gru_cell"] = a => [a.X.GruCell(a["h"], a["w_ih"], a["w_hh"], a.Find("b_ih"), a.Find("b_hh"))],
        ["layer_norm"] = a => [a.X.LayerNorm(a.Ints("normalized_shape"), a.Find("weight"), a.Find("bias"), a.Real("eps"))],
        ["lstm_cell"] = a => Both(a.X.LstmCell(a["h"], a["c"], a["w_ih"], a["w_hh"], a.Find("b_ih"), a.Find("b_hh"))),
        ["max_pool2d"] = a => [a.X.MaxPool2d(Two(a, "kernel"), Two(a, "stride"), Two(a, "padding"), Two(a, "dilation"), a.Flag("ceil_mode"))],
        ["rms_norm"] = a => [a.X.RmsNorm([a.X.Shape[^1]], a.Find("weight"), a.Real("eps"))],
        ["rnn_cell"] = a => [a.X.RnnTanhCell(a["h"], a["w_ih"], a["w_hh"], a.Find("b_ih"), a.Find("b_hh"))],
    };

    static Tensor[] BatchNorm(OpArguments a)
    {
        (Tensor mean, Tensor variance) = (a["running_mean"].Clone(), a["running_var"].Clone()); // they are moved in place
        Tensor y = a.X.BatchNorm(mean, variance, a.Find("weight"), a.Find("bias"), a.Flag("training"), a.Real("momentum"), a.Real("eps"));
        return [y, mean, variance];
    }

    static Tensor[] Both((Tensor First, Tensor Second) outputs) => [outputs.First, outputs.Second];

    static Scalar? Number(double? value) => value is { } number ? (Scalar)number : null;

    static Pair Two(OpArguments a, string name) => a.Ints(name) is [var both] ? both : (a.Ints(name)[0], a.Ints(name)[1]);
}
