namespace MiniTorch.Ops;

/// <summary>An op of a traced function.</summary>
/// <param name="Op">The op.</param>
/// <param name="Arguments">The values that it was given: the leaves from −1 down, results of earlier calls from 0 up.</param>
/// <param name="Converted">A bit for each argument of integers or truth values that is read as real numbers.</param>
/// <param name="IsRecorded">Whether gradients flow through it: recording was on.</param>
internal readonly record struct FusedCall(Op Op, int[] Arguments, int Converted, bool IsRecorded)
{
    /// <summary>Whether its derivative is computed from its result, such as that of an exponential.</summary>
    public bool ReadsOutput =>
        IsRecorded && Op.IsDifferentiable && Op is IElementwiseOp op && Arguments.Length == 1 && (op.BackwardReads(0) & Reads.Output) != 0;

    /// <summary>The tensors that it is given, from those of the leaves and the results of earlier calls.</summary>
    public Tensor[] Operands(ReadOnlySpan<Tensor> leaves, List<Tensor> results, DType real)
    {
        var operands = new Tensor[Arguments.Length];
        for (int i = 0; i < operands.Length; i++)
        {
            operands[i] = Arguments[i] is < 0 and var leaf ? leaves[~leaf] : results[Arguments[i]];
            if ((Converted >> i & 1) != 0) operands[i] = operands[i].To(real);
        }
        return operands;
    }

    /// <summary>Whether another call is the same to the last bit of its numbers.</summary>
    public bool Equals(FusedCall other) =>
        Converted == other.Converted && IsRecorded == other.IsRecorded && Arguments.AsSpan().SequenceEqual(other.Arguments)
        && (Op is IElementwiseOp op && other.Op is IElementwiseOp another ? op.Is(another) : Op.Equals(other.Op));

    public override int GetHashCode() => Arguments.Aggregate(HashCode.Combine(Op, Converted, IsRecorded), HashCode.Combine);
}

/// <summary>How a leaf's shape relates to the shape whose rows a program runs over.</summary>
internal enum LeafForm
{
    /// <summary>It broadcasts to it.</summary>
    Aligned,

    /// <summary>It broadcasts to it without its last dimension: a number for each row.</summary>
    Dropped,

    /// <summary>An index for each row, with a last dimension of 1.</summary>
    Index,
}
