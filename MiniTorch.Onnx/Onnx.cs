using System.Runtime.CompilerServices;
using MiniTorch.Nn;

namespace MiniTorch.IO;

/// <summary>Writes models in the Open Neural Network Exchange format (https://onnx.ai), which ONNX Runtime, browsers and phones run (torch.onnx.export).</summary>
public static class Onnx
{
    /// <summary>
    /// Writes what a model of one input computes, in evaluation mode, as an ONNX graph (opset 17) of any batch size. The model is called with batches
    /// of 2, 3, 1, 5 and 17 rows made of the example's: what is the same in all becomes fixed (other sizes, the steps of a sequence, tensors made in
    /// Forward), what follows the batch stays free. A choice that Forward makes by larger batch sizes only cannot be seen.
    /// </summary>
    /// <param name="model">The model; its mode and parameters stay as they are. Parameters and buffers keep their names from <c>StateDict()</c>.</param>
    /// <param name="exampleInput">An input such as the model takes, with at least one row. The graph's input is called <c>input</c>, its output <c>output</c>.</param>
    /// <param name="path">The file; replaced as a whole, so that a failed export leaves what it held.</param>
    /// <param name="batchDim">Which dimension of the input is the batch: 0, or 1 for sequences [T, N, …].</param>
    /// <exception cref="MiniTorchException">The model uses an operation that ONNX lacks (named, with its module's path), depends on the batch size or on
    /// values in a way that a graph cannot, or the file cannot be written.</exception>
    public static void Export(Module model, Tensor exampleInput, string path, int batchDim = 0) => Export(model, (IReadOnlyList<Tensor>)[exampleInput], path, batchDim);

    /// <summary>As <see cref="Export(Module, Tensor, string, int)"/> for a model of several inputs, called <c>input_0</c>, <c>input_1</c> …</summary>
    /// <param name="model">The model.</param>
    /// <param name="exampleInputs">Inputs such as the model takes, all of the same batch.</param>
    /// <param name="path">The file.</param>
    /// <param name="batchDim">Which dimension of all inputs is the batch.</param>
    /// <inheritdoc cref="Export(Module, Tensor, string, int)" path="/exception"/>
    [OverloadResolutionPriority(1)]
    public static void Export(Module model, IReadOnlyList<Tensor> exampleInputs, string path, int batchDim = 0)
    {
        if (model is null || exampleInputs is null || exampleInputs.Any(input => input is null))
            throw new ValueException("Onnx.Export: the model or an example input is null");
        OnnxGraph graph = OnnxBuilder.Build(model, exampleInputs, batchDim);
        try
        {
            AtomicFile.Write(path, stream => OnnxFile.Write(stream, graph));
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or ValueException)
        {
            throw new MiniTorchException($"Onnx.Export: '{path}' cannot be written: {error.Message} Choose a folder that exists and that you may write to.", error);
        }
    }
}
