namespace MiniTorch.Nn;

/// <summary>
/// Sets the name of a field or property in <see cref="Module.StateDict"/> instead of the default (snake_case, without a leading _).
/// </summary>
/// <param name="name">The name; empty for a container whose entries are named only by their keys.</param>
[AttributeUsage(AttributeTargets.Field | AttributeTargets.Property)]
public sealed class NameAttribute(string name) : Attribute
{
    /// <summary>The name.</summary>
    public string Name { get; } = name;
}

/// <summary>Marks a tensor that belongs to a module's state but is not learnt, such as a running mean (torch.nn.Module.register_buffer).</summary>
[AttributeUsage(AttributeTargets.Field | AttributeTargets.Property)]
public sealed class BufferAttribute : Attribute;
