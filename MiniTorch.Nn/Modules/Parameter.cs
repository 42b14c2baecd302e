namespace MiniTorch.Nn;

/// <summary>A tensor that a model learns: a leaf that requires a gradient, found by its module and handed to optimisers (torch.nn.Parameter).</summary>
public sealed class Parameter : Tensor
{
    /// <summary>Makes a parameter of the values of <paramref name="data"/>, whose memory it shares; its history is left behind.</summary>
    /// <exception cref="DTypeException"><paramref name="data"/> is an integer or Bool tensor.</exception>
    public Parameter(Tensor data) : base(Separate(data))
    {
        RequiresGrad = true;
    }

    /// <summary>
    /// The name under which <see cref="Module.NamedParameters"/> or <see cref="Module.Parameters"/> listed it last: what an optimiser saves.
    /// </summary>
    internal string? Name { get; set; }

    // Elements that share one place could not be updated one by one.
    private static Tensor Separate(Tensor data)
    {
        ArgumentNullException.ThrowIfNull(data);
        return data.Layout.Overlaps ? data.Detach().Clone() : data;
    }
}
