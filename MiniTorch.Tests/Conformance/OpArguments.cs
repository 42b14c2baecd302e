namespace MiniTorch.Tests.Conformance;

/// <summary>Calls an op with a row's arguments.</summary>
delegate Tensor[] OpCall(OpArguments arguments);

/// <summary>The arguments of one call: tensors in order and by name, values by name, and the signature's defaults for what is absent.</summary>
sealed class OpArguments(OpSignature signature, IReadOnlyList<(string Name, Tensor Value)> tensors, IReadOnlyDictionary<string, object?> values)
{
    readonly HashSet<string> _left = [.. tensors.Select(tensor => tensor.Name), .. values.Keys];

    /// <summary>All tensors in order.</summary>
    public Tensor[] Tensors => [.. tensors.Select(tensor => this[tensor.Name])];

    /// <summary>The first tensor.</summary>
    public Tensor X => this[tensors[0].Name];

    /// <summary>The second tensor.</summary>
    public Tensor Y => this[tensors[1].Name];

    public Tensor this[string name] => Find(name) ?? throw new ArgumentNullException(name);

    /// <summary>A tensor that may be absent.</summary>
    public Tensor? Find(string name)
    {
        _left.Remove(name);
        return tensors.FirstOrDefault(tensor => tensor.Name == name).Value;
    }

    /// <summary>Whether a value is there and not null.</summary>
    public bool Has(string name) => Get(name) is not null;

    public int Int(string name) => checked((int)(long)Get(name)!);

    public int? IntOrNull(string name) => Has(name) ? Int(name) : null;

    public double Real(string name) => PythonValue.Real(Get(name));

    public double? RealOrNull(string name) => Has(name) ? Real(name) : null;

    public bool Flag(string name) => PythonValue.IsTrue(Get(name));

    public string Text(string name) => (string)Get(name)!;

    /// <summary>A list, one number, or null for none.</summary>
    public int[] Ints(string name) => Has(name) ? [.. PythonValue.Reals(Get(name)).Select(size => checked((int)size))] : [];

    /// <summary>A tensor of integers, or a list of them.</summary>
    public Tensor IntTensor(string name) => Find(name) ?? Tensor.From(Ints(name));

    /// <summary>Throws if the op did not ask for one of the arguments: an option that is ignored would be tested by nobody.</summary>
    public void ShouldBeUsedUp() => _left.ShouldBeEmpty($"arguments that the call of {signature.Name} does not know");

    object? Get(string name)
    {
        _left.Remove(name);
        return values.TryGetValue(name, out object? value) || signature.Defaults.TryGetValue(name, out value) ? value
            : throw new KeyNotFoundException($"{signature.Name} has no argument {name} and no default for it");
    }
}
