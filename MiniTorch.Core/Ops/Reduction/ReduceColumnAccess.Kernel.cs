using System.Numerics;

namespace MiniTorch.Kernels;

/// <summary>Reads and writes a few neighbouring columns at any stride.</summary>
internal static unsafe class ColumnAccess
{
    /// <summary>Returns how many of <paramref name="width"/> columns are in the given vector.</summary>
    public static int Lanes<V, T>(int width, int vector)
        where V : struct, IVector<V, T>
        where T : unmanaged, IBinaryNumber<T> => Math.Clamp(width - vector * V.Count, 0, V.Count);

    /// <summary>Loads the first <paramref name="lanes"/> columns from <paramref name="x"/>; other lanes are zero.</summary>
    public static V Load<V, T>(T* x, long stride, int lanes)
        where V : struct, IVector<V, T>
        where T : unmanaged, IBinaryNumber<T>
    {
        if (stride == 1) return lanes == V.Count ? V.Load(x) : V.LoadPartial(x, lanes);
        T* gathered = stackalloc T[V.Count];
        for (int i = 0; i < lanes; i++) gathered[i] = x[i * stride];
        return V.Load(gathered);
    }

    /// <summary>Loads four vectors at a stride; lanes beyond <paramref name="width"/> are zero.</summary>
    public static Columns<V> LoadAll<V, T>(T* x, long stride, int width)
        where V : struct, IVector<V, T>
        where T : unmanaged, IBinaryNumber<T> => new()
        {
            A = Load<V, T>(x, stride, Lanes<V, T>(width, 0)),
            B = Load<V, T>(x + V.Count * stride, stride, Lanes<V, T>(width, 1)),
            C = Load<V, T>(x + 2 * V.Count * stride, stride, Lanes<V, T>(width, 2)),
            D = Load<V, T>(x + 3 * V.Count * stride, stride, Lanes<V, T>(width, 3)),
        };

    /// <summary>Writes the first <paramref name="width"/> columns at a stride.</summary>
    public static void StoreAll<V, T>(Columns<V> columns, T* x, long stride, int width)
        where V : struct, IVector<V, T>
        where T : unmanaged, IBinaryNumber<T>
    {
        T* values = stackalloc T[4 * V.Count];
        V.Store(columns.A, values);
        V.Store(columns.B, values + V.Count);
        V.Store(columns.C, values + 2 * V.Count);
        V.Store(columns.D, values + 3 * V.Count);
        for (int i = 0; i < width; i++) x[i * stride] = values[i];
    }
}
