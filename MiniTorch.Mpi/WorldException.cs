namespace MiniTorch.Mpi;

/// <summary>
/// The exception that is thrown when processes that train together cannot go on: they disagree about the model or the next call, one of them does not
/// answer, or Open MPI is missing.
/// </summary>
public sealed class WorldException : MiniTorchException
{
    /// <summary>Creates an exception without a message.</summary>
    public WorldException() { }

    /// <summary>Creates an exception with a message.</summary>
    public WorldException(string message) : base(message) { }

    /// <summary>Creates an exception with a message and the exception that caused it.</summary>
    public WorldException(string message, Exception innerException) : base(message, innerException) { }

    /// <inheritdoc/>
    public override string Code => "MT1006";
}
