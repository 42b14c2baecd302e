using System.Runtime.InteropServices;

namespace MiniTorch;

/// <summary>
/// With the environment variable MINITORCH_CHECK_MEMORY=1 every block has fences around what was asked for, holds NaN while nothing was written, and is
/// checked when it comes back and when it goes out again. Slow; for tests of kernels and of the engine.
/// </summary>
internal static unsafe class MemoryCheck
{
    /// <summary>Bytes before and behind each block.</summary>
    public const int Fence = 64;

    private const byte FenceByte = 0xA5;

    // 0x7FF7… is NaN as float and as double, and far out of range as an index.
    private const ushort Poison = 0x7FF7;

    /// <summary>Whether blocks are checked.</summary>
    public static readonly bool On = Environment.GetEnvironmentVariable("MINITORCH_CHECK_MEMORY") == "1";

    /// <summary>A block with fences; the address of what lies between them.</summary>
    public static byte* Allocate(long capacity, int alignment)
    {
        byte* start = (byte*)NativeMemory.AlignedAlloc((nuint)(capacity + 2 * Fence), (nuint)alignment);
        byte* data = start + Fence;
        Fill(data, capacity);
        return data;
    }

    /// <summary>Gives such a block back to the system.</summary>
    public static void Free(byte* data) => NativeMemory.AlignedFree(data - Fence);

    /// <summary>A block goes out: nobody may have written to it while it was free.</summary>
    public static void GoesOut(byte* data, long capacity, long asked)
    {
        var words = new ReadOnlySpan<ushort>(data, checked((int)Math.Min(capacity / 2, int.MaxValue)));
        if (words.ContainsAnyExcept(Poison)) throw Broken($"a free block of {capacity:N0} bytes was written to, byte {2 * words.IndexOfAnyExcept(Poison):N0}");
        new Span<byte>(data - Fence, Fence).Fill(FenceByte);
        NativeMemory.Fill(data + asked, (nuint)(capacity - asked + Fence), FenceByte);
    }

    /// <summary>A block comes back: nobody may have written beside it.</summary>
    public static void ComesBack(byte* data, long capacity, long asked)
    {
        for (int i = -Fence; i < 0; i++)
            if (data[i] != FenceByte) throw Broken($"{-i} bytes before a block of {asked:N0} bytes something was written");
        for (long i = asked; i < capacity + Fence; i++)
            if (data[i] != FenceByte) throw Broken($"{i - asked} bytes behind a block of {asked:N0} bytes something was written");
        Fill(data, capacity);
    }

    private static void Fill(byte* data, long capacity)
    {
        for (long done = 0; done < capacity / 2; done += 1 << 20) new Span<ushort>((ushort*)data + done, (int)Math.Min(1 << 20, capacity / 2 - done)).Fill(Poison);
    }

    private static InvalidOperationException Broken(string what) => new($"MiniTorch internal error: {what}; please report how to reproduce it");
}
