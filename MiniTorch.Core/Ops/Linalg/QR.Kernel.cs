namespace MiniTorch.Kernels;

/// <summary>
/// A = Q R by Householder reflections. Those of a block of columns are applied to the columns beside it at once, as I − V T Vᵀ (Schreiber and Van
/// Loan 1989, "A storage-efficient WY representation").
/// </summary>
internal static unsafe class QrKernel<V>
    where V : struct, IVector<V, double>
{
    const int Width = 32;

    /// <summary>Writes Q [m, n] and R [n, n], whose diagonal is 0 or more, of A [m, n] with m ≥ n.</summary>
    public static void Run(MatrixBlock a, MatrixBlock q, MatrixBlock r)
    {
        (int m, int n) = (a.Rows, a.Columns);
        MatrixBlock work = MatrixBlock.Rent(ref FactorScratch.Work, m, n), reflectors = ReflectionKernel<V>.Rent(n, m);
        // For each block its −T, and room for Vᵀ C and −T Vᵀ C.
        double* small = Scratch.Rent<double>(ref FactorScratch.Small, (long)Width * (3 * n + 2 * Width));
        var blocks = new MatrixBlock(small, n, Width, Width);
        double* room = small + n * Width;
        a.CopyTo(work);
        for (int first = 0; first < n; first += Width)
        {
            int width = Math.Min(Width, n - first);
            MatrixBlock v = reflectors.Part(first, first, width, m - first), t = blocks.Part(first, 0, width, width);
            Reflect(work.Part(first, first, m - first, width), v, t, room);
            Apply(v, t.Transposed, work.Part(first, first + width, m - first, n - first - width), room);
        }
        q.Clear();
        for (int i = 0; i < n; i++) q[i, i] = work[i, i] < 0 ? -1 : 1;
        for (int first = (n - 1) / Width * Width; first >= 0; first -= Width)
        {
            int width = Math.Min(Width, n - first);
            Apply(reflectors.Part(first, first, width, m - first), blocks.Part(first, 0, width, width), q.Part(first, first, m - first, n - first),
                room);
        }
        r.Clear();
        for (int i = 0; i < n; i++)
        {
            bool isNegative = work[i, i] < 0;
            for (int j = i; j < n; j++) r[i, j] = isNegative ? -work[i, j] : work[i, j];
        }
    }

    /// <summary>Turns a narrow block into R; the reflections, whose vectors are the rows of V, are I + Vᵀ T V.</summary>
    static void Reflect(MatrixBlock a, MatrixBlock v, MatrixBlock t, double* room)
    {
        (int size, int width) = (a.Rows, a.Columns);
        a.CopyTo(v.Transposed);
        for (int j = 0; j < width; j++)
        {
            double* x = v.Row(j);
            for (int k = 0; k < j; k++) (a[k, j], x[k]) = (x[k], 0);
            a[j, j] = ReflectionKernel<V>.Reflect(x, j, size, out double factor);
            t[j, j] = factor;
            // The columns to the right: c − factor · v (vᵀ c).
            ReflectionKernel<V>.Multiply(v, j + 1, j, x, room);
            int start = j & -MatrixBlock.Lanes, count = MatrixBlock.Padded(size) - start;
            for (int i = j + 1; i < width; i++) FactorKernel<V>.AddScaled(v.Row(i) + start, -factor * room[i], x + start, count);
        }
        CompleteT(v.Transposed, t, room);
        for (int i = 0; i < width; i++)
            for (int j = i; j < width; j++) t[i, j] = -t[i, j];
    }

    /// <summary>Completes the upper triangular T, whose diagonal holds the factors, of the product I − V T Vᵀ of reflections.</summary>
    public static void CompleteT(MatrixBlock v, MatrixBlock t, double* room)
    {
        // Column j of T: −factor · T (Vᵀ vⱼ), above its diagonal. Row i of the sums, which replace the products, is row i of T times Vᵀ V so far.
        int width = t.Columns, padded = MatrixBlock.Padded(width);
        var sums = new MatrixBlock(room, width, width, padded);
        FactorKernel<V>.Multiply(v.Transposed, v, sums, accumulate: false);
        for (int j = 0; j < width; j++)
        {
            int start = j & -MatrixBlock.Lanes;
            double* row = sums.Row(j);
            for (int i = 0; i < j; i++)
            {
                t[i, j] = -t[j, j] * sums[i, j];
                FactorKernel<V>.AddScaled(sums.Row(i) + start, t[i, j], row + start, padded - start);
            }
            for (int k = j + 1; k < width; k++) (row[k], t[k, j]) = (row[k] * t[j, j], 0);
        }
    }

    /// <summary>C += Vᵀ (T (V C)).</summary>
    static void Apply(MatrixBlock v, MatrixBlock t, MatrixBlock c, double* room)
    {
        if (c.Columns == 0) return;
        var inner = new MatrixBlock(room, v.Rows, c.Columns, c.Columns);
        var turned = new MatrixBlock(room + Width * c.Columns, v.Rows, c.Columns, c.Columns);
        FactorKernel<V>.Multiply(v, c, inner, accumulate: false);
        FactorKernel<V>.Multiply(t, inner, turned, accumulate: false);
        FactorKernel<V>.Multiply(v.Transposed, turned, c, accumulate: true);
    }
}
