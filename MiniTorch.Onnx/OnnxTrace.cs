using MiniTorch.Nn;

namespace MiniTorch.IO;

/// <summary>A recorded call of a model in evaluation mode: inputs, operations and outputs.</summary>
/// <param name="Batch">The size of the batch.</param>
/// <param name="Inputs">The model's inputs.</param>
/// <param name="Calls">The operations in the order in which they ran.</param>
/// <param name="Outputs">The model's outputs.</param>
internal sealed record OnnxTrace(int Batch, Tensor[] Inputs, IReadOnlyList<RecordedCall> Calls, Tensor[] Outputs)
{
    /// <summary>Calls a model with a batch of a given size, with rows taken from the examples in turn.</summary>
    /// <param name="model">The model.</param>
    /// <param name="examples">Inputs with at least one row.</param>
    /// <param name="batchDim">The batch dimension.</param>
    /// <param name="batch">The number of rows.</param>
    /// <param name="dependence">Tracks which tensors depend on the inputs.</param>
    public static OnnxTrace Of(Module model, IReadOnlyList<Tensor> examples, int batchDim, int batch, Dependence dependence)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(examples);
        bool[] training = [.. model.NamedModules().Select(module => module.Value.Training)];
        using ModeScope mode = Autograd.NoGrad();
        if (examples.Contains(null!)) throw new ArgumentNullException(nameof(examples), "Onnx.Export: an example input is null");
        Tensor[] inputs = [.. examples.Select(example => Rows(example.Detach(), batchDim, batch))];
        foreach (Tensor input in inputs) dependence.Mark(input);
        try
        {
            model.Eval();
            using var recording = new Recording(dependence);
            Tensor[] outputs = [.. Tensor.AllIn(model.CallAny([.. inputs]))];
            return new OnnxTrace(batch, inputs, recording.Calls, outputs);
        }
        finally
        {
            foreach (((_, Module module), bool was) in model.NamedModules().Zip(training)) module.Training = was;
        }
    }

    private static Tensor Rows(Tensor example, int batchDim, int batch)
    {
        if (example.Rank <= batchDim || batchDim < 0 || example.Shape[batchDim] == 0)
            throw new ShapeException($"Onnx.Export: the example input, shape {example.Shape}, needs at least one row along its batch, dimension "
                + $"{batchDim}; add one with Unsqueeze({Math.Max(batchDim, 0)})");
        return example.IndexSelect(batchDim, Tensor.Arange(batch).Remainder(example.Shape[batchDim]));
    }
}
