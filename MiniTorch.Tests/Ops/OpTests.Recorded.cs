namespace MiniTorch.Tests;

/// <summary>The ops that a row's samples leave in graphs, those that its derivatives record included.</summary>
static class RecordedOps
{
    public static IEnumerable<Op> Of(OpRow row) =>
        from sample in row.Samples
        from output in Outputs(row, OpRow.Make(sample))
        from op in In(output)
        select op;

    /// <summary>The kernel of an element-wise op, the record of another.</summary>
    public static string NameOf(Op op) => op.GetType() is { IsGenericType: true } type ? type.GetGenericArguments()[0].Name : op.GetType().Name;

    static IEnumerable<Tensor> Outputs(OpRow row, Tensor[] inputs)
    {
        int[] wanted = row.Wanted(inputs);
        Tensor[] leaves = [.. inputs.Select((x, i) => wanted.Contains(i) ? Tensor.From(x.ToArray<double>(), x.Shape, requiresGrad: true) : x)];
        foreach (Tensor output in row.Function(leaves).Where(output => output.RequiresGrad))
        {
            yield return output;
            foreach (Tensor gradient in Autograd.Grad(output.Sum(), [.. wanted.Select(i => leaves[i])], createGraph: true, allowUnused: true))
                yield return gradient;
        }
    }

    static IEnumerable<Op> In(Tensor output)
    {
        var seen = new HashSet<Node>();
        var open = new Stack<Node?>([output.Node]);
        while (open.TryPop(out Node? node))
        {
            if (node is not OpNode op || !seen.Add(node)) continue;
            yield return op.Op;
            for (int i = 0; i < op.InputCount; i++) open.Push(op[i].Node);
        }
    }
}
