using System.Numerics;
using System.Runtime.CompilerServices;
using static System.Runtime.CompilerServices.MethodImplOptions;

namespace MiniTorch.Kernels;

/// <summary>A linear recurrence along the middle one of three dimensions [outer, size, inner] of contiguous arrays.</summary>
internal static unsafe class LinearScanKernel
{
    // Fewer elements are not worth another thread.
    const long SmallCount = 1 << 15;

    /// <summary>sᵢ = aᵢ · sᵢ₋₁ + bᵢ, from s₋₁ = 0.</summary>
    public static void Run<T>(T* a, T* b, T* s, long outer, long size, long inner)
        where T : unmanaged, INumberBase<T>
    {
        if (outer * size * inner == 0) return;
        var job = new Job<T>(a, b, s, outer, size, inner);
        if (outer * size * inner < SmallCount)
            for (long unit = 0; unit < job.Units; unit++) job.Execute(unit);
        else Workers.Run(job, job.Units);
    }

    /// <summary>Four rows together, because each element waits for the one before; or all columns.</summary>
    readonly struct Job<T>(T* a, T* b, T* s, long outer, long size, long inner) : IJob
        where T : unmanaged, INumberBase<T>
    {
        const int Rows = 4;

        public long Units => inner == 1 ? (outer + Rows - 1) / Rows : outer;

        public void Execute(long unit)
        {
            long row = inner == 1 ? unit * Rows : unit, end = inner == 1 ? Math.Min(row + Rows, outer) : row + 1, step = size * inner;
            if (end - row == Rows) FourRows(a + row * step, b + row * step, s + row * step);
            else for (; row < end; row++) Columns(a + row * step, b + row * step, s + row * step);
        }

        [MethodImpl(AggressiveOptimization)]
        void FourRows(T* factor, T* added, T* to)
        {
            long n = size;
            (T p, T q, T u, T v) = (added[0], added[n], added[2 * n], added[3 * n]);
            (to[0], to[n], to[2 * n], to[3 * n]) = (p, q, u, v);
            for (long i = 1; i < n; i++)
            {
                to[i] = p = (factor[i] * p) + added[i];
                to[n + i] = q = (factor[n + i] * q) + added[n + i];
                to[2 * n + i] = u = (factor[2 * n + i] * u) + added[2 * n + i];
                to[3 * n + i] = v = (factor[3 * n + i] * v) + added[3 * n + i];
            }
        }

        [MethodImpl(AggressiveOptimization)]
        void Columns(T* factor, T* added, T* to)
        {
            for (long i = 0; i < inner; i++) to[i] = added[i];
            for (long i = inner; i < size * inner; i++) to[i] = (factor[i] * to[i - inner]) + added[i];
        }
    }
}
