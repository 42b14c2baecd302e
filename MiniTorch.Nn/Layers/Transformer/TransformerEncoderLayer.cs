namespace MiniTorch.Nn;

/// <summary>
/// Self-attention followed by a feed-forward network of two linear layers, each with a residual connection and a layer normalisation
/// (torch.nn.TransformerEncoderLayer; Vaswani et al. 2017).
/// </summary>
/// <remarks>Input and output are [T, N, d], [N, T, d] with batchFirst, or [T, d] without a batch.</remarks>
/// <example><code>
/// Tensor x = Tensor.Randn([2, 5, 64]), isPadding = Tensor.Zeros([2, 5], DType.Bool);
/// var layer = new TransformerEncoderLayer(dModel: 64, nhead: 4, batchFirst: true);
/// Tensor y = layer.Call(x, new AttentionOptions { KeyPaddingMask = isPadding }); // x [N, T, 64], isPadding Bool [N, T]
/// </code></example>
public sealed class TransformerEncoderLayer : Module<Tensor, AttentionOptions?, Tensor>
{
    private readonly MultiheadAttention _selfAttn;
    private readonly Linear _linear1;
    private readonly Dropout _dropout;
    private readonly Linear _linear2;
    private readonly LayerNorm _norm1, _norm2;
    private readonly Dropout _dropout1, _dropout2;
    private readonly TransformerActivation _activation;
    private readonly bool _normFirst;

    /// <summary>Creates a layer with PyTorch's initial weights.</summary>
    /// <param name="dModel">d, the number of features of input and output.</param>
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
    public TransformerEncoderLayer(int dModel, int nhead, int dimFeedforward = 2048, double dropout = 0.1,
        TransformerActivation activation = TransformerActivation.Relu, double layerNormEps = 1e-5, bool batchFirst = false, bool normFirst = false,
        bool bias = true, DType dtype = DType.Float32, Generator? generator = null)
    {
        _selfAttn = new(dModel, nhead, dropout, bias, batchFirst: batchFirst, dtype: dtype, generator: generator);
        (_linear1, _linear2) = (new(dModel, dimFeedforward, bias, dtype, generator), new(dimFeedforward, dModel, bias, dtype, generator));
        (_norm1, _norm2) = (new(dModel, layerNormEps, bias: bias, dtype: dtype), new(dModel, layerNormEps, bias: bias, dtype: dtype));
        (_dropout, _dropout1, _dropout2) = (new(dropout, generator), new(dropout, generator), new(dropout, generator));
        (_activation, _normFirst) = (activation, normFirst);
    }

    internal override int OptionalInputs => 1;

    /// <summary>Runs the layer without masks: every step attends to every step.</summary>
    public Tensor Call(Tensor src) => Call(src, null);

    /// <inheritdoc/>
    [return: Dims("... embedding")]
    protected override Tensor Forward([Dims("... embedding")] Tensor src, AttentionOptions? options)
    {
        AttentionOptions attention = (options ?? new AttentionOptions()) with { NeedWeights = false };
        if (_normFirst)
        {
            src += Attend(_norm1.Call(src), attention);
            return src + Feed(_norm2.Call(src));
        }
        src = _norm1.Call(src + Attend(src, attention));
        return _norm2.Call(src + Feed(src));
    }

    private Tensor Attend(Tensor x, AttentionOptions attention) => _dropout1.Call(_selfAttn.Call(x, x, x, attention).Output);

    private Tensor Feed(Tensor x) => _dropout2.Call(FeedForward.Of(x, _linear1, _activation, _dropout, _linear2));
}
