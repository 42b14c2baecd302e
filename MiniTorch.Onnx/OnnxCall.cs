using System.Diagnostics.CodeAnalysis;

namespace MiniTorch.IO;

/// <summary>What an operation became: a name that is made when asked for.</summary>
/// <param name="Name">Makes it.</param>
/// <param name="Unexpanded">What it is an expansion of.</param>
internal sealed record OnnxResult(Func<string> Name, OnnxValue? Unexpanded = null)
{
    /// <summary>A node that exists; null where there is none.</summary>
    [return: NotNullIfNotNull(nameof(name))]
    public static implicit operator OnnxResult?(string? name) => name is null ? null : new(() => name);
}

/// <summary>A call as it ran in both traces, and the nodes that may be made of it.</summary>
internal sealed class OnnxCall(OnnxBuilder builder, RecordedCall first, RecordedCall second)
{
    public Op Op => first.Op;

    /// <summary>The op of the second trace: it differs from <see cref="Op"/> in what follows the batch.</summary>
    public Op Other => second.Op;

    public DType DType => first.Inputs[0].DType;

    public int Rank => first.Inputs[0].Rank;

    public int Count => first.Inputs.Length;

    /// <summary>The name of the first input.</summary>
    public string X => Input(0);

    /// <summary>The output's shape in both traces.</summary>
    public (Shape First, Shape Second) Output => (first.Results[0].Shape, second.Results[0].Shape);

    /// <summary>An input in both traces.</summary>
    public OnnxValue this[int input] => builder.ValueOf(first, second, input);

    public string Input(int input) => this[input].Name;

    /// <summary>The names of all inputs.</summary>
    public string[] Inputs() => [.. Enumerable.Range(0, Count).Select(Input)];

    /// <summary>The inputs for an operator that broadcasts them itself: not expanded where that makes no difference.</summary>
    /// <param name="keptDims">How many last dimensions are not broadcast.</param>
    public string[] Broadcast(int keptDims = 0)
    {
        OnnxValue[] inputs = [.. Enumerable.Range(0, Count).Select(i => this[i])], small = [.. inputs.Select(input => input.Unexpanded ?? input)];
        bool same = Together(small.Select(value => value.First)) == Leading(Output.First) && Together(small.Select(value => value.Second)) == Leading(Output.Second);
        return [.. (same ? small : inputs).Select(value => value.Name)];

        Shape Leading(Shape shape) => Shape.Create(shape.Span[..Math.Max(0, shape.Rank - keptDims)]);

        Shape Together(IEnumerable<Shape> shapes) => shapes.Select(Leading).Aggregate((a, b) => Shape.Broadcast(a, b, Op.Name));
    }

    /// <summary>Makes a node; its output's name is told.</summary>
    public string Node(string type, string[] inputs, params (string Name, object Value)[] attributes) => builder.Graph.Add(type, first.Module ?? "", inputs, attributes);

    /// <summary>A scalar of the first input's dtype.</summary>
    public string Number(double value) => builder.Graph.Constant(Tensor.Full([], value, DType));

    /// <summary>A constant tensor.</summary>
    public string Constant(Tensor value) => builder.Graph.Constant(value);

    /// <summary>A vector of integers.</summary>
    public string Integers(params long[] values) => builder.Integers(values);

    /// <summary>A vector of sizes, of which some follow the batch.</summary>
    public string Sizes(Shape first1, Shape second1) => builder.Sizes(first1, second1, first);

    /// <summary>The error of a call whose parameters follow the batch, or values.</summary>
    public MiniTorchException Varies() =>
        builder.Error(first, "its parameters change with the batch size or with values, and a graph cannot say how; in Forward, use fixed sizes, and no Item");

    /// <summary>The error of a call that ONNX lacks for a reason.</summary>
    public MiniTorchException Lacks(string reason) => builder.Error(first, $"ONNX (opset {OnnxFile.Opset}) has no {reason}");
}
