using System.Numerics;
using System.Runtime.CompilerServices;

namespace MiniTorch.Kernels;

/// <summary>Loads and stores a part of a vector through a copy, for processors without masked loads and stores.</summary>
internal static unsafe class Partial
{
    /// <summary>Loads the first <paramref name="count"/> lanes; the others are zero.</summary>
    public static V Load<V, T>(T* source, int count)
        where V : struct, IVector<V, T>
        where T : unmanaged, IBinaryNumber<T>
    {
        V lanes = default;
        Unsafe.CopyBlockUnaligned(ref Unsafe.As<V, byte>(ref lanes), ref *(byte*)source, (uint)(count * sizeof(T)));
        return lanes;
    }

    /// <summary>Stores the first <paramref name="count"/> lanes.</summary>
    public static void Store<V, T>(V a, T* destination, int count)
        where V : struct, IVector<V, T>
        where T : unmanaged, IBinaryNumber<T> =>
        Unsafe.CopyBlockUnaligned(ref *(byte*)destination, ref Unsafe.As<V, byte>(ref a), (uint)(count * sizeof(T)));

    /// <summary>Stores the first <paramref name="count"/> lanes, which hold integers, as Int64.</summary>
    public static void StoreAsInt64<V, T>(V a, long* destination, int count)
        where V : struct, IVector<V, T>
        where T : unmanaged, IBinaryNumber<T>
    {
        T* lanes = stackalloc T[V.Count];
        V.Store(a, lanes);
        for (int i = 0; i < count; i++) destination[i] = long.CreateTruncating(lanes[i]);
    }
}
