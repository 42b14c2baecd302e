namespace MiniTorch;

public partial class Tensor
{
    /// <summary>Adds the gradient of this tensor to the <see cref="Grad"/> of every leaf that it depends on (torch.Tensor.backward).</summary>
    /// <param name="gradient">The cotangent, of this tensor's shape and dtype; 1 for a scalar.</param>
    /// <param name="retainGraph">Whether the graph can be used again.</param>
    /// <param name="createGraph">Whether the gradients can be differentiated again.</param>
    /// <exception cref="GraphException">There is no graph, the tensor is not a scalar and no gradient is given, the graph was used before, or a saved tensor was changed.</exception>
    public void Backward(Tensor? gradient = null, bool retainGraph = false, bool createGraph = false) =>
        Reverse.Accumulate(this, Autograd.Cotangent("Backward", this, gradient), retainGraph, createGraph);
}
