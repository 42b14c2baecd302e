namespace MiniTorch.Kernels;

/// <summary>
/// Triangular factors of matrices in float64, in place. Each is cut in halves, down to a few columns, so that matrix products do most of the work.
/// LU and Cholesky take memory from <see cref="MatrixBlock.Rent"/>, whose rows are whole vectors.
/// </summary>
internal static unsafe class FactorKernel<V>
    where V : struct, IVector<V, double>
{
    /// <summary>The columns of a block that is computed column by column.</summary>
    public const int Narrow = 16;

    /// <summary>The symmetric products up to this size are computed as a whole, both triangles.</summary>
    const int WholeGram = 64;

    /// <summary>The vectors side by side for which a triangle is solved at once.</summary>
    const int StripVectors = 4;

    /// <summary>Below this, a mask costs more than a loop.</summary>
    const int FewElements = 4;

    /// <summary>
    /// P A = L U with at least as many rows as columns: U on and above the diagonal, L below it, without its diagonal of ones. Row i was
    /// exchanged with row <paramref name="pivots"/>[i], the one with the largest element, in the order of i.
    /// </summary>
    public static void Lu(MatrixBlock a, int* pivots)
    {
        if (a.Columns <= Narrow)
        {
            NarrowLu(a, pivots);
            return;
        }
        int half = Half(a.Columns);
        MatrixBlock left = a.Part(0, 0, a.Rows, half), right = a.Part(0, half, a.Rows, a.Columns - half);
        MatrixBlock top = right.Part(0, 0, half, right.Columns), bottom = right.Part(half, 0, a.Rows - half, right.Columns);
        Lu(left, pivots);
        for (int i = 0; i < half; i++) Exchange(right, i, pivots[i]);
        SolveLower(left.Part(0, 0, half, half), top, hasOnes: true);
        SubtractProduct(left.Part(half, 0, a.Rows - half, half), top, bottom);
        Lu(bottom, pivots + half);
        for (int i = half; i < a.Columns; i++) Exchange(left, i, pivots[i] += half);
    }

    static void NarrowLu(MatrixBlock a, int* pivots)
    {
        (long stride, int rows, int columns) = (a.RowStride, a.Rows, a.Columns);
        for (int j = 0; j < columns; j++)
        {
            double* top = a.Row(j);
            int pivot = j;
            double largest = Math.Abs(top[j]);
            for (int i = j + 1; i < rows; i++)
            {
                double size = Math.Abs(a.Data[i * stride + j]);
                if (size > largest) (pivot, largest) = (i, size);
            }
            pivots[j] = pivot;
            Exchange(a, j, pivot);
            double divisor = top[j];
            if (divisor == 0) continue;
            for (int i = j + 1; i < rows; i++) a.Data[i * stride + j] /= divisor;
            SubtractOuter(a, j + 1, a.Data + j, stride, top);
        }
    }

    /// <summary>Exchanges two rows of a row-major block.</summary>
    public static void Exchange(MatrixBlock a, int first, int second)
    {
        if (first == second) return;
        double* x = a.Row(first), y = a.Row(second);
        int j = 0;
        for (; j <= a.Columns - V.Count; j += V.Count)
        {
            V held = V.Load(x + j);
            V.Store(V.Load(y + j), x + j);
            V.Store(held, y + j);
        }
        for (; j < a.Columns; j++) (x[j], y[j]) = (y[j], x[j]);
    }

    /// <summary>
    /// Row i −= factor i · top, in the rows and columns of A from <paramref name="first"/> on. The factors lie <paramref name="step"/> apart. Rows
    /// are read and written as the same whole vectors for each column, because a load that is not a whole earlier store waits for it.
    /// </summary>
    static void SubtractOuter(MatrixBlock a, int first, double* factors, long step, double* top)
    {
        int start = first & -V.Count;
        if (start >= a.Columns) return;
        V changes = V.FromBits(ulong.MaxValue << (first - start)), head = V.Load(top + start);
        for (int i = first; i < a.Rows; i++)
        {
            double* row = a.Row(i);
            V factor = V.Broadcast(-factors[i * step]), before = V.Load(row + start);
            V.Store(V.Where(changes, V.Fma(factor, head, before), before), row + start);
            for (int j = start + V.Count; j < a.Columns; j += V.Count) V.Store(V.Fma(factor, V.Load(top + j), V.Load(row + j)), row + j);
        }
    }

    /// <summary>
    /// A = Uᵀ U with U in the upper triangle, all that is read of A; what is below the diagonal becomes undefined. False if A is not positive
    /// definite.
    /// </summary>
    public static bool Cholesky(MatrixBlock a)
    {
        if (a.Columns <= Narrow) return NarrowCholesky(a);
        int half = Half(a.Columns), rest = a.Columns - half;
        MatrixBlock first = a.Part(0, 0, half, half), beside = a.Part(0, half, half, rest), last = a.Part(half, half, rest, rest);
        if (!Cholesky(first)) return false;
        SolveLower(first.Transposed, beside, hasOnes: false);
        SubtractGram(beside, last);
        return Cholesky(last);
    }

    static bool NarrowCholesky(MatrixBlock a)
    {
        int n = a.Columns;
        for (int k = 0; k < n; k++)
        {
            if (!(a[k, k] > 0)) return false;
            double* row = a.Row(k);
            double root = Math.Sqrt(row[k]);
            Divide(row + k, root, n - k);
            SubtractOuter(a, k + 1, row, 1, row);
        }
        return true;
    }

    /// <summary>The upper triangle of C −= Xᵀ X.</summary>
    static void SubtractGram(MatrixBlock x, MatrixBlock c)
    {
        if (c.Columns <= WholeGram)
        {
            SubtractProduct(x.Transposed, x, c);
            return;
        }
        int half = Half(c.Columns), rest = c.Columns - half;
        MatrixBlock left = x.Part(0, 0, x.Rows, half), right = x.Part(0, half, x.Rows, rest);
        SubtractGram(left, c.Part(0, 0, half, half));
        SubtractProduct(left.Transposed, right, c.Part(0, half, half, rest));
        SubtractGram(right, c.Part(half, half, rest, rest));
    }

    /// <summary>Writes the X of T X = B over B, where T is the lower triangle of a matrix, or one with a diagonal of ones.</summary>
    public static void SolveLower(MatrixBlock t, MatrixBlock b, bool hasOnes)
    {
        if (t.Rows > Narrow)
        {
            int half = Half(t.Rows), rest = t.Rows - half;
            MatrixBlock top = b.Part(0, 0, half, b.Columns), bottom = b.Part(half, 0, rest, b.Columns);
            SolveLower(t.Part(0, 0, half, half), top, hasOnes);
            SubtractProduct(t.Part(half, 0, rest, half), top, bottom);
            SolveLower(t.Part(half, half, rest, rest), bottom, hasOnes);
            return;
        }
        int strips = b.Columns / StripVectors / V.Count * StripVectors * V.Count;
        for (int x = 0; x < strips; x += StripVectors * V.Count) SolveLowerStrip(t, b.Part(0, x, t.Rows, StripVectors * V.Count), hasOnes);
        if (strips == b.Columns) return;
        if (strips > 0) b = b.Part(0, strips, b.Rows, b.Columns - strips);
        for (int i = 0; i < t.Rows; i++)
        {
            double* row = b.Row(i);
            if (b.Columns == 1)
            {
                *row = SubtractDot(*row, t, i, b, 0, i, 1);
                if (!hasOnes) *row /= t[i, i];
                continue;
            }
            for (int k = 0; k < i; k++) AddScaled(row, -t[i, k], b.Row(k), b.Columns);
            if (!hasOnes) Divide(row, t[i, i], b.Columns);
        }
    }

    /// <summary>The same for columns of a few vectors, whose elements stay in registers while a row is computed.</summary>
    static void SolveLowerStrip(MatrixBlock t, MatrixBlock b, bool hasOnes)
    {
        long stride = b.RowStride;
        for (int i = 0; i < t.Rows; i++)
        {
            double* row = b.Row(i), factors = t.Row(i), above = b.Data;
            V sum0 = V.Load(row), sum1 = V.Load(row + V.Count), sum2 = V.Load(row + 2 * V.Count), sum3 = V.Load(row + 3 * V.Count);
            for (int k = 0; k < i; k++, above += stride, factors += t.ColumnStride)
            {
                V factor = V.Broadcast(-*factors);
                sum0 = V.Fma(factor, V.Load(above), sum0);
                sum1 = V.Fma(factor, V.Load(above + V.Count), sum1);
                sum2 = V.Fma(factor, V.Load(above + 2 * V.Count), sum2);
                sum3 = V.Fma(factor, V.Load(above + 3 * V.Count), sum3);
            }
            if (!hasOnes)
            {
                V divisor = V.Broadcast(t[i, i]);
                (sum0, sum1, sum2, sum3) = (sum0 / divisor, sum1 / divisor, sum2 / divisor, sum3 / divisor);
            }
            V.Store(sum0, row);
            V.Store(sum1, row + V.Count);
            V.Store(sum2, row + 2 * V.Count);
            V.Store(sum3, row + 3 * V.Count);
        }
    }

    /// <summary>Writes the X of T X = B over B, where T is the upper triangle of a matrix.</summary>
    public static void SolveUpper(MatrixBlock t, MatrixBlock b)
    {
        if (t.Rows > Narrow)
        {
            int half = Half(t.Rows), rest = t.Rows - half;
            MatrixBlock top = b.Part(0, 0, half, b.Columns), bottom = b.Part(half, 0, rest, b.Columns);
            SolveUpper(t.Part(half, half, rest, rest), bottom);
            SubtractProduct(t.Part(0, half, half, rest), bottom, top);
            SolveUpper(t.Part(0, 0, half, half), top);
            return;
        }
        for (int i = t.Rows - 1; i >= 0; i--)
        {
            double* row = b.Row(i);
            if (b.Columns == 1)
            {
                *row = SubtractDot(*row, t, i, b, t.Rows - 1, i, -1) / t[i, i];
                continue;
            }
            for (int k = t.Rows - 1; k > i; k--) AddScaled(row, -t[i, k], b.Row(k), b.Columns);
            Divide(row, t[i, i], b.Columns);
        }
    }

    /// <summary>C −= A·B for a row-major C.</summary>
    public static void SubtractProduct(MatrixBlock a, MatrixBlock b, MatrixBlock c)
    {
        // In the order of A's memory.
        bool isTurned = a.ColumnStride != 1;
        MatrixBlock read = isTurned ? a.Transposed : a;
        var negated = new MatrixBlock(Scratch.Rent<double>(ref FactorScratch.Negated, Math.Max(1, (long)a.Rows * a.Columns)), read.Rows, read.Columns,
            read.Columns);
        for (int i = 0; i < read.Rows; i++)
        {
            double* from = read.Row(i), to = negated.Row(i);
            int j = 0;
            for (; j <= read.Columns - V.Count; j += V.Count) V.Store(-V.Load(from + j), to + j);
            for (; j < read.Columns; j++) to[j] = -from[j];
        }
        Multiply(isTurned ? negated.Transposed : negated, b, c, accumulate: true);
    }

    /// <summary>C = A·B, or C += A·B, for a row-major C.</summary>
    public static void Multiply(MatrixBlock a, MatrixBlock b, MatrixBlock c, bool accumulate) =>
        MatMulKernel.Run(c.Rows, c.Columns, a.Columns, a.Data, a.RowStride, a.ColumnStride, b.Data, b.RowStride, b.ColumnStride, c.Data, c.RowStride,
            accumulate);

    /// <summary>y += factor · x.</summary>
    public static void AddScaled(double* y, double factor, double* x, long count)
    {
        long i = 0;
        if (count < FewElements)
        {
            for (; i < count; i++) y[i] = Math.FusedMultiplyAdd(factor, x[i], y[i]);
            return;
        }
        V broadcast = V.Broadcast(factor);
        for (; i <= count - V.Count; i += V.Count) V.Store(V.Fma(broadcast, V.Load(x + i), V.Load(y + i)), y + i);
        int rest = (int)(count - i);
        if (rest > 0) V.StorePartial(V.Fma(broadcast, V.LoadPartial(x + i, rest), V.LoadPartial(y + i, rest)), y + i, rest);
    }

    public static void Divide(double* x, double divisor, long count)
    {
        V broadcast = V.Broadcast(divisor);
        long i = 0;
        for (; i <= count - V.Count; i += V.Count) V.Store(V.Load(x + i) / broadcast, x + i);
        int rest = (int)(count - i);
        if (rest >= FewElements) V.StorePartial(V.LoadPartial(x + i, rest) / broadcast, x + i, rest);
        else for (; i < count; i++) x[i] /= divisor;
    }

    /// <summary>sum − Σ t[row, k] b[k, 0] for k from <paramref name="first"/> to before <paramref name="end"/>.</summary>
    static double SubtractDot(double sum, MatrixBlock t, int row, MatrixBlock b, int first, int end, int step)
    {
        double* element = t.Row(row);
        for (int k = first; k != end; k += step) sum = Math.FusedMultiplyAdd(-element[k * t.ColumnStride], b.Data[k * b.RowStride], sum);
        return sum;
    }

    // A multiple of a vector of 512 bits.
    static int Half(int size) => Math.Max(8, size / 2 / 8 * 8);
}

/// <summary>What the factorizations keep for their next call on the thread.</summary>
internal static class FactorScratch
{
    [ThreadStatic]
    public static Scratch? Work, Negated, Reflectors, RowReflectors, Left, Right, Orthogonal, Triangular, Rotations, Vectors, Small;

    /// <summary>Returns what exceeds the room that a thread may keep.</summary>
    public static void Return()
    {
        Scratch.Return(ref Work);
        Scratch.Return(ref Negated);
        Scratch.Return(ref Reflectors);
        Scratch.Return(ref RowReflectors);
        Scratch.Return(ref Left);
        Scratch.Return(ref Right);
        Scratch.Return(ref Orthogonal);
        Scratch.Return(ref Triangular);
        Scratch.Return(ref Rotations);
        Scratch.Return(ref Vectors);
        Scratch.Return(ref Small);
    }
}
