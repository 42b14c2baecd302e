using System.Numerics;
using System.Runtime.CompilerServices;
using static System.Runtime.CompilerServices.MethodImplOptions;

namespace MiniTorch.Kernels;

/// <summary>Σ a·b, Σ a² and Σ b² of each row of two contiguous matrices: a row is read from memory once.</summary>
internal static unsafe class RowProductsKernel
{
    /// <summary>The three sums of each row.</summary>
    public static void Forward<T>(long rows, long size, T* a, T* b, T* ab, T* aa, T* bb)
        where T : unmanaged, IBinaryNumber<T>
    {
        var job = new ForwardJob<T>(rows, size, a, b, ab, aa, bb);
        if (rows > 0) Simd.Run<ForwardJob<T>, T>(ref job);
    }

    /// <summary>da = ofAb · b + 2 · ofAa · a of each row, with the gradients of its sums; null counts as zeros.</summary>
    public static void Backward<T>(long rows, long size, T* a, T* b, T* ofAb, T* ofAa, T* da)
        where T : unmanaged, IBinaryNumber<T>
    {
        var job = new BackwardJob<T>(rows, size, a, b, ofAb, ofAa, da);
        if (rows > 0) Simd.Run<BackwardJob<T>, T>(ref job);
    }

    readonly struct ForwardJob<T>(long rows, long size, T* a, T* b, T* ab, T* aa, T* bb) : IVectorJob<T>
        where T : unmanaged, IBinaryNumber<T>
    {
        public void Run<V>() where V : struct, IVector<V, T> => ReduceUnits.Run(new Row<V>(rows, size, a, b, ab, aa, bb), rows * size);

        readonly struct Row<V>(long rows, long size, T* a, T* b, T* ab, T* aa, T* bb) : IReduceUnits
            where V : struct, IVector<V, T>
        {
            public long Count => rows;

            public void Run(long row)
            {
                var strip = AxisStrip<V, T>.Row(size);
                T* x = a + row * size, y = b + row * size;
                strip.StoreResult(strip.Dot(x, y), ab + row);
                strip.StoreResult(strip.Dot(x, x), aa + row);
                strip.StoreResult(strip.Dot(y, y), bb + row);
            }
        }
    }

    readonly struct BackwardJob<T>(long rows, long size, T* a, T* b, T* ofAb, T* ofAa, T* da) : IVectorJob<T>
        where T : unmanaged, IBinaryNumber<T>
    {
        public void Run<V>() where V : struct, IVector<V, T> => ReduceUnits.Run(new Row<V>(rows, size, a, b, ofAb, ofAa, da), rows * size);

        readonly struct Row<V>(long rows, long size, T* a, T* b, T* ofAb, T* ofAa, T* da) : IReduceUnits
            where V : struct, IVector<V, T>
        {
            public long Count => rows;

            public void Run(long row)
            {
                T square = ofAa == null ? T.Zero : ofAa[row];
                var map = new Combined<V>(V.Broadcast(square + square), V.Broadcast(ofAb == null ? T.Zero : ofAb[row]));
                AxisStrip<V, T>.Row(size).Map(map, a + row * size, b + row * size, da + row * size);
            }
        }
    }

    readonly struct Combined<V>(V ofX, V ofY) : IStripMap<V>
        where V : struct, IReal<V>
    {
        readonly V _ofX = ofX, _ofY = ofY;

        [MethodImpl(AggressiveInlining)]
        public V Of(V x, V y) => V.Fma(_ofX, x, _ofY * y);
    }
}
