namespace MiniTorch.IO;

/// <summary>
/// An object that a <see cref="Checkpoint"/> can hold: modules, optimisers, schedulers, loaders, and your own classes that implement it.
/// </summary>
public interface IStateful
{
    /// <summary>Returns the complete state as tensors by name; they may share memory with the object.</summary>
    OrderedDictionary<string, Tensor> StateDict();

    /// <summary>Loads a result of <see cref="StateDict"/>.</summary>
    /// <exception cref="MiniTorchException">The state does not fit; the object is unchanged.</exception>
    void LoadStateDict(IReadOnlyDictionary<string, Tensor> state);
}
