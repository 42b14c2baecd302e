using System.Runtime.CompilerServices;

namespace MiniTorch.Nn;

/// <summary>Gradient checks of whole modules.</summary>
public static class ModuleGradCheck
{
    extension(GradCheck)
    {
        /// <summary>
        /// Checks the gradients of a module by every parameter, by name, and by every floating-point input. The module is converted to Float64 meanwhile
        /// (unless the options say otherwise), and is as before afterwards; frozen parameters are left out.
        /// </summary>
        /// <param name="model">The module; in training mode Dropout makes it <see cref="Verdict.Nondeterministic"/>, so call Eval() first.</param>
        /// <param name="inputs">What it is called with.</param>
        /// <param name="options">How to check.</param>
        /// <exception cref="MiniTorchException">The module throws, or takes other inputs.</exception>
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
                return GradCheck.Run(tensors => [.. Tensors(model.CallWith([.. tensors]))], inputs, names, parameters, options);
            }
            finally
            {
                foreach ((Tensor tensor, Tensor original) in state) tensor.Replace(original);
            }
        }
    }

    // A module may give a tensor, several, or tuples of them (a recurrent layer's output and state).
    private static IEnumerable<Tensor?> Tensors(object? output) => output switch
    {
        ITuple tuple => Enumerable.Range(0, tuple.Length).Select(i => tuple[i]).Where(part => part is not null).SelectMany(Tensors),
        IEnumerable<Tensor?> several => several,
        _ => [output as Tensor],
    };
}
