using MiniTorch.Tests.Losses;

namespace MiniTorch.Tests.Conformance;

/// <summary>A function's name, parameters and defaults, as Python writes them.</summary>
sealed class OpSignature
{
    public OpSignature(string text)
    {
        PythonCall call = PythonCall.Parse(text);
        (Name, Defaults) = (call.Name, call.Options);
        Parameters = [.. call.Arguments.Select(argument => ((PythonName)argument!).Text), .. call.Options.Keys];
    }

    public string Name { get; }

    public string[] Parameters { get; }

    public IReadOnlyDictionary<string, object?> Defaults { get; }
}

/// <summary>How the ops of the reference data are called here.</summary>
static class OpCalls
{
    static readonly Dictionary<string, (OpSignature Signature, OpCall Call)> Table =
        TensorOpCalls.Table.Concat(LossSamples.All.SelectMany(row => row.TorchCalls))
            .Select(entry => (Signature: new OpSignature(entry.Key), Call: entry.Value)).ToDictionary(entry => entry.Signature.Name);

    public static OpSignature SignatureOf(string op) =>
        Table.TryGetValue(op, out (OpSignature Signature, OpCall) entry) ? entry.Signature
            : throw new NotSupportedException($"no table of calls knows the op {op}");

    /// <summary>Calls an op with tensors in order and by name, and with values by name; every one of them must have a meaning for the op.</summary>
    public static Tensor[] Call(string op, IReadOnlyList<(string, Tensor)> tensors, IReadOnlyDictionary<string, object?> values)
    {
        var arguments = new OpArguments(SignatureOf(op), tensors, values);
        Tensor[] outputs = Table[op].Call(arguments);
        arguments.ShouldBeUsedUp();
        return outputs;
    }
}
