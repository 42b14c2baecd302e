using System.Runtime.CompilerServices;
using MiniTorch.Nn;

namespace MiniTorch.IO;

/// <summary>
/// Exports models to the Open Neural Network Exchange format (https://onnx.ai), which ONNX Runtime, browsers and phones can run (torch.onnx.export).
/// </summary>
/// <example><code>
/// Onnx.Export(model, Tensor.Zeros([1, 784]), "model.onnx");
/// </code></example>
public static class Onnx
{
    /// <summary>
    /// Exports a model of one input, in evaluation mode, as an ONNX graph (opset 17) for any batch size. The model is called with batches of 2, 3, 1,
    /// 5 and 17 rows that are made from the example's rows. Everything that is the same in all calls becomes constant (other sizes, the steps of a
    /// sequence, tensors created in Forward); everything that follows the batch stays variable. A choice that Forward makes only for larger batches
    /// is not detected.
    /// </summary>
    /// <param name="model">The model; its mode and parameters are unchanged. Parameters and buffers keep their names from <c>StateDict()</c>.</param>
    /// <param name="exampleInput">An example input with at least one row. The graph's input is called <c>input</c>, and its output
    /// <c>output</c>.</param>
    /// <param name="path">The file. It is replaced atomically, so a failed export leaves the old content.</param>
    /// <param name="batchDim">The batch dimension of the input: 0, or 1 for sequences [T, N, …].</param>
    /// <exception cref="MiniTorchException">The model uses an operation that ONNX does not have (the message names it and its module's path), depends
    /// on the batch size or on values in a way that a graph cannot express, or the file cannot be written.</exception>
    public static void Export(Module model, Tensor exampleInput, string path, int batchDim = 0) =>
        Export(model, (IReadOnlyList<Tensor>)[exampleInput], path, batchDim);

    /// <summary>
    /// Exports a model of several inputs, called <c>input_0</c>, <c>input_1</c> …; see <see cref="Export(Module, Tensor, string, int)"/>.
    /// </summary>
    /// <param name="model">The model.</param>
    /// <param name="exampleInputs">Example inputs, all with the same batch size.</param>
    /// <param name="path">The file.</param>
    /// <param name="batchDim">The batch dimension of all inputs.</param>
    /// <inheritdoc cref="Export(Module, Tensor, string, int)" path="/exception"/>
    [OverloadResolutionPriority(1)]
    public static void Export(Module model, IReadOnlyList<Tensor> exampleInputs, string path, int batchDim = 0)
    {
        OnnxGraph graph = Graph(model, exampleInputs, batchDim);
        try
        {
            AtomicFile.Write(path, stream => OnnxFile.Write(stream, graph));
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or ValueException)
        {
            throw new MiniTorchException($"Onnx.Export: '{path}' cannot be written: {error.Message} Choose a folder that exists and that you may "
                + "write to.", error);
        }
    }

    /// <summary>Exports a model of one input to a stream; see <see cref="Export(Module, Tensor, string, int)"/>.</summary>
    /// <param name="model">The model.</param>
    /// <param name="exampleInput">An example input with at least one row.</param>
    /// <param name="stream">The stream; it stays open and need not be able to seek. A failed export writes nothing.</param>
    /// <param name="batchDim">The batch dimension of the input.</param>
    /// <inheritdoc cref="Export(Module, Tensor, string, int)" path="/exception"/>
    public static void Export(Module model, Tensor exampleInput, Stream stream, int batchDim = 0) =>
        Export(model, (IReadOnlyList<Tensor>)[exampleInput], stream, batchDim);

    /// <summary>Exports a model of several inputs to a stream; see <see cref="Export(Module, IReadOnlyList{Tensor}, string, int)"/>.</summary>
    /// <param name="model">The model.</param>
    /// <param name="exampleInputs">Example inputs, all with the same batch size.</param>
    /// <param name="stream">The stream; it stays open and need not be able to seek. A failed export writes nothing.</param>
    /// <param name="batchDim">The batch dimension of all inputs.</param>
    /// <inheritdoc cref="Export(Module, Tensor, string, int)" path="/exception"/>
    [OverloadResolutionPriority(1)]
    public static void Export(Module model, IReadOnlyList<Tensor> exampleInputs, Stream stream, int batchDim = 0)
    {
        ArgumentNullException.ThrowIfNull(stream);
        OnnxFile.Write(stream, Graph(model, exampleInputs, batchDim));
    }

    private static OnnxGraph Graph(Module model, IReadOnlyList<Tensor> exampleInputs, int batchDim) =>
        model is null || exampleInputs is null || exampleInputs.Any(input => input is null)
            ? throw new ValueException("Onnx.Export: the model or an example input is null")
            : OnnxBuilder.Build(model, exampleInputs, batchDim);
}
