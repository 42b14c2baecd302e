using MiniTorch.Kernels;

namespace MiniTorch.Ops;

/// <summary>
/// x[i, j, …] with index tensors. It moves the indexed dimensions to the front and flattens them, and combines the index tensors to one vector of row
/// indices, so that index_select and index_copy compute values and derivatives.
/// </summary>
internal sealed class AdvancedIndex
{
    private readonly int[] _order;
    private readonly int _indexed, _resultDim;
    private readonly Shape _places;
    private readonly Tensor _rows;

    private AdvancedIndex(int[] order, int indexed, int resultDim, Shape places, Tensor rows)
    {
        _order = order;
        _indexed = indexed;
        _resultDim = resultDim;
        _places = places;
        _rows = rows;
    }

    /// <summary>Creates the plan from an index tensor or null for each dimension of <paramref name="x"/>.</summary>
    public static AdvancedIndex Of(Tensor x, Tensor?[] indices)
    {
        int[] indexed = [.. Enumerable.Range(0, x.Rank).Where(dim => indices[dim] is not null)];
        int[] order = [.. indexed, .. Enumerable.Range(0, x.Rank).Except(indexed)];
        Shape places = indices[indexed[0]]!.Shape;
        foreach (int dim in indexed) places = Shape.Broadcast(places, indices[dim]!.Shape, "index");
        bool adjacent = indexed[^1] - indexed[0] == indexed.Length - 1;
        return new AdvancedIndex(order, indexed.Length, adjacent ? indexed[0] : 0, places, Rows(x, indices, indexed, places));
    }

    public Tensor Read(Tensor x)
    {
        Tensor moved = x.Permute(_order);
        Tensor picked = Flat(moved).IndexSelect(0, _rows).Reshape([.. _places.Span, .. moved.Shape.Span[_indexed..]]);
        return picked.Permute(ResultOrder(picked.Rank));
    }

    /// <summary>Returns a copy of <paramref name="x"/> with the indexed elements replaced.</summary>
    public Tensor Write(Tensor x, Tensor value)
    {
        Tensor moved = x.Permute(_order);
        Shape front = Shape.Create([.. _places.Span, .. moved.Shape.Span[_indexed..]]);
        int[] resultOrder = ResultOrder(front.Rank);
        Shape result = Shape.Create([.. resultOrder.Select(dim => front[dim])]);
        if (Shape.Broadcast(result, value.Shape, "index") != result)
            throw new ShapeException($"index: a value of shape {value.Shape} does not broadcast to the indexed elements of shape {result}");
        Tensor rows = value.To(x.DType).ExpandTo(result).Permute(Inverse(resultOrder))
            .Reshape([(int)_rows.ElementCount, .. moved.Shape.Span[_indexed..]]);
        return Flat(moved).IndexCopy(0, _rows, rows).Reshape(moved.Shape).Permute(Inverse(_order));
    }

    private Tensor Flat(Tensor moved)
    {
        int first = Shape.Size(Shape.Create(moved.Shape.Span[.._indexed]).ElementCount, "index");
        return moved.Reshape([first, .. moved.Shape.Span[_indexed..]]);
    }

    // The indexed dimensions come first in the result. If the index tensors were adjacent, they move back to that position.
    private int[] ResultOrder(int rank) =>
        [.. Enumerable.Range(_places.Rank, _resultDim), .. Enumerable.Range(0, _places.Rank),
            .. Enumerable.Range(_places.Rank + _resultDim, rank - _places.Rank - _resultDim)];

    private static int[] Inverse(int[] order)
    {
        var inverse = new int[order.Length];
        for (int i = 0; i < order.Length; i++) inverse[order[i]] = i;
        return inverse;
    }

    private static Tensor Rows(Tensor x, Tensor?[] indices, int[] indexed, Shape places)
    {
        Tensor rows = Tensor.Zeros([Shape.Size(places.ElementCount, "index")], DType.Int64);
        long scale = 1;
        for (int i = indexed.Length - 1; i >= 0; i--)
        {
            int dim = indexed[i];
            Tensor index = indices[dim]!.ExpandTo(places);
            bool inRange = false;
            IndexFault fault = default;
            KernelCall.RunAs(DType.Int64, new Offsets(index.Layout, x.Shape[dim], scale, ref inRange, ref fault), rows, index);
            if (!inRange)
                throw new ValueException($"index: {fault.Value} (element {fault.Position} of the index tensor in row-major order) is out of "
                    + $"range [{-x.Shape[dim]}, {x.Shape[dim]}) for dimension {dim} of shape {x.Shape}");
            scale *= x.Shape[dim];
        }
        return rows;
    }

    private readonly unsafe ref struct Offsets(Layout index, int limit, long scale, ref bool inRange, ref IndexFault fault) : IKernelCall
    {
        private readonly ref bool _inRange = ref inRange;
        private readonly ref IndexFault _fault = ref fault;

        public void Run<T>(byte** data) where T : unmanaged, System.Numerics.IBinaryNumber<T> =>
            _inRange = IndexOffsets.Add((long*)data[0], (long*)data[1], index.Shape, index.Strides, limit, scale, out _fault);
    }
}
