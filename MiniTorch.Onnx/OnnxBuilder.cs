using MiniTorch.Nn;
using MiniTorch.Ops;

namespace MiniTorch.IO;

/// <summary>Makes a graph of two traces of a model: whatever differs between them follows the batch, or cannot be in a graph.</summary>
internal sealed class OnnxBuilder
{
    private readonly Module _model;
    private readonly OnnxTrace _first, _second;
    private readonly string _modelName;
    private readonly Dictionary<Storage, List<(Layout Layout, OnnxValue Value)>> _values = [];
    private readonly Lazy<string> _batch;

    private OnnxBuilder(Module model, OnnxTrace first, OnnxTrace second, int batchDim)
    {
        (_model, _first, _second, _modelName) = (model, first, second, model.GetType().Name.Split('`')[0]);
        Graph = new OnnxGraph(_modelName);
        _batch = new(() => Graph.Add("Shape", "", [Graph.Inputs[0].Name], ("start", (long)batchDim), ("end", batchDim + 1L)));
    }

    public OnnxGraph Graph { get; }

    /// <summary>Traces a model and writes down what it did.</summary>
    public static OnnxGraph Build(Module model, IReadOnlyList<Tensor> examples, int batchDim)
    {
        // Neither of the two sizes is 1: an expansion of 1 to 1 would leave no trace.
        OnnxTrace first = OnnxTrace.Of(model, examples, batchDim, 2, vary: false);
        var builder = new OnnxBuilder(model, first, OnnxTrace.Of(model, examples, batchDim, 3, vary: true), batchDim);
        builder.AddPorts();
        builder.AddState();
        builder.Convert(first.Calls, builder._second.Calls);
        builder.AddOutputs();
        return builder.Graph;
    }

    /// <summary>A vector of sizes, computed from the batch where they follow it.</summary>
    /// <param name="first">The sizes in the first trace.</param>
    /// <param name="second">And in the second.</param>
    /// <param name="by">Who asks, for an error.</param>
    public string Sizes(Shape first, Shape second, RecordedCall by)
    {
        if (first == second) return Integers([.. first.Select(size => (long)size)]);
        string[] parts = [.. first.Zip(second, (a, b) => a == b ? Integers(a) : TimesBatch(a, b, by))];
        return parts.Length == 1 ? parts[0] : Graph.Add("Concat", "", parts, ("axis", 0L));
    }

    /// <summary>A constant vector.</summary>
    public string Integers(params long[] values) => Graph.Constant(Tensor.From(values));

    /// <summary>A tensor in both traces: one that is known, or else a constant with the values that it had in a call.</summary>
    public OnnxValue ValueOf(RecordedCall first, RecordedCall second, int input) =>
        Find(first.Arguments[input].Tensor) ?? Constant(first.Inputs[input], second.Inputs[input], first);

    /// <summary>An error of a call, led by its module's path.</summary>
    public MiniTorchException Error(RecordedCall call, string problem)
    {
        string line = call.Line is null ? "" : $", called at {call.Line}";
        return new MiniTorchException($"Onnx.Export: {call.Op.Name} of {string.Join(" and ", call.Inputs.Select(input => input.Shape))}{line}: {problem}")
        {
            ModulePath = call.Module ?? _modelName,
        };
    }

    /// <summary>Adds the nodes of calls that ran one after the other.</summary>
    private void Convert(IReadOnlyList<RecordedCall> first, IReadOnlyList<RecordedCall> second)
    {
        for (int i = 0; i < first.Count; i++)
        {
            if (i >= second.Count || first[i].Op.GetType() != second[i].Op.GetType())
                throw Error(first[i], $"it ran with a batch of {_first.Batch}, and with one of {_second.Batch} another operation ran: Forward asks for sizes or values, and a graph cannot choose");
            Convert(first[i], second[i]);
        }
    }

    private void Convert(RecordedCall first, RecordedCall second)
    {
        OnnxValue?[] known = [.. first.Arguments.Select(argument => Find(argument.Tensor))];
        if (known.All(value => value is null)) return; // a constant: whoever uses it finds its value in the trace
        bool depends = known.Any(value => value is { DependsOnInput: true });
        var call = new OnnxCall(this, first, second);
        if (OnnxOps.Convert(call) is { } result)
        {
            if (depends && first.Results[0].Storage.Version != 0)
                throw Error(first, "its result is written in place later, which a graph cannot say; use the operation that returns a new tensor");
            Learn(first.Results[0], new OnnxValue(first.Results[0].Shape, second.Results[0].Shape, depends, result.Name) { Unexpanded = result.Unexpanded });
        }
        else if (first.Op is FusedOp)
        {
            ConvertDefinition(first, second);
        }
        else if (depends)
        {
            throw Error(first, $"ONNX (opset {OnnxFile.Opset}) has no such operation; write Forward with others, or export the part of the model that does without");
        }
    }

    // A fused op is the composition that defines it, run again where it ran.
    private void ConvertDefinition(RecordedCall first, RecordedCall second)
    {
        (List<RecordedCall> calls, Tensor[] results) = Run(first);
        (List<RecordedCall> others, _) = Run(second);
        Convert(calls, others);
        for (int i = 0; i < results.Length; i++)
            if (Find(results[i]) is { } value) Learn(first.Results[i], value);

        static (List<RecordedCall> Calls, Tensor[] Results) Run(RecordedCall call)
        {
            using ModeScope mode = Autograd.NoGrad();
            using var recording = new Recording();
            Trace.Module = call.Module;
            Tensor[] results = ((FusedOp)call.Op).Definitions([.. call.Arguments.Select(argument => argument.Tensor)]);
            Trace.Module = null;
            return (recording.Calls, results);
        }
    }

