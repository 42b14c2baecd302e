using System.Diagnostics;

namespace MiniTorch;

/// <summary>
/// Follows what depends on a model's inputs while it is exported: results of operations on what depends on them. Its elements may be read by
/// operations only, which a recording notes down. Any other read (Item, ArgMax, a mask as index) would make a constant of an example's value, and throws.
/// </summary>
/// <param name="caller">Who exports, as errors name it.</param>
internal sealed class Dependence(string caller) : IDisposable
{
    [ThreadStatic]
    private static int t_computing;

    private volatile bool _isOver;

    /// <summary>Runs an operation, which may read what depends on the inputs; its results do too if one of its inputs does.</summary>
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

    /// <summary>Says that a tensor depends on the inputs.</summary>
    public void Mark(Tensor tensor)
    {
        if (!Marks(tensor)) tensor.Replace(new Tensor(new MarkedStorage(tensor.Storage, this), tensor.Layout));
    }

    /// <summary>Whether a tensor depends on the inputs.</summary>
    public bool Marks(Tensor tensor) => tensor.Storage is MarkedStorage storage && ReferenceEquals(storage.Owner, this);

    /// <summary>The export is over: what is left of it may be read again.</summary>
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
            ? "changes a tensor in place with values that depend on the model's input, which a graph cannot say; "
                + "use the operation that returns a new tensor"
            : "reads values that depend on the model's input, and what follows from them would be a constant in the graph; "
                + "use operations that return tensors (Where instead of a choice, Amax instead of Max), or do it with the graph's output";
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

        public override void MarkShared() => memory.MarkShared();
    }
}
