namespace MiniTorch.Kernels;

/// <summary>
/// Rotations of neighbouring rows of a matrix, collected in sweeps. A sweep rotates rows first and first ± 1, then those and first ± 2, and so on.
/// Many sweeps are applied at once to a strip of columns, which stays in the cache. A matrix without rows ignores all rotations.
/// </summary>
/// <param name="target">Padded as by <see cref="MatrixBlock.RentPadded"/>.</param>
/// <param name="memory">At least <see cref="Room"/> elements.</param>
internal unsafe struct RotationSweeps<V>(MatrixBlock target, double* memory)
    where V : struct, IVector<V, double>
{
    const int Header = 2;

    /// <summary>The elements of a second-level cache that may hold rotations.</summary>
    const long MostKept = 1 << 13;

    readonly long _room = Room(target.Rows);
    long _used;

    /// <summary>The elements needed for the rotations of a matrix with a number of rows.</summary>
    public static long Room(int rows) => Math.Max(MostKept, Header + 2L * rows);

    /// <summary>
    /// Begins a sweep that starts at row <paramref name="first"/>; <paramref name="step"/> is 1 or −1. The caller writes (c, s) for each of
    /// <paramref name="count"/> rotations, x' = c x + s y and y' = c y − s x, where y is the row that the sweep reaches.
    /// </summary>
    public double* Begin(int first, int step, int count)
    {
        if (target.Rows == 0) return memory;
        if (_used + Header + 2L * count > _room) Apply();
        double* sweep = memory + _used;
        (sweep[0], sweep[1]) = (first, step * count);
        _used += Header + 2L * count;
        return sweep + Header;
    }

    /// <summary>Applies the collected rotations.</summary>
    public void Apply()
    {
        if (_used > 0) Workers.Run(new Strips(target, memory, _used), IntegerMath.CeilDiv(MatrixBlock.Padded(target.Columns), Strips.Width));
        _used = 0;
    }

    readonly struct Strips(MatrixBlock target, double* memory, long used) : IJob
    {
        public const int Width = 32;

        public void Execute(long chunk)
        {
            long column = chunk * Width, end = Math.Min(column + Width, MatrixBlock.Padded(target.Columns));
            for (; column <= end - 4 * V.Count; column += 4 * V.Count)
                for (long at = 0; at < used; at = Next(at)) Four(target.Data + column, memory + at);
            for (; column < end; column += V.Count)
                for (long at = 0; at < used; at = Next(at)) One(target.Data + column, memory + at);
        }

        long Next(long at) => at + Header + 2 * (long)Math.Abs(memory[at + 1]);

        void Four(double* strip, double* sweep)
        {
            long count = (long)Math.Abs(sweep[1]), step = sweep[1] < 0 ? -target.RowStride : target.RowStride;
            double* row = strip + (long)sweep[0] * target.RowStride;
            sweep += Header;
            V x0 = V.Load(row), x1 = V.Load(row + V.Count), x2 = V.Load(row + 2 * V.Count), x3 = V.Load(row + 3 * V.Count);
            for (long k = 0; k < count; k++)
            {
                double* next = row + step;
                V c = V.Broadcast(sweep[2 * k]), s = V.Broadcast(sweep[2 * k + 1]), minus = V.Broadcast(-sweep[2 * k + 1]);
                V y0 = V.Load(next), y1 = V.Load(next + V.Count), y2 = V.Load(next + 2 * V.Count), y3 = V.Load(next + 3 * V.Count);
                V.Store(V.Fma(c, x0, s * y0), row);
                V.Store(V.Fma(c, x1, s * y1), row + V.Count);
                V.Store(V.Fma(c, x2, s * y2), row + 2 * V.Count);
                V.Store(V.Fma(c, x3, s * y3), row + 3 * V.Count);
                x0 = V.Fma(c, y0, minus * x0);
                x1 = V.Fma(c, y1, minus * x1);
                x2 = V.Fma(c, y2, minus * x2);
                x3 = V.Fma(c, y3, minus * x3);
                row = next;
            }
            V.Store(x0, row);
            V.Store(x1, row + V.Count);
            V.Store(x2, row + 2 * V.Count);
            V.Store(x3, row + 3 * V.Count);
        }

        void One(double* strip, double* sweep)
        {
            long count = (long)Math.Abs(sweep[1]), step = sweep[1] < 0 ? -target.RowStride : target.RowStride;
            double* row = strip + (long)sweep[0] * target.RowStride;
            sweep += Header;
            V x = V.Load(row);
            for (long k = 0; k < count; k++, row += step)
            {
                V c = V.Broadcast(sweep[2 * k]), s = V.Broadcast(sweep[2 * k + 1]), minus = V.Broadcast(-sweep[2 * k + 1]), y = V.Load(row + step);
                V.Store(V.Fma(c, x, s * y), row);
                x = V.Fma(c, y, minus * x);
            }
            V.Store(x, row);
        }
    }
}

/// <summary>Plane rotations.</summary>
internal static class Rotation
{
    /// <summary>Returns r and (c, s) with c f + s g = r, c g − s f = 0 and c ≥ 0.</summary>
    public static double Of(double f, double g, out double c, out double s)
    {
        if (g == 0)
        {
            (c, s) = (1, 0);
            return f;
        }
        double squares = f * f + g * g, scale = 1;
        if (squares is < 1e-280 or > 1e280)
        {
            scale = Math.Max(Math.Abs(f), Math.Abs(g));
            (f, g) = (f / scale, g / scale);
            squares = f * f + g * g;
        }
        double r = Math.CopySign(Math.Sqrt(squares), f);
        (c, s) = (f / r, g / r);
        return r * scale;
    }
}
