namespace MiniTorch.Nn;

/// <summary>eˣ over its sum along a dimension (torch.nn.Softmax).</summary>
/// <param name="dim">The dimension.</param>
public sealed class Softmax(int dim) : Module<Tensor, Tensor>
{
    /// <inheritdoc/>
    [return: Dims("...")]
    protected override Tensor Forward([Dims("...")] Tensor input) => input.Softmax(dim);

    private protected override string Arguments => $"dim={dim}";
}

/// <summary>The logarithm of softmax along a dimension (torch.nn.LogSoftmax).</summary>
/// <param name="dim">The dimension.</param>
public sealed class LogSoftmax(int dim) : Module<Tensor, Tensor>
{
    /// <inheritdoc/>
    [return: Dims("...")]
    protected override Tensor Forward([Dims("...")] Tensor input) => input.LogSoftmax(dim);

    private protected override string Arguments => $"dim={dim}";
}

/// <summary>Softmax of −x along a dimension (torch.nn.Softmin).</summary>
/// <param name="dim">The dimension.</param>
public sealed class Softmin(int dim) : Module<Tensor, Tensor>
{
    /// <inheritdoc/>
    [return: Dims("...")]
    protected override Tensor Forward([Dims("...")] Tensor input) => input.Softmin(dim);

    private protected override string Arguments => $"dim={dim}";
}

/// <summary>The first half of a dimension times the sigmoid of the second (torch.nn.GLU).</summary>
/// <param name="dim">The dimension.</param>
public sealed class GLU(int dim = -1) : Module<Tensor, Tensor>
{
    /// <inheritdoc/>
    [return: Dims("...output")]
    protected override Tensor Forward([Dims("...input")] Tensor input) => input.Glu(dim);

    private protected override string Arguments => $"dim={dim}";
}
