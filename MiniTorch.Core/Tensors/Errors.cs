using System.Buffers;

namespace MiniTorch;

/// <summary>The base class of all exceptions that MiniTorch throws. The message names the operation, the shapes or values, and what to do.</summary>
public class MiniTorchException : Exception
{
    /// <summary>Creates an exception without a message.</summary>
    public MiniTorchException() { }

    /// <summary>Creates an exception with a message.</summary>
    public MiniTorchException(string message) : base(message) { }

    /// <summary>Creates an exception with a message and the exception that caused it.</summary>
    public MiniTorchException(string message, Exception innerException) : base(message, innerException) { }

    /// <summary>The error code, such as MT1001. <see cref="Exception.HelpLink"/> is the page that explains it.</summary>
    public virtual string Code => "MT1000";

    /// <summary>The page in the MiniTorch repository that explains the error: <c>docs/reference/errors/MT1001.md</c> for the code MT1001.</summary>
    public override string? HelpLink
    {
        get => base.HelpLink ?? $"docs/reference/errors/{Code}.md";
        set => base.HelpLink = value;
    }

    /// <summary>The path of the module in which the error occurred, such as <c>Mlp.fc2</c>; null outside a module.</summary>
    public string? ModulePath { get; internal set; }

    /// <summary>The layer of the library whose operation failed; the message names it instead of the operation.</summary>
    internal string? Layer { get; set; }

    /// <summary>The description of the error, prefixed with <see cref="ModulePath"/> if it is not null.</summary>
    public override string Message
    {
        get
        {
            string text = base.Message;
            int name = text.AsSpan().IndexOfAnyExcept(s_letters);
            if (Layer is not null && name > 0 && text.AsSpan(name).StartsWith(": ")) text = Layer + text[name..];
            return ModulePath is null || text.StartsWith($"{ModulePath}: ", StringComparison.Ordinal) ? text : $"{ModulePath}: {text}";
        }
    }

    /// <summary>Returns the message and the stack trace, as for any exception, and a last line with the code and the page that explains it.</summary>
    public override string ToString() => $"{base.ToString()}{Environment.NewLine}{Code}: see {HelpLink}";

    private static readonly SearchValues<char> s_letters =
        SearchValues.Create("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz");
}

/// <summary>The exception that is thrown when shapes, dimensions or sizes do not fit the operation.</summary>
public sealed class ShapeException : MiniTorchException
{
    /// <summary>Creates an exception without a message.</summary>
    public ShapeException() { }

    /// <summary>Creates an exception with a message.</summary>
    public ShapeException(string message) : base(message) { }

    /// <summary>Creates an exception with a message and the exception that caused it.</summary>
    public ShapeException(string message, Exception innerException) : base(message, innerException) { }

    /// <inheritdoc/>
    public override string Code => "MT1001";
}

/// <summary>The exception that is thrown when an operation does not support a tensor's dtype.</summary>
public sealed class DTypeException : MiniTorchException
{
    /// <summary>Creates an exception without a message.</summary>
    public DTypeException() { }

    /// <summary>Creates an exception with a message.</summary>
    public DTypeException(string message) : base(message) { }

    /// <summary>Creates an exception with a message and the exception that caused it.</summary>
    public DTypeException(string message, Exception innerException) : base(message, innerException) { }

    /// <inheritdoc/>
    public override string Code => "MT1002";
}

/// <summary>
/// The exception that is thrown when a value is invalid: an index out of range, a negative learning rate, an integer division by zero.
/// </summary>
public sealed class ValueException : MiniTorchException
{
    /// <summary>Creates an exception without a message.</summary>
    public ValueException() { }

    /// <summary>Creates an exception with a message.</summary>
    public ValueException(string message) : base(message) { }

    /// <summary>Creates an exception with a message and the exception that caused it.</summary>
    public ValueException(string message, Exception innerException) : base(message, innerException) { }

    /// <inheritdoc/>
    public override string Code => "MT1003";
}

/// <summary>
/// The exception that is thrown when the autograd graph is misused: there is no graph, its saved tensors were freed, or a saved tensor was
/// modified.
/// </summary>
public sealed class GraphException : MiniTorchException
{
    /// <summary>Creates an exception without a message.</summary>
    public GraphException() { }

    /// <summary>Creates an exception with a message.</summary>
    public GraphException(string message) : base(message) { }

    /// <summary>Creates an exception with a message and the exception that caused it.</summary>
    public GraphException(string message, Exception innerException) : base(message, innerException) { }

    /// <inheritdoc/>
    public override string Code => "MT1004";
}

/// <summary>
/// The exception that is thrown when a file is truncated, damaged or not of its format. Reading such a file changes no module, optimizer or tensor.
/// </summary>
public sealed class FileFormatException : MiniTorchException
{
    /// <summary>Creates an exception without a message.</summary>
    public FileFormatException() { }

    /// <summary>Creates an exception with a message.</summary>
    public FileFormatException(string message) : base(message) { }

    /// <summary>Creates an exception with a message and the exception that caused it.</summary>
    public FileFormatException(string message, Exception innerException) : base(message, innerException) { }

    /// <inheritdoc/>
    public override string Code => "MT1005";
}
