using System.Numerics;

namespace MiniTorch.Kernels;

/// <summary>
/// An image with its padding around it, for convolutions of stride 1: outputs that lie side by side see it side by side, shifted by a constant for
/// each element of the filter. It is held for some rows of outputs at a time, which bounds its memory and keeps it in the cache.
/// </summary>
internal unsafe ref struct PaddedImage<V, T>
    where V : struct, IVector<V, T>
    where T : unmanaged, IBinaryNumber<T>
{
    const long BlockBytes = 1 << 18;

    [ThreadStatic]
    static Scratch? t_image, t_places;

    readonly ConvolutionShape _shape;

    public PaddedImage(in ConvolutionShape shape)
    {
        _shape = shape;
        Pitch = shape.X.Output + shape.X.Reach;
        MostRows = Math.Clamp(BlockBytes / Math.Max(1, shape.Channels * Pitch * sizeof(T)) - shape.Y.Reach, 1, Math.Max(1, shape.Y.Output));
        ChannelSize = (MostRows + shape.Y.Reach) * Pitch;
        Data = Scratch.Rent<T>(ref t_image, Size + V.Count);
    }

    /// <summary>The first element; behind the last there is room for a vector.</summary>
    public T* Data { get; }

    /// <summary>Elements from a row to the next.</summary>
    public long Pitch { get; }

    /// <summary>Elements from a channel to the next.</summary>
    public long ChannelSize { get; }

    /// <summary>The most rows of outputs in a block.</summary>
    public long MostRows { get; }

    /// <summary>The first row of outputs in this block.</summary>
    public long Row { get; private set; }

    /// <summary>The number of rows of outputs in this block.</summary>
    public long Rows { get; private set; }

    readonly long Size => _shape.Channels * ChannelSize;

    /// <summary>Where the first output sees an element of a filter's channel.</summary>
    public readonly long Place(long y, long x) => y * _shape.Y.Dilation * Pitch + x * _shape.X.Dilation;

    /// <summary>Where the first output sees each element of a filter; valid until the next call for any image.</summary>
    public readonly long* FilterPlaces()
    {
        long* places = Scratch.Rent<long>(ref t_places, _shape.PatchSize);
        for (long c = 0, next = 0; c < _shape.Channels; c++)
            for (long y = 0; y < _shape.Y.Kernel; y++)
                for (long x = 0; x < _shape.X.Kernel; x++) places[next++] = c * ChannelSize + Place(y, x);
        return places;
    }

    /// <summary>Where each output of a block sees the filter's first element; valid until the next call for any image.</summary>
    public readonly long* OutputPlaces()
    {
        long* places = Scratch.Rent<long>(ref t_places, MostRows * _shape.X.Output);
        for (long y = 0, next = 0; y < MostRows; y++)
            for (long x = 0; x < _shape.X.Output; x++) places[next++] = y * Pitch + x;
        return places;
    }

    /// <summary>Goes to the first or next block of an image; false after the last, when the memory is no longer valid.</summary>
    public bool Next(T* image)
    {
        Row += Rows;
        Rows = Math.Min(MostRows, _shape.Y.Output - Row);
        if (Rows <= 0)
        {
            Row = Rows = 0;
            Scratch.Return(ref t_image);
            Scratch.Return(ref t_places);
            return false;
        }
        new Span<T>(Data, checked((int)Size)).Clear();
        long first = Row - _shape.Y.Padding, end = Math.Min(first + Rows + _shape.Y.Reach, _shape.Y.Input);
        for (long c = 0; c < _shape.Channels; c++)
            for (long y = Math.Max(first, 0); y < end; y++)
                CopyRow(image + (c * _shape.Y.Input + y) * _shape.X.Input, Data + c * ChannelSize + (y - first) * Pitch + _shape.X.Padding);
        return true;
    }

    // The zeros of whole vectors behind a row are padding, or what the next row overwrites.
    // No output sees the end of a row that a transposed convolution's output padding made longer.
    readonly void CopyRow(T* from, T* to)
    {
        long seen = Math.Min(_shape.X.Input, Pitch - _shape.X.Padding);
        for (long x = 0; x < seen; x += V.Count)
            V.Store(V.LoadPartial(from + x, (int)Math.Min(V.Count, seen - x)), to + x);
    }
}
