using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using static System.Runtime.CompilerServices.MethodImplOptions;

namespace MiniTorch.Kernels;

/// <summary>
/// Running reductions along the middle one of three dimensions [outer, size, inner] of contiguous arrays; floats accumulate in double.
/// </summary>
internal static unsafe class ScanKernel
{
    // Fewer elements are not worth another thread.
    const long SmallCount = 1 << 15;

    /// <summary>yᵢ = x₀ + … + xᵢ, or xᵢ + xᵢ₊₁ + … if it runs <paramref name="fromEnd"/>.</summary>
    public static void Sum<T>(T* x, T* y, long outer, long size, long inner, bool fromEnd = false)
        where T : unmanaged, INumber<T>
    {
        if (typeof(T) == typeof(long)) Run<T, long, RunningSum<long>>(x, y, outer, size, inner, fromEnd);
        else Run<T, double, RunningSum<double>>(x, y, outer, size, inner, fromEnd);
    }

    /// <summary>yᵢ = x₀ · … · xᵢ.</summary>
    public static void Product<T>(T* x, T* y, long outer, long size, long inner)
        where T : unmanaged, INumber<T>
    {
        if (typeof(T) == typeof(long)) Run<T, long, RunningProduct<long>>(x, y, outer, size, inner);
        else Run<T, double, RunningProduct<double>>(x, y, outer, size, inner);
    }

    /// <summary>yᵢ = ln(e^x₀ + … + e^xᵢ).</summary>
    public static void LogSumExp<T>(T* x, T* y, long outer, long size, long inner)
        where T : unmanaged, INumber<T> => Run<T, double, RunningLogSumExp>(x, y, outer, size, inner);

    /// <summary>yᵢ = max(x₀ … xᵢ) and its position: the last among equals, and the last NaN once there is one.</summary>
    public static void Max<T>(T* x, T* y, long* positions, long outer, long size, long inner)
        where T : unmanaged, INumber<T> => Extremum(x, y, positions, outer, size, inner, 1);

    /// <summary>yᵢ = min(x₀ … xᵢ) and its position: the last among equals, and the last NaN once there is one.</summary>
    public static void Min<T>(T* x, T* y, long* positions, long outer, long size, long inner)
        where T : unmanaged, INumber<T> => Extremum(x, y, positions, outer, size, inner, -1);

    static void Run<T, A, TScan>(T* x, T* y, long outer, long size, long inner, bool fromEnd = false)
        where T : unmanaged, INumber<T>
        where A : unmanaged, INumber<A>
        where TScan : IScan<A>
    {
        if (outer * size * inner == 0) return;
        var job = new Job<T, A, TScan>(x, y, outer, size, inner, fromEnd);
        if (outer * size * inner < SmallCount)
            for (long unit = 0; unit < job.Units; unit++) job.Execute(unit);
        else Workers.Run(job, job.Units);
    }

