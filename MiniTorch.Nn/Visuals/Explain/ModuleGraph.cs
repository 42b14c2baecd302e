namespace MiniTorch.Nn;

/// <summary>The kind of a box in a drawn graph.</summary>
internal enum BoxKind
{
    Input,
    Parameter,
    Operation,
    Module,
    Output,
}

/// <summary>A box of a drawn graph.</summary>
/// <param name="Id">A name that is valid in all graph languages.</param>
/// <param name="Lines">The text in the box.</param>
/// <param name="Kind">The kind of the box.</param>
/// <param name="Frame">The path of the open module that contains it; empty outside modules.</param>
internal sealed record Box(string Id, List<string> Lines, BoxKind Kind, string Frame);

/// <summary>A computation as boxes and arrows, with modules below some depth collapsed into one box each.</summary>
internal sealed class ModuleGraph
{
    private readonly int _depth;
    private readonly Dictionary<string, (Module Module, string Outer)> _modules;
    private readonly Dictionary<object, Box> _boxes = [];

    public ModuleGraph(string title, CallGraph graph, int depth)
    {
        if (depth < 0) throw new ValueException($"Explanation: depth {depth} is negative; 0 shows the outermost modules as boxes");
        (Title, _depth) = (title, depth);
        _modules = graph.Modules.ToDictionary(module => module.Path, module => (module.Module, module.Outer));
        foreach (ExplainedValue input in graph.Inputs) Add(input, [input.Name, Describe(input)], BoxKind.Input, "");
        foreach (ExplainedCall call in graph.Calls)
        {
            Box box = BoxOf(call);
            foreach (ExplainedValue input in call.Inputs)
                if (Source(input, box) is { } source && source != box && !Arrows.Contains((source.Id, box.Id))) Arrows.Add((source.Id, box.Id));
        }
        foreach (ExplainedValue output in graph.Outputs)
            if (Source(output, null) is { } source)
                Arrows.Add((source.Id, Add((output, "output"), [output.Name, Describe(output)], BoxKind.Output, "").Id));
    }

    public string Title { get; }

    public List<Box> Boxes { get; } = [];

    public List<(string From, string To)> Arrows { get; } = [];

    /// <summary>The open modules directly inside another one (or at the top, for an empty path), with their labels.</summary>
    public IEnumerable<(string Path, string Label)> Frames(string outer) =>
        _modules.Where(module => module.Value.Outer == outer && Boxes.Exists(box => IsWithin(box.Frame, module.Key)))
            .Select(module => (module.Key, Label(module.Key)));

    private bool IsWithin(string frame, string path)
    {
        while (frame.Length > 0 && frame != path) frame = _modules[frame].Outer;
        return frame == path;
    }

    /// <summary>The modules that enclose a path, outermost first.</summary>
    private List<string> Around(string path)
    {
        var around = new List<string>();
        for (; path.Length > 0; path = _modules[path].Outer) around.Insert(0, path);
        return around;
    }

    private Box BoxOf(ExplainedCall call)
    {
        List<string> around = Around(call.Module);
        if (around.Count <= _depth)
        {
            List<string> lines = [call.Op.Name, Describe(call.Outputs[0])];
            if (call.Outputs[0].IsNamed) lines.Insert(0, call.Outputs[0].Name);
            return Add(call, lines, BoxKind.Operation, call.Module);
        }
        string path = around[_depth];
        if (!_boxes.TryGetValue(path, out Box? box))
        {
            box = Add(path, [Label(path)], BoxKind.Module, _depth == 0 ? "" : around[_depth - 1]);
            foreach ((string name, Parameter parameter) in _modules[path].Module.NamedParameters()) box.Lines.Add($"{name} {parameter.Shape}");
        }
        return box;
    }

    /// <summary>
    /// The box that a value comes from; null if nothing is drawn: for an unnamed constant, or a parameter of the box that reads it.
    /// </summary>
    private Box? Source(ExplainedValue value, Box? reader)
    {
        if (value.Producer is not null) return BoxOf(value.Producer);
        if (_boxes.TryGetValue(value, out Box? box)) return box;
        if (value.Owner is null)
            return value.IsNamed && reader?.Kind != BoxKind.Module ? Add(value, [value.Name, Describe(value)], BoxKind.Input, reader?.Frame ?? "")
                : null;
        List<string> around = Around(value.Owner);
        return around.Count > _depth ? null : Add(value, [value.Name, Describe(value)], BoxKind.Parameter, value.Owner);
    }

    private Box Add(object source, List<string> lines, BoxKind kind, string frame)
    {
        if (_boxes.TryGetValue(source, out Box? known)) return known;
        var box = new Box($"n{Boxes.Count}", lines, kind, frame);
        Boxes.Add(box);
        return _boxes[source] = box;
    }

    private string Label(string path)
    {
        string type = _modules[path].Module.TypeName;
        return ModuleMembers.BelowRoot(path) is { Length: > 0 } name ? $"{name}: {type}" : path;
    }

    private static string Describe(ExplainedValue value) =>
        value.Tensor.DType == DType.Float32 ? $"{value.Tensor.Shape}" : $"{value.Tensor.DType} {value.Tensor.Shape}";
}
