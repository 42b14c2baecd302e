namespace MiniTorch;

/// <summary>The settings that flow with async code: whether operations are recorded, traced, deferred, fused and profiled.</summary>
[Flags]
internal enum EngineFlags : byte
{
    Default = 0,
    NoGrad = 1,
    DetectAnomaly = 2,
    NoFusion = 4,
    TraceCalls = 8,
    DeferCalls = 16,
    ProfileCalls = 32,
}

/// <summary>The settings of the engine on this thread. Reading them costs one thread-static load.</summary>
internal static class EngineMode
{
    // The thread-static field mirrors the AsyncLocal, which is too slow to read for every operation.
    private static readonly AsyncLocal<EngineFlags> s_mode = new(change => t_mode = change.CurrentValue);

    [ThreadStatic]
    private static EngineFlags t_mode;

    /// <summary>All settings, for code that asks for more than one: each read of the thread-static field takes a nanosecond or two.</summary>
    public static EngineFlags Current => t_mode;

    public static bool Enabled => Records(t_mode);

    public static bool DetectsAnomalies => (t_mode & EngineFlags.DetectAnomaly) != 0;

    public static bool TracesCalls => (t_mode & (EngineFlags.DetectAnomaly | EngineFlags.TraceCalls)) != 0;

    /// <summary>Whether an operation needs more than computing and recording: tracing, anomaly detection, deferral or a profile.</summary>
    public static bool InterceptsCalls => Intercepts(t_mode);

    /// <summary>Whether somebody asks which module's Forward runs.</summary>
    public static bool FollowsModules => (t_mode & (EngineFlags.DetectAnomaly | EngineFlags.TraceCalls | EngineFlags.ProfileCalls)) != 0;

    /// <summary>Whether operations may be deferred and fused: neither tracing nor anomaly detection observes each of them.</summary>
    public static bool CanDefer => (t_mode & (EngineFlags.DetectAnomaly | EngineFlags.TraceCalls | EngineFlags.NoFusion)) == 0;

    public static bool FusionIsOff => (t_mode & EngineFlags.NoFusion) != 0;

    public static bool Records(EngineFlags mode) => (mode & EngineFlags.NoGrad) == 0;

    public static bool Intercepts(EngineFlags mode) =>
        (mode & (EngineFlags.DetectAnomaly | EngineFlags.TraceCalls | EngineFlags.DeferCalls | EngineFlags.ProfileCalls)) != 0;

    public static ModeScope Record(bool enabled) => Set(enabled ? t_mode & ~EngineFlags.NoGrad : t_mode | EngineFlags.NoGrad);

    public static ModeScope DetectAnomaly() => Set(t_mode | EngineFlags.DetectAnomaly);

    public static ModeScope TraceCalls() => Set(t_mode | EngineFlags.TraceCalls);

    public static ModeScope ProfileCalls() => Set(t_mode | EngineFlags.ProfileCalls);

    public static ModeScope DeferCalls() => Set(t_mode | EngineFlags.DeferCalls);

    /// <summary>The settings of this thread, with recording on and deferral off.</summary>
    public static EngineFlags Immediate => t_mode & ~(EngineFlags.NoGrad | EngineFlags.DeferCalls);

    public static ModeScope Enter(EngineFlags mode) => Set(mode);

    public static ModeScope FusionOff() => Set(t_mode | EngineFlags.NoFusion);

    internal static void Restore(EngineFlags mode)
    {
        if (t_mode != mode) s_mode.Value = mode;
    }

    private static ModeScope Set(EngineFlags mode)
    {
        var scope = new ModeScope(t_mode);
        Restore(mode);
        return scope;
    }
}

/// <summary>A scope of an engine setting, such as <c>using (Autograd.NoGrad()) { … }</c>. Disposing of it restores the previous setting.</summary>
public readonly record struct ModeScope : IDisposable
{
    private readonly EngineFlags _former;

    internal ModeScope(EngineFlags former)
    {
        _former = former;
    }

    /// <summary>Restores the previous setting.</summary>
    public void Dispose() => EngineMode.Restore(_former);
}
