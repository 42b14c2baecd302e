namespace MiniTorch.Tests.Conformance;

/// <summary>How the ops of the reference data are called here.</summary>
static class OpCalls
{
    static readonly Dictionary<string, OpCall>[] Tables = [TensorOpCalls.Table, LossOpCalls.Table];

    public static OpCall Of(string op) =>
        Tables.Select(table => table.GetValueOrDefault(op)).FirstOrDefault(call => call is not null)
        ?? throw new NotSupportedException($"no table of calls knows the op {op}");
}
