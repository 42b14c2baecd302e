namespace MiniTorch.Nn;

/// <summary>
/// A <see cref="Linear"/> layer that takes the number of its input features from its first input (torch.nn.LazyLinear). That call draws the
/// weights, which are those of a Linear layer; before it, the layer has no parameters.
/// </summary>
/// <remarks>
/// Call the model once before an optimiser is created and before the state is saved or loaded: what lists parameters throws until then.
/// </remarks>
/// <param name="outFeatures">The size of the output's last dimension.</param>
/// <param name="bias">Whether the layer has a learnable bias.</param>
/// <param name="dtype">Float32 by default.</param>
/// <param name="generator">The generator that draws the initial weights; <see cref="Generator.Default"/> by default.</param>
/// <exception cref="ValueException"><paramref name="outFeatures"/> is negative.</exception>
/// <example><code>
/// var model = new Sequential(new Conv2d(1, 8, 3), new ReLU(), new Flatten(), new LazyLinear(10));
/// using (Autograd.NoGrad()) model.Call(Tensor.Zeros([1, 1, 28, 28])); // now the last layer has 8 · 26 · 26 input features
/// var optimizer = new Adam(model.Parameters());
/// </code></example>
public sealed class LazyLinear(int outFeatures, bool bias = true, DType dtype = DType.Float32, Generator? generator = null) : Module<Tensor, Tensor>
{
    private readonly int _outFeatures = outFeatures >= 0 ? outFeatures
        : throw new ValueException($"LazyLinear: outFeatures is {outFeatures} and must be 0 or more");

    private readonly Lock _firstCall = new();

    /// <summary>The weight, [out, in]; null before the first call.</summary>
    public Parameter? Weight { get; private set; }

    /// <summary>The bias, [out]; null if the layer has none, and before the first call.</summary>
    public Parameter? Bias { get; private set; }

    /// <inheritdoc/>
    [return: Dims("... output")]
    protected override Tensor Forward([Dims("... input")] Tensor input)
    {
        lock (_firstCall)
            if (Weight is null) Create(input.Shape[^1]);
        return Ops.Linear.Of(input, Weight!, Bias);
    }

    private void Create(int inFeatures)
    {
        var linear = new Linear(inFeatures, _outFeatures, bias, dtype, generator);
        (Bias, Weight) = (linear.Bias, linear.Weight);
    }

    internal override void RequireParameters(string path)
    {
        if (Weight is null)
            throw new ValueException($"LazyLinear: {(path.Length == 0 ? "the layer" : path)} has no parameters before its first call, which tells "
                + "the number of input features; call the model once before you create an optimizer or use its parameters or state");
    }

    /// <summary>Formats the layer as PyTorch does: after the first call it is a Linear layer.</summary>
    public override string ToString() =>
        $"{(Weight is null ? "LazyLinear" : "Linear")}(in_features={Weight?.Shape[1] ?? 0}, out_features={_outFeatures}, bias={bias})";
}
