namespace MiniTorch.Nn;

/// <summary>
/// Computes multi-head attention, softmax(q·kᵀ/√d)·v of linear projections of query, key and value in each head, followed by an output projection
/// (torch.nn.MultiheadAttention; Vaswani et al. 2017). Inputs are query [T, N, E], key [S, N, kdim] and value [S, N, vdim]; [N, steps, features] with
/// batchFirst; or without the batch. Returns the output, in the query's shape, and the weights, [N, T, S].
/// </summary>
/// <example><code>
/// Tensor x = Tensor.Randn([2, 5, 64]); // 2 sequences of 5 vectors
/// var attention = new MultiheadAttention(embedDim: 64, numHeads: 8, batchFirst: true);
/// var (output, weights) = attention.Call(x, x, x, new AttentionOptions { IsCausal = true });
/// Console.WriteLine(output.Shape); // [2, 5, 64]
/// </code></example>
public sealed class MultiheadAttention : Module<Tensor, Tensor, Tensor, AttentionOptions?, (Tensor Output, Tensor? Weights)>
{
    private readonly int _heads;
    private readonly int[] _sizes;
    private readonly double _dropout;
    private readonly bool _addZeroAttn, _batchFirst;
    private readonly Generator? _generator;

    /// <summary>Creates a layer with PyTorch's initial weights.</summary>
    /// <param name="embedDim">E, the number of features of query and output.</param>
    /// <param name="numHeads">The number of heads, which must divide E.</param>
    /// <param name="dropout">The probability of dropping an attention weight in training mode.</param>
    /// <param name="bias">Whether the projections have biases.</param>
    /// <param name="addBiasKv">Whether a learnt key and value are appended to every sequence.</param>
    /// <param name="addZeroAttn">Whether a key and a value of zeros are appended to every sequence.</param>
    /// <param name="kdim">The number of features of keys; E by default.</param>
    /// <param name="vdim">The number of features of values; E by default.</param>
    /// <param name="batchFirst">Whether inputs are [N, T, E] instead of [T, N, E].</param>
    /// <param name="dtype">Float32 by default.</param>
    /// <param name="generator">The generator that draws the initial weights and the dropout masks; <see cref="Generator.Default"/> by
    /// default.</param>
    /// <exception cref="ValueException"><paramref name="embedDim"/> is not divisible by <paramref name="numHeads"/>, or a size is not
    /// positive.</exception>
    public MultiheadAttention(int embedDim, int numHeads, double dropout = 0, bool bias = true, bool addBiasKv = false, bool addZeroAttn = false,
        int? kdim = null, int? vdim = null,
        bool batchFirst = false, DType dtype = DType.Float32, Generator? generator = null)
    {
        if (numHeads < 1 || embedDim < 1 || embedDim % numHeads != 0)
            throw new ValueException($"MultiheadAttention: embedDim {embedDim} is not divisible by {numHeads} heads");
        if (kdim < 1 || vdim < 1)
            throw new ValueException($"MultiheadAttention: kdim is {kdim ?? embedDim} and vdim is {vdim ?? embedDim}; both must be 1 or more");
        (_heads, _dropout, _addZeroAttn, _batchFirst, _generator) = (numHeads, dropout, addZeroAttn, batchFirst, generator);
        _sizes = [embedDim, kdim ?? embedDim, vdim ?? embedDim];
        OutProj = new Linear(embedDim, embedDim, bias, dtype, generator);
        if (_sizes[1] == embedDim && _sizes[2] == embedDim) InProjWeight = LayerInit.Xavier([3 * embedDim, embedDim], dtype, generator);
        else
        {
            QProjWeight = LayerInit.Xavier([embedDim, _sizes[0]], dtype, generator);
            KProjWeight = LayerInit.Xavier([embedDim, _sizes[1]], dtype, generator);
            VProjWeight = LayerInit.Xavier([embedDim, _sizes[2]], dtype, generator);
        }
        if (bias)
        {
            InProjBias = new Parameter(Tensor.Zeros([3 * embedDim], dtype));
            Init.Zeros(OutProj.Bias!);
        }
        if (!addBiasKv) return;
        (BiasK, BiasV) = (new Parameter(Tensor.Empty([1, 1, embedDim], dtype)), new Parameter(Tensor.Empty([1, 1, embedDim], dtype)));
        Init.XavierNormal(BiasK, generator: generator);
        Init.XavierNormal(BiasV, generator: generator);
    }

    /// <summary>The stacked projections of query, key and value, [3·E, E]; null if kdim or vdim differs from E.</summary>
    public Parameter? InProjWeight { get; }

    /// <summary>The projection of the query, [E, E]; null if <see cref="InProjWeight"/> holds all three.</summary>
    public Parameter? QProjWeight { get; }

    /// <summary>The projection of the key, [E, kdim]; null if <see cref="InProjWeight"/> holds all three.</summary>
    public Parameter? KProjWeight { get; }

    /// <summary>The projection of the value, [E, vdim]; null if <see cref="InProjWeight"/> holds all three.</summary>
    public Parameter? VProjWeight { get; }

    /// <summary>The biases of the three projections, [3·E]; null if the layer has none.</summary>
    public Parameter? InProjBias { get; }

    /// <summary>The appended key, [1, 1, E]; null if there is none.</summary>
    public Parameter? BiasK { get; }

