namespace MiniTorch;

/// <summary>
/// The temporaries of one derivative rule: native storages made while a scope is open belong to the engine, and those that no gradient slot
/// holds when it closes are returned at once. Only rules that are known to keep nothing run inside one.
/// </summary>
internal static class EngineScope
{
    [ThreadStatic]
    private static List<NativeStorage>? t_open;

    [ThreadStatic]
    private static List<NativeStorage>? t_spare;

    /// <summary>A new storage: the engine's own if a scope is open on this thread.</summary>
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
