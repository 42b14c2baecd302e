using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using static System.Runtime.CompilerServices.MethodImplOptions;

namespace MiniTorch.Kernels;

/// <summary>Copies elements between strided memory of any dtype and contiguous blocks of the type that a loop computes in.</summary>
internal static unsafe class Strided
{
    // The number of Bool elements that are converted between bytes and vectors at once, as one bit each.
    const int BoolGroup = 16;

    /// <summary>Reads one element.</summary>
    [MethodImpl(AggressiveInlining)]
    public static T Read<T>(byte* source, DType type)
        where T : unmanaged, IBinaryNumber<T> => type.Holds<T>() ? *(T*)source : type switch
        {
            DType.Float32 => Convert<float, T>(*(float*)source),
            DType.Float64 => Convert<double, T>(*(double*)source),
            DType.Int64 => Convert<long, T>(*(long*)source),
            _ => *source != 0 ? T.One : T.Zero,
        };

    /// <summary>Loads a block from memory with a stride in bytes; past the caches if it <paramref name="streams"/> and the types allow it.</summary>
    public static void Gather<V, T>(byte* source, long stride, DType type, T* block, int count, bool streams = false)
        where V : struct, IVector<V, T>
        where T : unmanaged, IBinaryNumber<T>
    {
        switch (type)
        {
            case DType.Float32: Gather<float, T>(source, stride, block, count, streams); break;
            case DType.Float64: Gather<double, T>(source, stride, block, count); break;
            case DType.Int64: Gather<long, T>(source, stride, block, count, streams); break;
            default: GatherBools<V, T>(source, stride, block, count); break;
        }
    }

    /// <summary>Stores a block to memory with a stride in bytes.</summary>
    public static void Scatter<V, T>(T* block, byte* destination, long stride, DType type, int count)
        where V : struct, IVector<V, T>
        where T : unmanaged, IBinaryNumber<T>
    {
        switch (type)
        {
            case DType.Float32: Scatter<float, T>(block, destination, stride, count); break;
            case DType.Float64: Scatter<double, T>(block, destination, stride, count); break;
            case DType.Int64: Scatter<long, T>(block, destination, stride, count); break;
            default: ScatterBools<V, T>(block, destination, stride, count); break;
        }
    }

    [MethodImpl(AggressiveOptimization)]
    static void Gather<S, T>(byte* source, long stride, T* block, int count, bool streams = false)
        where S : unmanaged, IBinaryNumber<S>
        where T : unmanaged, IBinaryNumber<T>
    {
        if (typeof(S) == typeof(T) && stride == -sizeof(T))
        {
            new ReadOnlySpan<T>((T*)source - count + 1, count).CopyTo(new Span<T>(block, count));
            new Span<T>(block, count).Reverse();
            return;
        }
        int i = stride != sizeof(S) ? 0 : streams && (nint)block % 64 == 0 ? Streamed((S*)source, block, count) : Converted((S*)source, block, count);
        for (source += i * stride; i < count; i++, source += stride) block[i] = Convert<S, T>(*(S*)source);
    }

    [MethodImpl(AggressiveOptimization)]
    static void Scatter<S, T>(T* block, byte* destination, long stride, int count)
        where S : unmanaged, IBinaryNumber<S>
        where T : unmanaged, IBinaryNumber<T>
    {
        int i = stride == sizeof(S) ? Converted(block, (S*)destination, count) : 0;
        for (destination += i * stride; i < count; i++, destination += stride) *(S*)destination = Convert<T, S>(block[i]);
    }

