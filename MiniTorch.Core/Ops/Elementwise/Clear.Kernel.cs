using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace MiniTorch.Kernels;

/// <summary>Zeros in contiguous memory.</summary>
internal static unsafe class ClearKernel
{
    // So many bytes leave the second-level cache; stores past the caches write them three times as fast.
    const long StreamedBytes = 2 << 20;
    const long ChunkBytes = 1 << 20;
    const int Line = 64;

    public static void Run(byte* data, long bytes)
    {
        if (bytes < StreamedBytes) NativeMemory.Clear(data, (nuint)bytes);
        else Workers.Run(new Job(data, bytes), IntegerMath.CeilDiv(bytes, ChunkBytes));
    }

    readonly struct Job(byte* data, long bytes) : IJob
    {
        public void Execute(long chunk)
        {
            byte* at = data + chunk * ChunkBytes, end = data + Math.Min(bytes, (chunk + 1) * ChunkBytes);
            long head = Math.Min(-(nint)at & (Line - 1), end - at);
            NativeMemory.Clear(at, (nuint)head);
            for (at += head; at <= end - Line; at += Line) Vector512<byte>.Zero.StoreAlignedNonTemporal(at);
            NativeMemory.Clear(at, (nuint)(end - at));
            Simd.Fence();
        }
    }
}
