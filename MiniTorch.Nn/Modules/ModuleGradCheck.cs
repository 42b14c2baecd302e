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
        public static GradCheckReport RunModule(Module model, IReadOnlyList<Tensor> inputs, GradCheckOptions? options = null) =>
            Run(model, inputs, outputs => outputs, options);

        /// <summary>Checks the gradients of a loss of a module's output with respect to every parameter and every floating-point input.</summary>
        /// <param name="model">The module; it returns one tensor. See <see cref="RunModule(Module, IReadOnlyList{Tensor},
        /// GradCheckOptions?)"/>.</param>
        /// <param name="inputs">The inputs to call it with.</param>
        /// <param name="loss">The loss as a function of the module's output, which is Float64 unless the options say otherwise.</param>
        /// <param name="options">The options of the check.</param>
        /// <exception cref="MiniTorchException">The module or the loss throws, or the module does not return one tensor.</exception>
        /// <example><code>
        /// Tensor x = Tensor.Randn([2, 4]), targets = [0, 2];
        /// var model = new Sequential(new Linear(4, 8), new Tanh(), new Linear(8, 3));
        /// GradCheck.RunModule(model, [x], y => Functional.CrossEntropy(y, targets)).ThrowIfFailed();
        /// </code></example>
        public static GradCheckReport RunModule(Module model, IReadOnlyList<Tensor> inputs, Func<Tensor, Tensor> loss,
            GradCheckOptions? options = null)
        {
            if (loss is null) throw GradCheck.Missing("the loss");
            return Run(model, inputs, outputs => outputs is [{ } output] ? [loss(output)]
                : throw new ValueException($"GradCheck.RunModule: the module returned {outputs.Length} tensors, and the loss takes one; "
                    + "wrap the module in one that returns the tensor of the loss"), options);
        }
    }

    private static GradCheckReport Run(Module model, IReadOnlyList<Tensor> inputs, Func<Tensor?[], Tensor?[]> results, GradCheckOptions? options)
    {
        if (model is null || inputs is null) throw GradCheck.Missing(model is null ? "the module" : "the list of inputs");
        bool upcast = options is not { Upcast: false };
        (Tensor Tensor, Tensor Original)[] state = [.. model.NamedParameters().Select(parameter => (Tensor)parameter.Value)
            .Concat(model.NamedBuffers().Select(buffer => buffer.Value)).Select(tensor => (tensor, tensor.Detach()))];
        foreach ((Tensor tensor, Tensor original) in state)
            tensor.Replace(Ops.Copies.WithStrides(original, upcast && original.DType.IsFloat() ? DType.Float64 : original.DType));
        try
        {
            (string, Tensor)[] parameters =
                [.. model.NamedParameters().Where(parameter => parameter.Value.RequiresGrad)
                    .Select(parameter => (parameter.Name, (Tensor)parameter.Value))];
            string[] names = inputs.Count == 1 ? ["input"] : [.. inputs.Select((_, i) => $"input {i}")];
            return GradCheck.Run(tensors => results([.. Tensor.AllIn(model.CallAny([.. tensors]))]), inputs, names, parameters, options);
        }
        finally
        {
            foreach ((Tensor tensor, Tensor original) in state) tensor.Replace(original);
        }
    }
}