    /// <summary>Converts as <see cref="Converted"/> does and writes past the caches to an aligned destination; the caller fences.</summary>
    [MethodImpl(AggressiveInlining)]
    static int Streamed<S, T>(S* source, T* destination, int count)
        where S : unmanaged, IBinaryNumber<S>
        where T : unmanaged, IBinaryNumber<T>
    {
        int i = 0;
        if (typeof(S) == typeof(float) && typeof(T) == typeof(double) && Avx512F.IsSupported)
            for (; i <= count - 8; i += 8)
                Avx512F.ConvertToVector512Double(Vector256.Load((float*)source + i)).StoreAlignedNonTemporal((double*)destination + i);
        else if (typeof(S) == typeof(long) && typeof(T) == typeof(float) && Avx512DQ.IsSupported)
            for (; i <= count - 8; i += 8)
                Avx512DQ.ConvertToVector256Single(Vector512.Load((long*)source + i)).StoreAlignedNonTemporal((float*)destination + i);
        else return Converted(source, destination, count);
        return i;
    }

    /// <summary>Converts whole vectors of contiguous elements as <see cref="Convert"/> does, and returns the number of converted elements.</summary>
    [MethodImpl(AggressiveInlining)]
    static int Converted<S, T>(S* source, T* destination, int count)
        where S : unmanaged, IBinaryNumber<S>
        where T : unmanaged, IBinaryNumber<T>
    {
        int i = 0;
        if (typeof(S) == typeof(float) && typeof(T) == typeof(double) && Avx512F.IsSupported)
        {
            for (; i <= count - 8; i += 8) Avx512F.ConvertToVector512Double(Vector256.Load((float*)source + i)).Store((double*)destination + i);
        }
        else if (typeof(S) == typeof(float) && typeof(T) == typeof(double) && Vector256.IsHardwareAccelerated)
        {
            for (; i <= count - 8; i += 8)
            {
                (Vector256<double> low, Vector256<double> high) = Vector256.Widen(Vector256.Load((float*)source + i));
                low.Store((double*)destination + i);
                high.Store((double*)destination + i + 4);
            }
        }
        else if (typeof(S) == typeof(double) && typeof(T) == typeof(float) && Avx512F.IsSupported)
        {
            for (; i <= count - 8; i += 8) Avx512F.ConvertToVector256Single(Vector512.Load((double*)source + i)).Store((float*)destination + i);
        }
        else if (typeof(S) == typeof(double) && typeof(T) == typeof(float) && Vector256.IsHardwareAccelerated)
        {
            for (; i <= count - 8; i += 8)
                Vector256.Narrow(Vector256.Load((double*)source + i), Vector256.Load((double*)source + i + 4)).Store((float*)destination + i);
        }
        else if (!Avx512DQ.IsSupported)
        {
        }
        else if (typeof(S) == typeof(long) && typeof(T) == typeof(float))
        {
            for (; i <= count - 8; i += 8) Avx512DQ.ConvertToVector256Single(Vector512.Load((long*)source + i)).Store((float*)destination + i);
        }
        else if (typeof(S) == typeof(long) && typeof(T) == typeof(double))
        {
            for (; i <= count - 8; i += 8) Avx512DQ.ConvertToVector512Double(Vector512.Load((long*)source + i)).Store((double*)destination + i);
        }
        else if (typeof(S) == typeof(float) && typeof(T) == typeof(long))
        {
            for (; i <= count - 8; i += 8)
                Avx512DQ.ConvertToVector512Int64WithTruncation(Vector256.Load((float*)source + i)).Store((long*)destination + i);
        }
        else if (typeof(S) == typeof(double) && typeof(T) == typeof(long))
        {
            for (; i <= count - 8; i += 8)
                Avx512DQ.ConvertToVector512Int64WithTruncation(Vector512.Load((double*)source + i)).Store((long*)destination + i);
        }
        return i;
    }

    [MethodImpl(AggressiveOptimization)]
    static void GatherBools<V, T>(byte* source, long stride, T* block, int count)
        where V : struct, IVector<V, T>
        where T : unmanaged, IBinaryNumber<T>
    {
        int i = 0;
        if (stride == 1 && typeof(T) == typeof(long) && Avx512F.IsSupported)
            for (; i + BoolGroup <= count; i += BoolGroup)
            {
                Vector128<byte> bytes = Vector128.Min(Vector128.Load(source + i), Vector128<byte>.One);
                Avx512F.ConvertToVector512Int64(bytes).Store((long*)block + i);
                Avx512F.ConvertToVector512Int64(Vector128.Create(bytes.GetUpper(), default)).Store((long*)block + i + 8);
            }
        else if (stride == 1)
            for (; i + BoolGroup <= count; i += BoolGroup) Unpack<V, T>(source + i, block + i);
        for (; i < count; i++) block[i] = source[i * stride] != 0 ? T.One : T.Zero;
    }

