using System.Runtime.CompilerServices;
using static System.Runtime.CompilerServices.MethodImplOptions;

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
    /// Begins a sweep that starts at row <paramref name="first"/>; the caller writes <paramref name="count"/> rotations with <see
    /// cref="Rotation.Write"/>.
    /// </summary>
    /// <param name="first">The first row x.</param>
    /// <param name="step">From x to the row y of a rotation, which is the next one's x: 1 or −1.</param>
    /// <param name="count">The number of rotations.</param>
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
            for (; column <= end - 2 * V.Count; column += 2 * V.Count)
                for (double* sweep = memory; sweep < memory + used;)
                {
                    double* next = Next(sweep);
                    bool isPair = next < memory + used && next[0] == sweep[0] && Math.Sign(next[1]) == Math.Sign(sweep[1])
                        && Math.Abs(next[1]) <= Math.Abs(sweep[1]);
                    if (isPair) TwoSweeps(target.Data + column, sweep, next);
                    else OneSweep(target.Data + column, sweep);
                    sweep = isPair ? Next(next) : next;
                }
            for (; column < end; column += V.Count)
                for (double* sweep = memory; sweep < memory + used; sweep = Next(sweep)) NarrowSweep(target.Data + column, sweep);
        }

        static double* Next(double* sweep) => sweep + Header + 2 * (long)Math.Abs(sweep[1]);

        long Step(double* sweep) => sweep[1] < 0 ? -target.RowStride : target.RowStride;

        // The second sweep follows the first one row behind, so that a row is loaded and stored once for both.
        void TwoSweeps(double* strip, double* sweep, double* behind)
        {
            long count = (long)Math.Abs(sweep[1]), behindCount = (long)Math.Abs(behind[1]), step = Step(sweep), k = 1;
            double* row = strip + (long)sweep[0] * target.RowStride;
            sweep += Header;
            behind += Header;
            V x0 = V.Load(row), x1 = V.Load(row + V.Count), y0 = V.Load(row + step), y1 = V.Load(row + step + V.Count);
            V t = V.Broadcast(sweep[0]), s = V.Broadcast(sweep[1]);
            Rotate(t, s, ref x0, ref y0);
            Rotate(t, s, ref x1, ref y1);
            V u0 = x0, u1 = x1;
            (x0, x1) = (y0, y1);
            for (; k < count && k <= behindCount; k++, row += step)
            {
                double* next = row + 2 * step;
                y0 = V.Load(next);
                y1 = V.Load(next + V.Count);
                (t, s) = (V.Broadcast(sweep[2 * k]), V.Broadcast(sweep[2 * k + 1]));
                Rotate(t, s, ref x0, ref y0);
                Rotate(t, s, ref x1, ref y1);
                (t, s) = (V.Broadcast(behind[2 * k - 2]), V.Broadcast(behind[2 * k - 1]));
                Rotate(t, s, ref u0, ref x0);
                Rotate(t, s, ref u1, ref x1);
                V.Store(u0, row);
                V.Store(u1, row + V.Count);
                (u0, u1) = (x0, x1);
                (x0, x1) = (y0, y1);
            }
            if (behindCount == count)
            {
                (t, s) = (V.Broadcast(behind[2 * k - 2]), V.Broadcast(behind[2 * k - 1]));
                Rotate(t, s, ref u0, ref x0);
                Rotate(t, s, ref u1, ref x1);
            }
            V.Store(u0, row);
            V.Store(u1, row + V.Count);
            Rest(row + step, step, sweep + 2 * k, count - k, x0, x1);
        }

        void OneSweep(double* strip, double* sweep)
        {
            double* row = strip + (long)sweep[0] * target.RowStride;
            Rest(row, Step(sweep), sweep + Header, (long)Math.Abs(sweep[1]), V.Load(row), V.Load(row + V.Count));
        }

        // Rotations from a row on whose elements are x.
        static void Rest(double* row, long step, double* rotations, long count, V x0, V x1)
        {
            for (long k = 0; k < count; k++, row += step)
            {
                V y0 = V.Load(row + step), y1 = V.Load(row + step + V.Count);
                V t = V.Broadcast(rotations[2 * k]), s = V.Broadcast(rotations[2 * k + 1]);
                Rotate(t, s, ref x0, ref y0);
                Rotate(t, s, ref x1, ref y1);
                V.Store(x0, row);
                V.Store(x1, row + V.Count);
                (x0, x1) = (y0, y1);
            }
            V.Store(x0, row);
            V.Store(x1, row + V.Count);
        }

        void NarrowSweep(double* strip, double* sweep)
        {
            double* row = strip + (long)sweep[0] * target.RowStride;
            long step = Step(sweep), count = (long)Math.Abs(sweep[1]);
            sweep += Header;
            V x = V.Load(row);
            for (long k = 0; k < count; k++, row += step)
            {
                V y = V.Load(row + step);
                Rotate(V.Broadcast(sweep[2 * k]), V.Broadcast(sweep[2 * k + 1]), ref x, ref y);
                V.Store(x, row);
                x = y;
            }
            V.Store(x, row);
        }

        // Three shears, each with one rounding for an element: x + t y, y − s x, x + t y.
        [MethodImpl(AggressiveInlining)]
        static void Rotate(V t, V minusS, ref V x, ref V y)
        {
            V sheared = V.Fma(t, y, x);
            y = V.Fma(minusS, sheared, y);
            x = V.Fma(t, y, sheared);
        }
    }
}

/// <summary>Plane rotations x' = c x + s y, y' = c y − s x.</summary>
internal static unsafe class Rotation
{
    /// <summary>Writes rotation <paramref name="k"/> of a sweep as the factors of its shears: the tangent of half the angle, and −s.</summary>
    [MethodImpl(AggressiveInlining)]
    public static void Write(double* sweep, int k, double c, double s) => (sweep[2 * k], sweep[2 * k + 1]) = (s / (1 + c), -s);

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
