namespace MiniTorch.Mpi;

/// <summary>How <see cref="World.AllReduce"/> combines the elements of the ranks (torch.distributed.ReduceOp).</summary>
public enum ReduceOp
{
    /// <summary>Adds them.</summary>
    Sum,

    /// <summary>Takes the largest; NaN if one is NaN. For Bool: whether any is true.</summary>
    Max,

    /// <summary>Takes the smallest; NaN if one is NaN. For Bool: whether all are true.</summary>
    Min,
}
