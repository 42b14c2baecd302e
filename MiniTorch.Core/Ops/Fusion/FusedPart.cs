using MiniTorch.Kernels;

namespace MiniTorch.Ops;

/// <summary>A tensor that a part reads.</summary>
/// <param name="Tensor">The tensor.</param>
/// <param name="Form">How its shape relates to the rows.</param>
/// <param name="Value">The value that another part computes; −1 for a tensor that has elements.</param>
internal readonly record struct FusedLeaf(Tensor Tensor, LeafForm Form, int Value);

/// <summary>A program of a traced function, or an operation between two programs.</summary>
/// <param name="Value">The number of its result in the trace.</param>
/// <param name="Op">The operation; null for a program.</param>
/// <param name="Calls">The program's operations.</param>
/// <param name="Leaves">What they read.</param>
/// <param name="Output">Its result in the trace.</param>
/// <param name="Row">The shape whose rows the program reduces; null if it reduces none.</param>
internal sealed record FusedPart(int Value, Op? Op, FusedCall[] Calls, FusedLeaf[] Leaves, Tensor Output, Shape? Row)
{
    // So many exponentials are in the cache when the gradient reads them; more take longer to write and to read than to compute again.
    private const long MostKeptElements = 1 << 20;

    /// <summary>Computes the result from those of earlier parts.</summary>
    public Tensor Run(FusedFunction programs, DType real, Dictionary<int, Tensor> results)
    {
        using ModeScope recording = EngineMode.Record(Output.Node is not null);
        Tensor[] leaves = Array.ConvertAll(Leaves, leaf => leaf.Value < 0 ? leaf.Tensor
            : Fit(results[leaf.Value], leaf.Tensor.Shape).To(leaf.Tensor.DType));
        if (Op is not null) return Op.Apply(leaves);
        if (Row is null && Calls is [{ Converted: 0 } only]) // which needs no program
            return Fit(only.Op.ApplyAll(Array.ConvertAll(only.Arguments, argument => leaves[~argument]))[0], Output.Shape);
        if (Row is null)
        {
            bool keepsElements = KeepsElements(Output.Shape) && FusedElementwise.CanKeep(Calls, leaves.Length);
            FusedElementwise chain = programs.Find<FusedElementwise>(
                known => known.Is(Calls, leaves.Length, real, keepsElements), () => new FusedElementwise(Calls, leaves.Length, real, keepsElements));
            return chain.ApplyAll(Array.ConvertAll(leaves, leaf => leaf.ExpandTo(Output.Shape)))[0];
        }

        Shape kept = ReductionArguments.Kept(Row, 1UL << (Row.Rank - 1));
        var inputs = new RowInput[leaves.Length];
        for (int i = 0; i < inputs.Length; i++)
        {
            inputs[i] = Leaves[i].Form == LeafForm.Index ? RowInput.Index
                : Leaves[i].Form == LeafForm.Dropped || (Row[^1] != 1 && (leaves[i].Rank == 0 || leaves[i].Shape[^1] == 1)) ? RowInput.Value
                : RowInput.Elements;
        }
        if (!inputs.Contains(RowInput.Elements)) inputs[Array.FindIndex(Leaves, leaf => leaf.Form == LeafForm.Aligned)] = RowInput.Elements;
        for (int i = 0; i < inputs.Length; i++)
        {
            if (Leaves[i].Form == LeafForm.Dropped) leaves[i] = leaves[i].Unsqueeze(-1);
            leaves[i] = leaves[i].ExpandTo(inputs[i] == RowInput.Elements ? Row : kept);
        }
        bool keeps = KeepsElements(Row);
        FusedRows rows = programs.Find<FusedRows>(known => known.Is(Calls, inputs, real, keeps), () => new FusedRows(Calls, inputs, real, keeps));
        Tensor result = rows.ApplyAll(leaves)[0];
        return result.Shape != Row && Output.Shape == Row ? result.ExpandTo(Row).Contiguous() : Fit(result, Output.Shape);
    }

    private bool KeepsElements(Shape shape) => Output.Node is not null && shape.ElementCount <= MostKeptElements;

    /// <summary>A result in the shape that a view of it has, or that it was broadcast to.</summary>
    public static Tensor Fit(Tensor result, Shape shape) =>
        result.Shape == shape ? result : result.ElementCount == shape.ElementCount ? result.Reshape(shape.Span) : result.ExpandTo(shape);
}
