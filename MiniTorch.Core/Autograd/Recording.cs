namespace MiniTorch;

/// <summary>A call of an operation as it ran, with what is needed to run it again.</summary>
/// <param name="Op">The operation.</param>
/// <param name="Inputs">Copies of its inputs, of the same strides.</param>
/// <param name="Arguments">The inputs themselves, and whether they were linked to a graph.</param>
/// <param name="Results">The outputs themselves.</param>
/// <param name="Node">What was recorded; null where nothing was.</param>
/// <param name="Line">Where it was called, <c>file.cs:12</c>.</param>
/// <param name="Module">The path of the module that called it.</param>
internal sealed record RecordedCall(
    Op Op, Tensor[] Inputs, (Tensor Tensor, bool HasGraph)[] Arguments, Tensor[] Results, OpNode? Node, string? Line, string? Module);

/// <summary>While it is open, every operation of this thread is noted down with its line and module. The values may be anything.</summary>
internal sealed class Recording : IDisposable
{
    [ThreadStatic]
    private static Recording? t_open;

    private readonly Recording? _outer = t_open;
    private readonly ModeScope _mode = GradMode.TraceCalls();

    public Recording() => t_open = this;

    public static Recording? Open => t_open;

    public List<RecordedCall> Calls { get; } = [];

    /// <summary>How many calls were noted so far.</summary>
    public static int Count => t_open?.Calls.Count ?? 0;

    /// <summary>Forgets all calls but the first <paramref name="count"/>.</summary>
    public static void Truncate(int count) => t_open?.Calls.RemoveRange(count, t_open.Calls.Count - count);

    public void Add(Op op, ReadOnlySpan<Tensor> inputs, ReadOnlySpan<Tensor> outputs, OpNode? node, string? line)
    {
        var copies = new Tensor[inputs.Length];
        var arguments = new (Tensor, bool)[inputs.Length];
        for (int i = 0; i < inputs.Length; i++)
        {
            copies[i] = Variable.Copy(inputs[i], inputs[i].DType);
            arguments[i] = (inputs[i], inputs[i].RequiresGrad);
        }
        Calls.Add(new RecordedCall(op, copies, arguments, outputs.ToArray(), node, line, Trace.Module));
    }

    public void Dispose()
    {
        t_open = _outer;
        _mode.Dispose();
    }
}
