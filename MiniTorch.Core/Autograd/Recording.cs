using MiniTorch.Ops;

namespace MiniTorch;

/// <summary>A call of an operation as it ran, with what is needed to run it again.</summary>
/// <param name="Op">The operation.</param>
/// <param name="Inputs">Copies of its inputs, of the same strides; where dependence is followed, only of those without one.</param>
/// <param name="Arguments">The inputs themselves, and whether they were linked to a graph.</param>
/// <param name="Results">The outputs themselves.</param>
/// <param name="Versions">The versions that the outputs' memory had.</param>
/// <param name="Node">What was recorded; null where nothing was.</param>
/// <param name="Line">Where it was called, <c>file.cs:12</c>.</param>
/// <param name="Module">The path of the module that called it.</param>
internal sealed record RecordedCall(
    Op Op, Tensor[] Inputs, (Tensor Tensor, bool HasGraph)[] Arguments, Tensor[] Results, int[] Versions, OpNode? Node, string? Line, string? Module);

/// <summary>While it is open, every operation of this thread is noted down with its line and module. The values may be anything.</summary>
internal sealed class Recording : IDisposable
{
    [ThreadStatic]
    private static Recording? t_open;

    private readonly Recording? _outer = t_open;
    private readonly ModeScope _mode = EngineMode.TraceCalls();
    private readonly Dependence? _dependence;

    /// <summary>Opens a recording.</summary>
    /// <param name="dependence">Follows what depends on a model's inputs; null where nobody asks.</param>
    public Recording(Dependence? dependence = null)
    {
        _dependence = dependence;
        t_open = this;
    }

    public static Recording? Open => t_open;

    public List<RecordedCall> Calls { get; } = [];

    /// <summary>Names that were given to tensors.</summary>
    public Dictionary<Tensor, string> Names { get; } = new(ReferenceEqualityComparer.Instance);

    /// <summary>Runs an operation. What it computes with is its own affair and is not noted down.</summary>
    public Tensor[] Compute(Op op, ReadOnlySpan<Tensor> inputs)
    {
        int noted = Calls.Count;
        Tensor[] outputs = _dependence?.Compute(op, inputs) ?? op.ComputeAll(inputs);
        Calls.RemoveRange(noted, Calls.Count - noted);
        return outputs;
    }

    public void Add(Op op, ReadOnlySpan<Tensor> inputs, ReadOnlySpan<Tensor> outputs, OpNode? node, string? line)
    {
        var copies = new Tensor[inputs.Length];
        var arguments = new (Tensor, bool)[inputs.Length];
        for (int i = 0; i < inputs.Length; i++)
        {
            copies[i] = _dependence?.Marks(inputs[i]) == true ? inputs[i] : Copies.WithStrides(inputs[i], inputs[i].DType);
            arguments[i] = (inputs[i], inputs[i].RequiresGrad);
        }
        var versions = new int[outputs.Length];
        for (int i = 0; i < versions.Length; i++)
        {
            outputs[i].Storage.MarkShared(); // it is looked at later, and must not be given back before
            versions[i] = outputs[i].Storage.Version;
        }
        Calls.Add(new RecordedCall(op, copies, arguments, outputs.ToArray(), versions, node, line, Trace.Module));
    }

    public void Dispose()
    {
        t_open = _outer;
        _mode.Dispose();
    }
}
