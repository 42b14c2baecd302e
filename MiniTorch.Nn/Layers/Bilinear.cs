namespace MiniTorch.Nn;

/// <summary>Applies y = x₁ᵀ·A·x₂ + b for each output feature (torch.nn.Bilinear): [*, in₁] and [*, in₂] → [*, out].</summary>
public sealed class Bilinear : Module<Tensor, Tensor, Tensor>
{
    /// <summary>Creates a layer with PyTorch's initial weights, uniform on ±1/√in₁.</summary>
    /// <param name="in1Features">The size of the first input's last dimension.</param>
    /// <param name="in2Features">The size of the second input's last dimension.</param>
    /// <param name="outFeatures">The size of the output's last dimension.</param>
    /// <param name="bias">Whether the layer has a learnable bias.</param>
    /// <param name="dtype">Float32 by default.</param>
    /// <param name="generator">The generator that draws the initial weights; <see cref="Generator.Default"/> by default.</param>
    public Bilinear(int in1Features, int in2Features, int outFeatures, bool bias = true, DType dtype = DType.Float32, Generator? generator = null)
    {
        double bound = 1 / Math.Sqrt(in1Features);
        Weight = LayerInit.Uniform([outFeatures, in1Features, in2Features], bound, dtype, generator);
        Bias = bias ? LayerInit.Uniform([outFeatures], bound, dtype, generator) : null;
    }

    /// <summary>The weight, [out, in₁, in₂].</summary>
    public Parameter Weight { get; }

    /// <summary>The bias, [out]; null if the layer has none.</summary>
    public Parameter? Bias { get; }

    /// <inheritdoc/>
    [return: Dims("... output")]
    protected override Tensor Forward([Dims("... first")] Tensor input1, [Dims("... second")] Tensor input2)
    {
        Tensor product = Tensor.Einsum("...i,oij,...j->...o", input1, Weight, input2);
        return Bias is null ? product : product + Bias;
    }

    private protected override string Arguments =>
        $"in1_features={Weight.Shape[1]}, in2_features={Weight.Shape[2]}, out_features={Weight.Shape[0]}, bias={Bias is not null}";
}
