using System.Runtime.InteropServices;

namespace MiniTorch;

/// <summary>
/// Memory checks for tests, enabled by the environment variable MINITORCH_CHECK_MEMORY=1. Every block gets guard bytes around the requested bytes and
/// is filled with NaN. It is checked when it is returned and when it is rented again. Slow.
/// </summary>
internal static unsafe class MemoryCheck
{
    /// <summary>The number of guard bytes before and after each block.</summary>
    public const int Fence = 64;

    private const byte FenceByte = 0xA5;

    // 0x7FF7… is NaN as a float and as a double, and out of range as an index.
    private const ushort Poison = 0x7FF7;

    /// <summary>Whether blocks are checked.</summary>
    public static readonly bool On = Environment.GetEnvironmentVariable("MINITORCH_CHECK_MEMORY") == "1";

    /// <summary>Allocates a block with guard bytes and returns the address between them.</summary>
    public static byte* Allocate(long capacity, int alignment)
    {
        byte* start = (byte*)NativeMemory.AlignedAlloc((nuint)(capacity + 2 * Fence), (nuint)alignment);
        byte* data = start + Fence;
        Fill(data, capacity);
        return data;
    }

    /// <summary>Frees a block that <see cref="Allocate"/> allocated.</summary>
    public static void Free(byte* data) => NativeMemory.AlignedFree(data - Fence);

    /// <summary>Checks a block that is being rented: it must not have been written to while it was free.</summary>
    public static void GoesOut(byte* data, long capacity, long asked)
    {
        var words = new ReadOnlySpan<ushort>(data, checked((int)Math.Min(capacity / 2, int.MaxValue)));
        if (words.ContainsAnyExcept(Poison))
            throw Broken(FormattableString.Invariant(
                $"a free block of {capacity:N0} bytes was written to, byte {2 * words.IndexOfAnyExcept(Poison):N0}"));
        new Span<byte>(data - Fence, Fence).Fill(FenceByte);
        NativeMemory.Fill(data + asked, (nuint)(capacity - asked + Fence), FenceByte);
    }

    /// <summary>Checks a block that is being returned: its guard bytes must be unchanged.</summary>
    public static void ComesBack(byte* data, long capacity, long asked)
    {
        for (int i = -Fence; i < 0; i++)
            if (data[i] != FenceByte) throw Broken(FormattableString.Invariant($"a write {-i} bytes before a block of {asked:N0} bytes"));
        for (long i = asked; i < capacity + Fence; i++)
            if (data[i] != FenceByte)
                throw Broken(FormattableString.Invariant($"a write {i - asked} bytes past the end of a block of {asked:N0} bytes"));
        Fill(data, capacity);
    }

    private static void Fill(byte* data, long capacity)
    {
        for (long done = 0; done < capacity / 2; done += 1 << 20)
            new Span<ushort>((ushort*)data + done, (int)Math.Min(1 << 20, capacity / 2 - done)).Fill(Poison);
    }

    private static InvalidOperationException Broken(string what) => new($"MiniTorch internal error: {what}; please report how to reproduce it");
}
