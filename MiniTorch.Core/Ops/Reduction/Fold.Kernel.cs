using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using static System.Runtime.CompilerServices.MethodImplOptions;

namespace MiniTorch.Kernels;

/// <summary>A reduction: maps each element and combines the results in pairs, in any grouping.</summary>
internal interface IFold
{
    /// <summary>Returns the neutral element, which is also the result for no elements.</summary>
    static abstract V Identity<V>() where V : struct, IReal<V>;

    /// <summary>Maps an element before it is combined. <paramref name="center"/> is an argument for each result.</summary>
    static virtual V Map<V>(V x, V center) where V : struct, IReal<V> => x;

    /// <summary>Combines two partial results.</summary>
    static abstract V Combine<V>(V a, V b) where V : struct, IReal<V>;

    /// <summary>Combines the lanes of a vector: combines halves until one lane is left.</summary>
    static abstract T Across<V, T>(V lanes)
        where V : struct, IVector<V, T>
        where T : unmanaged, IBinaryNumber<T>;
}

/// <summary>The reductions that kernels are compiled for.</summary>
internal static class Fold
{
    /// <summary>A sum of what the elements are mapped to.</summary>
    internal interface ISum : IFold
    {
        [MethodImpl(AggressiveInlining)]
        static V IFold.Identity<V>() => V.Of(0);

        [MethodImpl(AggressiveInlining)]
        static V IFold.Combine<V>(V a, V b) => a + b;

        [MethodImpl(AggressiveInlining)]
        static T IFold.Across<V, T>(V lanes) => V.Sum(lanes);
    }

    /// <summary>Σ x.</summary>
    internal readonly struct Total : ISum;

    /// <summary>Σ x².</summary>
    internal readonly struct SumOfSquares : ISum
    {
        [MethodImpl(AggressiveInlining)]
        public static V Map<V>(V x, V center) where V : struct, IReal<V> => x * x;
    }

    /// <summary>Σ (x − center)².</summary>
    internal readonly struct SumOfSquaredDeviations : ISum
    {
        [MethodImpl(AggressiveInlining)]
        public static V Map<V>(V x, V center) where V : struct, IReal<V> => (x - center) * (x - center);
    }

    /// <summary>Σ |x|.</summary>
    internal readonly struct SumOfAbsolutes : ISum
    {
        [MethodImpl(AggressiveInlining)]
        public static V Map<V>(V x, V center) where V : struct, IReal<V> => V.Abs(x);
    }

    /// <summary>Π x.</summary>
    internal readonly struct Product : IFold
    {
        [MethodImpl(AggressiveInlining)]
        public static V Identity<V>() where V : struct, IReal<V> => V.Of(1);

        [MethodImpl(AggressiveInlining)]
        public static V Combine<V>(V a, V b) where V : struct, IReal<V> => a * b;

        public static T Across<V, T>(V lanes)
            where V : struct, IVector<V, T>
            where T : unmanaged, IBinaryNumber<T>
        {
            if (Unsafe.SizeOf<V>() == Unsafe.SizeOf<T>()) return Unsafe.As<V, T>(ref lanes);
            Vector128<T> quarter = Unsafe.SizeOf<V>() switch
            {
                64 => Halved(Halved(Unsafe.As<V, Vector512<T>>(ref lanes))),
                32 => Halved(Unsafe.As<V, Vector256<T>>(ref lanes)),
                _ => Unsafe.As<V, Vector128<T>>(ref lanes),
            };
            return Vector128<T>.Count == 2 ? quarter[0] * quarter[1] : quarter[0] * quarter[2] * (quarter[1] * quarter[3]);
        }

        [MethodImpl(AggressiveInlining)]
        static Vector256<T> Halved<T>(Vector512<T> x) => x.GetLower() * x.GetUpper();

        [MethodImpl(AggressiveInlining)]
        static Vector128<T> Halved<T>(Vector256<T> x) => x.GetLower() * x.GetUpper();
    }

    /// <summary>max x; NaN if any element is NaN.</summary>
    internal readonly struct Max : IFold
    {
        [MethodImpl(AggressiveInlining)]
        public static V Identity<V>() where V : struct, IReal<V> => V.Of(double.NegativeInfinity);

        [MethodImpl(AggressiveInlining)]
        public static V Combine<V>(V a, V b) where V : struct, IReal<V> => V.Max(a, b);

        [MethodImpl(AggressiveInlining)]
        public static T Across<V, T>(V lanes)
            where V : struct, IVector<V, T>
            where T : unmanaged, IBinaryNumber<T> => V.MaxLane(lanes);
    }

    /// <summary>min x; NaN if any element is NaN.</summary>
    internal readonly struct Min : IFold
    {
        [MethodImpl(AggressiveInlining)]
        public static V Identity<V>() where V : struct, IReal<V> => V.Of(double.PositiveInfinity);

        [MethodImpl(AggressiveInlining)]
        public static V Combine<V>(V a, V b) where V : struct, IReal<V> => V.Min(a, b);

        [MethodImpl(AggressiveInlining)]
        public static T Across<V, T>(V lanes)
            where V : struct, IVector<V, T>
            where T : unmanaged, IBinaryNumber<T> => V.MinLane(lanes);
    }
}
