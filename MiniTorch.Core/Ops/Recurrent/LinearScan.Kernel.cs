using System.Numerics;

namespace MiniTorch.Kernels;

/// <summary>A linear recurrence along the middle one of three dimensions [outer, size, inner] of contiguous arrays.</summary>
internal static unsafe class LinearScanKernel
{
    /// <summary>sᵢ = aᵢ · sᵢ₋₁ + bᵢ, from s₋₁ = 0.</summary>
    public static void Run<T>(T* a, T* b, T* s, long outer, long size, long inner)
        where T : unmanaged, INumberBase<T>
    {
        if (size * inner == 0) return;
        for (long start = 0; start < outer * size * inner; start += size * inner)
        {
            for (long i = start; i < start + inner; i++) s[i] = b[i];
            for (long i = start + inner; i < start + (size * inner); i++) s[i] = (a[i] * s[i - inner]) + b[i];
        }
    }
}
