namespace MiniTorch;

/// <summary>Runs an action once, when it is disposed.</summary>
internal sealed class DisposableAction(Action undo) : IDisposable
{
    private Action? _undo = undo;

    public void Dispose() => Interlocked.Exchange(ref _undo, null)?.Invoke();
}
