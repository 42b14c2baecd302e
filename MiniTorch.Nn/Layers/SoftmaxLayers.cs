namespace MiniTorch.Nn;

/// <summary>Computes eˣ divided by its sum along a dimension (torch.nn.Softmax).</summary>
/// <param name="dim">The dimension.</param>
public sealed class Softmax(int dim) : Module<Tensor, Tensor>
{
    /// <inheritdoc/>
    [return: Dims("...")]
    protected override Tensor Forward([Dims("...")] Tensor input) => input.Softmax(dim);

    private protected override string Arguments => $"dim={dim}";
}

/// <summary>Computes the logarithm of the softmax along a dimension, without overflow (torch.nn.LogSoftmax).</summary>
/// <param name="dim">The dimension.</param>
public sealed class LogSoftmax(int dim) : Module<Tensor, Tensor>
{
    /// <inheritdoc/>
    [return: Dims("...")]
    protected override Tensor Forward([Dims("...")] Tensor input) => input.LogSoftmax(dim);

    private protected override string Arguments => $"dim={dim}";
}

/// <summary>Computes the softmax of −x along a dimension (torch.nn.Softmin).</summary>
/// <param name="dim">The dimension.</param>
public sealed class Softmin(int dim) : Module<Tensor, Tensor>
{
    /// <inheritdoc/>
    [return: Dims("...")]
    protected override Tensor Forward([Dims("...")] Tensor input) => input.Softmin(dim);

    private protected override string Arguments => $"dim={dim}";
}

/// <summary>Multiplies the first half of a dimension by the sigmoid of the second half (torch.nn.GLU; Dauphin et al. 2017).</summary>
/// <param name="dim">The dimension to split; its size must be even.</param>
public sealed class GLU(int dim = -1) : Module<Tensor, Tensor>
{
    /// <inheritdoc/>
    [return: Dims("...output")]
    protected override Tensor Forward([Dims("...input")] Tensor input) => input.Glu(dim);

    private protected override string Arguments => $"dim={dim}";
}
