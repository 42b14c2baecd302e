namespace MiniTorch.Kernels;

/// <summary>A matrix in memory, or a part of one, at any strides.</summary>
internal readonly unsafe struct MatrixBlock(double* data, int rows, int columns, long rowStride, long columnStride = 1)
{
    /// <summary>The lanes of the widest vector; padded rows are multiples of it.</summary>
    public const int Lanes = 8;

    public double* Data => data;

    public int Rows => rows;

    public int Columns => columns;

    public long RowStride => rowStride;

    public long ColumnStride => columnStride;

    /// <summary>The same elements with rows and columns exchanged.</summary>
    public MatrixBlock Transposed => new(data, columns, rows, columnStride, rowStride);

    public ref double this[int row, int column] => ref data[row * rowStride + column * columnStride];

    public double* Row(int row) => data + row * rowStride;

    /// <summary>The matrix number <paramref name="at"/> of a batch without gaps that begins with this row-major one.</summary>
    public MatrixBlock Next(long at) => new(data + at * rows * columns, rows, columns, rowStride, columnStride);

    /// <summary>The block whose first element is the given one.</summary>
    public MatrixBlock Part(int firstRow, int firstColumn, int partRows, int partColumns) =>
        new(data + firstRow * rowStride + firstColumn * columnStride, partRows, partColumns, rowStride, columnStride);

    /// <summary>
    /// Row-major memory whose rows are whole vectors, an odd number of cache lines apart, so that the elements of a column do not share one place of
    /// the cache.
    /// </summary>
    public static MatrixBlock Rent(ref Scratch? scratch, int rows, int columns)
    {
        long stride = RentedStride(columns);
        return new(Scratch.Rent<double>(ref scratch, Math.Max(1, rows * stride)), rows, columns, stride);
    }

    /// <summary>A size rounded up to whole vectors.</summary>
    public static int Padded(int size) => (size + Lanes - 1) & -Lanes;

    /// <summary>A square row-major matrix of zeros, with zeros in the rows and columns that fill it up to whole vectors.</summary>
    public static MatrixBlock RentPadded(ref Scratch? scratch, int size)
    {
        int padded = Padded(size);
        MatrixBlock whole = Rent(ref scratch, padded, padded);
        whole.Clear();
        return whole.Part(0, 0, size, size);
    }

    public void CopyTo(MatrixBlock target)
    {
        for (int i = 0; i < rows; i++)
            if (columnStride == 1 && target.ColumnStride == 1)
                new ReadOnlySpan<double>(Row(i), columns).CopyTo(new Span<double>(target.Row(i), columns));
            else for (int j = 0; j < columns; j++) target[i, j] = this[i, j];
    }

    public void Clear()
    {
        for (int i = 0; i < rows; i++) new Span<double>(Row(i), columns).Clear();
    }

    public void SetIdentity()
    {
        Clear();
        for (int i = 0; i < Math.Min(rows, columns); i++) this[i, i] = 1;
    }

    /// <summary>The largest power of 2 that is not larger than a positive number; 1 for 0. Dividing by it rounds nothing that matters.</summary>
    public static double PowerOf2(double largest) => largest == 0 ? 1 : Math.ScaleB(1, Math.ILogB(largest));

    /// <summary>Writes the indices of values in ascending order; equal ones keep theirs.</summary>
    public static int* Order(double* values, int count, int* order)
    {
        for (int i = 0; i < count; i++)
        {
            int at = i;
            for (; at > 0 && values[order[at - 1]] > values[i]; at--) order[at] = order[at - 1];
            order[at] = i;
        }
        return order;
    }

    static long RentedStride(int columns) => (Padded(columns) / Lanes | 1) * (long)Lanes;
}
