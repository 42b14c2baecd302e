namespace MiniTorch.Nn;

/// <summary>The name of a field or property in <see cref="Module.StateDict"/>, where the rule (no leading _, snake_case) would give another.</summary>
/// <param name="name">The name; empty for a container whose entries are named by their keys alone.</param>
[AttributeUsage(AttributeTargets.Field | AttributeTargets.Property)]
public sealed class NameAttribute(string name) : Attribute
{
    /// <summary>The name.</summary>
    public string Name { get; } = name;
}

/// <summary>Marks a tensor that belongs to a module's state but is not learnt, such as a running mean (register_buffer).</summary>
[AttributeUsage(AttributeTargets.Field | AttributeTargets.Property)]
public sealed class BufferAttribute : Attribute;
