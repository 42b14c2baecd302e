using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using static System.Runtime.CompilerServices.MethodImplOptions;

namespace MiniTorch.Kernels;

/// <summary>A computation that is written once for all vector widths; its fields are the arguments.</summary>
internal interface IVectorJob<T>
    where T : unmanaged, IBinaryNumber<T>
{
    /// <summary>Runs with vectors of type <typeparamref name="V"/>.</summary>
    void Run<V>() where V : struct, IVector<V, T>;
}

/// <summary>Chooses the vector width, which is a constant for the optimizing compiler, so that it compiles one branch.</summary>
internal static unsafe class Simd
{
    // Another width runs in software if the processor lacks it, so that every machine can test every width. 0 stands for one lane.
    const string Variable = "MINITORCH_VECTOR_BITS";

    static readonly int s_bits = Environment.GetEnvironmentVariable(Variable) switch
    {
        "512" => 512,
        "256" => 256,
        "128" => 128,
        "0" => 0,
        null or "" => WidestBits,
        var other => throw new ValueException($"{Variable} is {other}, and must be 512, 256, 128, 0 (one lane) or unset"),
    };

    /// <summary>The width of the vectors that kernels use, in bits; 0 for one lane.</summary>
    public static int Bits => RuntimeFeature.IsDynamicCodeCompiled ? s_bits : WidestBits; // native code has one width

    static int WidestBits =>
        Vector512.IsHardwareAccelerated ? 512 : Vector256.IsHardwareAccelerated ? 256 : Vector128.IsHardwareAccelerated ? 128 : 0;

    /// <summary>Runs a job with vectors of <see cref="Bits"/>; Int64 uses one lane.</summary>
    [MethodImpl(AggressiveInlining)]
    public static void Run<J, T>(ref J job)
        where J : struct, IVectorJob<T>
        where T : unmanaged, IBinaryNumber<T>
    {
        // they would be treated as doubles
        if (typeof(T) != typeof(float) && typeof(T) != typeof(double) && typeof(T) != typeof(long))
            throw new NotSupportedException($"vectors of {typeof(T).Name}");
        if (typeof(T) == typeof(long)) job.Run<V1<T>>();
        else if (Bits == 512) job.Run<V512<T>>();
        else if (Bits == 256) job.Run<V256<T>>();
        else if (Bits == 128) job.Run<V128<T>>();
        else job.Run<V1<T>>();
    }

    /// <summary>Prefetches a cache line; the address may be invalid.</summary>
    [MethodImpl(AggressiveInlining)]
    public static void Prefetch(void* address)
    {
        if (Sse.IsSupported) Sse.Prefetch0(address);
    }

    /// <summary>
    /// Prefetches from the next page if at least a quarter of a page is read from x on: the processor's own prefetching stops at the end of a page,
    /// and the address of the next one is looked up only when a load gets there.
    /// </summary>
    [MethodImpl(AggressiveInlining)]
    public static void PrefetchNextPage(void* x, long bytes)
    {
        if (bytes >= 1024) Prefetch((byte*)x + 4096);
    }

    /// <summary>Prefetches the cache lines of a number of bytes.</summary>
    public static void Prefetch(void* first, long bytes)
    {
        for (long i = 0; i < bytes; i += 64) Prefetch((byte*)first + i);
    }

    /// <summary>Orders stores that bypassed the cache before all later stores.</summary>
    public static void Fence()
    {
        if (Sse.IsSupported) Sse.StoreFence();
        else Interlocked.MemoryBarrier();
    }
}
