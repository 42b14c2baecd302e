namespace MiniTorch.Kernels;

/// <summary>
/// Householder reflections I − factor · v vᵀ whose vectors are rows of padded memory, with 0 in front of a first element of 1, and the passes over
/// a padded matrix between them. Each pass covers whole vectors and rows in fours: what lies outside of the matrix is 0.
/// </summary>
internal static unsafe class ReflectionKernel<V>
    where V : struct, IVector<V, double>
{
    const int Width = 32, RowStep = 4;

    /// <summary>Memory for the vectors of reflections, zeros as far as the passes read it.</summary>
    public static MatrixBlock Rent(int count, int size)
    {
        MatrixBlock whole = MatrixBlock.Rent(ref FactorScratch.Reflectors, count + RowStep - 1, MatrixBlock.Padded(size));
        whole.Clear();
        return whole;
    }

    /// <summary>
    /// Turns x[first…] into the v of the reflection that leaves only the first of these elements, and returns it. All other elements of x are 0.
    /// </summary>
    public static double Reflect(double* x, int first, int size, out double factor)
    {
        double head = x[first];
        x[first] = 0;
        double squares = Dot(x, x, first, size), scale = 1;
        if (!(squares >= 1e-280 && head * head + squares < double.PositiveInfinity))
        {
            double largest = 0;
            for (int i = first; i < size; i++) largest = Math.Max(largest, Math.Abs(x[i]));
            if (largest == 0)
            {
                x[first] = 1;
                factor = 0;
                return head;
            }
            scale = Math.Max(largest, Math.Abs(head));
            for (int i = first; i < size; i++) x[i] /= scale;
            head /= scale;
            squares = Dot(x, x, first, size);
        }
        double length = -Math.CopySign(Math.Sqrt(head * head + squares), head);
        factor = (length - head) / length;
        double divisor = head - length;
        FactorKernel<V>.Divide(x + first + 1, divisor, size - first - 1);
        x[first] = 1;
        return length * scale;
    }

    /// <summary>Σ x y from the vector of element <paramref name="first"/> on.</summary>
    public static double Dot(double* x, double* y, int first, int size)
    {
        V sum = V.Broadcast(0);
        for (int i = Start(first), end = MatrixBlock.Padded(size); i < end; i += V.Count) sum = V.Fma(V.Load(x + i), V.Load(y + i), sum);
        return V.Sum(sum);
    }

    /// <summary>A −= v wᵀ + x yᵀ and then p = A z, in the rows and columns from <paramref name="first"/> on.</summary>
    public static void UpdateAndMultiply(MatrixBlock a, int first, double* v, double* w, double* x, double* y, double* z, double* p)
    {
        int start = Start(first), end = MatrixBlock.Padded(a.Columns);
        long stride = a.RowStride;
        for (int i = first / RowStep * RowStep; i < a.Rows; i += RowStep)
        {
            double* row = a.Row(i);
            V v0 = V.Broadcast(-v[i]), v1 = V.Broadcast(-v[i + 1]), v2 = V.Broadcast(-v[i + 2]), v3 = V.Broadcast(-v[i + 3]);
            V x0 = V.Broadcast(-x[i]), x1 = V.Broadcast(-x[i + 1]), x2 = V.Broadcast(-x[i + 2]), x3 = V.Broadcast(-x[i + 3]);
            V sum0 = V.Broadcast(0), sum1 = sum0, sum2 = sum0, sum3 = sum0;
            for (int j = start; j < end; j += V.Count)
            {
                double* at = row + j;
                V wj = V.Load(w + j), yj = V.Load(y + j), zj = V.Load(z + j);
                V a0 = V.Fma(v0, wj, V.Fma(x0, yj, V.Load(at)));
                V a1 = V.Fma(v1, wj, V.Fma(x1, yj, V.Load(at + stride)));
                V a2 = V.Fma(v2, wj, V.Fma(x2, yj, V.Load(at + 2 * stride)));
                V a3 = V.Fma(v3, wj, V.Fma(x3, yj, V.Load(at + 3 * stride)));
                V.Store(a0, at);
                V.Store(a1, at + stride);
                V.Store(a2, at + 2 * stride);
                V.Store(a3, at + 3 * stride);
                sum0 = V.Fma(a0, zj, sum0);
                sum1 = V.Fma(a1, zj, sum1);
                sum2 = V.Fma(a2, zj, sum2);
                sum3 = V.Fma(a3, zj, sum3);
            }
            (p[i], p[i + 1], p[i + 2], p[i + 3]) = (V.Sum(sum0), V.Sum(sum1), V.Sum(sum2), V.Sum(sum3));
        }
        for (int i = start; i < first; i++) p[i] = 0;
    }

    /// <summary>
    /// A −= v wᵀ + x yᵀ and then p = Aᵀ z, in the rows from <paramref name="firstRow"/> and the columns from <paramref name="first"/> on.
    /// </summary>
    public static void UpdateAndMultiplyTransposed(MatrixBlock a, int firstRow, int first, double* v, double* w, double* x, double* y, double* z,
        double* p)
    {
        int start = Start(first), end = MatrixBlock.Padded(a.Columns);
        long stride = a.RowStride;
        new Span<double>(p + start, end - start).Clear();
        for (int i = firstRow / RowStep * RowStep; i < a.Rows; i += RowStep)
        {
            double* row = a.Row(i);
            V v0 = V.Broadcast(-v[i]), v1 = V.Broadcast(-v[i + 1]), v2 = V.Broadcast(-v[i + 2]), v3 = V.Broadcast(-v[i + 3]);
            V x0 = V.Broadcast(-x[i]), x1 = V.Broadcast(-x[i + 1]), x2 = V.Broadcast(-x[i + 2]), x3 = V.Broadcast(-x[i + 3]);
            V z0 = V.Broadcast(z[i]), z1 = V.Broadcast(z[i + 1]), z2 = V.Broadcast(z[i + 2]), z3 = V.Broadcast(z[i + 3]);
            for (int j = start; j < end; j += V.Count)
            {
                double* at = row + j;
                V wj = V.Load(w + j), yj = V.Load(y + j);
                V a0 = V.Fma(v0, wj, V.Fma(x0, yj, V.Load(at)));
                V a1 = V.Fma(v1, wj, V.Fma(x1, yj, V.Load(at + stride)));
                V a2 = V.Fma(v2, wj, V.Fma(x2, yj, V.Load(at + 2 * stride)));
                V a3 = V.Fma(v3, wj, V.Fma(x3, yj, V.Load(at + 3 * stride)));
                V.Store(a0, at);
                V.Store(a1, at + stride);
                V.Store(a2, at + 2 * stride);
                V.Store(a3, at + 3 * stride);
                V.Store(V.Fma(z0, a0, V.Fma(z1, a1, V.Fma(z2, a2, V.Fma(z3, a3, V.Load(p + j))))), p + j);
            }
        }
        for (int j = start; j < first; j++) p[j] = 0;
    }

    /// <summary>p = A z in the rows from <paramref name="firstRow"/> and the columns from <paramref name="first"/> on.</summary>
    public static void Multiply(MatrixBlock a, int firstRow, int first, double* z, double* p)
    {
        int start = Start(first), end = MatrixBlock.Padded(a.Columns);
        long stride = a.RowStride;
        for (int i = firstRow / RowStep * RowStep; i < a.Rows; i += RowStep)
        {
            double* row = a.Row(i);
            V sum0 = V.Broadcast(0), sum1 = sum0, sum2 = sum0, sum3 = sum0;
            for (int j = start; j < end; j += V.Count)
            {
                double* at = row + j;
                V zj = V.Load(z + j);
                sum0 = V.Fma(V.Load(at), zj, sum0);
                sum1 = V.Fma(V.Load(at + stride), zj, sum1);
                sum2 = V.Fma(V.Load(at + 2 * stride), zj, sum2);
                sum3 = V.Fma(V.Load(at + 3 * stride), zj, sum3);
            }
            (p[i], p[i + 1], p[i + 2], p[i + 3]) = (V.Sum(sum0), V.Sum(sum1), V.Sum(sum2), V.Sum(sum3));
        }
    }

    /// <summary>
    /// Writes Qᵀ of the product Q of all reflections over a padded square matrix. Row k of <paramref name="reflectors"/> is the vector of reflection
    /// k, which starts at element k + <paramref name="offset"/>.
    /// </summary>
    public static void TransposedProduct(MatrixBlock reflectors, double* factors, int offset, MatrixBlock q)
    {
        int n = q.Columns, count = n - offset;
        q.SetIdentity();
        // T, and room for C V and C V Tᵀ.
        double* room = Scratch.Rent<double>(ref FactorScratch.Small, Width * (Width + 2L * n));
        for (int first = (count - 1) & -Width; first >= 0; first -= Width)
        {
            int width = Math.Min(Width, count - first), from = first + offset, size = n - from;
            MatrixBlock v = reflectors.Part(first, from, width, size), t = new(room, width, width, width), c = q.Part(from, from, size, size);
            MatrixBlock inner = new(t.Data + Width * Width, size, width, width), turned = new(inner.Data + (long)Width * n, size, width, width);
            for (int j = 0; j < width; j++) t[j, j] = factors[first + j];
            QrKernel<V>.CompleteT(v.Transposed, t, inner.Data);
            FactorKernel<V>.Multiply(c, v.Transposed, inner, accumulate: false);
            FactorKernel<V>.Multiply(inner, t.Transposed, turned, accumulate: false);
            FactorKernel<V>.SubtractProduct(turned, v, c);
        }
    }

    static int Start(int first) => first & -MatrixBlock.Lanes;
}
