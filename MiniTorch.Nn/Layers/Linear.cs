namespace MiniTorch.Nn;

/// <summary>Applies y = x·Wᵀ + b over the last dimension (torch.nn.Linear).</summary>
/// <remarks>Input [*, in], output [*, out]; <c>weight</c> [out, in], <c>bias</c> [out]. Both are initialised uniformly on ±1/√in; the weight is drawn
/// first.</remarks>
/// <example><code>
/// var fc = new Linear(784, 10);
/// Tensor logits = fc.Call(x); // [N, 784] → [N, 10]
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
        if (inFeatures < 0 || outFeatures < 0) throw new ValueException($"Linear: inFeatures is {inFeatures} and outFeatures is {outFeatures}; both must be 0 or more");
        Weight = LayerInit.Weight([outFeatures, inFeatures], dtype, generator);
        Bias = bias ? LayerInit.Bias([outFeatures], inFeatures, dtype, generator) : null;
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
