using System.Runtime.CompilerServices;

namespace MiniTorch.Kernels;

/// <summary>
/// An element as sorting sees it: a key, whose order as an unsigned number is the order of the elements, and its position, so that no two entries are
/// equal and every sort is stable.
/// </summary>
internal interface ISortEntry<TSelf>
    where TSelf : unmanaged, ISortEntry<TSelf>
{
    /// <summary>The number of bytes of a key and a position.</summary>
    static abstract int Bytes { get; }

    /// <summary>The entry of an element. NaN is above every number, −0 equals 0, and <paramref name="descending"/> reverses the order.</summary>
    static abstract TSelf Of<T>(T value, int position, bool descending) where T : unmanaged;

    /// <summary>Where the element was.</summary>
    int Position { get; }

    /// <summary>One byte of the key with the position below it; byte 0 is the lowest of the position's four, byte 4 the lowest of the key.</summary>
    int Byte(int index);

    bool ComesBefore(TSelf other);
}

/// <summary>An entry of a type of at most 4 bytes, in one word: the key above the position.</summary>
internal readonly struct NarrowSortEntry(ulong word) : ISortEntry<NarrowSortEntry>
{
    const uint SignBit = 1U << 31;

    readonly ulong _word = word;

    public static int Bytes => 8;

    public int Position => (int)_word;

    public int Byte(int index) => (byte)(_word >> (8 * index));

    public bool ComesBefore(NarrowSortEntry other) => _word < other._word;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static NarrowSortEntry Of<T>(T value, int position, bool descending)
        where T : unmanaged
    {
        uint key = typeof(T) == typeof(byte) ? Unsafe.BitCast<T, byte>(value) : KeyOf(Unsafe.BitCast<T, float>(value));
        return new NarrowSortEntry(((ulong)(descending ? ~key : key) << 32) | (uint)position);
    }

    static uint KeyOf(float value)
    {
        if (float.IsNaN(value)) return uint.MaxValue;
        uint bits = BitConverter.SingleToUInt32Bits(value + 0f);   // −0 + 0 = 0
        return (bits & SignBit) != 0 ? ~bits : bits | SignBit;
    }
}

/// <summary>An entry of a type of 8 bytes.</summary>
internal readonly struct WideSortEntry(ulong key, int position) : ISortEntry<WideSortEntry>
{
    const ulong SignBit = 1UL << 63;

    readonly ulong _key = key;

    public static int Bytes => 12;

    public int Position { get; } = position;

    public int Byte(int index) => (byte)(index < 4 ? (ulong)Position >> (8 * index) : _key >> (8 * (index - 4)));

    public bool ComesBefore(WideSortEntry other) => _key != other._key ? _key < other._key : Position < other.Position;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static WideSortEntry Of<T>(T value, int position, bool descending)
        where T : unmanaged
    {
        ulong key = typeof(T) == typeof(long) ? (ulong)Unsafe.BitCast<T, long>(value) ^ SignBit : KeyOf(Unsafe.BitCast<T, double>(value));
        return new WideSortEntry(descending ? ~key : key, position);
    }

    static ulong KeyOf(double value)
    {
        if (double.IsNaN(value)) return ulong.MaxValue;
        ulong bits = BitConverter.DoubleToUInt64Bits(value + 0.0);   // −0 + 0 = 0
        return (bits & SignBit) != 0 ? ~bits : bits | SignBit;
    }
}
