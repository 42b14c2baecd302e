using System.Runtime.InteropServices;

namespace MiniTorch.Benchmarks.Quick;

/// <summary>What a step really needs: the most bytes that are reachable at any of its allocations, found by a full collection before each.</summary>
internal static class LiveMemory
{
    private static long s_live, s_peak;

    /// <summary>The most bytes of tensors that are reachable at once while <paramref name="step"/> runs, beside those that exist already.</summary>
    public static long PeakOf(Action step)
    {
        s_peak = s_live = 0;
        Storage.Substitute = (dtype, count) => new Tracked(dtype, count * dtype.Size());
        try { step(); }
        finally { Storage.Substitute = null; }
        return s_peak;
    }

    private sealed unsafe class Tracked : Storage
    {
        private readonly long _bytes;
        private readonly byte* _data;

        public Tracked(DType dtype, long bytes) : base(dtype)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
            _bytes = bytes;
            _data = (byte*)NativeMemory.AlignedAlloc((nuint)Math.Max(bytes, 1), 64);
            s_peak = Math.Max(s_peak, Interlocked.Add(ref s_live, bytes));
        }

        ~Tracked()
        {
            Interlocked.Add(ref s_live, -_bytes);
            NativeMemory.AlignedFree(_data);
        }

        public override ref byte Data => ref *_data;
    }
}
