namespace MiniTorch.Nn;

/// <summary>
/// Self-attention, attention to the encoder's output, and a feed-forward network of two linear layers, each with a residual connection and a layer
/// normalisation (torch.nn.TransformerDecoderLayer; Vaswani et al. 2017).
/// </summary>
/// <remarks>The target and the output are [T, N, d] and the memory [S, N, d]; [N, T, d] and [N, S, d] with batchFirst; or all without a
/// batch.</remarks>
/// <example><code>
/// Tensor target = Tensor.Randn([2, 5, 64]), memory = Tensor.Randn([2, 7, 64]);
/// var layer = new TransformerDecoderLayer(dModel: 64, nhead: 4, batchFirst: true);
/// Tensor y = layer.Call(target, memory, new AttentionOptions { IsCausal = true }); // [N, T, 64], [N, S, 64] → [N, T, 64]
/// </code></example>
public sealed class TransformerDecoderLayer : Module<Tensor, Tensor, AttentionOptions?, AttentionOptions?, Tensor>
{
    private readonly MultiheadAttention _selfAttn, _multiheadAttn;
    private readonly Linear _linear1;
    private readonly Dropout _dropout;
    private readonly Linear _linear2;
    private readonly LayerNorm _norm1, _norm2, _norm3;
    private readonly Dropout _dropout1, _dropout2, _dropout3;
    private readonly TransformerActivation _activation;
    private readonly bool _normFirst;

    /// <summary>Creates a layer with PyTorch's initial weights.</summary>
    /// <param name="dModel">d, the number of features of target, memory and output.</param>
    /// <param name="nhead">The number of attention heads, which must divide d.</param>
    /// <param name="dimFeedforward">The number of features between the two linear layers.</param>
    /// <param name="dropout">The probability of zeroing an element in training mode.</param>
    /// <param name="activation">The function between the two linear layers.</param>
    /// <param name="layerNormEps">ε of the layer normalisations.</param>
    /// <param name="batchFirst">Whether inputs are [N, T, d] instead of [T, N, d].</param>
    /// <param name="normFirst">Whether each block normalises its input instead of the sum of input and output (pre-norm).</param>
    /// <param name="bias">Whether all projections and normalisations have biases.</param>
    /// <param name="dtype">Float32 by default.</param>
    /// <param name="generator">The generator that draws the initial weights and the dropout masks; <see cref="Generator.Default"/> by
    /// default.</param>
    /// <exception cref="ValueException"><paramref name="dModel"/> is not divisible by <paramref name="nhead"/>.</exception>
    public TransformerDecoderLayer(int dModel, int nhead, int dimFeedforward = 2048, double dropout = 0.1,
        TransformerActivation activation = TransformerActivation.Relu, double layerNormEps = 1e-5, bool batchFirst = false, bool normFirst = false,
        bool bias = true, DType dtype = DType.Float32, Generator? generator = null)
    {
        _selfAttn = new(dModel, nhead, dropout, bias, batchFirst: batchFirst, dtype: dtype, generator: generator);
        _multiheadAttn = new(dModel, nhead, dropout, bias, batchFirst: batchFirst, dtype: dtype, generator: generator);
        (_linear1, _linear2) = (new(dModel, dimFeedforward, bias, dtype, generator), new(dimFeedforward, dModel, bias, dtype, generator));
        (_norm1, _norm2, _norm3) = (Norm(), Norm(), Norm());
        (_dropout, _dropout1, _dropout2, _dropout3) = (Drop(), Drop(), Drop(), Drop());
        (_activation, _normFirst) = (activation, normFirst);

        LayerNorm Norm() => new(dModel, layerNormEps, bias: bias, dtype: dtype);

        Dropout Drop() => new(dropout, generator);
    }

    internal override int OptionalInputs => 2;

    /// <summary>Runs the layer; the memory has no masks.</summary>
    /// <param name="tgt">The target sequence.</param>
    /// <param name="memory">The output of the encoder.</param>
    /// <param name="options">The masks of the target's attention to itself; null for none.</param>
    public Tensor Call(Tensor tgt, Tensor memory, AttentionOptions? options = null) => Call(tgt, memory, options, null);

    /// <inheritdoc/>
    [return: Dims("... embedding")]
    protected override Tensor Forward([Dims("... embedding")] Tensor tgt, [Dims("...memory embedding")] Tensor memory, AttentionOptions? options,
        AttentionOptions? memoryOptions)
    {
        if (_normFirst)
        {
            tgt += AttendToItself(_norm1.Call(tgt), options);
            tgt += AttendToMemory(_norm2.Call(tgt), memory, memoryOptions);
            return tgt + Feed(_norm3.Call(tgt));
        }
        tgt = _norm1.Call(tgt + AttendToItself(tgt, options));
        tgt = _norm2.Call(tgt + AttendToMemory(tgt, memory, memoryOptions));
        return _norm3.Call(tgt + Feed(tgt));
    }

    private Tensor AttendToItself(Tensor x, AttentionOptions? options) =>
        _dropout1.Call(_selfAttn.Call(x, x, x, (options ?? new()) with { NeedWeights = false }).Output);

    private Tensor AttendToMemory(Tensor x, Tensor memory, AttentionOptions? options) =>
        _dropout2.Call(_multiheadAttn.Call(x, memory, memory, (options ?? new()) with { NeedWeights = false }).Output);

    private Tensor Feed(Tensor x) => _dropout3.Call(FeedForward.Of(x, _linear1, _activation, _dropout, _linear2));
}
