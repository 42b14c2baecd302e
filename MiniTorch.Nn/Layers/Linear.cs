namespace MiniTorch.Nn;

/// <summary>Applies y = x·Wᵀ + b over the last dimension (torch.nn.Linear).</summary>
/// <remarks>Input [*, in], output [*, out]; <c>weight</c> [out, in], <c>bias</c> [out]. Both are initialised uniformly on ±1/√in; the weight is drawn
/// first.</remarks>
/// <example><code>
/// var fc = new Linear(784, 10);
/// Tensor logits = fc.Call(Tensor.Randn([32, 784]));
/// Console.WriteLine(logits.Shape); // [32, 10]
/// </code></example>
public sealed class Linear : Module<Tensor, Tensor>
{
    /// <summary>Creates a layer with PyTorch's initial weights.</summary>
    /// <param name="inFeatures">The size of the input's last dimension.</param>
    /// <param name="outFeatures">The size of the output's last dimension.</param>
    /// <param name="bias">Whether the layer has a learnable bias.</param>
    /// <param name="dtype">Float32 by default.</param>
    /// <param name="generator">The generator that draws the initial weights; <see cref="Generator.Default"/> by default.</param>
    /// <exception cref="ValueException">A number of features is negative.</exception>
    public Linear(int inFeatures, int outFeatures, bool bias = true, DType dtype = DType.Float32, Generator? generator = null)
    {
        if (inFeatures < 0 || outFeatures < 0)
            throw new ValueException($"Linear: inFeatures is {inFeatures} and outFeatures is {outFeatures}; both must be 0 or more");
        Weight = LayerInit.Weight([outFeatures, inFeatures], dtype, generator);
        Bias = bias ? LayerInit.Bias([outFeatures], inFeatures, dtype, generator) : null;
    }

    /// <summary>Creates a layer of given parameters, for weights that layers share (weight tying).</summary>
    /// <param name="weight">The weight, [out, in].</param>
    /// <param name="bias">The bias, [out]; null for none.</param>
    /// <exception cref="ShapeException">The weight is no matrix, or the bias does not fit it.</exception>
    /// <exception cref="DTypeException">The dtypes differ.</exception>
    /// <example><code>
    /// var embedding = new Embedding(numEmbeddings: 256, embeddingDim: 64);
    /// var head = new Linear(embedding.Weight); // logits of the tokens, with the embedding's own vectors
    /// </code></example>
    public Linear(Parameter weight, Parameter? bias = null)
    {
        ArgumentNullException.ThrowIfNull(weight);
        if (weight.Rank != 2) throw new ShapeException($"Linear: the weight has shape {weight.Shape} and must be [out, in]");
        if (bias is not null && (bias.Rank != 1 || bias.Shape[0] != weight.Shape[0]))
            throw new ShapeException($"Linear: the bias has shape {bias.Shape} and must be [{weight.Shape[0]}] for weight {weight.Shape}");
        if (bias is not null && bias.DType != weight.DType)
            throw new DTypeException($"Linear: the weight is {weight.DType} and the bias {bias.DType}; convert one with To");
        (Weight, Bias) = (weight, bias);
    }

    /// <summary>The weight, [out, in].</summary>
    public Parameter Weight { get; }

    /// <summary>The bias, [out]; null if the layer has none.</summary>
    public Parameter? Bias { get; }

    /// <inheritdoc/>
    [return: Dims("... output")]
    protected override Tensor Forward([Dims("... input")] Tensor input) => Ops.Linear.Of(input, Weight, Bias);

    private protected override string Arguments => $"in_features={Weight.Shape[1]}, out_features={Weight.Shape[0]}, bias={Bias is not null}";
}
