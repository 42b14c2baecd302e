namespace MiniTorch;

/// <summary>
/// Frees the temporaries of a derivative rule. Native storages created while the scope is open belong to the engine; closing it frees those that no
/// gradient slot holds. Only rules that are known to keep no temporaries run in a scope.
/// </summary>
internal sealed class EngineScope
{
    [ThreadStatic]
    private static EngineScope? t_scope;

    private List<NativeStorage> _storages = [];
    private bool _isOpen;

    /// <summary>The scope of this thread. A pass asks for it once, because a thread-static field is slow to read.</summary>
    public static EngineScope OfThisThread => t_scope ??= new EngineScope();

    /// <summary>Makes a new storage the engine's own if a scope is open on this thread.</summary>
    public static void Register(NativeStorage storage)
    {
        if (t_scope is not { _isOpen: true } scope) return;
        storage.TakeOwnership();
        scope._storages.Add(storage);
    }

    public void Open()
    {
        if (_isOpen) _storages = []; // a pass within a rule must not free the rule's temporaries
        _isOpen = true;
    }

    public void Close()
    {
        if (!_isOpen) return;
        _isOpen = false;
        foreach (NativeStorage storage in _storages) storage.ReleaseIfUnheld();
        _storages.Clear();
    }
}
