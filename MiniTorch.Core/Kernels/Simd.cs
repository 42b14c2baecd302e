using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using static System.Runtime.CompilerServices.MethodImplOptions;

namespace MiniTorch.Kernels;

/// <summary>Work that is written once for every vector width; its fields are the arguments.</summary>
internal interface IVectorJob<T>
    where T : unmanaged, IBinaryNumber<T>
{
    /// <summary>Does the work with vectors of type <typeparamref name="V"/>.</summary>
    void Run<V>() where V : struct, IVector<V, T>;
}

/// <summary>The one place that chooses the vector width; the checks are constants to the compiler, so only one branch is ever compiled.</summary>
internal static unsafe class Simd
{
    /// <summary>Runs the job with the widest vectors that the machine has; Int64 always goes lane by lane.</summary>
    [MethodImpl(AggressiveInlining)]
    public static void Run<J, T>(ref J job)
        where J : struct, IVectorJob<T>
        where T : unmanaged, IBinaryNumber<T>
    {
        if (typeof(T) != typeof(float) && typeof(T) != typeof(double) && typeof(T) != typeof(long)) throw new NotSupportedException($"vectors of {typeof(T).Name}"); // they would be taken for doubles
        if (typeof(T) == typeof(long)) job.Run<Scalar<T>>();
        else if (Vector512.IsHardwareAccelerated) job.Run<V512<T>>();
        else if (Vector256.IsHardwareAccelerated) job.Run<V256<T>>();
        else if (Vector128.IsHardwareAccelerated) job.Run<V128<T>>();
        else job.Run<Scalar<T>>();
    }

    /// <summary>Asks for the cache line of an address that will be read soon; any address will do, and nothing is read from it.</summary>
    [MethodImpl(AggressiveInlining)]
    public static void Prefetch(void* address)
    {
        if (Sse.IsSupported) Sse.Prefetch0(address);
    }

    /// <summary>As above, the lines of so many bytes.</summary>
    public static void Prefetch(void* first, long bytes)
    {
        for (long i = 0; i < bytes; i += 64) Prefetch((byte*)first + i);
    }

    /// <summary>Makes what was written past the caches visible before anything that is written after.</summary>
    public static void Fence()
    {
        if (Sse.IsSupported) Sse.StoreFence();
        else Interlocked.MemoryBarrier();
    }
}
