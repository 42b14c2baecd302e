namespace MiniTorch.Nn;

public abstract partial class Module
{
    private ForwardDims? _dims;

    /// <summary>
    /// The shapes that Forward takes and gives. By default what <see cref="DimsAttribute"/> on its parameters says; a module whose shapes depend on its options
    /// overrides this. It is read once, at the first call.
    /// </summary>
    protected virtual ForwardDims DeclaredDims => ForwardDims.Of(GetType());

    /// <summary>What Forward calls one of its inputs.</summary>
    internal string InputName(int index) => ForwardDims.ForwardOf(GetType()).GetParameters() is var parameters && index < parameters.Length ? parameters[index].Name! : $"input {index}";

    private void CheckDims(ReadOnlySpan<object?> inputs, object? output)
    {
        if (!Dims.Enabled) return;
        _dims ??= DeclaredDims;
        if (!_dims.IsEmpty) _dims.Check(GetType().Name, inputs, output);
    }
}
