namespace MiniTorch;

public partial class Tensor
{
    /// <summary>
    /// Computes the gradients of this tensor and adds them to the <see cref="Grad"/> of every leaf that it depends on (torch.Tensor.backward).
    /// Frees the graph's saved tensors unless <paramref name="retainGraph"/> is true.
    /// </summary>
    /// <param name="gradient">The gradient with respect to this tensor, of its shape and dtype; 1 by default if the tensor is a scalar.</param>
    /// <param name="retainGraph">Whether to keep the saved tensors of the graph for another backward pass.</param>
    /// <param name="createGraph">Whether to record the backward pass, so that the gradients can be differentiated.</param>
    /// <exception cref="GraphException">There is no graph, the tensor is not a scalar and no gradient is given, an earlier pass freed the saved
    /// tensors, or a saved tensor was modified.</exception>
    public void Backward(Tensor? gradient = null, bool retainGraph = false, bool createGraph = false) =>
        Reverse.Accumulate(this, Autograd.Cotangent("Backward", this, gradient), retainGraph, createGraph);
}
