namespace MiniTorch;

/// <summary>The base of every error MiniTorch raises. The message names the operation, the shapes and what to do.</summary>
public class MiniTorchException : Exception
{
    /// <summary>An error without a message.</summary>
    public MiniTorchException() { }

    /// <summary>An error with its message.</summary>
    public MiniTorchException(string message) : base(message) { }

    /// <summary>An error with its message and its cause.</summary>
    public MiniTorchException(string message, Exception innerException) : base(message, innerException) { }

    /// <summary>The page that explains it and its ways out: docs/guide/errors/CODE.md.</summary>
    public virtual string Code => "MT1000";

    /// <summary>Where in the model it happened, as <c>Mlp.fc2</c>; null outside a module.</summary>
    public string? ModulePath { get; internal set; }

    /// <summary>What went wrong, led by the module's path where there is one.</summary>
    public override string Message =>
        ModulePath is null || base.Message.StartsWith($"{ModulePath}: ", StringComparison.Ordinal) ? base.Message : $"{ModulePath}: {base.Message}";
}

/// <summary>Shapes, dimensions or sizes that do not fit the operation.</summary>
public sealed class ShapeException : MiniTorchException
{
    /// <summary>An error without a message.</summary>
    public ShapeException() { }

    /// <summary>An error with its message.</summary>
    public ShapeException(string message) : base(message) { }

    /// <summary>An error with its message and its cause.</summary>
    public ShapeException(string message, Exception innerException) : base(message, innerException) { }

    /// <inheritdoc/>
    public override string Code => "MT1001";
}

/// <summary>An element type that the operation does not take.</summary>
public sealed class DTypeException : MiniTorchException
{
    /// <summary>An error without a message.</summary>
    public DTypeException() { }

    /// <summary>An error with its message.</summary>
    public DTypeException(string message) : base(message) { }

    /// <summary>An error with its message and its cause.</summary>
    public DTypeException(string message, Exception innerException) : base(message, innerException) { }

    /// <inheritdoc/>
    public override string Code => "MT1002";
}

/// <summary>A value that the operation cannot take: an index out of range, a negative rate, a division of integers by zero.</summary>
public sealed class ValueException : MiniTorchException
{
    /// <summary>An error without a message.</summary>
    public ValueException() { }

    /// <summary>An error with its message.</summary>
    public ValueException(string message) : base(message) { }

    /// <summary>An error with its message and its cause.</summary>
    public ValueException(string message, Exception innerException) : base(message, innerException) { }

    /// <inheritdoc/>
    public override string Code => "MT1003";
}

/// <summary>A misuse of the graph: no graph, a graph used twice, a saved tensor that was changed.</summary>
public sealed class GraphException : MiniTorchException
{
    /// <summary>An error without a message.</summary>
    public GraphException() { }

    /// <summary>An error with its message.</summary>
    public GraphException(string message) : base(message) { }

    /// <summary>An error with its message and its cause.</summary>
    public GraphException(string message, Exception innerException) : base(message, innerException) { }

    /// <inheritdoc/>
    public override string Code => "MT1004";
}

/// <summary>A file whose content is not what its format demands: cut short, damaged or hostile. Nothing was changed by reading it.</summary>
public sealed class FileFormatException : MiniTorchException
{
    /// <summary>An error without a message.</summary>
    public FileFormatException() { }

    /// <summary>An error with its message.</summary>
    public FileFormatException(string message) : base(message) { }

    /// <summary>An error with its message and its cause.</summary>
    public FileFormatException(string message, Exception innerException) : base(message, innerException) { }

    /// <inheritdoc/>
    public override string Code => "MT1005";
}
