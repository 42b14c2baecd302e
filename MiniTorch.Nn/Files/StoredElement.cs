using System.Numerics;
using System.Runtime.InteropServices;

namespace MiniTorch.IO;

/// <summary>An element type in a file and its dtype in memory; types that tensors do not have are widened.</summary>
/// <param name="Size">Bytes in the file.</param>
/// <param name="DType">The tensor's dtype.</param>
/// <param name="Decode">Converts little-endian bytes of the file to elements; throws OverflowException if a value does not fit. Null if both are the
/// same.</param>
internal sealed record StoredElement(int Size, DType DType, StoredElement.Decoder? Decode = null)
{
    public delegate void Decoder(ReadOnlySpan<byte> stored, Span<byte> elements);

    public static readonly StoredElement Float64 = new(8, DType.Float64);
    public static readonly StoredElement Float32 = new(4, DType.Float32);
    public static readonly StoredElement Float16 = new(2, DType.Float32, Reals<Half>(half => (float)half));
    public static readonly StoredElement BFloat16 = new(2, DType.Float32, Reals<ushort>(upper => BitConverter.UInt32BitsToSingle((uint)upper << 16)));
    public static readonly StoredElement Int64 = new(8, DType.Int64);
    public static readonly StoredElement UInt64 = new(8, DType.Int64, Integers<ulong>());
    public static readonly StoredElement Int32 = new(4, DType.Int64, Integers<int>());
    public static readonly StoredElement UInt32 = new(4, DType.Int64, Integers<uint>());
    public static readonly StoredElement Int16 = new(2, DType.Int64, Integers<short>());
    public static readonly StoredElement UInt16 = new(2, DType.Int64, Integers<ushort>());
    public static readonly StoredElement Int8 = new(1, DType.Int64, Integers<sbyte>());
    public static readonly StoredElement UInt8 = new(1, DType.Int64, Integers<byte>());
    public static readonly StoredElement Bool = new(1, DType.Bool, Truths);

    private static Decoder Integers<T>() where T : unmanaged, IBinaryInteger<T> => (stored, elements) =>
    {
        ReadOnlySpan<T> from = MemoryMarshal.Cast<byte, T>(stored);
        Span<long> to = MemoryMarshal.Cast<byte, long>(elements);
        for (int i = 0; i < from.Length; i++) to[i] = long.CreateChecked(from[i]);
    };

    private static Decoder Reals<T>(Func<T, float> widen) where T : unmanaged => (stored, elements) =>
    {
        ReadOnlySpan<T> from = MemoryMarshal.Cast<byte, T>(stored);
        Span<float> to = MemoryMarshal.Cast<byte, float>(elements);
        for (int i = 0; i < from.Length; i++) to[i] = widen(from[i]);
    };

    // Kernels rely on booleans being 0 or 1.
    private static void Truths(ReadOnlySpan<byte> stored, Span<byte> elements)
    {
        if (stored.ContainsAnyExceptInRange((byte)0, (byte)1)) throw new OverflowException("a boolean is neither 0 nor 1");
        stored.CopyTo(elements);
    }
}
