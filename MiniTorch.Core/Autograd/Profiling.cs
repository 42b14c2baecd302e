using System.Diagnostics;

namespace MiniTorch;

/// <summary>What a profile has measured: an operation, a derivative rule, or a module's Forward.</summary>
internal enum ProfiledKind
{
    Operation,
    Rule,
    Module,
}

/// <summary>A measured call.</summary>
/// <param name="Kind">What was called.</param>
/// <param name="Name">The operation's name; for a module its path.</param>
/// <param name="Module">The path of the module that called it, or whose operation a rule differentiates; null outside modules.</param>
/// <param name="IsBackward">Whether it ran in a backward pass.</param>
/// <param name="IsOutermost">Whether no other operation or rule was running.</param>
/// <param name="Begun">The timestamp of its beginning.</param>
/// <param name="Ended">The timestamp of its end.</param>
/// <param name="Bytes">The memory of the results; views have none.</param>
internal readonly record struct ProfiledCall(
    ProfiledKind Kind, string Name, string? Module, bool IsBackward, bool IsOutermost, long Begun, long Ended, long Bytes);

/// <summary>Measures every operation, derivative rule and module of this thread until it is disposed of.</summary>
internal sealed class Profiling : IDisposable
{
    [ThreadStatic]
    private static Profiling? t_open;

    private readonly Profiling? _outer = t_open;
    private readonly ModeScope _mode = EngineMode.ProfileCalls();
    private readonly Stack<long> _modules = new();
    private int _passes, _depth;

    public Profiling()
    {
        t_open = this;
    }

    public static Profiling? Open => t_open;

    public List<ProfiledCall> Calls { get; } = [];

    /// <summary>The paths of modules below an outermost one, so that each is looked up once.</summary>
    public Dictionary<(object Root, object Module), string> Paths { get; } = [];

    /// <summary>Runs and measures an operation.</summary>
    public Tensor[] Compute(Op op, ReadOnlySpan<Tensor> inputs)
    {
        _depth++;
        long begun = Stopwatch.GetTimestamp(), ended;
        Tensor[] outputs;
        try
        {
            outputs = Recording.Open?.Compute(op, inputs) ?? op.ComputeAll(inputs);
        }
        finally
        {
            ended = Stopwatch.GetTimestamp();
            _depth--;
        }
        long bytes = 0;
        foreach (Tensor output in outputs)
            if (!SharesMemory(output, inputs)) bytes += Bytes(output);
        Calls.Add(new ProfiledCall(ProfiledKind.Operation, op.Name, Trace.Module, _passes > 0, _depth == 0, begun, ended, bytes));
        return outputs;
    }

    /// <summary>Notes that a backward pass begins.</summary>
    /// <returns>What <see cref="EndPass"/> restores, because a rule may throw.</returns>
    public int BeginPass()
    {
        _passes++;
        return _depth;
    }

    public void EndPass(int depth)
    {
        _passes--;
        _depth = depth;
    }

    public long BeginRule()
    {
        _depth++;
        return Stopwatch.GetTimestamp();
    }

    public void EndRule(OpNode node, ReadOnlySpan<Tensor?> gradients, long begun)
    {
        long ended = Stopwatch.GetTimestamp(), bytes = 0;
        _depth--;
        foreach (Tensor? gradient in gradients)
            if (gradient is not null) bytes += Bytes(gradient);
        Calls.Add(new ProfiledCall(ProfiledKind.Rule, node.Name, node.Rare?.Module, true, _depth == 0, begun, ended, bytes));
    }

    public void BeginModule() => _modules.Push(Stopwatch.GetTimestamp());

    /// <summary>Notes the module that <see cref="Trace.Module"/> names. If it was entered before the profile began, it is left out.</summary>
    public void EndModule()
    {
        if (_modules.TryPop(out long begun))
            Calls.Add(new ProfiledCall(ProfiledKind.Module, Trace.Module ?? "", null, _passes > 0, false, begun, Stopwatch.GetTimestamp(), 0));
    }

    public void Dispose()
    {
        t_open = _outer;
        _mode.Dispose();
    }

    private static long Bytes(Tensor tensor) => tensor.Layout.Overlaps ? 0 : tensor.ElementCount * tensor.DType.Size();

    private static bool SharesMemory(Tensor output, ReadOnlySpan<Tensor> inputs)
    {
        foreach (Tensor input in inputs)
            if (ReferenceEquals(output.Storage, input.Storage)) return true;
        return false;
    }
}
