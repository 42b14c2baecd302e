using MiniTorch.Nn;
using MiniTorch.Ops;

namespace MiniTorch.IO;

/// <summary>
/// Builds a graph from two traces of a model with different batch sizes: a difference between them must follow the batch, or the model cannot be
/// exported.
/// </summary>
internal sealed class OnnxBuilder
{
    private readonly Module _model;
    private readonly OnnxTrace _first, _second;
    private readonly Dependence _dependence;
    private readonly string _modelName;
    private readonly Dictionary<Storage, List<(Layout Layout, OnnxValue Value)>> _values = [], _others = [];
    private readonly Lazy<string> _batch;

    private OnnxBuilder(Module model, OnnxTrace first, OnnxTrace second, int batchDim, Dependence dependence)
    {
        (_model, _first, _second, _dependence, _modelName) = (model, first, second, dependence, model.GetType().Name.Split('`')[0]);
        Graph = new OnnxGraph(_modelName);
        _batch = new(() => Graph.Add("Shape", "", [Graph.Inputs[0].Name], ("start", (long)batchDim), ("end", batchDim + 1L)));
    }

    public OnnxGraph Graph { get; }

    /// <summary>Traces a model and converts its operations.</summary>
    public static OnnxGraph Build(Module model, IReadOnlyList<Tensor> examples, int batchDim)
    {
        using var dependence = new Dependence("Onnx.Export");
        int[] versions = [.. State(model).Select(state => state.Value.Storage.Version)];
        // Neither batch size is 1, because expanding 1 to 1 leaves no trace.
        (OnnxTrace first, OnnxTrace second) = (Trace(2), Trace(3));
        OnnxGraph graph = Build(first, second);
        CheckSingleRow(first, second, Trace(1));
        (first, second) = (Trace(5), Trace(17));
        if (graph.FindDifference(Build(first, second)) is { } difference)
            throw ChoosesByBatch(model, $"with {first.Batch} and {second.Batch} rows {difference} differs from that with 2 and 3");
        foreach (((string name, Tensor value), int version) in State(model).Zip(versions))
            if (value.Storage.Version != version)
                throw new MiniTorchException($"Onnx.Export: Forward of {model.GetType().Name} writes into {name}, shape {value.Shape}, in "
                    + "evaluation mode too, "
                    + "but a graph has no memory; write only if Training is true, or return the new value as an output");
        return graph;

        OnnxTrace Trace(int rows) => OnnxTrace.Of(model, examples, batchDim, rows, dependence);

        OnnxGraph Build(OnnxTrace one, OnnxTrace other)
        {
            var builder = new OnnxBuilder(model, one, other, batchDim, dependence);
            builder.AddPorts();
            builder.AddState();
            builder.Convert(one.Calls, other.Calls);
            builder.AddOutputs();
            return builder.Graph;
        }

        // Operations that move sizes of 1, or nothing, leave other traces and are not compared; shapes are.
        void CheckSingleRow(OnnxTrace two, OnnxTrace three, OnnxTrace one)
        {
            (RecordedCall[] a, RecordedCall[] b, RecordedCall[] c) = (Essential(two), Essential(three), Essential(one));
            for (int i = 0; i < Math.Max(a.Length, c.Length); i++)
                if (i >= a.Length || i >= c.Length || a[i].Op.GetType() != c[i].Op.GetType() || (a[i].Op.Equals(b[i].Op) && !a[i].Op.Equals(c[i].Op)))
                {
                    string runs = i < c.Length ? $"{c[i].Op.Name} runs" : "nothing runs", does = i < a.Length ? $"{a[i].Op.Name} does" : "the end is";
                    throw ChoosesByBatch(model, $"with a single row {runs} where {does} with 2");
                }
            for (int i = 0; i < two.Outputs.Length; i++)
            {
                (Shape shape, string found) = (two.Outputs[i].Shape, i < one.Outputs.Length ? $"{one.Outputs[i].Shape}" : "none");
                if (found != $"{Shape.Create([.. shape.Zip(three.Outputs[i].Shape, (x, y) => x - (y - x))])}")
                    throw ChoosesByBatch(model, $"with a single row output {i} has shape {found}, and with 2 rows {shape}");
            }
        }

        static RecordedCall[] Essential(OnnxTrace trace) => [.. trace.Calls.Where(call => call.Op is not (View or Expand or Copy))];
    }

    /// <summary>Adds a vector of sizes; sizes that follow the batch are computed from it.</summary>
    /// <param name="first">The sizes in the first trace.</param>
    /// <param name="second">The sizes in the second trace.</param>
    /// <param name="by">The call that needs them, for errors.</param>
    public string Sizes(Shape first, Shape second, RecordedCall by)
    {
        if (first == second) return Integers([.. first.Select(size => (long)size)]);
        string[] parts = [.. first.Zip(second, (a, b) => a == b ? Integers(a) : TimesBatch(a, b, by))];
        return parts.Length == 1 ? parts[0] : Graph.Add("Concat", "", parts, ("axis", 0L));
    }