    /// <summary>The appended value, [1, 1, E]; null if there is none.</summary>
    public Parameter? BiasV { get; }

    /// <summary>The output projection.</summary>
    public Linear OutProj { get; }

    internal override int OptionalInputs => 1;

    /// <summary>Computes attention without masks.</summary>
    public (Tensor Output, Tensor? Weights) Call(Tensor query, Tensor key, Tensor value) => Call(query, key, value, null);

    /// <inheritdoc/>
    protected override (Tensor Output, Tensor? Weights) Forward(
        [Dims("...targets embedding")] Tensor query, [Dims("...sources keys")] Tensor key, [Dims("...sources values")] Tensor value,
            AttentionOptions? options)
    {
        ArgumentNullException.ThrowIfNull(query);
        ArgumentNullException.ThrowIfNull(key);
        ArgumentNullException.ThrowIfNull(value);
        options ??= new AttentionOptions();
        Tensor[] inputs = [query, key, value];
        for (int i = 0; i < inputs.Length; i++)
            if (inputs[i].Rank != query.Rank || inputs[i].Rank is not (2 or 3) || inputs[i].Shape[^1] != _sizes[i])
                throw new ShapeException($"MultiheadAttention: inputs must be {(_batchFirst ? "[batch, steps" : "[steps, batch")}, {_sizes[i]}], "
                    + $"or all without a batch, but the {(i == 0 ? "query" : i == 1 ? "key" : "value")} has shape {inputs[i].Shape}");
        if (query.Rank == 3) return Attend(query, key, value, options);
        int batch = _batchFirst ? 0 : 1;
        Tensor q = query.Unsqueeze(batch), k = ReferenceEquals(key, query) ? q : key.Unsqueeze(batch), v = ReferenceEquals(value, key) ? k
            : value.Unsqueeze(batch);
        (Tensor output, Tensor? weights) = Attend(q, k, v, options);
        return (output.Squeeze(batch), weights?.Squeeze(0));
    }

    private (Tensor Output, Tensor? Weights) Attend(Tensor query, Tensor key, Tensor value, AttentionOptions options)
    {
        (Tensor q, Tensor k, Tensor v) = Project(query, key, value);
        bool isCausal = options is { IsCausal: true, AttnMask: null, KeyPaddingMask: null, NeedWeights: false } && BiasK is null && !_addZeroAttn;
        Tensor? mask = isCausal ? null : options.Added(q, k.Shape[2]);
        (int given, k, v) = (k.Shape[2], WithAddedSteps(k, BiasK), WithAddedSteps(v, BiasV));
        if (k.Shape[2] > given) mask = mask?.Pad([0, k.Shape[2] - given]);
        Tensor mixed;
        Tensor? weights = null;
        if (!options.NeedWeights)
            mixed = q.ScaledDotProductAttention(k, v, mask, Training ? _dropout : 0, isCausal, generator: _generator);
        else
        {
            Tensor scores = q.MatMul(k.Transpose(-2, -1)) / Math.Sqrt(q.Shape[3]);
            if (mask is not null) scores += mask;
            weights = Functional.Dropout(new Ops.Softmax(scores.Rank - 1, Safe: mask is not null).Apply(scores), _dropout, Training, _generator);
            mixed = weights.MatMul(v);
        }
        // Restores the query's own order of dimensions from [N, heads, T, d].
        Tensor joined = mixed.Permute(_batchFirst ? [0, 2, 1, 3] : [2, 0, 1, 3]).Reshape([.. query.Shape]);
        return (OutProj.Call(joined), options.AverageAttnWeights ? weights?.Mean(1) : weights);
    }

    /// <summary>Projects query, key and value to [N, heads, steps, d], with one matrix product if they are the same tensor.</summary>
    private (Tensor, Tensor, Tensor) Project(Tensor query, Tensor key, Tensor value)
    {
        if (InProjWeight is not null && ReferenceEquals(query, key) && ReferenceEquals(key, value))
        {
            Tensor[] parts = query.Linear(InProjWeight, InProjBias).Chunk(3, -1);
            return (Heads(parts[0]), Heads(parts[1]), Heads(parts[2]));
        }
        Tensor[] weights = InProjWeight?.Chunk(3) ?? [QProjWeight!, KProjWeight!, VProjWeight!];
        Tensor[]? biases = InProjBias?.Chunk(3);
        return (Heads(query.Linear(weights[0], biases?[0])), Heads(key.Linear(weights[1], biases?[1])), Heads(value.Linear(weights[2], biases?[2])));
    }

    private Tensor Heads(Tensor x) =>
        x.Reshape(x.Shape[0], x.Shape[1], _heads, x.Shape[2] / _heads).Permute(_batchFirst ? [0, 2, 1, 3] : [1, 2, 0, 3]);

    /// <summary>Appends the learnt and the zero step to keys or values [N, heads, S, d].</summary>
    private Tensor WithAddedSteps(Tensor steps, Tensor? bias)
    {
        Shape one = steps.Shape.With(2, 1);
        if (bias is not null) steps = Tensor.Cat([steps, bias.Reshape(1, _heads, 1, steps.Shape[3]).Expand(one)], 2);
        return _addZeroAttn ? Tensor.Cat([steps, Tensor.Zeros(one, steps.DType)], 2) : steps;
    }
}
