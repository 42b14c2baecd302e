using System.Numerics;

namespace MiniTorch.Kernels;

/// <summary>
/// The patches of an image that the outputs of a convolution see, as a matrix of (PatchSize, Width) for some rows of outputs at a time, which
/// bounds its memory and keeps it in the cache.
/// </summary>
internal unsafe ref struct Patches<T>
    where T : unmanaged, IBinaryNumber<T>
{
    const long BlockBytes = 1 << 18;

    [ThreadStatic]
    static Scratch? t_scratch;

    readonly ConvolutionShape _shape;
    readonly long _rowsPerBlock;
    long _row, _rows;

    public Patches(in ConvolutionShape shape)
    {
        _shape = shape;
        _rowsPerBlock = Math.Clamp(BlockBytes / Math.Max(1, shape.PatchSize * shape.X.Output * sizeof(T)), 1, Math.Max(1, shape.Y.Output));
        Data = Scratch.Rent<T>(ref t_scratch, shape.PatchSize * shape.X.Output * _rowsPerBlock);
    }

    /// <summary>The matrix, row-major; each row is one element of every patch.</summary>
    public T* Data { get; }

    /// <summary>The first output of this block.</summary>
    public readonly long First => _row * _shape.X.Output;

    /// <summary>Number of outputs in this block.</summary>
    public readonly long Width => _rows * _shape.X.Output;

    /// <summary>Goes to the next block; false after the last.</summary>
    public bool Next()
    {
        _row += _rows;
        _rows = Math.Min(_rowsPerBlock, _shape.Y.Output - _row);
        if (Width == 0) Scratch.Return(ref t_scratch);
        return Width > 0;
    }

    // At stride 1 and equal widths a row of the matrix is the image shifted, and only its edges need special treatment.
    readonly bool IsShifted => _shape.X.Stride == 1 && _shape.Y.Stride == 1 && _shape.X.Output == _shape.X.Input;

    /// <summary>Fills the matrix from an image; what lies in the padding is zero.</summary>
    public readonly T* Gather(T* image)
    {
        T* target = Data;
        foreach (var element in Elements())
        {
            T* channel = image + element.Channel;
            new Span<T>(target, (int)(element.Top * _shape.X.Output)).Clear();
            new Span<T>(target + element.Bottom * _shape.X.Output, (int)((_rows - element.Bottom) * _shape.X.Output)).Clear();
            if (IsShifted)
            {
                var (start, end) = Shifted(element);
                new ReadOnlySpan<T>(channel + start + element.Shift, (int)(end - start)).CopyTo(new(target + start, (int)(end - start)));
                ClearBorders(element, target);
            }
            else
            {
                for (long y = element.Top; y < element.Bottom; y++)
                {
                    T* to = target + y * _shape.X.Output, from = channel + y * _shape.Y.Stride * _shape.X.Input + element.Shift;
                    for (long x = 0; x < _shape.X.Output; x++)
                        to[x] = x >= element.Left && x < element.Right ? from[x * _shape.X.Stride] : T.Zero;
                }
            }

            target += Width;
        }

        return Data;
    }

    readonly void ClearBorders(in Element element, T* matrixRow)
    {
        for (long y = element.Top; y < element.Bottom; y++)
        {
            T* row = matrixRow + y * _shape.X.Output;
            for (long x = 0; x < element.Left; x++)
                row[x] = T.Zero;
            for (long x = element.Right; x < _shape.X.Output; x++)
                row[x] = T.Zero;
        }
    }

    /// <summary>From the first to after the last output that sees the image, whose shifted copy is inside the image's channel.</summary>
    readonly (long Start, long End) Shifted(in Element element)
    {
        if (element.Top >= element.Bottom || element.Left >= element.Right) return (0, 0);
        return (element.Top * _shape.X.Output + element.Left, (element.Bottom - 1) * _shape.X.Output + element.Right);
    }

    readonly ElementEnumerator Elements() => new(_shape, _row, _rows);

    /// <summary>
    /// One element of a patch: where its channel starts in the image, what to add to an output's place there, and the outputs of the block
    /// at which it is not in the padding.
    /// </summary>
    readonly record struct Element(long Channel, long Shift, long Top, long Bottom, long Left, long Right);

    struct ElementEnumerator(in ConvolutionShape shape, long row, long rows)
    {
        readonly ConvolutionShape _shape = shape;
        long _channel, _y, _x = -1;

        public readonly ElementEnumerator GetEnumerator() => this;

        public readonly Element Current
        {
            get
            {
                var (top, bottom) = _shape.Y.Inside(_y);
                var (left, right) = _shape.X.Inside(_x);
                long shift = (row * _shape.Y.Stride + _shape.Y.Shift(_y)) * _shape.X.Input + _shape.X.Shift(_x);
                top = Math.Clamp(top - row, 0, rows);
                return new(_channel * _shape.Y.Input * _shape.X.Input, shift, top, Math.Clamp(bottom - row, top, rows), left, right);
            }
        }

        public bool MoveNext()
        {
            if (++_x == _shape.X.Kernel)
            {
                _x = 0;
                if (++_y == _shape.Y.Kernel)
                {
                    _y = 0;
                    _channel++;
                }
            }

            return _channel < _shape.Channels;
        }
    }
}
