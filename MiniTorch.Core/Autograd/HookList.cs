namespace MiniTorch;

/// <summary>Functions that are called until somebody removes them. A function may remove itself, and several threads may add and remove.</summary>
internal sealed class HookList<T> where T : class
{
    private readonly Lock _gate = new();
    private T[] _hooks = [];

    /// <summary>The current functions, in the order in which they were added.</summary>
    public T[] Now => Volatile.Read(ref _hooks);

    public bool IsEmpty => Now.Length == 0;

    /// <summary>Adds a function; disposing of the result removes it.</summary>
    public IDisposable Add(T hook)
    {
        lock (_gate) Volatile.Write(ref _hooks, [.. _hooks, hook]);
        return new DisposableAction(() =>
        {
            lock (_gate)
            {
                int index = Array.IndexOf(_hooks, hook);
                Volatile.Write(ref _hooks, [.. _hooks[..index], .. _hooks[(index + 1)..]]);
            }
        });
    }
}
