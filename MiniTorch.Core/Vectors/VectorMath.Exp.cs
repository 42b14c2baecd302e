using System.Numerics;
using System.Runtime.CompilerServices;
using static System.Runtime.CompilerServices.MethodImplOptions;

namespace MiniTorch.Kernels;

internal static unsafe partial class VectorMath<V, T>
    where V : struct, IVector<V, T>
    where T : unmanaged, IBinaryNumber<T>
{
    const double Log2E = 1.4426950408889634;
    const double Ln2 = 0.6931471805599453;

    /// <summary>eᵃ: a = n·ln 2 + r, eᵃ = 2ⁿ·eʳ with |r| ≤ ln 2 / 2.</summary>
    [MethodImpl(AggressiveInlining)]
    public static V Exp(V a)
    {
        Check();
        return ExpOfBounded(Bound(a, Pick(-104, -746), Pick(89, 710)));
    }

    /// <summary>eᵃ for a that is not positive, or NaN.</summary>
    [MethodImpl(AggressiveInlining)]
    public static V ExpOfNegative(V a)
    {
        Check();
        return ExpOfBounded(V.AtLeast(a, Pick(-104, -746)));
    }

    /// <summary>2ᵃ.</summary>
    [MethodImpl(AggressiveInlining)]
    public static V Exp2(V a)
    {
        Check();
        a = Bound(a, Pick(-151, -1076), Pick(129, 1025));
        V n = V.Round(a);
        return V.Scale(ExpOfRest((a - n) * V.Of(Ln2)), n);
    }

    /// <summary>eᵃ − 1 = 2ⁿ·(eʳ − 1) + (2ⁿ − 1), with halved factors, so that 2ⁿ does not overflow before the result does.</summary>
    [MethodImpl(AggressiveInlining)]
    public static V Expm1(V a)
    {
        Check();
        V n = ReduceByLn2(Bound(a, Pick(-20, -40), Pick(89, 710)), out V r);
        V scale = PowerOfTwo(n - V.Of(1));
        V half = V.Fma(ExpMinusOne(r), scale, scale - V.Of(0.5));
        return V.Where(V.Less(V.Abs(a), Pick(1e-30, 1e-290)), a, half + half);
    }

    /// <summary>1 / (1 + e⁻ᵃ), from e^−|a| so that neither tail loses digits.</summary>
    [MethodImpl(AggressiveInlining)]
    public static V Sigmoid(V a)
    {
        V e = V.Exp(-V.Abs(a));
        return V.Where(V.Less(a, V.Of(0)), e, V.Of(1)) / (V.Of(1) + e);
    }

    /// <summary>tanh a: a polynomial below 0.625, 1 − 2 / (e²ᵃ + 1) above.</summary>
    [MethodImpl(AggressiveInlining)]
    public static V Tanh(V a)
    {
        Check();
        V magnitude = V.Abs(a), square = magnitude * magnitude;
        V polynomial = IsFloat
            ? Poly(square, -0.333332839, 0.133314911, -0.0537434825, 0.0206505438, V.Of(-0.00571700216))
            : Poly(square, -0.33333333333333315, 0.13333333333329891, -0.05396825396613468, 0.021869488470660555,
                Poly(square, -0.008863234341598261, 0.003592114272179749, -0.001455727622275379, 0.0005894586453472604,
                    Poly(square, -0.00023703018528565124, 9.158991507576101e-05, -3.0218081222007894e-05, 6.055684335405494e-06)));
        V small = V.Fma(magnitude * square, polynomial, magnitude);
        V exponential = ExpOfBounded(V.AtMost(magnitude + magnitude, Pick(30, 60)));
        V large = V.Of(1) - V.Of(2) / (exponential + V.Of(1));
        return WithSign(V.Where(V.Less(magnitude, V.Of(0.625)), small, large), a);
    }

    /// <summary>eᵃ for NaN, and for a whose result overflows or underflows by a few powers of two at most.</summary>
    [MethodImpl(AggressiveInlining)]
    static V ExpOfBounded(V a)
    {
        V n = ReduceByLn2(a, out V r);
        return V.Scale(ExpOfRest(r), n);
    }

    /// <summary>The integer n and the rest r with a = n·ln 2 + r.</summary>
    [MethodImpl(AggressiveInlining)]
    static V ReduceByLn2(V a, out V r)
    {
        V n = V.Round(a * V.Of(Log2E));
        r = V.Fma(n, Pick(1.904654299957768e-09, -2.3190468138462996e-17), V.Fma(n, V.Of(-Ln2), a));
        return n;
    }

    /// <summary>eʳ for |r| ≤ ln 2 / 2.</summary>
    [MethodImpl(AggressiveInlining)]
    static V ExpOfRest(V r) => V.Fma(V.Fma(SecondOrderOfExp(r), r, V.Of(1)), r, V.Of(1));

    /// <summary>eʳ − 1 for |r| ≤ ln 2 / 2.</summary>
    [MethodImpl(AggressiveInlining)]
    static V ExpMinusOne(V r) => V.Fma(r * r, SecondOrderOfExp(r), r);

    /// <summary>(eʳ − 1 − r) / r² for |r| ≤ ln 2 / 2.</summary>
    [MethodImpl(AggressiveInlining)]
    static V SecondOrderOfExp(V r) => IsFloat
        ? Poly(r, 0.50000001, 0.166665189, 0.0416662049, 0.00836888805, V.Of(0.00139505347))
        : Poly(r, 0.5000000000000012, 0.166666666666667, 0.04166666666651548, 0.008333333333307097,
            Poly(r, 0.0013888888947000597, 0.0001984126991759417, 2.480148995797928e-05, 2.755721613339426e-06,
                Poly(r, 2.763127473099551e-07, 2.5117907755466674e-08)));
}
