namespace MiniTorch;

/// <summary>
/// Frees the temporaries of a derivative rule. Native storages created while the scope is open belong to the engine; closing it frees those that no
/// gradient slot holds. Only rules that are known to keep no temporaries run in a scope.
/// </summary>
internal static class EngineScope
{
    [ThreadStatic]
    private static List<NativeStorage>? t_open;

    [ThreadStatic]
    private static List<NativeStorage>? t_spare;

    /// <summary>Makes a new storage the engine's own if a scope is open on this thread.</summary>
    public static void Register(NativeStorage storage)
    {
        if (t_open is not { } open) return;
        storage.TakeOwnership();
        open.Add(storage);
    }

    public static void Open() => t_open = t_spare ?? [];

    public static void Close()
    {
        if (t_open is not { } open) return;
        t_open = null;
        foreach (NativeStorage storage in open) storage.ReleaseIfUnheld();
        open.Clear();
        t_spare = open;
    }
}
