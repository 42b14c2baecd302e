namespace MiniTorch.Optim;

/// <summary>Reads an optimiser's state by name and collects all problems.</summary>
internal sealed class StateReader(IReadOnlyDictionary<string, Tensor> state)
{
    private readonly HashSet<string> _used = [];
    private readonly List<string> _problems = [];

    /// <summary>Records a problem with the state.</summary>
    public void Problem(string problem) => _problems.Add(problem);

    public bool HasAny(string prefix) => state.Keys.Any(name => name.StartsWith(prefix, StringComparison.Ordinal));

    /// <summary>Skips entries that this reader does not use.</summary>
    public void Ignore(string prefix) => _used.UnionWith(state.Keys.Where(name => name.StartsWith(prefix, StringComparison.Ordinal)));

    /// <summary>Reads a required number that must pass a check; records a problem and returns null if it does not.</summary>
    public double? Number(string name, Action<double>? check = null)
    {
        if (Find(name, Shape.Scalar) is not { } tensor) return null;
        double value = tensor.Item<double>();
        try
        {
            check?.Invoke(value);
            return value;
        }
        catch (ValueException error)
        {
            _problems.Add($"{name}: {error.Message}");
            return null;
        }
    }

    /// <summary>Copies a matrix with a given number of columns; records a problem and returns null if it does not fit.</summary>
    public Tensor? Rows(string name, int columns, DType dtype)
    {
        _used.Add(name);
        if (!state.TryGetValue(name, out Tensor? tensor)) _problems.Add($"missing {name}, shape [n, {columns}]");
        else if (tensor is null) _problems.Add($"{name} is null");
        else if (tensor.Rank != 2 || tensor.Shape[1] != columns)
            _problems.Add($"{name} has shape {tensor.Shape} in the state and [n, {columns}] in the optimiser");
        else return tensor.Detach().To(dtype).Clone();
        return null;
    }

    /// <summary>
    /// Copies a tensor that must have a shape, in a dtype; records a problem and returns zeros if it is missing.
    /// </summary>
    public Tensor Tensor(string name, Shape shape, DType dtype) =>
        Find(name, shape) is { } tensor ? tensor.Detach().To(dtype).Clone() : MiniTorch.Tensor.Zeros(shape, dtype);

    public void ThrowIfAnyProblem(string optimizer)
    {
        _problems.AddRange(state.Keys.Where(name => !_used.Contains(name)).Select(name => $"unexpected {name}"));
        if (_problems.Count > 0)
            throw new ValueException($"{optimizer}.LoadStateDict: the state does not fit, and nothing was changed:\n  "
                + $"{string.Join("\n  ", _problems)}");
    }

    private Tensor? Find(string name, Shape shape)
    {
        _used.Add(name);
        if (!state.TryGetValue(name, out Tensor? tensor)) _problems.Add($"missing {name}, shape {shape}");
        else if (tensor is null) _problems.Add($"{name} is null");
        else if (tensor.Shape != shape) _problems.Add($"{name} has shape {tensor.Shape} in the state and {shape} in the optimiser");
        else return tensor;
        return null;
    }
}
