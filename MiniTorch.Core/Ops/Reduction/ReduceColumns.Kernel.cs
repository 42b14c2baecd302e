using System.Numerics;
using System.Runtime.CompilerServices;
using static System.Runtime.CompilerServices.MethodImplOptions;

namespace MiniTorch.Kernels;

/// <summary>Four vectors of neighbouring results.</summary>
internal struct Columns<V>
{
    public V A, B, C, D;
}

/// <summary>Reduces rows of elements to neighboring results: each lane of a vector is one result.</summary>
/// <param name="width">The number of results, at most <see cref="Width"/>.</param>
/// <param name="columnStride">The distance from an element of one result to that of the next result.</param>
/// <param name="rowStride">The distance from one element of a result to the next.</param>
/// <param name="centers">Argument of the fold for each result.</param>
internal readonly unsafe struct ReduceColumns<V, T, TFold>(int width, long columnStride, long rowStride, Columns<V> centers)
    : IReduceLeaf<Columns<V>, T>
    where V : struct, IVector<V, T>
    where T : unmanaged, IBinaryNumber<T>
    where TFold : IFold
{
    readonly int _width = width;
    readonly long _columnStride = columnStride, _rowStride = rowStride;
    readonly Columns<V> _centers = centers;

    /// <summary>The maximum number of results at once.</summary>
    public static int Width => 4 * V.Count;

    public long Length => 16;

    public int SavedLength => Width;

    [MethodImpl(AggressiveOptimization | NoInlining)]
    public Columns<V> Run(T* x, long count)
    {
        if (_width < Width || _columnStride != 1) return RunPartial(x, count);
        V a = TFold.Identity<V>(), b = a, c = a, d = a;
        for (long i = 0; i < count; i++, x += _rowStride)
        {
            a = TFold.Combine(a, TFold.Map(V.Load(x), _centers.A));
            b = TFold.Combine(b, TFold.Map(V.Load(x + V.Count), _centers.B));
            c = TFold.Combine(c, TFold.Map(V.Load(x + 2 * V.Count), _centers.C));
            d = TFold.Combine(d, TFold.Map(V.Load(x + 3 * V.Count), _centers.D));
        }

        return new() { A = a, B = b, C = c, D = d };
    }

    Columns<V> RunPartial(T* x, long count) => new()
    {
        A = RunVector(x, count, 0, _centers.A),
        B = RunVector(x, count, 1, _centers.B),
        C = RunVector(x, count, 2, _centers.C),
        D = RunVector(x, count, 3, _centers.D),
    };

    [MethodImpl(AggressiveOptimization | NoInlining)]
    V RunVector(T* x, long count, int vector, V center)
    {
        V result = TFold.Identity<V>();
        int lanes = ColumnAccess.Lanes<V, T>(_width, vector);
        if (lanes == 0) return result;
        T* column = x + vector * V.Count * _columnStride;
        if (_columnStride == 1 && lanes == V.Count)
        {
            for (long i = 0; i < count; i++, column += _rowStride) result = TFold.Combine(result, TFold.Map(V.Load(column), center));
            return result;
        }
        if (_columnStride == 1)
        {
            for (long i = 0; i < count; i++, column += _rowStride) result = TFold.Combine(result, TFold.Map(V.LoadPartial(column, lanes), center));
            return result;
        }
        for (long i = 0; i < count; i++, column += _rowStride)
            result = TFold.Combine(result, TFold.Map(ColumnAccess.Load<V, T>(column, _columnStride, lanes), center));
        return result;
    }

    public Columns<V> Combine(Columns<V> a, Columns<V> b) => new()
    {
        A = TFold.Combine(a.A, b.A),
        B = TFold.Combine(a.B, b.B),
        C = TFold.Combine(a.C, b.C),
        D = TFold.Combine(a.D, b.D),
    };

    public void Save(Columns<V> a, T* memory) => ColumnAccess.StoreAll(a, memory, 1, Width);

    public Columns<V> Restore(T* memory) => ColumnAccess.LoadAll<V, T>(memory, 1, Width);
}
