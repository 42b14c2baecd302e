namespace MiniTorch;

/// <summary>The settings that flow with async code: whether operations are recorded, watched, put off, and fused.</summary>
[Flags]
internal enum EngineMode : byte
{
    Default = 0,
    NoGrad = 1,
    DetectAnomaly = 2,
    NoFusion = 4,
    TraceCalls = 8,
    DeferCalls = 16,
}

/// <summary>The engine's mode on this thread. Reading costs a thread-static load.</summary>
internal static class GradMode
{
    // The thread-static mirrors the async-local, which is too slow to read at every operation.
    private static readonly AsyncLocal<EngineMode> s_mode = new(change => t_mode = change.CurrentValue);

    [ThreadStatic]
    private static EngineMode t_mode;

    public static bool Enabled => (t_mode & EngineMode.NoGrad) == 0;

    public static bool DetectsAnomalies => (t_mode & EngineMode.DetectAnomaly) != 0;

    public static bool TracesCalls => (t_mode & (EngineMode.DetectAnomaly | EngineMode.TraceCalls)) != 0;

    /// <summary>Whether an operation is not merely computed and recorded.</summary>
    public static bool InterceptsCalls => (t_mode & (EngineMode.DetectAnomaly | EngineMode.TraceCalls | EngineMode.DeferCalls)) != 0;

    /// <summary>Whether operations may be put off: nobody watches each of them.</summary>
    public static bool CanDefer => (t_mode & (EngineMode.DetectAnomaly | EngineMode.TraceCalls | EngineMode.NoFusion)) == 0;

    public static bool FusionIsOff => (t_mode & EngineMode.NoFusion) != 0;

    public static ModeScope Record(bool enabled) => Set(enabled ? t_mode & ~EngineMode.NoGrad : t_mode | EngineMode.NoGrad);

    public static ModeScope DetectAnomaly() => Set(t_mode | EngineMode.DetectAnomaly);

    public static ModeScope TraceCalls() => Set(t_mode | EngineMode.TraceCalls);

    public static ModeScope DeferCalls() => Set(t_mode | EngineMode.DeferCalls);

    public static ModeScope FusionOff() => Set(t_mode | EngineMode.NoFusion);

    internal static void Restore(EngineMode mode)
    {
        if (t_mode != mode) s_mode.Value = mode;
    }

    private static ModeScope Set(EngineMode mode)
    {
        var scope = new ModeScope(t_mode);
        Restore(mode);
        return scope;
    }
}

/// <summary>A setting of the engine that lasts until it is disposed of: <c>using (Autograd.NoGrad()) { … }</c>.</summary>
public readonly record struct ModeScope : IDisposable
{
    private readonly EngineMode _former;

    internal ModeScope(EngineMode former)
    {
        _former = former;
    }

    /// <summary>Puts the former setting back.</summary>
    public void Dispose() => GradMode.Restore(_former);
}