    /// <summary>Adds a constant vector.</summary>
    public string Integers(params long[] values) => Graph.Constant(Tensor.From(values));

    /// <summary>Returns the value of a tensor in both traces: a known one, or else a constant with its elements.</summary>
    public OnnxValue ValueOf(RecordedCall first, RecordedCall second, int input) =>
        Find(first.Arguments[input].Tensor) ?? Constant(first.Inputs[input], second.Inputs[input], first);

    /// <summary>Creates an error about a call that begins with the path of its module.</summary>
    public MiniTorchException Error(RecordedCall call, string problem)
    {
        string line = call.Line is null ? "" : $", called at {call.Line}";
        return new MiniTorchException($"Onnx.Export: {call.Op.Name} of {string.Join(" and ", call.Inputs.Select(input => input.Shape))}{line}: "
            + $"{problem}")
        {
            ModulePath = call.Module ?? _modelName,
        };
    }

    /// <summary>Converts calls that ran one after the other.</summary>
    private void Convert(IReadOnlyList<RecordedCall> first, IReadOnlyList<RecordedCall> second)
    {
        for (int i = 0; i < first.Count; i++)
        {
            if (i >= second.Count || first[i].Op.GetType() != second[i].Op.GetType() || first[i].Arguments.Length != second[i].Arguments.Length)
                throw Error(first[i], $"it ran with a batch of {_first.Batch}, and with one of {_second.Batch} another operation ran: Forward "
                    + "asks for sizes or values, and a graph cannot choose");
            Convert(first[i], second[i]);
        }
        if (second.Count > first.Count)
            throw Error(second[first.Count], $"it ran with a batch of {_second.Batch}, and nothing did with one of {_first.Batch}: "
                + "Forward asks for sizes, and a graph cannot choose");
    }

    private void Convert(RecordedCall first, RecordedCall second)
    {
        OnnxValue?[] known = [.. first.Arguments.Select(argument => Find(argument.Tensor))];
        for (int i = 0; i < known.Length; i++)
            CheckSame(known[i], first.Arguments[i].Tensor, second.Arguments[i].Tensor, problem => Error(first, $"input {i} {problem}"));
        if (known.All(value => value is null)) return; // a constant: the operation that uses it reads its value from the trace
        bool depends = known.Any(value => value is { DependsOnInput: true });
        var call = new OnnxCall(this, first, second);
        if (OnnxOps.Convert(call) is { } result)
        {
            (Tensor one, Tensor other) = (first.Results[0], second.Results[0]);
            Learn(one, other, new OnnxValue(one.Shape, other.Shape, depends, result.Name) { Unexpanded = result.Unexpanded });
        }
        else if (depends || first.Op is FusedOp)
        {
            ConvertDefinition(first, second);
        }
    }

    // Exports a fused op or an element-wise function as its definition, by running the definition again.
    private void ConvertDefinition(RecordedCall first, RecordedCall second)
    {
        if (first.Op is not (FusedOp or IElementwiseOp)) throw NoSuchOperation(first);
        (List<RecordedCall> calls, Tensor[] results) = Run(first);
        // the formula of a basic function is the function itself
        if (first.Op is IElementwiseOp && calls.Any(call => call.Op.GetType() == first.Op.GetType())) throw NoSuchOperation(first);
        (List<RecordedCall> others, _) = Run(second);
        Convert(calls, others);
        for (int i = 0; i < results.Length; i++)
            if (Find(results[i]) is { } value) Learn(first.Results[i], second.Results[i], value);

        (List<RecordedCall> Calls, Tensor[] Results) Run(RecordedCall call)
        {
            using ModeScope mode = Autograd.NoGrad();
            using var recording = new Recording(_dependence);
            Trace.Module = call.Module;
            Tensor[] inputs = [.. call.Arguments.Select(argument => argument.Tensor)];
            Tensor[] results = call.Op is FusedOp fused ? fused.Definitions(inputs) : [((IElementwiseOp)call.Op).Definition(inputs)];
            Trace.Module = null;
            return (recording.Calls, results);
        }
    }

    private MiniTorchException NoSuchOperation(RecordedCall call) =>
        Error(call, $"ONNX (opset {OnnxFile.Opset}) has no such operation; write Forward with others, or export the part of the model that does "
            + "without");

    private void AddPorts()
    {
        for (int i = 0; i < _first.Inputs.Length; i++)
        {
            string name = _first.Inputs.Length == 1 ? "input" : $"input_{i}";
            (Tensor first, Tensor second) = (_first.Inputs[i], _second.Inputs[i]);
            Graph.Reserve(name);
            Graph.Inputs.Add(new OnnxPort(name, first.DType, FreeSizes(first.Shape, second.Shape)));
            Learn(first, second, new OnnxValue(first.Shape, second.Shape, true, () => name));
        }
    }

