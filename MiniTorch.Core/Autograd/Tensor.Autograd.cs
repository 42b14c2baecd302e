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

    /// <summary>
    /// Calls a function whenever a backward pass has computed the gradient of this tensor, until the returned object is disposed of
    /// (torch.Tensor.register_hook).
    /// </summary>
    /// <remarks>
    /// <para>The tensor is a leaf or the result of an operation. The function receives the complete gradient, the sum over all uses of the tensor,
    /// and returns another one of the same shape and dtype, or null to keep it. Several hooks run in the order in which they were added. The
    /// replacement is what flows on: to the inputs, to <see cref="Grad"/> and to the result of <see cref="Autograd.Grad(Tensor,
    /// ReadOnlySpan{Tensor}, Tensor?, bool, bool, bool?)"/>, as in PyTorch 2.</para>
    /// <para>The function's operations are recorded if the pass has createGraph: true. It must not write to the gradient. A hook of a result sees
    /// the gradient of the value that the tensor has now, even if the tensor is later changed in place. The hooks of a leaf end if its
    /// <see cref="RequiresGrad"/> is set to false.</para>
    /// </remarks>
    /// <exception cref="GraphException">The tensor does not require a gradient.</exception>
    /// <example><code>
    /// Tensor weight = Tensor.Ones([3], requiresGrad: true), hidden = weight * 2;
    /// using (hidden.RegisterHook(gradient => gradient.Clamp(-1, 1))) (hidden * 100).Sum().Backward();
    /// </code></example>
    public IDisposable RegisterHook(Func<Tensor, Tensor?> hook)
    {
        ArgumentNullException.ThrowIfNull(hook);
        Node node = Node ?? throw new GraphException($"RegisterHook: this tensor, shape {Shape}, does not require a gradient");
        Ops.FuseTrace.CheckReceivesGradient("RegisterHook", this);
        return GradientHooks.Add(node, Slot, hook);
    }

    /// <summary>
    /// Calls a function whenever <see cref="Backward"/> has added the complete gradient of a pass to this leaf's <see cref="Grad"/>, until the
    /// returned object is disposed of (torch.Tensor.register_post_accumulate_grad_hook).
    /// </summary>
    /// <remarks>
    /// The function is called as soon as all uses of the leaf have been differentiated. It receives this tensor, and may use its gradient, change the
    /// tensor inside <see cref="Autograd.NoGrad"/> and set Grad to null. An optimiser that steps here never holds the gradients of all
    /// parameters at a time. <see cref="Autograd.Grad(Tensor, ReadOnlySpan{Tensor}, Tensor?, bool, bool, bool?)"/> does not call it.
    /// </remarks>
    /// <exception cref="GraphException">The tensor is not a leaf that requires a gradient.</exception>
    /// <example><code>
    /// foreach (Parameter parameter in model.Parameters())
    /// {
    ///     var optimizer = new SGD([parameter], lr: 0.1);
    ///     parameter.RegisterPostAccumulateGradHook(_ => { optimizer.Step(); optimizer.ZeroGrad(); });
    /// }
    /// loss.Backward(); // steps too
    /// </code></example>
    public IDisposable RegisterPostAccumulateGradHook(Action<Tensor> hook)
    {
        ArgumentNullException.ThrowIfNull(hook);
        if (Node is not LeafNode leaf)
            throw new GraphException($"RegisterPostAccumulateGradHook: this tensor, shape {Shape}, "
                + (Node is null ? "does not require a gradient"
                : "is the result of an operation, and only leaves accumulate a gradient; use RegisterHook"));
        return GradientHooks.AddAfter(leaf, () => hook(this));
    }
}
