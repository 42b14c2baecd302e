using System.Numerics;
using System.Runtime.CompilerServices;
using MathNet.Numerics;

namespace MiniTorch.Kernels;

/// <summary>Elementary and special functions of a vector, written once for every width.</summary>
internal static unsafe class VectorMath
{
    public static V Exp<V, T>(V a) where V : struct, IVector<V, T> where T : unmanaged, IBinaryNumber<T> => Lanes<V, T>(a, &Math.Exp);

    public static V Log<V, T>(V a) where V : struct, IVector<V, T> where T : unmanaged, IBinaryNumber<T> => Lanes<V, T>(a, &Math.Log);

    public static V Sin<V, T>(V a) where V : struct, IVector<V, T> where T : unmanaged, IBinaryNumber<T> => Lanes<V, T>(a, &Math.Sin);

    public static V Cos<V, T>(V a) where V : struct, IVector<V, T> where T : unmanaged, IBinaryNumber<T> => Lanes<V, T>(a, &Math.Cos);

    public static V Tan<V, T>(V a) where V : struct, IVector<V, T> where T : unmanaged, IBinaryNumber<T> => Lanes<V, T>(a, &Math.Tan);

    public static V Atan<V, T>(V a) where V : struct, IVector<V, T> where T : unmanaged, IBinaryNumber<T> => Lanes<V, T>(a, &Math.Atan);

    public static V Tanh<V, T>(V a) where V : struct, IVector<V, T> where T : unmanaged, IBinaryNumber<T> => Lanes<V, T>(a, &Math.Tanh);

    public static V Expm1<V, T>(V a) where V : struct, IVector<V, T> where T : unmanaged, IBinaryNumber<T> => Lanes<V, T>(a, &double.ExpM1);

    public static V Log1p<V, T>(V a) where V : struct, IVector<V, T> where T : unmanaged, IBinaryNumber<T> => Lanes<V, T>(a, &double.LogP1);

    public static V Sigmoid<V, T>(V a) where V : struct, IVector<V, T> where T : unmanaged, IBinaryNumber<T> => Lanes<V, T>(a, &Logistic);

    public static V Exp2<V, T>(V a) where V : struct, IVector<V, T> where T : unmanaged, IBinaryNumber<T> => Lanes<V, T>(a, &double.Exp2);

    public static V Erf<V, T>(V a) where V : struct, IVector<V, T> where T : unmanaged, IBinaryNumber<T> => Lanes<V, T>(a, &SpecialFunctions.Erf);

    public static V Erfc<V, T>(V a) where V : struct, IVector<V, T> where T : unmanaged, IBinaryNumber<T> => Lanes<V, T>(a, &SpecialFunctions.Erfc);

    public static V Erfinv<V, T>(V a) where V : struct, IVector<V, T> where T : unmanaged, IBinaryNumber<T> => Lanes<V, T>(a, &SpecialFunctions.ErfInv);

    public static V Lgamma<V, T>(V a) where V : struct, IVector<V, T> where T : unmanaged, IBinaryNumber<T> => Lanes<V, T>(a, &SpecialFunctions.GammaLn);

    public static V Pow<V, T>(V a, V b) where V : struct, IVector<V, T> where T : unmanaged, IBinaryNumber<T> => Lanes<V, T>(a, b, &Math.Pow);

    public static V Fmod<V, T>(V a, V b) where V : struct, IVector<V, T> where T : unmanaged, IBinaryNumber<T>
    {
        for (int i = 0; i < V.Count; i++) Lane<V, T>(ref a, i) %= Lane<V, T>(ref b, i);
        return a;
    }

    public static V Polygamma<V, T>(int order, V a) where V : struct, IVector<V, T> where T : unmanaged, IBinaryNumber<T> =>
        order == 0 ? Lanes<V, T>(a, &SpecialFunctions.DiGamma) : throw new NotSupportedException($"polygamma of order {order}");

    static double Logistic(double x) => 1 / (1 + Math.Exp(-x));

    /// <summary>Lane by lane in float64, rounded once at the end.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    static V Lanes<V, T>(V a, delegate*<double, double> function)
        where V : struct, IVector<V, T>
        where T : unmanaged, IBinaryNumber<T>
    {
        if (typeof(T) == typeof(long)) throw new NotSupportedException("Int64 has arithmetic and comparisons only.");
        for (int i = 0; i < V.Count; i++)
        {
            ref T lane = ref Lane<V, T>(ref a, i);
            lane = T.CreateTruncating(function(double.CreateTruncating(lane)));
        }
        return a;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    static V Lanes<V, T>(V a, V b, delegate*<double, double, double> function)
        where V : struct, IVector<V, T>
        where T : unmanaged, IBinaryNumber<T>
    {
        if (typeof(T) == typeof(long)) throw new NotSupportedException("Int64 has arithmetic and comparisons only.");
        for (int i = 0; i < V.Count; i++)
        {
            ref T lane = ref Lane<V, T>(ref a, i);
            lane = T.CreateTruncating(function(double.CreateTruncating(lane), double.CreateTruncating(Lane<V, T>(ref b, i))));
        }
        return a;
    }

    static ref T Lane<V, T>(ref V a, int index) => ref Unsafe.Add(ref Unsafe.As<V, T>(ref a), index);
}
