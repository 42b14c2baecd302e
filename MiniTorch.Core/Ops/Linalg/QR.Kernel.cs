namespace MiniTorch.Kernels;

/// <summary>
/// A = Q R by Householder reflections. Those of a block of columns are applied to the columns beside it at once, as I − V T Vᵀ (Schreiber and Van
/// Loan 1989, "A storage-efficient WY representation").
/// </summary>
internal static unsafe class QrKernel<V>
    where V : struct, IVector<V, double>
{
    const int Width = FactorKernel<V>.Narrow;

    /// <summary>Writes Q [m, n] and R [n, n], whose diagonal is 0 or more, of A [m, n] with m ≥ n.</summary>
    public static void Run(MatrixBlock a, MatrixBlock q, MatrixBlock r)
    {
        (int m, int n) = (a.Rows, a.Columns);
        MatrixBlock work = MatrixBlock.Rent(ref FactorScratch.Work, m, n), reflectors = MatrixBlock.Rent(ref FactorScratch.Reflectors, m, n);
        // For each block its T, and room for Vᵀ C and T Vᵀ C.
        double* small = Scratch.Rent<double>(ref FactorScratch.Small, (long)Width * (3 * n + 2 * Width));
        var blocks = new MatrixBlock(small, n, Width, Width);
        double* room = small + n * Width;
        a.CopyTo(work);
        reflectors.Clear();
        for (int first = 0; first < n; first += Width)
        {
            int width = Math.Min(Width, n - first);
            MatrixBlock v = reflectors.Part(first, first, m - first, width), t = blocks.Part(first, 0, width, width);
            Reflect(work.Part(first, first, m - first, width), v, t, room);
            Apply(v, t.Transposed, work.Part(first, first + width, m - first, n - first - width), room);
        }
        q.SetIdentity();
        for (int first = (n - 1) / Width * Width; first >= 0; first -= Width)
        {
            int width = Math.Min(Width, n - first);
            Apply(reflectors.Part(first, first, m - first, width), blocks.Part(first, 0, width, width), q.Part(first, first, m - first, n - first),
                room);
        }
        r.Clear();
        for (int i = 0; i < n; i++)
        {
            bool isNegative = work[i, i] < 0;
            for (int j = i; j < n; j++) r[i, j] = isNegative ? -work[i, j] : work[i, j];
            if (isNegative)
                for (int k = 0; k < m; k++) q[k, i] = -q[k, i];
        }
    }

    /// <summary>Turns a narrow block into R; the reflections are I − V T Vᵀ.</summary>
    static void Reflect(MatrixBlock a, MatrixBlock v, MatrixBlock t, double* room)
    {
        int width = a.Columns;
        for (int j = 0; j < width; j++)
        {
            (double length, double scale, bool hasTail) = Length(a, j);
            double head = a[j, j] / scale, diagonal = hasTail ? -Math.CopySign(length, head) : head;
            double factor = hasTail ? (diagonal - head) / diagonal : 0;
            v[j, j] = 1;
            for (int i = j + 1; i < a.Rows; i++) v[i, j] = hasTail ? a[i, j] / scale / (head - diagonal) : 0;
            // The columns to the right: c − factor · v (vᵀ c).
            int right = width - j - 1;
            new Span<double>(room, right).Clear();
            for (int i = j; i < a.Rows; i++) FactorKernel<V>.AddScaled(room, v[i, j], a.Row(i) + j + 1, right);
            for (int i = j; i < a.Rows; i++) FactorKernel<V>.AddScaled(a.Row(i) + j + 1, -factor * v[i, j], room, right);
            a[j, j] = diagonal * scale;
            t[j, j] = factor;
        }
        CompleteT(v, t, room);
    }

    /// <summary>Completes the upper triangular T, whose diagonal holds the factors, of the product I − V T Vᵀ of reflections.</summary>
    public static void CompleteT(MatrixBlock v, MatrixBlock t, double* room)
    {
        // Column j of T: −factor · T (Vᵀ vⱼ), above its diagonal.
        int width = t.Columns;
        var gram = new MatrixBlock(room, width, width, width);
        FactorKernel<V>.Multiply(v.Transposed, v, gram, accumulate: false);
        for (int j = 1; j < width; j++)
            for (int i = 0; i < j; i++)
            {
                double sum = 0;
                for (int k = i; k < j; k++) sum += t[i, k] * gram[k, j];
                t[i, j] = -t[j, j] * sum;
            }
        for (int i = 1; i < width; i++)
            for (int j = 0; j < i; j++) t[i, j] = 0;
    }

    /// <summary>C −= V (T (Vᵀ C)).</summary>
    static void Apply(MatrixBlock v, MatrixBlock t, MatrixBlock c, double* room)
    {
        if (c.Columns == 0) return;
        var inner = new MatrixBlock(room, v.Columns, c.Columns, c.Columns);
        var turned = new MatrixBlock(room + Width * c.Columns, v.Columns, c.Columns, c.Columns);
        FactorKernel<V>.Multiply(v.Transposed, c, inner, accumulate: false);
        FactorKernel<V>.Multiply(t, inner, turned, accumulate: false);
        FactorKernel<V>.SubtractProduct(v, turned, c);
    }

    /// <summary>
    /// The length of column j from the diagonal on, divided by a scale that is not 1 if squares leave the range, and whether there is anything below
    /// the diagonal. Elements are divided before they are used: next to 0 a length would be as coarse as they are.
    /// </summary>
    static (double Length, double Scale, bool HasTail) Length(MatrixBlock a, int j)
    {
        double squares = 0, largest = Math.Abs(a[j, j]);
        bool hasTail = false;
        for (int i = j; i < a.Rows; i++)
        {
            squares += a[i, j] * a[i, j];
            largest = Math.Max(largest, Math.Abs(a[i, j]));
            hasTail |= i > j && a[i, j] != 0;
        }
        if (largest == 0 || !double.IsFinite(largest) || squares is > 1e-280 and < double.PositiveInfinity) return (Math.Sqrt(squares), 1, hasTail);
        squares = 0;
        for (int i = j; i < a.Rows; i++) squares += a[i, j] / largest * (a[i, j] / largest);
        return (Math.Sqrt(squares), largest, hasTail);
    }
}
