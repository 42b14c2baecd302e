namespace MiniTorch;

/// <summary>
/// The position of a tensor's elements in its storage: shape, strides and offset, in elements. Immutable, so tensors can share one.
/// </summary>
internal sealed class Layout : IEquatable<Layout>
{
    public Layout(Shape shape, long[] strides, long offset)
    {
        Shape = shape;
        Strides = strides;
        Offset = offset;
        IsContiguous = ReferenceEquals(strides, shape.Strides) || FollowsRowMajor(shape, strides);
    }

    public Shape Shape { get; }

    public long[] Strides { get; }

    public long Offset { get; }

    /// <summary>Whether the elements lie in row-major order without gaps. Strides of dimensions of size 1 and of empty tensors are ignored.</summary>
    public bool IsContiguous { get; }

    /// <summary>Whether different indices refer to the same element, as in an expanded tensor.</summary>
    public bool Overlaps
    {
        get
        {
            if (IsContiguous) return false;
            for (int i = 0; i < Strides.Length; i++)
                if (Strides[i] == 0 && Shape[i] > 1) return true;
            return false;
        }
    }

    /// <summary>Returns the layout of a view with another shape, or null if that shape requires a copy (PyTorch's computeStride).</summary>
    public Layout? View(Shape shape)
    {
        if (IsContiguous) return new Layout(shape, shape.Strides, Offset);
        var strides = new long[shape.Rank];
        int to = shape.Rank - 1;
        long chunkBase = Strides[^1], seen = 1, wanted = 1;
        for (int from = Shape.Rank - 1; from >= 0; from--)
        {
            seen *= Shape[from];
            bool chunkEnds = from == 0 || (Shape[from - 1] != 1 && Strides[from - 1] != seen * chunkBase);
            if (!chunkEnds) continue;
            for (; to >= 0 && (wanted < seen || shape[to] == 1); to--)
            {
                strides[to] = wanted * chunkBase;
                wanted *= shape[to];
            }
            if (wanted != seen) return null;
            if (from > 0)
            {
                chunkBase = Strides[from - 1];
                seen = wanted = 1;
            }
        }
        return to == -1 ? new Layout(shape, strides, Offset) : null;
    }

    /// <summary>Whether the shape, the strides and the offset agree.</summary>
    public bool Equals(Layout? other) =>
        other is not null && Shape == other.Shape && Offset == other.Offset && Strides.AsSpan().SequenceEqual(other.Strides);

    public override bool Equals(object? obj) => Equals(obj as Layout);

    public override int GetHashCode() => Strides.Aggregate(HashCode.Combine(Shape, Offset), HashCode.Combine);

    private static bool FollowsRowMajor(Shape shape, long[] strides)
    {
        if (shape.ElementCount == 0) return true;
        long step = 1;
        for (int i = strides.Length - 1; i >= 0; i--)
        {
            if (shape[i] == 1) continue;
            if (strides[i] != step) return false;
            step *= shape[i];
        }
        return true;
    }
}
