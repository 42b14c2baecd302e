namespace MiniTorch.Nn;

/// <summary>Checks the gradients of whole modules.</summary>
public static class ModuleGradCheck
{
    extension(GradCheck)
    {
        /// <summary>
        /// Checks the gradients of a module with respect to every parameter (by name) and every floating-point input. The module is converted to
        /// Float64 for the check (unless the options say otherwise) and restored afterwards. Frozen parameters are skipped.
        /// </summary>
        /// <param name="model">The module; in training mode Dropout makes it <see cref="Verdict.Nondeterministic"/>, so call Eval() first.</param>
        /// <param name="inputs">The inputs to call it with.</param>
        /// <param name="options">The options of the check.</param>
        /// <exception cref="MiniTorchException">The module throws, or does not accept the inputs.</exception>
        public static GradCheckReport RunModule(Module model, IReadOnlyList<Tensor> inputs, GradCheckOptions? options = null)
        {
            if (model is null || inputs is null) throw GradCheck.Missing(model is null ? "the module" : "the list of inputs");
            bool upcast = options is not { Upcast: false };
            (Tensor Tensor, Tensor Original)[] state = [.. model.NamedParameters().Select(parameter => (Tensor)parameter.Value)
                .Concat(model.NamedBuffers().Select(buffer => buffer.Value)).Select(tensor => (tensor, tensor.Detach()))];
            foreach ((Tensor tensor, Tensor original) in state)
                tensor.Replace(Ops.Copies.WithStrides(original, upcast && original.DType.IsFloat() ? DType.Float64 : original.DType));
            try
            {
                (string, Tensor)[] parameters = [.. model.NamedParameters().Where(parameter => parameter.Value.RequiresGrad).Select(parameter => (parameter.Name, (Tensor)parameter.Value))];
                string[] names = inputs.Count == 1 ? ["input"] : [.. inputs.Select((_, i) => $"input {i}")];
                return GradCheck.Run(tensors => [.. Module.TensorsOf(model.CallAny([.. tensors]))], inputs, names, parameters, options);
            }
            finally
            {
                foreach ((Tensor tensor, Tensor original) in state) tensor.Replace(original);
            }
        }
    }
}
