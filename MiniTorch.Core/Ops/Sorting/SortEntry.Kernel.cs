using System.Runtime.CompilerServices;

namespace MiniTorch.Kernels;

/// <summary>
/// An element as sorting sees it: its place among all values as an integer, and its position, so that no two are equal and every sort is stable.
/// </summary>
internal readonly struct SortEntry(ulong key, long position) : IComparable<SortEntry>
{
    const ulong SignBit = 1UL << 63;

    /// <summary>Where the element was.</summary>
    public readonly long Position = position;

    readonly ulong _key = key;

    public int CompareTo(SortEntry other) => _key != other._key ? _key.CompareTo(other._key) : Position.CompareTo(other.Position);

    /// <summary>The element's entry: NaN is above every number, −0 equals 0, and the order is turned round where descending.</summary>
    public static SortEntry Of<T>(T value, long position, bool descending)
        where T : unmanaged
    {
        ulong key = typeof(T) == typeof(long) ? (ulong)Unsafe.BitCast<T, long>(value) ^ SignBit
            : typeof(T) == typeof(byte) ? Unsafe.BitCast<T, byte>(value)
            : typeof(T) == typeof(float) ? KeyOf(Unsafe.BitCast<T, float>(value))
            : KeyOf(Unsafe.BitCast<T, double>(value));
        return new SortEntry(descending ? ~key : key, position);
    }

    static ulong KeyOf(double value)
    {
        if (double.IsNaN(value)) return ulong.MaxValue;
        ulong bits = BitConverter.DoubleToUInt64Bits(value + 0.0);   // −0 + 0 = 0
        return (bits & SignBit) != 0 ? ~bits : bits | SignBit;
    }
}
