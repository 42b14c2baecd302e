using MiniTorch.Ops;

namespace MiniTorch;

public sealed partial class Shape
{
    /// <summary>
    /// Returns the shape that both broadcast to, or throws an error that names the dimension. PyTorch's rule: align the dimensions at the end;
    /// sizes must be equal, or one of them 1.
    /// </summary>
    internal static Shape Broadcast(Shape a, Shape b, string op)
    {
        if (a.Equals(b)) return a;
        int rank = Math.Max(a.Rank, b.Rank);
        Span<int> sizes = stackalloc int[rank];
        for (int i = 1; i <= rank; i++)
        {
            int x = i <= a.Rank ? a._sizes[^i] : 1, y = i <= b.Rank ? b._sizes[^i] : 1;
            if (x != y && x != 1 && y != 1)
                throw new ShapeException($"{op}: shapes {a} and {b} do not broadcast: dimension −{i} has sizes {x} and {y}; "
                    + "sizes must be equal or 1 (Unsqueeze adds a dimension of size 1)");
            sizes[^i] = x == 1 ? y : x;
        }
        return sizes.SequenceEqual(a._sizes) ? a : sizes.SequenceEqual(b._sizes) ? b : Create(sizes);
    }
}

public partial class Tensor
{
    internal Tensor ExpandTo(Shape shape) => Shape == shape ? this : new Expand(shape).Apply(this);

    /// <summary>Sums over the dimensions that broadcasting from <paramref name="shape"/> added or repeated.</summary>
    internal Tensor SumTo(Shape shape)
    {
        if (Shape == shape) return this;
        int added = Rank - shape.Rank;
        ulong dims = 0;
        for (int i = 0; i < Rank; i++)
            if (i < added || shape[i - added] != Shape[i]) dims |= 1UL << i;
        return new Sum(dims, true).Apply(this).Reshape(shape);
    }
}

/// <summary>Dimensions of size 1 repeated without a copy (torch.Tensor.expand); the transpose is a sum.</summary>
internal sealed record Expand(Shape To) : LinearOp
{
    internal override bool CanReuseTemporaries => true;

    protected internal override Tensor Compute(ReadOnlySpan<Tensor> inputs)
    {
        Layout from = inputs[0].Layout;
        int added = To.Rank - from.Shape.Rank;
        var strides = new long[To.Rank];
        for (int i = added; i < strides.Length; i++) strides[i] = from.Shape[i - added] == To[i] ? from.Strides[i - added] : 0;
        return new Tensor(inputs[0], new Layout(To, strides, from.Offset));
    }

    protected override Tensor Transpose(OpContext call, int input, Tensor cotangent) => cotangent.SumTo(call.InputShape(0));
}
