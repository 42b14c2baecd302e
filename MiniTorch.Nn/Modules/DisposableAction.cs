namespace MiniTorch.Nn;

/// <summary>Undoes something once, when it is disposed of.</summary>
internal sealed class DisposableAction(Action undo) : IDisposable
{
    private Action? _undo = undo;

    public void Dispose() => Interlocked.Exchange(ref _undo, null)?.Invoke();
}
