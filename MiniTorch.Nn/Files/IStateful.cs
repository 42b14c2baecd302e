namespace MiniTorch.IO;

/// <summary>Something that a <see cref="Checkpoint"/> can hold: modules, optimisers, schedulers, loaders, and whatever of the user's implements this.</summary>
public interface IStateful
{
    /// <summary>All that is needed to go on from here, as tensors by name; they may share memory with the object.</summary>
    OrderedDictionary<string, Tensor> StateDict();

    /// <summary>Takes over what <see cref="StateDict"/> gave.</summary>
    /// <exception cref="MiniTorchException">The state does not fit; nothing was changed.</exception>
    void LoadStateDict(IReadOnlyDictionary<string, Tensor> state);
}
