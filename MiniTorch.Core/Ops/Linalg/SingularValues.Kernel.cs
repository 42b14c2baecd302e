namespace MiniTorch.Kernels;

/// <summary>
/// A = U diag(s) Vᵀ: reflections from both sides make the matrix bidiagonal, and implicit QR steps make it diagonal, with a shift of 0 where another
/// would cost digits of the small values (Demmel and Kahan 1990, "Accurate singular values of bidiagonal matrices").
/// </summary>
internal static unsafe class SingularValuesKernel<V>
    where V : struct, IVector<V, double>
{
    const double Epsilon = 1.0 / (1L << 53), Tolerance = 100 * Epsilon, Least = 2.3e-308;
    const int StepsPerValue = 30;

    /// <summary>
    /// Writes U [m, k], s [1, k] in descending order and Vᵀ [k, n], or only s if <paramref name="u"/> has no rows, where k is the smaller of m and n.
    /// False if an element is not finite, or if the steps do not converge.
    /// </summary>
    public static bool Run(MatrixBlock a, MatrixBlock u, MatrixBlock s, MatrixBlock vt)
    {
        if (a.Rows < a.Columns) return Run(a.Transposed, vt.Transposed, s, u.Transposed);
        (int m, int n) = (a.Rows, a.Columns);
        if (n == 0) return true;
        double largest = 0;
        for (int i = 0; i < m; i++)
            for (int j = 0; j < n; j++) largest = double.MaxMagnitude(largest, a[i, j]);
        if (!double.IsFinite(largest)) return false;
        double scale = MatrixBlock.PowerOf2(largest);
        if (m == n) return Square(a, scale, u, s, vt);

        // A tall matrix is Q R, and U is Q times that of R.
        MatrixBlock q = MatrixBlock.Rent(ref FactorScratch.Orthogonal, m, n), r = MatrixBlock.Rent(ref FactorScratch.Triangular, n, n);
        for (int i = 0; i < m; i++)
            for (int j = 0; j < n; j++) q[i, j] = a[i, j] / scale;
        QrKernel<V>.Run(q, q, r);
        if (u.Rows == 0) return Square(r, 1, u, s, vt, scale);
        MatrixBlock inner = r; // R is copied first
        if (!Square(r, 1, inner, s, vt, scale)) return false;
        if (u.ColumnStride == 1) FactorKernel<V>.Multiply(q, inner, u, accumulate: false);
        else FactorKernel<V>.Multiply(inner.Transposed, q.Transposed, u.Transposed, accumulate: false);
        return true;
    }

    /// <summary>As <see cref="Run"/>, for a square A / <paramref name="divisor"/>, whose values are multiplied by <paramref name="scale"/>.</summary>
    static bool Square(MatrixBlock a, double divisor, MatrixBlock u, MatrixBlock s, MatrixBlock vt, double? scale = null)
    {
        int n = a.Rows, padded = MatrixBlock.Padded(n);
        MatrixBlock work = MatrixBlock.RentPadded(ref FactorScratch.Work, n), left = default, right = default;
        for (int i = 0; i < n; i++)
            for (int j = 0; j < n; j++) work[i, j] = a[i, j] / divisor;
        double* d = Scratch.Rent<double>(ref FactorScratch.Vectors, 9L * padded), e = d + padded, factors = e + padded;
        MatrixBlock columns = MatrixBlock.RentPadded(ref FactorScratch.Reflectors, n);
        MatrixBlock rows = MatrixBlock.RentPadded(ref FactorScratch.RowReflectors, n);
        Bidiagonalize(work, columns, rows, d, e, factors, factors + padded, room: factors + 2 * padded);
        if (u.Rows > 0)
        {
            (left, right) = (MatrixBlock.RentPadded(ref FactorScratch.Left, n), MatrixBlock.RentPadded(ref FactorScratch.Right, n));
            ReflectionKernel<V>.TransposedProduct(columns, factors, 0, left);
            ReflectionKernel<V>.TransposedProduct(rows, factors + padded, 1, right);
        }
        long room = RotationSweeps<V>.Room(n);
        double* rotations = Scratch.Rent<double>(ref FactorScratch.Rotations, 2 * room);
        RotationSweeps<V> ofLeft = new(left, rotations), ofRight = new(right, rotations + room);
        if (!Diagonalize(d, e, n, ref ofLeft, ref ofRight)) return false;
        ofLeft.Apply();
        ofRight.Apply();

        for (int k = 0; k < n; k++) e[k] = -Math.Abs(d[k]);
        int* order = MatrixBlock.Order(e, n, (int*)factors);
        for (int k = 0; k < n; k++) s[0, k] = Math.Abs(d[order[k]]) * (scale ?? divisor);
        if (u.Rows == 0) return true;
        for (int i = 0; i < n; i++)
            for (int k = 0; k < n; k++) u[i, k] = left[order[k], i];
        for (int k = 0; k < n; k++)
            for (int j = 0; j < n; j++) vt[k, j] = double.IsNegative(d[order[k]]) ? -right[order[k], j] : right[order[k], j];
        return true;
    }

    /// <summary>Turns A into the upper bidiagonal B of A = Q B Pᵀ, with the diagonal d and e above it.</summary>
    static void Bidiagonalize(MatrixBlock a, MatrixBlock columns, MatrixBlock rows, double* d, double* e, double* columnFactors, double* rowFactors,
        double* room)
    {
        // A −= u yᵀ + x vᵀ is done in the pass that multiplies by the next u.
        int n = a.Columns, padded = MatrixBlock.Padded(n);
        double* x = room, y = room + padded, p = room + 2 * padded, u = room + 3 * padded, v = room + 4 * padded;
        new Span<double>(room, 5 * padded).Clear();
        for (int k = 0; k < n; k++)
        {
            double* nextU = columns.Row(k), nextV = rows.Row(k);
            for (int i = k; i < n; i++) nextU[i] = a[i, k] - u[i] * y[k] - x[i] * v[k];
            d[k] = ReflectionKernel<V>.Reflect(nextU, k, n, out columnFactors[k]);
            if (k == n - 1) return;
            ReflectionKernel<V>.UpdateAndMultiplyTransposed(a, k, k + 1, u, y, x, v, nextU, p);
            int start = k & -MatrixBlock.Lanes;
            for (int j = start; j < n; j++) y[j] = columnFactors[k] * p[j];
            y[k] = 0;
            for (int j = k + 1; j < n; j++) nextV[j] = a[k, j] - y[j];
            e[k] = ReflectionKernel<V>.Reflect(nextV, k + 1, n, out rowFactors[k]);
            ReflectionKernel<V>.Multiply(a, k + 1, k + 1, nextV, p);
            double along = ReflectionKernel<V>.Dot(y, nextV, k + 1, n);
            for (int i = start; i < n; i++) x[i] = i <= k ? 0 : rowFactors[k] * (p[i] - nextU[i] * along);
            u = nextU;
            v = nextV;
        }
    }

    static bool Diagonalize(double* d, double* e, int n, ref RotationSweeps<V> left, ref RotationSweeps<V> right)
    {
        // The smallest value is at least this divided by √n.
        double least = Math.Abs(d[0]);
        double bound = least;
        for (int i = 1; i < n && least > 0; i++)
            least = Math.Min(least, bound = Math.Abs(d[i]) * (bound / (bound + Math.Abs(e[i - 1]))));
        double threshold = Math.Max(Tolerance * least / Math.Sqrt(n), 6.0 * n * n * Least);
        long stepsLeft = (long)StepsPerValue * n;
        int end = n - 1, lastStart = n, lastEnd = -1;
        bool isReversed = false;
        while (end > 0)
        {
            int start = end;
            double largest = Math.Abs(d[end]);
            for (; start > 0 && Math.Abs(e[start - 1]) > threshold; start--)
                largest = Math.Max(largest, Math.Max(Math.Abs(d[start - 1]), Math.Abs(e[start - 1])));
            if (start > 0) e[start - 1] = 0;
            if (start == end)
            {
                end--;
                continue;
            }
            // From the large end to the small one; in reverse order the transposed block is upper bidiagonal too.
            if (start > lastEnd || end < lastStart) isReversed = Math.Abs(d[start]) < Math.Abs(d[end]);
            (lastStart, lastEnd) = (start, end);
            int count = end - start, step = isReversed ? -1 : 1, first = isReversed ? end : start;
            var block = new Bidiagonal(d + first, isReversed ? e + end - 1 : e + start, step, count);
            if (block.Splits(out double smallest)) continue;
            if (stepsLeft-- == 0) return false;
            double shift = n * Tolerance * (smallest / largest) <= Epsilon ? 0 : block.Shift();
            double* ofLeft = left.Begin(first, step, count), ofRight = right.Begin(first, step, count);
            if (shift == 0) block.StepWithoutShift(isReversed ? ofRight : ofLeft, isReversed ? ofLeft : ofRight);
            else block.Step(shift, isReversed ? ofRight : ofLeft, isReversed ? ofLeft : ofRight);
        }
        return true;
    }

    /// <summary>A bidiagonal block, whose elements follow d and e at steps of ±1, with <paramref name="count"/> elements in e.</summary>
    readonly struct Bidiagonal(double* d, double* e, int step, int count)
    {
        /// <summary>Zeroes an element of e that no value depends on; otherwise gives a bound for the smallest value.</summary>
        public bool Splits(out double smallest)
        {
            double bound = smallest = Math.Abs(d[0]);
            if (Math.Abs(e[step * (count - 1)]) <= Tolerance * Math.Abs(d[step * count]))
            {
                e[step * (count - 1)] = 0;
                return true;
            }
            for (int k = 0; k < count; k++)
            {
                double beside = Math.Abs(e[step * k]);
                if (beside <= Tolerance * bound)
                {
                    e[step * k] = 0;
                    return true;
                }
                bound = Math.Abs(d[step * (k + 1)]) * (bound / (bound + beside));
                smallest = Math.Min(smallest, bound);
            }
            return false;
        }

        /// <summary>The smaller singular value of the last two rows and columns, or 0 if it is negligible.</summary>
        public double Shift()
        {
            (double f, double g, double h) = (Math.Abs(d[step * (count - 1)]), Math.Abs(e[step * (count - 1)]), Math.Abs(d[step * count]));
            (double low, double high) = (Math.Min(f, h), Math.Max(f, h));
            if (low == 0) return 0;
            double sum = 1 + low / high, difference = (high - low) / high, shift;
            if (g < high)
            {
                double square = g / high * (g / high);
                shift = low * (2 / (Math.Sqrt(sum * sum + square) + Math.Sqrt(difference * difference + square)));
            }
            else
            {
                double ratio = high / g, a = sum * ratio, b = difference * ratio;
                shift = 2 * (low * (1 / (Math.Sqrt(1 + a * a) + Math.Sqrt(1 + b * b)))) * ratio;
            }
            double relative = shift / Math.Abs(d[0]);
            return relative * relative < Epsilon ? 0 : shift;
        }

        public void Step(double shift, double* left, double* right)
        {
            double f = (Math.Abs(d[0]) - shift) * (Math.CopySign(1, d[0]) + shift / d[0]), g = e[0];
            for (int k = 0; k < count; k++)
            {
                double r = Rotation.Of(f, g, out double c, out double s);
                if (k > 0) e[step * (k - 1)] = r;
                (double here, double beside, double next) = (d[step * k], e[step * k], d[step * (k + 1)]);
                Rotation.Write(right, k, c, s);
                f = c * here + s * beside;
                beside = c * beside - s * here;
                g = s * next;
                next = c * next;
                d[step * k] = Rotation.Of(f, g, out c, out s);
                Rotation.Write(left, k, c, s);
                f = c * beside + s * next;
                d[step * (k + 1)] = c * next - s * beside;
                if (k == count - 1) break;
                g = s * e[step * (k + 1)];
                e[step * (k + 1)] *= c;
            }
            e[step * (count - 1)] = f;
        }

        public void StepWithoutShift(double* left, double* right)
        {
            double c = 1, leftC = 1, leftS = 0;
            for (int k = 0; k < count; k++)
            {
                double r = Rotation.Of(d[step * k] * c, e[step * k], out c, out double s);
                if (k > 0) e[step * (k - 1)] = leftS * r;
                d[step * k] = Rotation.Of(leftC * r, d[step * (k + 1)] * s, out leftC, out leftS);
                Rotation.Write(right, k, c, s);
                Rotation.Write(left, k, leftC, leftS);
            }
            double last = d[step * count] * c;
            d[step * count] = last * leftC;
            e[step * (count - 1)] = last * leftS;
        }
    }
}
