namespace MiniTorch.Nn;

/// <summary>Merges a range of dimensions into one, by default all but the first: [N, a, b] → [N, a·b] (torch.nn.Flatten).</summary>
/// <param name="startDim">The first dimension to merge.</param>
/// <param name="endDim">The last dimension to merge.</param>
public sealed class Flatten(int startDim = 1, int endDim = -1) : Module<Tensor, Tensor>
{
    /// <inheritdoc/>
    [return: Dims("...output")]
    protected override Tensor Forward([Dims("...input")] Tensor input) => input.Flatten(startDim, endDim);

    private protected override string Arguments => $"start_dim={startDim}, end_dim={endDim}";
}

/// <summary>Returns its input (torch.nn.Identity).</summary>
public sealed class Identity : Module<Tensor, Tensor>
{
    /// <inheritdoc/>
    [return: Dims("...")]
    protected override Tensor Forward([Dims("...")] Tensor input) => input;
}