    private void AddPorts()
    {
        for (int i = 0; i < _first.Inputs.Length; i++)
        {
            string name = _first.Inputs.Length == 1 ? "input" : $"input_{i}";
            (Tensor first, Tensor second) = (_first.Inputs[i], _second.Inputs[i]);
            Graph.Reserve(name);
            Graph.Inputs.Add(new OnnxPort(name, first.DType, FreeSizes(first.Shape, second.Shape)));
            Learn(first, new OnnxValue(first.Shape, second.Shape, true, () => name));
        }
    }

    private void AddState()
    {
        IEnumerable<(string Name, Tensor Value)> parameters = _model.NamedParameters().Select(parameter => (parameter.Name, (Tensor)parameter.Value));
        foreach ((string name, Tensor value) in parameters.Concat(_model.NamedBuffers()))
        {
            Graph.Reserve(name);
            Learn(value, new OnnxValue(value.Shape, value.Shape, false, () =>
            {
                Graph.Initializers.Add(name, value.Detach());
                return name;
            }));
        }
    }

    private void AddOutputs()
    {
        for (int i = 0; i < _first.Outputs.Length; i++)
        {
            (Tensor first, Tensor second) = (_first.Outputs[i], _second.Outputs[i]);
            string name = _first.Outputs.Length == 1 ? "output" : $"output_{i}";
            OnnxValue value = Find(first) ?? throw new MiniTorchException(
                $"Onnx.Export: {name} of {_modelName}, shape {first.Shape}, was not made from the input by operations that a graph can say (ArgMax, Sort, Item and values drawn at random are not)");
            Graph.Nodes.Add(new OnnxNode("Identity", name, [value.Name], []));
            Graph.Outputs.Add(new OnnxPort(name, first.DType, FreeSizes(first.Shape, second.Shape)));
        }
    }

    private string[] FreeSizes(Shape first, Shape second) =>
        [.. first.Zip(second, (a, b) => a == b ? FormattableString.Invariant($"{a}") : a == _first.Batch && b == _second.Batch ? "batch" : "")];

    private OnnxValue Constant(Tensor first, Tensor second, RecordedCall by)
    {
        (Tensor fixedFirst, Tensor fixedSecond) = (first, second);
        for (int dim = 0; dim < first.Rank && first.Rank == second.Rank; dim++)
            if (first.Shape[dim] != second.Shape[dim])
                (fixedFirst, fixedSecond) = (fixedFirst.Narrow(dim, 0, 1), fixedSecond.Narrow(dim, 0, 1));
        bool isConstant = HaveSameBits(fixedFirst, fixedSecond) && HaveSameBits(fixedFirst.ExpandAs(first), first) && HaveSameBits(fixedSecond.ExpandAs(second), second);
        if (!isConstant)
            throw Error(by, $"an input of shape {first.Shape} is neither a constant nor made from the model's input by operations that a graph can say "
                + "(ArgMax, Sort, Item, indices counted along the batch and values drawn at random are not)");
        var small = new OnnxValue(fixedFirst.Shape, fixedSecond.Shape, false, () => Graph.Constant(fixedFirst));
        return first.Shape == second.Shape ? small
            : new OnnxValue(first.Shape, second.Shape, false, () => Graph.Add("Expand", "", [small.Name, Sizes(first.Shape, second.Shape, by)])) { Unexpanded = small };
    }

    private static bool HaveSameBits(Tensor a, Tensor b)
    {
        if (a.Shape != b.Shape || a.DType != b.DType) return false;
        (Tensor x, Tensor y) = (Copies.RowMajor(a), Copies.RowMajor(b));
        bool same = TensorBytes.Piece(x, 0).SequenceEqual(TensorBytes.Piece(y, 0));
        GC.KeepAlive((x, y));
        return same;
    }

    private string TimesBatch(int first, int second, RecordedCall by)
    {
        int factor = second - first; // the batches differ by 1
        if (first != factor * _first.Batch)
            throw Error(by, $"a size is {first} with a batch of {_first.Batch} and {second} with one of {_second.Batch}; only multiples of the batch can be free");
        return factor == 1 ? _batch.Value : Graph.Add("Mul", "", [_batch.Value, Integers(factor)]);
    }

    // By memory and layout, not by object: Detach and the like make another object of the same elements.
    private void Learn(Tensor tensor, OnnxValue value)
    {
        if (!_values.TryGetValue(tensor.Storage, out var views)) _values.Add(tensor.Storage, views = []);
        views.Add((tensor.Layout, value));
    }

    private OnnxValue? Find(Tensor tensor) =>
        !_values.TryGetValue(tensor.Storage, out var views) ? null
        : views.FindLast(view => view.Layout.Shape == tensor.Shape && view.Layout.Offset == tensor.Layout.Offset && view.Layout.Strides.AsSpan().SequenceEqual(tensor.Layout.Strides)).Value;
}
