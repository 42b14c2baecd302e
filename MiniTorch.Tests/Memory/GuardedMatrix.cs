using System.Numerics;

namespace MiniTorch.Tests.Kernels;

/// <summary>How the rows and columns of a test's matrix lie in memory.</summary>
public enum MatrixLayout
{
    RowMajor,
    ColumnMajor,
    Padded,
    Stepped,
    SameRow,
    SameColumn,
}

/// <summary>A matrix of random numbers whose first or last element is beside a forbidden page.</summary>
internal sealed unsafe class GuardedMatrix<T> : IDisposable
    where T : unmanaged, INumber<T>
{
    readonly GuardedBuffer<T> _buffer;

    public GuardedMatrix(long rows, long columns, MatrixLayout layout, Random random, bool atStart = false)
    {
        (Row, Column) = layout switch
        {
            MatrixLayout.RowMajor => (columns, 1L),
            MatrixLayout.ColumnMajor => (1L, rows),
            MatrixLayout.Padded => (columns + 3, 1L),
            MatrixLayout.Stepped => (2 * columns + 1, 2L),
            MatrixLayout.SameRow => (0L, 1L),
            _ => (1L, 0L),
        };
        _buffer = new((int)(rows * columns == 0 ? 0 : (rows - 1) * Row + (columns - 1) * Column + 1), atStart);
        foreach (ref T x in _buffer.Span)
            x = typeof(T) == typeof(long) ? T.CreateTruncating(random.NextInt64()) : T.CreateTruncating(random.NextDouble() * 2 - 1);
    }

    public long Row { get; }

    public long Column { get; }

    public T* Data => _buffer.Data;

    public Span<T> Memory => _buffer.Span;

    public T this[long row, long column] => Data[row * Row + column * Column];

    public void Dispose() => _buffer.Dispose();
}
