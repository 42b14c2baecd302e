using System.Diagnostics;

namespace MiniTorch;

/// <summary>
/// Tracks which tensors depend on a model's inputs during an export. Only operations may read the elements of such tensors, because the export
/// records operations. Any other read (Item, ArgMax, a mask as index) would turn the value of one example into a constant, so it throws.
/// </summary>
/// <param name="caller">Who exports, as errors name it.</param>
internal sealed class Dependence(string caller) : IDisposable
{
    [ThreadStatic]
    private static int t_computing;

    private volatile bool _isOver;

    /// <summary>Runs an operation. Its results depend on the model's inputs if one of its inputs does.</summary>
    public Tensor[] Compute(Op op, ReadOnlySpan<Tensor> inputs)
    {
        Tensor[] outputs;
        t_computing++;
        try
        {
            outputs = op.ComputeAll(inputs);
        }
        finally
        {
            t_computing--;
        }
        bool depends = false;
        foreach (Tensor input in inputs) depends |= Marks(input);
        if (depends)
            foreach (Tensor output in outputs) Mark(output);
        return outputs;
    }

    /// <summary>Marks a tensor as dependent on the model's inputs.</summary>
    public void Mark(Tensor tensor)
    {
        if (!Marks(tensor)) tensor.Replace(new Tensor(new MarkedStorage(tensor.Storage, this), tensor.Layout));
    }

    /// <summary>Returns whether a tensor depends on the model's inputs.</summary>
    public bool Marks(Tensor tensor) => tensor.Storage is MarkedStorage storage && ReferenceEquals(storage.Owner, this);

    /// <summary>Ends the export: its tensors can be read again.</summary>
    public void Dispose() => _isOver = true;

    // The outermost method of this library's core is what the model called.
    private MiniTorchException Refusal()
    {
        string reader = "Item";
        foreach (StackFrame frame in new StackTrace(2).GetFrames())
        {
            if (DiagnosticMethodInfo.Create(frame) is not { } method || method.DeclaringAssemblyName.Split(',')[0] != "MiniTorch.Core") break;
            reader = method.Name;
        }
        bool writes = reader.EndsWith("InPlace", StringComparison.Ordinal) || reader.StartsWith("set_", StringComparison.Ordinal);
        string line = Trace.CallerLine() is { } at ? $", called at {at}," : "";
        string problem = writes
            ? "changes a tensor in place with values that depend on the model's input, which a graph cannot express; "
                + "use the operation that returns a new tensor"
            : "reads values that depend on the model's input, which would become a constant in the graph; "
                + "use operations that return tensors (Where instead of a choice, Amax instead of Max), or apply it to the graph's output";
        string name = reader.Replace("get_Element", "an index tensor").Replace("set_Element", "an assignment to elements");
        return new MiniTorchException($"{caller}: {name}{line} {problem}") { ModulePath = Trace.Module };
    }

    private sealed class MarkedStorage(Storage memory, Dependence owner) : Storage(memory.DType)
    {
        public Dependence Owner => owner;

        public override ref byte Data
        {
            get
            {
                if (!owner._isOver && t_computing == 0) throw owner.Refusal();
                return ref memory.Data;
            }
        }

        public override string? WhyUnreadable => owner._isOver ? memory.WhyUnreadable : "an export follows it";

        public override void MarkShared() => memory.MarkShared();
    }
}
