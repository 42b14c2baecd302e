using System.Diagnostics.CodeAnalysis;

namespace MiniTorch.IO;

/// <summary>The result of a converted operation: a name whose node is created when the name is needed.</summary>
/// <param name="Name">Creates the node and returns its name.</param>
/// <param name="Unexpanded">The value that this is an expansion of; null if it is none.</param>
internal sealed record OnnxResult(Func<string> Name, OnnxValue? Unexpanded = null)
{
    /// <summary>Wraps the name of an existing node; null if there is none.</summary>
    [return: NotNullIfNotNull(nameof(name))]
    public static implicit operator OnnxResult?(string? name) => name is null ? null : new(() => name);
}

/// <summary>A call in both traces, with methods that create its nodes.</summary>
internal sealed class OnnxCall(OnnxBuilder builder, RecordedCall first, RecordedCall second)
{
    public Op Op => first.Op;

    /// <summary>The op of the second trace, which differs from <see cref="Op"/> in parameters that follow the batch.</summary>
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

    /// <summary>The inputs for an operator that broadcasts: without their expansion if that makes no difference.</summary>
    /// <param name="keptDims">The number of last dimensions that the operator does not broadcast.</param>
    public string[] Broadcast(int keptDims = 0)
    {
        OnnxValue[] inputs = [.. Enumerable.Range(0, Count).Select(i => this[i])], small = [.. inputs.Select(input => input.Unexpanded ?? input)];
        bool same = Together(small.Select(value => value.First)) == Leading(Output.First)
            && Together(small.Select(value => value.Second)) == Leading(Output.Second);
        return [.. (same ? small : inputs).Select(value => value.Name)];

        Shape Leading(Shape shape) => Shape.Create(shape.Span[..Math.Max(0, shape.Rank - keptDims)]);

        Shape Together(IEnumerable<Shape> shapes) => shapes.Select(Leading).Aggregate((a, b) => Shape.Broadcast(a, b, Op.Name));
    }

    /// <summary>Creates a node; returns the name of its output.</summary>
    public string Node(string type, string[] inputs, params (string Name, object Value)[] attributes) =>
        builder.Graph.Add(type, first.Module ?? "", inputs, attributes);

    /// <summary>Creates a scalar constant of the first input's dtype.</summary>
    public string Number(double value) => builder.Graph.Constant(Tensor.Full([], value, DType));

    /// <summary>Creates a constant tensor.</summary>
    public string Constant(Tensor value) => builder.Graph.Constant(value);

    /// <summary>Creates a vector of integers.</summary>
    public string Integers(params long[] values) => builder.Integers(values);

    /// <summary>Creates a vector of sizes, some of which may follow the batch.</summary>
    public string Sizes(Shape first1, Shape second1) => builder.Sizes(first1, second1, first);

    /// <summary>Creates the error for a call whose parameters depend on the batch or on values.</summary>
    public MiniTorchException Varies() =>
        builder.Error(first, "its parameters change with the batch size or with values, which a graph cannot express; in Forward, use fixed sizes "
            + "and avoid Item");

    /// <summary>Creates the error for a call that ONNX does not support.</summary>
    public MiniTorchException Lacks(string reason) => builder.Error(first, $"ONNX (opset {OnnxFile.Opset}) has no {reason}");
}
