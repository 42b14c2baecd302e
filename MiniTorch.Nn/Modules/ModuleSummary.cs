using System.Globalization;
using System.Text;

namespace MiniTorch.Nn;

public abstract partial class Module
{
    /// <summary>
    /// Returns a table of all modules with the shape of their output, the number of parameters, the memory of parameters and outputs, and the
    /// arithmetic operations. The model is called once, in evaluation mode, with zeros of the given shapes and the parameters' dtype. Shared
    /// parameters are counted once.
    /// </summary>
    /// <param name="inputs">The inputs' shapes: <c>model.Summary([32, 64])</c>.</param>
    /// <exception cref="MiniTorchException">The model does not accept such inputs.</exception>
    public string Summary(params ReadOnlySpan<Shape> inputs)
    {
        DType dtype = Parameters() is [{ } first, ..] ? first.DType : DType.Float32;
        var zeros = new object?[inputs.Length];
        for (int i = 0; i < zeros.Length; i++)
            zeros[i] = Tensor.Zeros(inputs[i] ?? throw new ArgumentNullException(nameof(inputs), $"Summary: shape {i} is null"), dtype);
        return new ModuleSummary(this).Describe(zeros);
    }
}

/// <summary>Observes one call of a model and formats a table of its modules.</summary>
internal sealed class ModuleSummary(Module model)
{
    private static readonly string[] s_titles = ["Layer", "Type", "Output", "Parameters", "Memory", "Operations"];

    private readonly Dictionary<Module, string> _outputs = [];
    private readonly Dictionary<Module, long> _outputBytes = [];

    public string Describe(object?[] inputs)
    {
        IReadOnlyList<(string Name, Module Value)> modules = model.NamedModules();
        Dictionary<string, long> operations = Watch(modules, inputs);
        var rows = new List<string[]> { s_titles };
        var counted = new HashSet<Parameter>(ReferenceEqualityComparer.Instance);
        (long parameters, long bytes, long total) = (0, 0, 0);
        foreach ((string name, Module module) in modules)
        {
            Parameter[] own = [.. ModuleMembers.Of(module).Parameters.Select(parameter => parameter.Value).Where(counted.Add)];
            long count = own.Sum(parameter => parameter.ElementCount), done = operations.GetValueOrDefault(ModuleMembers.Join(model.TypeName, name));
            long memory = own.Sum(parameter => parameter.ElementCount * parameter.DType.Size()) + _outputBytes.GetValueOrDefault(module);
            rows.Add([name.Length == 0 ? "(model)" : name, module.TypeName, _outputs.GetValueOrDefault(module, "not called"), Number(count),
                Bytes(memory), Number(done)]);
            (parameters, bytes, total) = (parameters + count, bytes + memory, total + done);
        }
        rows.Add(["total", "", "", Number(parameters), Bytes(bytes), Number(total)]);
        return Table(rows);
    }

    /// <summary>Calls the model; returns the arithmetic operations of each module by path, without those of its submodules.</summary>
    private Dictionary<string, long> Watch(IReadOnlyList<(string Name, Module Value)> modules, object?[] inputs)
    {
        var hooks = new List<IDisposable>();
        using var recording = new Recording();
        try
        {
            foreach ((_, Module module) in modules)
            {
                hooks.Add(module.RegisterForwardHook((called, _, output) =>
                {
                    Tensor[] tensors = [.. Tensor.AllIn(output)];
                    _outputs[called] = string.Join(", ", tensors.Select(tensor => tensor.Shape.ToString()));
                    _outputBytes[called] = tensors.Sum(tensor => tensor.ElementCount * tensor.DType.Size());
                }));
            }
            model.Evaluate(() => model.CallAny(inputs));
        }
        finally
        {
            foreach (IDisposable hook in hooks) hook.Dispose();
        }
        return recording.Calls.GroupBy(call => call.Module ?? "").ToDictionary(calls => calls.Key, calls => calls.Sum(Operations));
    }

    // Two operations for each term of a matrix product, one for each output element otherwise, and none if elements are only moved.
    private static long Operations(RecordedCall call)
    {
        Tensor[] inputs = call.Inputs;
        return call.Op switch
        {
            Ops.Convolution convolution => Operations(convolution.Sizes),
            Ops.BiasedConvolution convolution => Operations(convolution.Sizes),
            Ops.Linear => 2 * inputs[0].ElementCount * inputs[1].Shape[0],
            Ops.MatMul => 2 * inputs[0].ElementCount * (inputs[1].Rank > 1 ? inputs[1].Shape[-1] : 1),
            LinearOp => 0,
            _ => inputs.Max(input => input.ElementCount),
        };
    }

    private static long Operations(Kernels.ConvolutionShape sizes) =>
        2 * sizes.Batch * sizes.Groups * sizes.Filters * sizes.OutputPlane * sizes.PatchSize;

    private static string Table(List<string[]> rows)
    {
        int[] widths = [.. s_titles.Select((_, column) => rows.Max(row => row[column].Length))];
        var text = new StringBuilder();
        for (int i = 0; i < rows.Count; i++)
        {
            // Text is aligned left, numbers are aligned right.
            text.AppendJoin("  ", rows[i].Select((cell, column) => column < 3 ? cell.PadRight(widths[column]) : cell.PadLeft(widths[column])))
                .Append('\n');
            if (i == 0 || i == rows.Count - 2) text.Append('-', widths.Sum() + (2 * (widths.Length - 1))).Append('\n');
        }
        return text.ToString();
    }

    private static string Number(long count) => count.ToString("N0", CultureInfo.InvariantCulture);

    private static string Bytes(long bytes) => bytes switch
    {
        < 1_000 => FormattableString.Invariant($"{bytes} B"),
        < 1_000_000 => FormattableString.Invariant($"{bytes / 1e3:F1} kB"),
        _ => FormattableString.Invariant($"{bytes / 1e6:F1} MB"),
    };
}
