using MiniTorch.Ops;

namespace MiniTorch.Mpi;

public sealed partial class World
{
    /// <summary>Returns the root's tensor on every rank (torch.distributed.broadcast).</summary>
    /// <param name="tensor">The same shape and dtype on all ranks.</param>
    /// <param name="root">The rank whose elements all ranks get.</param>
    /// <returns>A new tensor without history.</returns>
    /// <exception cref="ValueException"><paramref name="root"/> is not a rank.</exception>
    /// <exception cref="WorldException">Shapes, dtypes or calls of the ranks differ, or a rank does not answer in time.</exception>
    public Tensor Broadcast(Tensor tensor, int root = 0)
    {
        ArgumentNullException.ThrowIfNull(tensor);
        Check(root, nameof(Broadcast));
        lock (_gate)
        {
            Agree($"Broadcast from rank {root} of {tensor.DType} {tensor.Shape}");
            Tensor result = Own(tensor);
            Spread(result, root);
            return result;
        }
    }

    /// <summary>
    /// Combines a tensor of each rank element by element, along a binary tree over the ranks, and returns the result on every rank
    /// (torch.distributed.all_reduce).
    /// </summary>
    /// <param name="tensor">The same shape and dtype on all ranks.</param>
    /// <param name="op">How elements are combined.</param>
    /// <returns>A new tensor without history, with the same bits on all ranks.</returns>
    /// <exception cref="DTypeException">Bool tensors are to be added.</exception>
    /// <exception cref="ValueException"><paramref name="op"/> is none of the operations.</exception>
    /// <exception cref="WorldException">Shapes, dtypes or calls of the ranks differ, or a rank does not answer in time.</exception>
    public Tensor AllReduce(Tensor tensor, ReduceOp op = ReduceOp.Sum)
    {
        ArgumentNullException.ThrowIfNull(tensor);
        if (!Enum.IsDefined(op)) throw new ValueException($"AllReduce: {op} is not an operation; Sum, Max and Min are");
        if (tensor.DType == DType.Bool && op == ReduceOp.Sum)
            throw new DTypeException("AllReduce: Bool tensors cannot be added; To(DType.Int64) counts, and ReduceOp.Max tells whether any is true");
        lock (_gate)
        {
            Agree($"AllReduce({op}) of {tensor.DType} {tensor.Shape}");
            using ModeScope mode = Autograd.NoGrad();
            Tensor own = tensor.DType == DType.Bool ? tensor.To(DType.Int64) : tensor;
            var tree = new TreeSum(this, _messages, Size, op);
            tree.Add([Own(own)]);
            Tensor result = tree.Finish()[0];
            return tensor.DType == DType.Bool ? result.To(DType.Bool) : result;
        }
    }

    /// <summary>Returns the tensors of all ranks on every rank (torch.distributed.all_gather).</summary>
    /// <param name="tensor">The same shape and dtype on all ranks.</param>
    /// <returns>A new tensor [<see cref="Size"/>, …] in the order of the ranks, without history.</returns>
    /// <exception cref="WorldException">Shapes, dtypes or calls of the ranks differ, or a rank does not answer in time.</exception>
    public Tensor AllGather(Tensor tensor)
    {
        ArgumentNullException.ThrowIfNull(tensor);
        lock (_gate)
        {
            Agree($"AllGather of {tensor.DType} {tensor.Shape}");
            return Ring(tensor);
        }
    }

    /// <summary>Returns the tensors of all ranks on one rank (torch.distributed.gather).</summary>
    /// <param name="tensor">The same shape and dtype on all ranks.</param>
    /// <param name="root">The rank that gets them.</param>
    /// <returns>On <paramref name="root"/> a new tensor [<see cref="Size"/>, …] in the order of the ranks, without history; null elsewhere.</returns>
    /// <exception cref="ValueException"><paramref name="root"/> is not a rank.</exception>
    /// <exception cref="WorldException">Shapes, dtypes or calls of the ranks differ, or a rank does not answer in time.</exception>
    public Tensor? Gather(Tensor tensor, int root = 0)
    {
        ArgumentNullException.ThrowIfNull(tensor);
        Check(root, nameof(Gather));
        lock (_gate)
        {
            Agree($"Gather to rank {root} of {tensor.DType} {tensor.Shape}");
            if (Rank != root)
            {
                _messages.Send(Own(tensor), root);
                return null;
            }
            Tensor all = Rows(tensor);
            for (int rank = 0; rank < Size; rank++)
                if (rank != root) _messages.Receive(all[rank], rank);
            return all;
        }
    }

    /// <summary>Sends the elements of a contiguous tensor from one rank to all, along a binomial tree.</summary>
    internal void Spread(Tensor tensor, int root)
    {
        int place = (Rank - root + Size) % Size, bit = 1;
        for (; bit < Size; bit *= 2)
            if ((place & bit) != 0)
            {
                _messages.Receive(tensor, (Rank - bit + Size) % Size);
                break;
            }
        for (bit /= 2; bit > 0; bit /= 2)
            if (place + bit < Size) _messages.Send(tensor, (Rank + bit) % Size);
    }

    // Passes every rank's tensor once around.
    private Tensor Ring(Tensor tensor)
    {
        Tensor all = Rows(tensor);
        for (int step = 0; step < Size - 1; step++)
            _messages.Exchange(all[(Rank - step + Size) % Size], (Rank + 1) % Size, all[(Rank - step - 1 + Size) % Size], (Rank - 1 + Size) % Size);
        return all;
    }

    // One row for each rank; this rank's row is filled.
    private Tensor Rows(Tensor tensor)
    {
        using ModeScope mode = Autograd.NoGrad();
        Tensor all = Tensor.Zeros([Size, .. tensor.Shape.Span], tensor.DType);
        all[Rank].CopyInPlace(tensor);
        return all;
    }

    internal static Tensor Own(Tensor tensor)
    {
        using ModeScope mode = Autograd.NoGrad();
        return Copies.Fresh(tensor.Detach());
    }

    private void Check(int root, string call)
    {
        if (root < 0 || root >= Size) throw new ValueException($"{call}: root is {root}; the ranks are 0 … {Size - 1}");
    }
}
