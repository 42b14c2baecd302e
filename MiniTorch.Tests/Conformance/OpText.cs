namespace MiniTorch.Tests.Conformance;

/// <summary>
/// Runs a call that is given as text: <c>cross_entropy(f32[2,3], i64[2]=[0,3], reduction='sum')</c>. Nested calls make its tensors.
/// </summary>
static class OpText
{
    static readonly string[] Modules = ["torch.nn.functional.", "nn.functional.", "F.", "torch.linalg.", "torch.", "."];

    static readonly Dictionary<string, DType> DTypes = new()
    {
        ["f32"] = DType.Float32,
        ["float32"] = DType.Float32,
        ["float"] = DType.Float32,
        ["f64"] = DType.Float64,
        ["float64"] = DType.Float64,
        ["double"] = DType.Float64,
        ["i64"] = DType.Int64,
        ["int64"] = DType.Int64,
        ["long"] = DType.Int64,
        ["u8"] = DType.Int64, // accepted wherever Int64 is
        ["uint8"] = DType.Int64,
        ["bool"] = DType.Bool,
    };

    // The ops whose target is class indices, for rows that leave the tensors out.
    static readonly string[] s_classTargets = ["cross_entropy", "nll_loss", "multi_margin_loss"];

    /// <summary>Runs the call that a text starts with; what follows is a remark.</summary>
    public static Tensor[] Run(string text) => Run(PythonCall.ParseStart(text, out _));

    static Tensor[] Run(PythonCall call)
    {
        string op = Bare(call.Name);
        OpSignature signature = OpCalls.SignatureOf(op);
        var tensors = new List<(string, Tensor)>();
        var values = new Dictionary<string, object?>();
        for (int i = 0; i < call.Arguments.Count; i++)
            Add(i < signature.Parameters.Length ? signature.Parameters[i] : $"argument {i}", call.Arguments[i]);
        foreach ((string name, object? value) in call.Options) Add(name, value);
        foreach (string name in signature.Parameters.Where(IsAbsentTensor)) tensors.Add((name, Absent(op, name)));
        return OpCalls.Call(op, tensors, values);

        void Add(string name, object? value)
        {
            if (value is PythonCall made) tensors.Add((name, TensorOf(made)));
            else if (value is object?[] list && list.Length > 0 && list.All(item => item is PythonCall))
                tensors.AddRange(list.Select((item, i) => ($"{name}[{i}]", TensorOf((PythonCall)item!))));
            else if (value is null && IsAbsentTensor(name)) throw new ArgumentNullException(name);
            else values.Add(name, value);
        }

        // Required parameters come first; a row about an option may leave them out.
        bool IsAbsentTensor(string name) => !signature.Defaults.ContainsKey(name) && !values.ContainsKey(name)
            && !tensors.Any(tensor => tensor.Item1 == name || tensor.Item1.StartsWith(name + "[", StringComparison.Ordinal));
    }

    static Tensor Absent(string op, string name) => name switch
    {
        "target" when s_classTargets.Contains(op) => Literal(DType.Int64, [2]),
        "target" when op == "cosine_embedding_loss" => Literal(DType.Float32, [2]),
        _ => Literal(DType.Float32, [2, 3]),
    };

    static Tensor TensorOf(PythonCall call)
    {
        string name = Bare(call.Name);
        bool isMethod = call.Name[0] == '.';
        if (!isMethod && DTypes.TryGetValue(name, out DType dtype)) return Literal(call, dtype);
        if (isMethod && DTypes.TryGetValue(name, out DType converted)) return TensorOf((PythonCall)call.Arguments[0]!).To(converted);
        DType? asked = call.Options.GetValueOrDefault("dtype") is PythonName type ? DTypes[Bare(type.Text)] : null;
        switch (name)
        {
            case "tensor": return Tensor.From(PythonValue.Reals(call.Arguments[0]), Sizes(call.Arguments[0]), asked ?? Inferred(call.Arguments[0]));
            case "zeros": return Tensor.Zeros(Shape(call), asked ?? DType.Float32);
            case "ones": return Tensor.Ones(Shape(call), asked ?? DType.Float32);
            case "full": return Tensor.Full(ShapeOf(call.Arguments[0]), call.Real(1), asked ?? Inferred(call.Arguments[1]));
            case "rand" or "randn" or "empty": return Literal(asked ?? DType.Float32, Shape(call));
            default: return Run(call)[0];
        }
    }

    static Tensor Literal(PythonCall call, DType dtype) =>
        call.Options.TryGetValue("data", out object? data) ? Tensor.From(PythonValue.Reals(data), Shape(call), dtype) : Literal(dtype, Shape(call));

    // The elements that the reference data has where it writes none: 0.1, 0.2, 0.3 …, thirds, and ones.
    static Tensor Literal(DType dtype, int[] shape) => dtype switch
    {
        DType.Float32 => (Tensor.Arange(1, MiniTorch.Shape.Create(shape).ElementCount + 1) * 0.1).To(DType.Float32).Reshape(shape),
        DType.Float64 => Tensor.Full(shape, 1.0 / 3, dtype),
        _ => Tensor.Ones(shape, dtype),
    };

    static DType Inferred(object? data) => data switch
    {
        object?[] list => list.Length == 0 ? DType.Float32 : list.Select(Inferred).Max(),
        bool => DType.Bool,
        long => DType.Int64,
        _ => DType.Float32,
    };

    static int[] Shape(PythonCall call) => [.. call.Arguments.SelectMany(ShapeOf)];

    static int[] ShapeOf(object? sizes) => [.. PythonValue.Reals(sizes).Select(size => (int)size)];

    static int[] Sizes(object? data) => data is object?[] list ? [list.Length, .. list.Length == 0 ? [] : Sizes(list[0])] : [];

    static string Bare(string name) =>
        Array.Find(Modules, module => name.StartsWith(module, StringComparison.Ordinal)) is { } module ? name[module.Length..] : name;
}
