namespace MiniTorch.Kernels;

/// <summary>
/// A = V diag(w) Vᵀ of symmetric matrices: reflections make the matrix tridiagonal, and implicit QR steps with Wilkinson's shifts make it diagonal
/// (Golub and Van Loan, "Matrix Computations", 8.3).
/// </summary>
internal static unsafe class SymmetricEigenKernel<V>
    where V : struct, IVector<V, double>
{
    const int StepsPerValue = 30;

    /// <summary>
    /// Writes w [1, n] in ascending order and V [n, n], or only w if <paramref name="vectors"/> has no rows, of the lower triangle of A. False if an
    /// element is not finite, or if the steps do not converge.
    /// </summary>
    public static bool Run(MatrixBlock a, MatrixBlock values, MatrixBlock vectors)
    {
        int n = a.Rows;
        if (n == 0) return true;
        double largest = 0;
        for (int i = 0; i < n; i++)
            for (int j = 0; j <= i; j++) largest = double.MaxMagnitude(largest, a[i, j]);
        if (!double.IsFinite(largest)) return false;
        double scale = MatrixBlock.PowerOf2(largest);
        MatrixBlock work = MatrixBlock.RentPadded(ref FactorScratch.Work, n);
        for (int i = 0; i < n; i++)
            for (int j = 0; j <= i; j++) work[i, j] = work[j, i] = a[i, j] / scale;

        int padded = MatrixBlock.Padded(n);
        double* d = Scratch.Rent<double>(ref FactorScratch.Vectors, 7L * padded), e = d + padded;
        MatrixBlock reflectors = MatrixBlock.RentPadded(ref FactorScratch.Reflectors, n), turned = default;
        Tridiagonalize(work, reflectors, d, e, factors: e + padded, room: e + 2 * padded);
        if (vectors.Rows > 0)
        {
            turned = MatrixBlock.RentPadded(ref FactorScratch.Right, n);
            ReflectionKernel<V>.TransposedProduct(reflectors, e + padded, 1, turned);
        }
        var sweeps = new RotationSweeps<V>(turned, Scratch.Rent<double>(ref FactorScratch.Rotations, RotationSweeps<V>.Room(n)));
        if (!Diagonalize(d, e, n, ref sweeps)) return false;
        sweeps.Apply();

        int* order = MatrixBlock.Order(d, n, (int*)(e + padded));
        for (int k = 0; k < n; k++) values[0, k] = d[order[k]] * scale;
        for (int i = 0; i < vectors.Rows; i++)
            for (int k = 0; k < n; k++) vectors[i, k] = turned[order[k], i];
        return true;
    }

    /// <summary>Turns A into the tridiagonal T of A = Q T Qᵀ, with the diagonal d and e beside it.</summary>
    static void Tridiagonalize(MatrixBlock a, MatrixBlock reflectors, double* d, double* e, double* factors, double* room)
    {
        // A −= v wᵀ + w vᵀ is done in the pass that multiplies by the next v.
        int n = a.Columns, padded = MatrixBlock.Padded(n);
        double* w = room, p = room + padded, v = room + 2 * padded;
        new Span<double>(room, 3 * padded).Clear();
        for (int k = 0; k < n; k++)
        {
            double* next = reflectors.Row(k);
            for (int j = k; j < n; j++) next[j] = a[k, j] - v[k] * w[j] - w[k] * v[j];
            (d[k], next[k]) = (next[k], 0);
            if (k == n - 1) return;
            e[k] = ReflectionKernel<V>.Reflect(next, k + 1, n, out factors[k]);
            ReflectionKernel<V>.UpdateAndMultiply(a, k + 1, v, w, w, v, next, p);
            double half = factors[k] / 2 * ReflectionKernel<V>.Dot(p, next, k + 1, n);
            for (int j = (k + 1) & -MatrixBlock.Lanes; j < n; j++) w[j] = factors[k] * (p[j] - half * next[j]);
            v = next;
        }
    }

    static bool Diagonalize(double* d, double* e, int n, ref RotationSweeps<V> sweeps)
    {
        long stepsLeft = (long)StepsPerValue * n;
        int end = n - 1, lastStart = n, lastEnd = -1;
        bool isReversed = false;
        while (end > 0)
        {
            int start = end;
            while (start > 0 && !IsNegligible(e[start - 1], d[start - 1], d[start])) start--;
            if (start > 0) e[start - 1] = 0;
            if (start == end)
            {
                end--;
                continue;
            }
            if (stepsLeft-- == 0) return false;
            // The small values are found first: a shift for large ones would cost their digits.
            if (start > lastEnd || end < lastStart) isReversed = Math.Abs(d[start]) < Math.Abs(d[end]);
            (lastStart, lastEnd) = (start, end);
            int count = end - start;
            if (isReversed) Step(d + end, e + end - 1, -1, count, sweeps.Begin(end, -1, count));
            else Step(d + start, e + start, 1, count, sweeps.Begin(start, 1, count));
        }
        return true;
    }

    static bool IsNegligible(double e, double d, double next)
    {
        const double Epsilon = 1.0 / (1L << 53), Least = 2.3e-308;
        return e * e <= Epsilon * Epsilon * Math.Abs(d * next) + Least;
    }

    /// <summary>A QR step on the block whose elements follow d and e at steps of ±1.</summary>
    static void Step(double* d, double* e, int step, int count, double* rotations)
    {
        double last = d[step * count], beside = e[step * (count - 1)];
        double gap = (d[step * (count - 1)] - last) / (2 * beside), root = Math.CopySign(Math.Sqrt(gap * gap + 1), gap);
        double f = d[0] - last + beside / (gap + root), c = 1, s = 1, moved = 0;
        for (int k = 0; k < count; k++)
        {
            double g = s * e[step * k], b = c * e[step * k];
            double r = Rotation.Of(f, g, out c, out s);
            if (k > 0) e[step * (k - 1)] = r;
            double here = d[step * k] - moved, change = (d[step * (k + 1)] - here) * s + 2 * c * b;
            moved = s * change;
            d[step * k] = here + moved;
            f = c * change - b;
            Rotation.Write(rotations, k, c, s);
        }
        d[step * count] -= moved;
        e[step * (count - 1)] = f;
    }
}
