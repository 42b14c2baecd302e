using System.Numerics;

namespace MiniTorch.Kernels;

/// <summary>Running reductions along the middle one of three dimensions [outer, size, inner] of contiguous arrays; floats accumulate in double.</summary>
internal static unsafe class ScanKernel
{
    /// <summary>yᵢ = x₀ + … + xᵢ.</summary>
    public static void Sum<T>(T* x, T* y, long outer, long size, long inner)
        where T : unmanaged, INumber<T>
    {
        if (typeof(T) == typeof(long)) Run<T, long, RunningSum<long>>(x, y, outer, size, inner);
        else Run<T, double, RunningSum<double>>(x, y, outer, size, inner);
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

    static void Run<T, A, TScan>(T* x, T* y, long outer, long size, long inner)
        where T : unmanaged, INumber<T>
        where A : unmanaged, INumber<A>
        where TScan : IScan<A>
    {
        const int Block = 64;
        A* running = stackalloc A[Block];
        for (long o = 0; o < outer; o++)
        {
            for (long first = 0; first < inner; first += Block)
            {
                int width = (int)Math.Min(Block, inner - first);
                new Span<A>(running, width).Fill(TScan.Start);
                for (long i = 0; i < size; i++)
                {
                    long at = (o * size + i) * inner + first;
                    for (int j = 0; j < width; j++)
                    {
                        running[j] = TScan.Next(running[j], A.CreateTruncating(x[at + j]));
                        y[at + j] = T.CreateTruncating(running[j]);
                    }
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
    }

    readonly struct RunningSum<A> : IScan<A>
        where A : INumber<A>
    {
        public static A Start => A.Zero;

        public static A Next(A running, A x) => running + x;
    }

    readonly struct RunningProduct<A> : IScan<A>
        where A : INumber<A>
    {
        public static A Start => A.One;

        public static A Next(A running, A x) => running * x;
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
