namespace MiniTorch.Nn;

/// <summary>y = x·Wᵀ + b over the last dimension (torch.nn.Linear).</summary>
/// <remarks>Input [*, in], output [*, out]; <c>weight</c> [out, in], <c>bias</c> [out]. Both start uniform on ±1/√in, the weight drawn first.</remarks>
public sealed class Linear : Module<Tensor, Tensor>
{
    /// <summary>Makes a layer with PyTorch's initial weights.</summary>
    /// <param name="inFeatures">The size of the input's last dimension.</param>
    /// <param name="outFeatures">The size of the output's last dimension.</param>
    /// <param name="bias">Whether a bias is added.</param>
    /// <param name="dtype">Float32 by default.</param>
    /// <param name="generator">Where the weights are drawn from; <see cref="Generator.Default"/> by default.</param>
    /// <exception cref="ValueException">A number of features is negative.</exception>
    public Linear(int inFeatures, int outFeatures, bool bias = true, DType dtype = DType.Float32, Generator? generator = null)
    {
        if (inFeatures < 0 || outFeatures < 0) throw new ValueException($"Linear: {inFeatures} inputs and {outFeatures} outputs; both must be 0 or more");
        Weight = LayerInit.Weight([outFeatures, inFeatures], dtype, generator);
        Bias = bias ? LayerInit.Bias([outFeatures], inFeatures, dtype, generator) : null;
    }

    /// <summary>The weight, [out, in].</summary>
    public Parameter Weight { get; }

    /// <summary>The bias, [out]; null without one.</summary>
    public Parameter? Bias { get; }

    /// <inheritdoc/>
    [return: Dims("... output")]
    protected override Tensor Forward([Dims("... input")] Tensor input)
    {
        if (input.Rank == 0 || input.Shape[-1] != Weight.Shape[1])
            throw new ShapeException($"Linear: the input's last dimension must be {Weight.Shape[1]} (its in_features), and the input has shape {input.Shape}");
        return Functional.Linear(input, Weight, Bias);
    }

    private protected override string Arguments => $"in_features={Weight.Shape[1]}, out_features={Weight.Shape[0]}, bias={Bias is not null}";
}
