namespace MiniTorch.Nn;

public abstract partial class Module
{
    private ForwardDims? _dims;

    /// <summary>
    /// The shapes of Forward's inputs and result; by default those of <see cref="DimsAttribute"/> on its parameters. A module whose shapes depend on
    /// its options overrides this property. It is read once, at the first call.
    /// </summary>
    protected virtual ForwardDims DeclaredDims => ForwardDims.Of(GetType());

    /// <summary>The name of one of Forward's inputs.</summary>
    internal string InputName(int index) => ForwardDims.ForwardOf(GetType()).GetParameters() is var parameters && index < parameters.Length ? parameters[index].Name! : $"input {index}";

    private void CheckDims(ReadOnlySpan<object?> inputs, object? output)
    {
        if (!Dims.Enabled) return;
        _dims ??= DeclaredDims;
        if (!_dims.IsEmpty) _dims.Check(GetType().Name, inputs, output);
    }
}