    [MethodImpl(AggressiveOptimization)]
    static void ScatterBools<V, T>(T* block, byte* destination, long stride, int count)
        where V : struct, IVector<V, T>
        where T : unmanaged, IBinaryNumber<T>
    {
        int i = 0;
        if (stride == 1 && typeof(T) == typeof(long) && Vector512.IsHardwareAccelerated)
            for (; i + BoolGroup <= count; i += BoolGroup)
            {
                ulong zeros = Vector512.Equals(Vector512.Load((long*)block + i), Vector512<long>.Zero).ExtractMostSignificantBits()
                    | (Vector512.Equals(Vector512.Load((long*)block + i + 8), Vector512<long>.Zero).ExtractMostSignificantBits() << 8);
                *(ulong*)(destination + i) = BytesOfBits((byte)~zeros);
                *(ulong*)(destination + i + 8) = BytesOfBits((byte)(~zeros >> 8));
            }
        else if (stride == 1)
            for (; i + BoolGroup <= count; i += BoolGroup) Pack<V, T>(block + i, destination + i);
        for (; i < count; i++) destination[i * stride] = block[i] != T.Zero ? (byte)1 : (byte)0;
    }

    [MethodImpl(AggressiveInlining)]
    static void Unpack<V, T>(byte* source, T* block)
        where V : struct, IVector<V, T>
        where T : unmanaged, IBinaryNumber<T>
    {
        ulong bits = BitsOfBytes(*(ulong*)source) | (BitsOfBytes(*(ulong*)(source + 8)) << 8);
        for (int i = 0; i < BoolGroup; i += V.Count) V.Store(V.And(V.FromBits(bits >> i), V.Of(1)), block + i);
    }

    [MethodImpl(AggressiveInlining)]
    static void Pack<V, T>(T* block, byte* destination)
        where V : struct, IVector<V, T>
        where T : unmanaged, IBinaryNumber<T>
    {
        ulong bits = 0;
        for (int i = 0; i < BoolGroup; i += V.Count) bits |= V.ToBits(V.Not(V.Equal(V.Load(block + i), V.Of(0)))) << i;
        *(ulong*)destination = BytesOfBits((byte)bits);
        *(ulong*)(destination + 8) = BytesOfBits((byte)(bits >> 8));
    }

    // The product moves the low bit of byte i to bit 56 + i; its terms do not overlap.
    [MethodImpl(AggressiveInlining)]
    static ulong BitsOfBytes(ulong bytes) => (bytes * 0x0102040810204080) >> 56;

    // Byte i keeps bit i of its copy; adding 127 carries a set bit to the top of the byte.
    [MethodImpl(AggressiveInlining)]
    static ulong BytesOfBits(byte bits) =>
        ((((bits * 0x0101010101010101UL) & 0x8040201008040201) + 0x7F7F7F7F7F7F7F7F) >> 7) & 0x0101010101010101;

    /// <summary>Converts as C does; a value that does not fit an Int64, and NaN, becomes the smallest Int64, as on x86.</summary>
    [MethodImpl(AggressiveInlining)]
    static T Convert<S, T>(S value)
        where S : unmanaged, IBinaryNumber<S>
        where T : unmanaged, IBinaryNumber<T>
    {
        if (typeof(S) == typeof(T)) return (T)(object)value;
        if (typeof(T) != typeof(long)) return T.CreateTruncating(value);
        double number = double.CreateTruncating(value);
        return T.CreateTruncating(number is >= -9223372036854775808.0 and < 9223372036854775808.0 ? (long)number : long.MinValue);
    }
}
