using System.Numerics;
using MiniTorch.Ops;

namespace MiniTorch.IO;

/// <summary>
/// Converts movements, products, reductions and indexing to ONNX. <see cref="OnnxPointwise"/> converts element-wise operations, <see
/// cref="OnnxWindows"/> windows.
/// </summary>
internal static class OnnxOps
{
    /// <summary>Creates the nodes of a call; null if ONNX has no counterpart.</summary>
    public static OnnxResult? Convert(OnnxCall c) => c.Op switch
    {
        View => Reshape(c, c.X, (c[0].First, c[0].Second), c.Output),
        Expand => new OnnxResult(() => Expanded(c), c[0]),
        Slice slice => Sliced(c, slice, (Slice)c.Other),
        Convolution or BiasedConvolution or MaxPool or AveragePool => OnnxWindows.Convert(c),
        _ when !c.Op.Equals(c.Other) => throw c.Varies(),
        Permute permute => c.Node("Transpose", [c.X], ("perm", Longs(permute.Dims))),
        Copy => c.X,
        Cast cast => c.Node("Cast", [c.X], ("to", (long)OnnxFile.TypeNumber(cast.To))),
        Cat cat => c.Node("Concat", c.Inputs(), ("axis", (long)cat.Dim)),
        Flip flip => Flipped(c, Dims(flip.Dims)),
        Linear => c.Node("Gemm", c.Inputs(), ("transB", 1L)),
        MatMul => c.Node("MatMul", c.Broadcast(keptDims: 2)),
        Sum sum => c.Node("ReduceSum", [c.X, c.Integers(Dims(sum.Dims))], ("keepdims", sum.KeepDim ? 1L : 0L), ("noop_with_empty_axes", 1L)),
        AmaxOrAmin op => c.Node(op is Amax ? "ReduceMax" : "ReduceMin", [c.X], ("axes", Dims(op.Dims)), ("keepdims", 1L)),
        Prod prod => c.Node("ReduceProd", [c.X], ("axes", new long[] { prod.Dim }), ("keepdims", 1L)),
        Norm { Order: 1 or 2 } norm => c.Node(norm.Order == 1 ? "ReduceL1" : "ReduceL2", [c.X], ("axes", Dims(norm.Dims)), ("keepdims", 1L)),
        CumSum { FromEnd: false } cumSum => c.Node("CumSum", [c.X, c.Constant(Tensor.From(new long[] { cumSum.Dim }).Reshape())]),
        Softmax { Safe: false } softmax => c.Node("Softmax", [c.X], ("axis", (long)softmax.Dim)),
        LogSoftmax softmax => c.Node("LogSoftmax", [c.X], ("axis", (long)softmax.Dim)),
        LogSumExp sum => c.Node("ReduceLogSumExp", [c.X], ("axes", new long[] { sum.Dim }), ("keepdims", 1L)),
        Standardize standardize => Standardized(c, standardize),
        LayerNorm norm => c.Node("LayerNormalization", c.Inputs(), ("axis", (long)(c.Rank - c[1].First.Rank)), ("epsilon", (float)norm.Eps)),
        Gather gather => c.Node(gather.At.ByRow ? "Gather" : "GatherElements", c.Inputs(), ("axis", (long)gather.At.Dim)),
        Scatter { At.ByRow: false } scatter => c.Node("ScatterElements", [c.X, c.Input(2), c.Input(1)], ("axis", (long)scatter.At.Dim)),
        ScatterAdd { At.ByRow: false } scatter =>
            c.Node("ScatterElements", [c.X, c.Input(2), c.Input(1)], ("axis", (long)scatter.At.Dim), ("reduction", "add")),
        _ => OnnxPointwise.Convert(c),
    };

    /// <summary>Changes the shape: 0 keeps a size that follows the batch in its place, and −1 stands for one that follows it elsewhere.</summary>
    public static string Reshape(OnnxCall c, string x, (Shape First, Shape Second) from, (Shape First, Shape Second) to)
    {
        if (from == to) return x;
        var sizes = new long[to.First.Rank];
        for (int i = 0; i < sizes.Length; i++)
        {
            bool isKept = i < from.First.Rank && from.First[i] == to.First[i] && from.Second[i] == to.Second[i];
            sizes[i] = to.First[i] == to.Second[i] ? to.First[i] : isKept ? 0 : -1;
        }
        bool isPlain = sizes.Count(size => size == -1) <= 1 && !to.First.Contains(0);
        return c.Node("Reshape", [x, isPlain ? c.Integers(sizes) : c.Sizes(to.First, to.Second)], isPlain ? [] : [("allowzero", 1L)]);
    }

    private static long[] Longs(IEnumerable<int> values) => [.. values.Select(value => (long)value)];

    private static long[] Dims(ulong mask)
    {
        var dims = new List<long>();
        for (; mask != 0; mask &= mask - 1) dims.Add(BitOperations.TrailingZeroCount(mask));
        return [.. dims];
    }

    // A size of 1 keeps the input's size, so only the new batch size must be computed.
    private static string Expanded(OnnxCall c)
    {
        (Shape first, Shape second) = c.Output;
        int added = first.Rank - c[0].First.Rank;
        int[] sizes = first.ToArray(), others = second.ToArray();
        for (int i = added; i < sizes.Length; i++)
            if (c[0].First[i - added] == sizes[i] && c[0].Second[i - added] == others[i]) (sizes[i], others[i]) = (1, 1);
        return c.Node("Expand", [c.X, c.Sizes(sizes, others)]);
    }

    // Positions along the batch are counted from its start or, if they follow the batch size, from its end.
    private static string Sliced(OnnxCall c, Slice slice, Slice other)
    {
        if (slice.Dim != other.Dim || slice.Step != other.Step) throw c.Varies();
        (int size, int otherSize) = (c[0].First[slice.Dim], c[0].Second[slice.Dim]);
        long start = Place(slice.Start, other.Start), end = Place(End(slice), End(other));
        return c.Node("Slice", [c.X, c.Integers(start), c.Integers(end), c.Integers(slice.Dim), c.Integers(slice.Step)]);

        static int End(Slice slice) => slice.Length == 0 ? slice.Start : slice.Start + ((slice.Length - 1) * slice.Step) + 1;

        long Place(int place, int otherPlace) =>
            place == otherPlace ? place
            : place - size != otherPlace - otherSize ? throw c.Varies()
            : place == size ? long.MaxValue : place - size;
    }

    private static string Flipped(OnnxCall c, long[] dims)
    {
        string Same(long value) => c.Integers([.. dims.Select(_ => value)]);
        return dims.Length == 0 ? c.X : c.Node("Slice", [c.X, Same(-1), Same(long.MinValue + 1), c.Integers(dims), Same(-1)]);
    }

    // LayerNormalization normalises the last dimensions; for others the definition is exported.
    private static OnnxResult? Standardized(OnnxCall c, Standardize op)
    {
        long[] dims = Dims(op.Dims);
        int axis = c.Rank - dims.Length;
        bool areLast = dims.Length > 0 && dims[0] == axis && c[0].First.Span[axis..].SequenceEqual(c[0].Second.Span[axis..]);
        if (!areLast) return null;
        string ones = c.Constant(Tensor.Ones(Shape.Create(c[0].First.Span[axis..]), c.DType));
        return c.Node("LayerNormalization", [c.X, ones], ("axis", (long)axis), ("epsilon", (float)op.Eps));
    }
}
