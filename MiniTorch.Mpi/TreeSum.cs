using System.Numerics;
using MiniTorch.Mpi.Native;

namespace MiniTorch.Mpi;

/// <summary>
/// Combines vectors along one binary tree. Its leaves lie in consecutive blocks on the ranks; the tree, and so every bit of the result, depends on
/// the number of leaves only.
/// </summary>
/// <remarks>A vector is a list of one-dimensional or other contiguous tensors, equal in shape on all ranks.</remarks>
internal sealed class TreeSum(World world, Messages messages, int leaves, ReduceOp op = ReduceOp.Sum)
{
    // What this rank has combined so far: complete subtrees from left to right.
    private readonly List<(int First, int Count, Tensor[] Value)> _subtrees = [];
    private readonly Stack<Tensor[]> _free = new();
    private readonly Dictionary<DType, Tensor> _scratch = [];
    private int _added;

    /// <summary>Returns a vector that is no longer needed, for reuse; null if there is none.</summary>
    public Tensor[]? TakeFree() => _free.TryPop(out Tensor[]? vector) ? vector : null;

    /// <summary>Gives a vector back.</summary>
    public void Free(Tensor[] vector) => _free.Push(vector);

    /// <summary>Forgets what was added, after an error.</summary>
    public void Clear()
    {
        foreach ((_, _, Tensor[] value) in _subtrees) Free(value);
        _subtrees.Clear();
        _added = 0;
    }

    /// <summary>Adds the next leaf of this rank. The tree owns the vector from now on.</summary>
    public void Add(Tensor[] leaf)
    {
        using ModeScope mode = Autograd.NoGrad();
        (int First, int Count, Tensor[] Value) node = (First(world.Rank) + _added++, 1, leaf);
        while (_subtrees.Count > 0 && _subtrees[^1] is var left && left.Count == node.Count && left.First % (2 * node.Count) == 0)
        {
            for (int i = 0; i < leaf.Length; i++) Combine(left.Value[i], node.Value[i]);
            Free(node.Value);
            node = (left.First, 2 * node.Count, left.Value);
            _subtrees.RemoveAt(_subtrees.Count - 1);
        }
        _subtrees.Add(node);
    }

    /// <summary>Combines the subtrees of all ranks and returns the value of the root of the tree, on every rank.</summary>
    public Tensor[] Finish()
    {
        using ModeScope mode = Autograd.NoGrad();
        Tensor[] result = _subtrees[0].Value;
        for (int i = 0; i < result.Length; i++)
            if (BitOperations.IsPow2(world.Size)) foreach (Tensor part in Parts(result[i])) Halve(part);
            else if (result[i].ElementCount > 0)
            {
                Reduce(i, 0, leaves);
                world.Spread(result[i], 0);
            }
        foreach ((_, _, Tensor[] value) in _subtrees[1..]) Free(value);
        _subtrees.Clear();
        _added = 0;
        return result;
    }

    // Ranks are a power of two, so each has one subtree. Neighbours exchange halves, then pairs of neighbours quarters, and so on: every element
    // travels up the same tree, but to another rank. On the way back each rank passes on what it has (Rabenseifner 2004).
    private void Halve(Tensor part)
    {
        var steps = new Stack<(Tensor Kept, Tensor Given, int Partner)>();
        for (int distance = 1; distance < world.Size; distance *= 2)
        {
            int middle = part.Shape[0] / 2, partner = world.Rank ^ distance;
            (Tensor kept, Tensor given) = world.Rank < partner ? (part[..middle], part[middle..]) : (part[middle..], part[..middle]);
            Tensor received = Scratch(kept);
            messages.Exchange(given, partner, received, partner);
            Combine(kept, received);
            steps.Push((kept, given, partner));
            part = kept;
        }
        while (steps.TryPop(out (Tensor Kept, Tensor Given, int Partner) step)) messages.Exchange(step.Kept, step.Partner, step.Given, step.Partner);
    }

    // Any number of ranks: the rank of a node's first leaf gets the value of its right half from the rank of that half's first leaf.
    private Tensor? Reduce(int index, int first, int count)
    {
        int owner = Owner(first);
        if (Owner(first + count - 1) == owner)
            return owner == world.Rank ? _subtrees.Find(node => node.First == first && node.Count == count).Value[index] : null;
        int half = count / 2, other = Owner(first + half);
        Tensor? left = Reduce(index, first, half), right = Reduce(index, first + half, count - half);
        if (owner == world.Rank && other == owner) Combine(left!, right!);
        else if (other == world.Rank) messages.Send(right!, owner);
        else if (owner == world.Rank)
            foreach (Tensor part in Parts(left!))
            {
                Tensor received = Scratch(part);
                messages.Receive(received, other);
                Combine(part, received);
            }
        return left;
    }

    private int First(int rank) => (int)((long)rank * leaves / world.Size);

    private int Owner(int leaf)
    {
        int rank = (int)((long)leaf * world.Size / leaves);
        while (First(rank + 1) <= leaf) rank++;
        return rank;
    }

    private void Combine(Tensor into, Tensor other)
    {
        if (op == ReduceOp.Sum) into.AddInPlace(other);
        else into.CopyInPlace(op == ReduceOp.Max ? into.Maximum(other) : into.Minimum(other));
    }

    private Tensor Scratch(Tensor like)
    {
        if (!_scratch.TryGetValue(like.DType, out Tensor? scratch) || scratch.Shape[0] < like.Shape[0])
            _scratch[like.DType] = scratch = Tensor.Zeros([like.Shape[0]], like.DType);
        return scratch[..like.Shape[0]];
    }

    // Views of a contiguous tensor in one dimension, as long as a message can be.
    private static IEnumerable<Tensor> Parts(Tensor tensor)
    {
        int most = Messages.PartBytes / tensor.DType.Size();
        for (long offset = 0; offset < tensor.ElementCount; offset += most)
        {
            Shape length = [(int)Math.Min(most, tensor.ElementCount - offset)];
            yield return new Tensor(tensor.Storage, new Layout(length, length.Strides, tensor.Layout.Offset + offset));
        }
    }
}
