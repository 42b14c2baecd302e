namespace MiniTorch.Nn;

/// <summary>Checks how many digits whole modules leave.</summary>
public static class ModuleNumericCheck
{
    extension(NumericCheck)
    {
        /// <summary>
        /// Checks the digits of a module's output, or of a loss, and of the gradients of every parameter (by name) and every floating-point input.
        /// The module runs once, in its present mode, with copies of its parameters and buffers in Float32, and is restored afterwards.
        /// </summary>
        /// <param name="model">The module.</param>
        /// <param name="inputs">The inputs to call it with, in the shapes that it takes.</param>
        /// <param name="loss">Computes the value to check from the module's first output; null checks all outputs.</param>
        /// <param name="options">The options of the check.</param>
        /// <exception cref="ValueException">An argument is null, or no floating-point tensor is returned.</exception>
        /// <exception cref="MiniTorchException">The module or the loss throws it.</exception>
        /// <example><code>
        /// Tensor x = Tensor.Randn([2, 4]), targets = [0, 2];
        /// var model = new Sequential(new Linear(4, 8), new Tanh(), new Linear(8, 3));
        /// Console.WriteLine(NumericCheck.RunModule(model, [x], output => Functional.CrossEntropy(output, targets)));
        /// </code></example>
        public static NumericCheckReport RunModule(
            Module model, IReadOnlyList<Tensor> inputs, Func<Tensor, Tensor>? loss = null, NumericCheckOptions? options = null)
        {
            if (model is null || inputs is null) throw NumericCheck.Missing(model is null ? "the module" : "the list of inputs");
            (Tensor Tensor, Tensor Original)[] state = [.. model.NamedParameters().Select(parameter => (Tensor)parameter.Value)
                .Concat(model.NamedBuffers().Select(buffer => buffer.Value)).Select(tensor => (tensor, tensor.Detach()))];
            foreach ((Tensor tensor, Tensor original) in state)
                tensor.Replace(Ops.Copies.WithStrides(original, original.DType.IsFloat() ? DType.Float32 : original.DType));
            try
            {
                (string, Tensor)[] parameters = [.. model.NamedParameters().Where(parameter => parameter.Value.RequiresGrad)
                    .Select(parameter => (parameter.Name, (Tensor)parameter.Value))];
                string[] names = inputs.Count == 1 ? ["input"] : [.. inputs.Select((_, i) => $"input {i}")];
                return NumericCheck.Run(Outputs, inputs, names, parameters, options);
            }
            finally
            {
                foreach ((Tensor tensor, Tensor original) in state) tensor.Replace(original);
            }

            Tensor?[] Outputs(Tensor[] tensors)
            {
                Tensor[] outputs = [.. Tensor.AllIn(model.CallAny([.. tensors]))];
                return loss is null ? outputs
                    : outputs is [var first, ..] ? [loss(first)]
                        : throw new ValueException("NumericCheck: the module returned no tensor for the loss");
            }
        }
    }
}
