using System.Numerics;

namespace MiniTorch.Kernels;

/// <summary>The right operand of many products, a matrix (k, n) that is cut once into strips as wide as a tile.</summary>
internal readonly unsafe struct MatMulShared<T, V>
    where T : unmanaged, IBinaryNumber<T>
    where V : struct, IVector<V, T>
{
    readonly MatMulStrips<T, V> _strips;
    readonly long _k;
    readonly T* _memory;

    /// <summary>Packs b into memory of <see cref="Size"/> elements.</summary>
    public MatMulShared(long k, long n, T* b, long bRow, long bCol, T* memory)
    {
        _strips = new(n);
        _k = k;
        _memory = memory;
        for (long strip = 0; strip < _strips.Count; strip++)
        {
            long column = _strips.Start(strip), width = _strips.Start(strip + 1) - column;
            MatMulPack<T, V>.Copy(k, width, b + column * bCol, bRow, bCol, memory + column * k, width);
        }
    }

    /// <summary>The elements of the packed matrix, with room for the whole vectors that a narrow strip is read as.</summary>
    public static long Size(long k, long n) => k * n + V.Count;

    /// <summary>
    /// C = A·B, or C += A·B, for <paramref name="rows"/> rows, from the first strip on or from the last; each element is the chain of multiply-adds
    /// that it is in <see cref="MatMulKernel"/>.
    /// </summary>
    public void Multiply(long rows, T* a, long aRow, T* c, long cRow, bool accumulate, bool isReversed = false)
    {
        if (_k == 0 && accumulate) return;
        for (long i = 0; i < _strips.Count; i++)
        {
            long strip = isReversed ? _strips.Count - 1 - i : i, column = _strips.Start(strip), width = _strips.Start(strip + 1) - column;
            MatMulBlock<T, V>.Multiply(rows, width, _k, a, aRow, 1, _memory + column * _k, width, c + column, cRow, accumulate);
        }
    }
}
