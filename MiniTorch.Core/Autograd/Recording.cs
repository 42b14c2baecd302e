using MiniTorch.Ops;

namespace MiniTorch;

/// <summary>A recorded call of an operation, with all data to replay it.</summary>
/// <param name="Op">The operation.</param>
/// <param name="Inputs">Copies of its inputs with the same strides. If dependence is tracked, only independent inputs are copied.</param>
/// <param name="Arguments">The inputs themselves, and whether they were linked to a graph.</param>
/// <param name="Results">The outputs themselves.</param>
/// <param name="Versions">The versions of the outputs' memory at that time.</param>
/// <param name="Node">The recorded node; null if the call was not recorded.</param>
/// <param name="Line">The line that called it, such as <c>file.cs:12</c>.</param>
/// <param name="Module">The path of the module that called it.</param>
internal sealed record RecordedCall(
    Op Op, Tensor[] Inputs, (Tensor Tensor, bool HasGraph)[] Arguments, Tensor[] Results, int[] Versions, OpNode? Node, string? Line, string? Module);

/// <summary>Records every operation of this thread with its line and module until it is disposed of.</summary>
internal sealed class Recording : IDisposable
{
    [ThreadStatic]
    private static Recording? t_open;

    private readonly Recording? _outer = t_open;
    private readonly ModeScope _mode = EngineMode.TraceCalls();
    private readonly Dependence? _dependence;

    /// <summary>Opens a recording.</summary>
    /// <param name="dependence">Tracks which tensors depend on a model's inputs; null if that is not needed.</param>
    public Recording(Dependence? dependence = null)
    {
        _dependence = dependence;
        t_open = this;
    }

    public static Recording? Open => t_open;

    public List<RecordedCall> Calls { get; } = [];

    /// <summary>The names of tensors (<see cref="Tensor.Named"/>).</summary>
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
            arguments[i] = (inputs[i].Current, inputs[i].RequiresGrad);
        }
        var versions = new int[outputs.Length];
        for (int i = 0; i < versions.Length; i++)
        {
            outputs[i].Storage.MarkShared(); // the recording reads it later, so the engine must not free it
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