    private void AddState()
    {
        foreach ((string name, Tensor value) in State(_model))
        {
            Graph.Reserve(name);
            Learn(value, value, new OnnxValue(value.Shape, value.Shape, false, () =>
            {
                Graph.Initializers.Add(name, value.Detach());
                return name;
            }));
        }
    }

    private static IEnumerable<(string Name, Tensor Value)> State(Module model) =>
        model.NamedParameters().Select(parameter => (parameter.Name, (Tensor)parameter.Value)).Concat(model.NamedBuffers());

    private static MiniTorchException ChoosesByBatch(Module model, string difference) =>
        new($"Onnx.Export: {difference}: Forward of {model.GetType().Name} chooses by the batch size, or changes with its calls, "
            + "and a graph is the same for all; choose outside of the exported model");

    private void AddOutputs()
    {
        if (_first.Outputs.Length == 0 || _first.Outputs.Length != _second.Outputs.Length)
            throw new MiniTorchException($"Onnx.Export: {_modelName} returned {_first.Outputs.Length} tensors for a batch of {_first.Batch} "
                + $"and {_second.Outputs.Length} for one of {_second.Batch}; a graph has at least one, and always as many");
        for (int i = 0; i < _first.Outputs.Length; i++)
        {
            (Tensor first, Tensor second) = (_first.Outputs[i], _second.Outputs[i]);
            string name = _first.Outputs.Length == 1 ? "output" : $"output_{i}";
            MiniTorchException Refused(string problem) => new($"Onnx.Export: {name} of {_modelName}, shape {first.Shape}, {problem}");
            OnnxValue? known = Find(first);
            CheckSame(known, first, second, Refused);
            OnnxValue value = known ?? throw Refused("was not computed from the input by operations that a graph can express");
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
            if (first.Shape[dim] != second.Shape[dim] && first.Shape[dim] > 0 && second.Shape[dim] > 0)
                (fixedFirst, fixedSecond) = (fixedFirst.Narrow(dim, 0, 1), fixedSecond.Narrow(dim, 0, 1));
        bool isConstant = OnnxGraph.HaveSameBits(fixedFirst, fixedSecond)
            && OnnxGraph.HaveSameBits(fixedFirst.ExpandAs(first), first) && OnnxGraph.HaveSameBits(fixedSecond.ExpandAs(second), second);
        if (!isConstant)
            throw Error(by, $"an input of shape {first.Shape} is neither a constant nor computed from the model's input by operations that a "
                + "graph can express "
                + "(numbers and indices that follow the batch size and values drawn at random are not)");
        var small = new OnnxValue(fixedFirst.Shape, fixedSecond.Shape, false, () => Graph.Constant(fixedFirst));
        return first.Shape == second.Shape ? small
            : new OnnxValue(first.Shape, second.Shape, false,
            () => Graph.Add("Expand", "", [small.Name, Sizes(first.Shape, second.Shape, by)]))
            { Unexpanded = small };
    }

    private string TimesBatch(int first, int second, RecordedCall by)
    {
        int factor = first / _first.Batch;
        if (first != factor * _first.Batch || second != factor * _second.Batch)
            throw Error(by, $"a size is {first} with a batch of {_first.Batch} and {second} with one of {_second.Batch}; only multiples of the "
                + "batch can be free");
        return factor == 1 ? _batch.Value : Graph.Add("Mul", "", [_batch.Value, Integers(factor)]);
    }

    // Finds values by memory and layout, because Detach and similar calls make another object with the same elements.
    private void Learn(Tensor first, Tensor second, OnnxValue value)
    {
        Add(_values, first);
        Add(_others, second);

        void Add(Dictionary<Storage, List<(Layout Layout, OnnxValue Value)>> values, Tensor tensor)
        {
            if (!values.TryGetValue(tensor.Storage, out var views)) values.Add(tensor.Storage, views = []);
            views.Add((tensor.Layout, value));
        }
    }

    // Requires the same value, or a constant, in both traces: no other result of the same operations, and no value that the graph lost track of.
    private void CheckSame(OnnxValue? value, Tensor first, Tensor second, Func<string, MiniTorchException> error)
    {
        if (!ReferenceEquals(value, Find(_others, second)))
            throw error($"is another tensor with a batch of {_second.Batch} than with one of {_first.Batch}: "
                + "Forward asks for sizes, or keeps tensors from call to call, and a graph cannot choose");
        if (value is null && (_dependence.Marks(first) || _dependence.Marks(second)))
            throw error("depends on the model's input in a way that a graph cannot express (kept from another call, or a result that ONNX does "
                + "not have)");
    }

    private OnnxValue? Find(Tensor tensor) => Find(_values, tensor);

    private static OnnxValue? Find(Dictionary<Storage, List<(Layout Layout, OnnxValue Value)>> values, Tensor tensor) =>
        !values.TryGetValue(tensor.Storage, out var views) ? null
        : views.FindLast(view => view.Layout.Shape == tensor.Shape && view.Layout.Offset == tensor.Layout.Offset
        && view.Layout.Strides.AsSpan().SequenceEqual(tensor.Layout.Strides)).Value;
}
