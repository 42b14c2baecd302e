using System.Numerics;
using System.Runtime.CompilerServices;

namespace MiniTorch.Kernels;

/// <summary>
/// Images with their padding around them: outputs see them at constant steps from each other, shifted by a constant for each element of the filter.
/// They are held for some rows of outputs at a time, which bounds their memory and keeps them in the cache.
/// </summary>
internal unsafe ref struct PaddedImage<V, T>
    where V : struct, IVector<V, T>
    where T : unmanaged, IBinaryNumber<T>
{
    const long BlockBytes = 1 << 18;

    [ThreadStatic]
    static Scratch? t_image, t_places;

    readonly ConvolutionShape _shape;
    readonly long _images, _phases, _phaseSize, _behind;

    /// <summary>
    /// For one image, or several at once if <see cref="MostImages"/> allows it. With <paramref name="isSplit"/>, the columns of each phase of the
    /// stride lie side by side, so that neighbouring outputs see neighbouring elements.
    /// </summary>
    public PaddedImage(in ConvolutionShape shape, bool isSplit = false, long images = 1)
    {
        (ConvolutionAxis y, ConvolutionAxis x) = (shape.Y, shape.X);
        (_shape, _images) = (shape, images);
        _phases = isSplit ? Math.Min(x.Stride, x.Reach + 1) : 1;
        // At stride 1 the padding before a row serves the row above as well.
        long shared = x.Stride > 1 ? 0 : Math.Clamp(x.Span - x.Padding - x.Input, 0, Math.Max(0, x.Padding));
        _phaseSize = isSplit ? x.Output + x.Reach / x.Stride - shared : x.Span - shared;
        (StepX, Pitch) = (isSplit ? 1 : x.Stride, _phases * _phaseSize);
        StepY = y.Stride * Pitch;
        MostRows = Math.Clamp((BlockBytes / Math.Max(1, shape.Channels * Pitch * sizeof(T)) - y.Reach - 1) / y.Stride + 1, 1, Math.Max(1, y.Output));
        long lines = IntegerMath.CeilDiv(((MostRows - 1) * y.Stride + y.Reach + 1) * Pitch * sizeof(T), 64) | 1; // an odd number: other cache sets
        ChannelSize = lines * 64 / sizeof(T);
        _behind = shared + V.Count;
        Data = Scratch.Rent<T>(ref t_image, Size + _behind);
        if (IsWhole) Clear(Data, Size + _behind);
    }

    /// <summary>The number of whole images that fit in a block.</summary>
    public static long MostImages(in ConvolutionShape shape)
    {
        long bytes = shape.Channels * (shape.Y.Span + 1) * shape.X.Span * sizeof(T);
        return Math.Max(1, 2 * BlockBytes / Math.Max(1, bytes));
    }

    /// <summary>The first element; behind the last there is room for a vector.</summary>
    public T* Data { get; }

    /// <summary>Elements from a row to the next.</summary>
    public long Pitch { get; }

    /// <summary>Elements from a channel to the next.</summary>
    public long ChannelSize { get; }

    /// <summary>Elements from what an output sees to what the output to its right sees.</summary>
    public long StepX { get; }

    /// <summary>Elements from what an output sees to what the output below sees.</summary>
    public long StepY { get; }

    /// <summary>The most rows of outputs in a block.</summary>
    public long MostRows { get; }

    /// <summary>The first row of outputs in this block.</summary>
    public long Row { get; private set; }

    /// <summary>The number of rows of outputs in this block.</summary>
    public long Rows { get; private set; }

    /// <summary>Elements from an image to the next.</summary>
    public readonly long ImageSize => _shape.Channels * ChannelSize;

    readonly long Size => _images * ImageSize;

    // The padding of the next image is then that of the last one.
    readonly bool IsWhole => MostRows >= _shape.Y.Output;

    static void Clear(T* data, long count) => new Span<T>(data, checked((int)count)).Clear();

    /// <summary>Where the first output sees an element of a filter's channel.</summary>
    public readonly long Place(long y, long x)
    {
        long column = x * _shape.X.Dilation;
        return y * _shape.Y.Dilation * Pitch + (StepX == _shape.X.Stride ? column
            : column % _shape.X.Stride * _phaseSize + column / _shape.X.Stride);
    }

    /// <summary>Where the first output sees each element of a filter; valid until the next call for any image.</summary>
    public readonly long* FilterPlaces()
    {
        long* places = Scratch.Rent<long>(ref t_places, _shape.PatchSize);
        for (long c = 0, next = 0; c < _shape.Channels; c++)
            for (long y = 0; y < _shape.Y.Kernel; y++)
                for (long x = 0; x < _shape.X.Kernel; x++) places[next++] = c * ChannelSize + Place(y, x);
        return places;
    }

    /// <summary>Where each output of a block sees the filter's first element, image by image; valid until the next call for any image.</summary>
    public readonly long* OutputPlaces()
    {
        long* places = Scratch.Rent<long>(ref t_places, _images * MostRows * _shape.X.Output);
        for (long image = 0, next = 0; image < _images; image++)
            for (long y = 0; y < MostRows; y++)
                for (long x = 0; x < _shape.X.Output; x++) places[next++] = image * ImageSize + y * StepY + x * StepX;
        return places;
    }

    /// <summary>
    /// Goes to the first or next block of the first <paramref name="count"/> images, which are <paramref name="step"/> elements apart; false after
    /// the last.
    /// </summary>
    public bool Next(T* images, long count = 1, long step = 0)
    {
        Row += Rows;
        Rows = Math.Min(MostRows, _shape.Y.Output - Row);
        if (Rows <= 0)
        {
            Row = Rows = 0;
            return false;
        }
        for (long image = 0; image < count; image++) Copy(images + image * step, Data + image * ImageSize);
        return true;
    }

    /// <summary>Returns the memory of images and places; they are no longer valid.</summary>
    public static void Return()
    {
        Scratch.Return(ref t_image);
        Scratch.Return(ref t_places);
    }

    readonly void Copy(T* image, T* to)
    {
        if (!IsWhole) Clear(to, ImageSize + _behind);
        (ConvolutionAxis y, ConvolutionAxis x) = (_shape.Y, _shape.X);
        long above = Row * y.Stride - y.Padding, end = Math.Min(above + (Rows - 1) * y.Stride + y.Reach + 1, y.Input);
        // No output sees the end of a row that a transposed convolution's output padding made longer.
        long first = Math.Max(0, -x.Padding), seen = Math.Min(x.Input, x.Span - x.Padding) - first;
        for (long c = 0; c < _shape.Channels; c++)
        {
            for (long row = Math.Max(above, 0); row < end; row++)
            {
                T* source = image + (c * y.Input + row) * x.Input + first, target = to + c * ChannelSize + (row - above) * Pitch;
                if (StepX == x.Stride) CopyRow(source, seen, target + x.Padding + first, image + _shape.InputSize);
                else SplitRow(source, seen, target, x.Padding + first);
            }
        }
    }

    // The zeros of whole vectors behind a row are padding, or what the next row overwrites.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void CopyRow(T* from, long count, T* to, T* end)
    {
        const long BytesAhead = 1024;
        Simd.Prefetch((byte*)from + BytesAhead, count * sizeof(T));
        long x = 0;
        for (; x <= count - V.Count; x += V.Count) V.Store(V.Load(from + x), to + x);
        if (x >= count) return;
        int rest = (int)(count - x);
        V.Store(from + x + V.Count <= end ? V.And(V.Load(from + x), V.FromBits((1UL << rest) - 1)) : V.LoadPartial(from + x, rest), to + x);
    }

    readonly void SplitRow(T* from, long count, T* to, long column)
    {
        long stride = _shape.X.Stride, x = 0;
        if (stride == 2 && _phases == 2 && V.Count > 1)
        {
            T* even = to + column % 2 * _phaseSize + column / 2, odd = to + (column + 1) % 2 * _phaseSize + (column + 1) / 2;
            for (; x <= count - 2 * V.Count; x += 2 * V.Count, even += V.Count, odd += V.Count)
            {
                var (first, second) = V.Unzip(V.Load(from + x), V.Load(from + x + V.Count));
                V.Store(first, even);
                V.Store(second, odd);
            }
        }
        for (; x < count; x++)
            if ((column + x) % stride is var phase && phase < _phases) to[phase * _phaseSize + (column + x) / stride] = from[x];
    }
}