    /// <summary>Neighbouring rows together, because each element waits for the one before; or a few columns.</summary>
    readonly struct Job<T, A, TScan>(T* x, T* y, long outer, long size, long inner, bool fromEnd) : IJob
        where T : unmanaged, INumber<T>
        where A : unmanaged, INumber<A>
        where TScan : IScan<A>
    {
        const int Rows = 4, Columns = 64;

        public long Units => inner == 1 ? (outer + Rows - 1) / Rows : outer * BlocksPerRow;

        long BlocksPerRow => (inner + Columns - 1) / Columns;

        public void Execute(long unit)
        {
            if (inner == 1)
            {
                long row = unit * Rows, end = Math.Min(row + Rows, outer), start = fromEnd ? size - 1 : 0;
                if (end - row == Rows) FourRows(x + row * size + start, y + row * size + start);
                else for (; row < end; row++) OneRow(x + row * size + start, y + row * size + start);
                return;
            }
            (long o, long block) = Math.DivRem(unit, BlocksPerRow);
            long first = (o * size + (fromEnd ? size - 1 : 0)) * inner + block * Columns;
            SomeColumns(x + first, y + first, (int)Math.Min(Columns, inner - block * Columns));
        }

        [MethodImpl(AggressiveOptimization)]
        void FourRows(T* from, T* to)
        {
            A a = TScan.Start, b = a, c = a, d = a;
            long step = size, next = fromEnd ? -1 : 1, left = size;
            if (TScan.HasVectors && typeof(T) == typeof(float) && Avx.IsSupported)
            {
                A* last = stackalloc A[Rows];
                left = FourColumnsAtOnce((float*)from, (float*)to, (double*)last);
                (a, b, c, d) = (last[0], last[1], last[2], last[3]);
                from += next * (size - left);
                to += next * (size - left);
            }
            for (; left > 0; left--, from += next, to += next)
            {
                *to = T.CreateTruncating(a = TScan.Next(a, A.CreateTruncating(*from)));
                to[step] = T.CreateTruncating(b = TScan.Next(b, A.CreateTruncating(from[step])));
                to[2 * step] = T.CreateTruncating(c = TScan.Next(c, A.CreateTruncating(from[2 * step])));
                to[3 * step] = T.CreateTruncating(d = TScan.Next(d, A.CreateTruncating(from[3 * step])));
            }
        }

        /// <summary>
        /// Scans four rows of floats, four columns at a time, with a row in each lane. Returns how many columns are left, and the last results.
        /// </summary>
        [MethodImpl(AggressiveOptimization)]
        long FourColumnsAtOnce(float* from, float* to, double* last)
        {
            Vector256<double> running = Vector256.Create(double.CreateTruncating(TScan.Start));
            long step = size, next = fromEnd ? -Rows : Rows, left = size;
            from -= fromEnd ? Rows - 1 : 0;
            to -= fromEnd ? Rows - 1 : 0;
            for (; left >= Rows; left -= Rows, from += next, to += next)
            {
                Vector256<double> a = Avx.ConvertToVector256Double(Vector128.Load(from));
                Vector256<double> b = Avx.ConvertToVector256Double(Vector128.Load(from + step));
                Vector256<double> c = Avx.ConvertToVector256Double(Vector128.Load(from + 2 * step));
                Vector256<double> d = Avx.ConvertToVector256Double(Vector128.Load(from + 3 * step));
                Transpose(ref a, ref b, ref c, ref d);
                if (fromEnd)
                {
                    d = TScan.Next(running, d);
                    c = TScan.Next(d, c);
                    b = TScan.Next(c, b);
                    running = a = TScan.Next(b, a);
                }
                else
                {
                    a = TScan.Next(running, a);
                    b = TScan.Next(a, b);
                    c = TScan.Next(b, c);
                    running = d = TScan.Next(c, d);
                }
                Transpose(ref a, ref b, ref c, ref d);
                Avx.ConvertToVector128Single(a).Store(to);
                Avx.ConvertToVector128Single(b).Store(to + step);
                Avx.ConvertToVector128Single(c).Store(to + 2 * step);
                Avx.ConvertToVector128Single(d).Store(to + 3 * step);
            }
            running.Store(last);
            return left;
        }

        [MethodImpl(AggressiveInlining)]
        static void Transpose(ref Vector256<double> a, ref Vector256<double> b, ref Vector256<double> c, ref Vector256<double> d)
        {
            Vector256<double> ab = Avx.UnpackLow(a, b), cd = Avx.UnpackLow(c, d), upperAb = Avx.UnpackHigh(a, b), upperCd = Avx.UnpackHigh(c, d);
            a = Avx.Permute2x128(ab, cd, 0x20);
            b = Avx.Permute2x128(upperAb, upperCd, 0x20);
            c = Avx.Permute2x128(ab, cd, 0x31);
            d = Avx.Permute2x128(upperAb, upperCd, 0x31);
        }

        [MethodImpl(AggressiveOptimization)]
        void OneRow(T* from, T* to)
        {
            A running = TScan.Start;
            long next = fromEnd ? -1 : 1;
            for (T* end = from + size * next; from != end; from += next, to += next)
                *to = T.CreateTruncating(running = TScan.Next(running, A.CreateTruncating(*from)));
        }

        [MethodImpl(AggressiveOptimization)]
        void SomeColumns(T* from, T* to, int width)
        {
            A* running = stackalloc A[Columns];
            new Span<A>(running, width).Fill(TScan.Start);
            long next = fromEnd ? -inner : inner;
            for (long i = 0; i < size; i++, from += next, to += next)
            {
                int j = 0;
                if (TScan.HasVectors && typeof(T) == typeof(float) && Vector256.IsHardwareAccelerated)
                    for (; j <= width - Vector256<float>.Count; j += Vector256<float>.Count)
                    {
                        (Vector256<double> low, Vector256<double> high) = Vector256.Widen(Vector256.Load((float*)from + j));
                        low = TScan.Next(Vector256.Load((double*)running + j), low);
                        high = TScan.Next(Vector256.Load((double*)running + j + 4), high);
                        low.Store((double*)running + j);
                        high.Store((double*)running + j + 4);
                        Vector256.Narrow(low, high).Store((float*)to + j);
                    }
                for (; j < width; j++)
                {
                    running[j] = TScan.Next(running[j], A.CreateTruncating(from[j]));
                    to[j] = T.CreateTruncating(running[j]);
                }
            }
        }
    }

    static void Extremum<T>(T* x, T* y, long* positions, long outer, long size, long inner, int sign)
        where T : unmanaged, INumber<T>
    {
        if (size == 0) return;
        for (long o = 0; o < outer; o++)
        {
            long start = o * size * inner;
            for (long j = start; j < start + inner; j++) (y[j], positions[j]) = (x[j], 0);
            for (long i = 1; i < size; i++)
            {
                for (long at = start + i * inner; at < start + (i + 1) * inner; at++)
                {
                    (T value, T best) = (x[at], y[at - inner]);
                    bool wins = T.IsNaN(value) || (sign > 0 ? value >= best : value <= best);   // false where best is NaN
                    (y[at], positions[at]) = wins ? (value, i) : (best, positions[at - inner]);
                }
            }
        }
    }

    interface IScan<A>
    {
        static abstract A Start { get; }

        static abstract A Next(A running, A x);

        /// <summary>Whether the step exists for vectors too.</summary>
        static virtual bool HasVectors => false;

        static virtual Vector256<double> Next(Vector256<double> running, Vector256<double> x) => throw new NotSupportedException();
    }

    readonly struct RunningSum<A> : IScan<A>
        where A : INumber<A>
    {
        public static A Start => A.Zero;

        public static A Next(A running, A x) => running + x;

        public static bool HasVectors => typeof(A) == typeof(double);

        public static Vector256<double> Next(Vector256<double> running, Vector256<double> x) => running + x;
    }

    readonly struct RunningProduct<A> : IScan<A>
        where A : INumber<A>
    {
        public static A Start => A.One;

        public static A Next(A running, A x) => running * x;

        public static bool HasVectors => typeof(A) == typeof(double);

        public static Vector256<double> Next(Vector256<double> running, Vector256<double> x) => running * x;
    }

    readonly struct RunningLogSumExp : IScan<double>
    {
        public static double Start => double.NegativeInfinity;

        public static double Next(double running, double x)
        {
            double max = Math.Max(running, x);

            // Of two equal infinities the difference is NaN.
            return double.IsInfinity(max) ? max : max + double.LogP1(Math.Exp(-Math.Abs(running - x)));
        }
    }
}
