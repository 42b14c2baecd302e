namespace MiniTorch.Nn;

/// <summary>Modules as fused functions.</summary>
public static class ModuleFusion
{
    extension(Fuse)
    {
        /// <summary>
        /// Fuses a module whose <c>Forward</c> is a chain of element-wise operations and of reductions along the last dimension (torch.compile); see
        /// <see cref="Fuse"/>. Its parameters get their gradients as in <c>Call</c>, and what cannot be fused runs as it does there.
        /// </summary>
        /// <returns>A function with the module's values and gradients, which reads the module's parameters at each call.</returns>
        /// <example><code>
        /// Func&lt;Tensor, Tensor&gt; activation = Fuse.Compile(new Sequential(new Tanh(), new Softplus()));
        /// Tensor y = activation(x);
        /// </code></example>
        public static Func<Tensor, Tensor> Compile(Module<Tensor, Tensor> module)
        {
            ArgumentNullException.ThrowIfNull(module);
            return Fuse.Compile(x => module.Call(x));
        }

        /// <summary>Fuses a module of two inputs, such as a loss of logits and class indices.</summary>
        /// <inheritdoc cref="Compile(Module{Tensor, Tensor})"/>
        public static Func<Tensor, Tensor, Tensor> Compile(Module<Tensor, Tensor, Tensor> module)
        {
            ArgumentNullException.ThrowIfNull(module);
            return Fuse.Compile((x, y) => module.Call(x, y));
        }
    }
}
