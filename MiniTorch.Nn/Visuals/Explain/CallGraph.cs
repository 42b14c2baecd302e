using System.Globalization;

namespace MiniTorch.Nn;

/// <summary>A tensor on a path from the inputs to the outputs.</summary>
internal sealed class ExplainedValue(Tensor tensor, ExplainedCall? producer, int version)
{
    public Tensor Tensor { get; } = tensor;

    /// <summary>The call that produced it; null for an input, a parameter or a constant.</summary>
    public ExplainedCall? Producer { get; } = producer;

    /// <summary>Its name; for an unnamed constant, its value or shape.</summary>
    public string Name { get; set; } = "";

    /// <summary>Whether it was named explicitly or is a parameter.</summary>
    public bool IsNamed { get; set; }

    /// <summary>The path of the module that holds it, if it is a parameter or buffer.</summary>
    public string? Owner { get; set; }

    /// <summary>Whether an in-place operation has overwritten it.</summary>
    public bool IsOverwritten => Tensor.Storage.Version != version;
}

/// <summary>An operation on the way.</summary>
/// <param name="Op">The operation.</param>
/// <param name="Inputs">Its inputs.</param>
/// <param name="Module">The path of the module that called it; empty outside modules.</param>
internal sealed record ExplainedCall(Op Op, ExplainedValue[] Inputs, string Module)
{
    public List<ExplainedValue> Outputs { get; } = [];
}

/// <summary>The calls of a recording as a graph of named values; only calls that lead to the outputs are kept.</summary>
internal sealed class CallGraph
{
    private readonly Dictionary<Tensor, ExplainedValue> _values = new(ReferenceEqualityComparer.Instance);
    private readonly Recording _recording;
    private readonly List<ExplainedValue> _all = [];

    public CallGraph(Recording recording, (string Name, Tensor Tensor)[] inputs, Tensor[] outputs)
    {
        _recording = recording;
        Modules = RecordedModules.Of(recording).Entered;
        foreach ((string name, Tensor tensor) in inputs)
        {
            if (_values.ContainsKey(tensor)) continue;
            ExplainedValue input = Add(tensor, null);
            (input.Name, input.IsNamed) = (name, true);
            Inputs.Add(input);
        }
        AddParameters();
        var calls = new List<ExplainedCall>();
        foreach (RecordedCall recorded in recording.Calls)
        {
            ExplainedValue[] read = [.. recorded.Arguments.Select(argument => Find(argument.Tensor))];
            // Broadcasts and aliases are treated as the same value and omitted from formulas.
            if (recorded.Op is Expand || (recorded.Op is LinearOp && SameElements(recorded.Results[0], recorded.Arguments[0].Tensor)))
            {
                _values[recorded.Results[0]] = read[0];
                continue;
            }
            var call = new ExplainedCall(recorded.Op, read, recorded.Module ?? "");
            for (int i = 0; i < recorded.Results.Length; i++) call.Outputs.Add(Add(recorded.Results[i], call, recorded.Versions[i]));
            calls.Add(call);
        }
        Outputs = [.. outputs.Select(Find)];
        Calls = Needed(calls);
        NameAll();
    }

    /// <summary>The inputs of the function.</summary>
    public List<ExplainedValue> Inputs { get; } = [];

    /// <summary>The outputs of the function.</summary>
    public ExplainedValue[] Outputs { get; }

    /// <summary>The calls that lead to an output, in order.</summary>
    public List<ExplainedCall> Calls { get; }

    /// <summary>The modules that ran: path, module and the path of the enclosing module.</summary>
    public IReadOnlyList<(string Path, Module Module, string Outer)> Modules { get; }

    private void AddParameters()
    {
        foreach ((string path, Module owner, _) in Modules)
        {
            ModuleMembers members = ModuleMembers.Of(owner);
            foreach ((string name, Tensor tensor) in members.Parameters.Select(parameter => (parameter.Name, (Tensor)parameter.Value))
                .Concat(members.Buffers))
            {
                if (_values.ContainsKey(tensor)) continue;
                ExplainedValue parameter = Add(tensor, null);
                (parameter.Name, parameter.IsNamed, parameter.Owner) = (ModuleMembers.Join(ModuleMembers.BelowRoot(path), name), true, path);
            }
        }
    }

    private ExplainedValue Add(Tensor tensor, ExplainedCall? producer, int? version = null)
    {
        var value = new ExplainedValue(tensor, producer, version ?? tensor.Storage.Version);
        _values[tensor] = value;
        _all.Add(value);
        return value;
    }

    /// <summary>
    /// Finds the value of a tensor: the tensor itself, or a detached tensor or view of the same elements, or else one of the same memory, or a new
    /// constant.
    /// </summary>
    private ExplainedValue Find(Tensor tensor)
    {
        if (_values.TryGetValue(tensor, out ExplainedValue? known)) return known;
        known = _all.FindLast(value => SameElements(value.Tensor, tensor))
            ?? _all.FindLast(value => ReferenceEquals(value.Tensor.Storage, tensor.Storage));
        if (known is null) return Add(tensor, null);
        _values[tensor] = known;
        return known;
    }

    private static bool SameElements(Tensor a, Tensor b) =>
        ReferenceEquals(a.Storage, b.Storage) && a.Shape == b.Shape && a.Layout.Offset == b.Layout.Offset
            && a.Layout.Strides.AsSpan().SequenceEqual(b.Layout.Strides);

    private List<ExplainedCall> Needed(List<ExplainedCall> calls)
    {
        HashSet<ExplainedValue> wanted = [.. Outputs];
        var needed = new List<ExplainedCall>();
        for (int i = calls.Count - 1; i >= 0; i--)
        {
            if (!calls[i].Outputs.Exists(wanted.Contains)) continue;
            wanted.UnionWith(calls[i].Inputs);
            needed.Add(calls[i]);
        }
        needed.Reverse();
        return needed;
    }

    // Explicit names come first; other values are named after their operations; duplicates get a number.
    private void NameAll()
    {
        foreach ((Tensor tensor, string name) in _recording.Names)
            if (_values.TryGetValue(tensor, out ExplainedValue? value) && !value.IsNamed) (value.Name, value.IsNamed) = (name, true);
        if (Outputs is [{ IsNamed: false, Producer: { } last } result])
            (result.Name, result.IsNamed) = (last.Module.EndsWith("Loss", StringComparison.Ordinal) ? "loss" : "result", true);
        var taken = new Dictionary<string, int>();
        foreach (ExplainedValue input in Inputs) taken[input.Name] = 1;
        foreach (ExplainedCall call in Calls)
        {
            foreach (ExplainedValue input in call.Inputs)
                if (input.Producer is null && !input.IsNamed) input.Name = Constant(input.Tensor);
            foreach (ExplainedValue output in call.Outputs)
            {
                if (!output.IsNamed) output.Name = ModuleMembers.SnakeCase(call.Op.Name);
                int count = taken[output.Name] = taken.GetValueOrDefault(output.Name) + 1;
                if (count > 1) output.Name += $"_{count}";
            }
        }
    }

    private static string Constant(Tensor tensor) =>
        tensor.ElementCount != 1 ? $"{tensor.DType} {tensor.Shape}" : tensor.Detach().Item<double>().ToString("g6", CultureInfo.InvariantCulture);
}
