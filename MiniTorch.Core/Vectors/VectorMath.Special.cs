using System.Numerics;
using System.Runtime.CompilerServices;
using static System.Runtime.CompilerServices.MethodImplOptions;

namespace MiniTorch.Kernels;

internal static unsafe partial class VectorMath<V, T>
    where V : struct, IVector<V, T>
    where T : unmanaged, IBinaryNumber<T>
{
    /// <summary>erf a: a polynomial below 1, 1 − e^q(a) above, where q is a polynomial for ln erfc.</summary>
    [MethodImpl(AggressiveInlining)]
    public static V Erf(V a)
    {
        Check();
        V magnitude = V.Abs(a), z = magnitude * magnitude;
        V polynomial = IsFloat
            ? Poly(z, 0.128379167, -0.376126385, 0.112837827, -0.0268654459, Poly(z, 0.00522107494, -0.0008484712, 0.000112705467, -9.68013824e-06))
            : Poly(z, 0.12837916709551256, -0.3761263890318355, 0.11283791670945253, -0.02686617064327622,
                Poly(z, 0.005223977607423468, -0.0008548325989696758, 0.00012055295320494294, -1.4924744663335489e-05,
                    Poly(z, 1.6447517677871873e-06, -1.6209175911748696e-07, 1.3722976265924504e-08, -7.801188874097751e-10)));
        V small = V.Fma(magnitude, polynomial, magnitude);
        V t = Bound(magnitude, V.Of(0), Pick(3.95, 5.95)) - V.Of(1);
        V logErfc = IsFloat
            ? Poly(t, -1.84960551, -2.63896754, -0.843106721, -0.0415658053,
                Poly(t, 0.0100536788, -0.00202378956, 0.000299860556, -2.62139585e-05, V.Of(7.75931964e-07)))
            : Poly(t, -1.8496055099332482, -2.6389675142347886, -0.8431072563586494, -0.04156109804277633,
                Poly(t, 0.010033825390372238, -0.0019779027158145376, 0.0002373233369338047, 2.6274571448327154e-05,
                    Poly(t, -2.715020013793864e-05, 9.59157183677198e-06, -2.0349570992906843e-06, 1.1632891041850421e-07,
                        Poly(t, 1.1893442291287711e-07, -6.504593844505418e-08, 2.086485185830638e-08, -4.894261790577867e-09,
                            Poly(t, 8.749036506531444e-10, -1.1867018137339433e-10, 1.1855518410894603e-11, -8.228374268943397e-13,
                                Poly(t, 3.5408082958905265e-14, -7.106997736665426e-16))))));
        V large = V.Of(1) - ExpOfBounded(logErfc);
        return WithSign(V.Where(V.Less(magnitude, V.Of(1)), small, large), a);
    }

    /// <summary>erfc a = e^(−a²) · g(a) for a ≥ 0, where g is smooth, so that the tail keeps its digits; erfc(−a) = 2 − erfc a.</summary>
    [MethodImpl(AggressiveInlining)]
    public static V Erfc(V a)
    {
        Check();
        V magnitude = V.AtMost(V.Abs(a), Pick(10.1, 27.3));
        V square = magnitude * magnitude, lost = V.Fma(magnitude, -magnitude, square);
        V tail = (IsFloat ? ScaledErfcSingle(magnitude) : ScaledErfcDouble(magnitude)) * ExpOfNegative(-square);
        tail = V.Fma(tail, lost, tail);
        return V.Where(V.Less(a, V.Of(0)), V.Of(2) - tail, tail);
    }

    /// <summary>e^(a²) · erfc a for a ≥ 0: 1 / (a + 1) times a polynomial in (a − 1) / (a + 1).</summary>
    [MethodImpl(AggressiveInlining)]
    static V ScaledErfcSingle(V a)
    {
        V inverse = V.Of(1) / (a + V.Of(1)), q = V.Fma(inverse, V.Of(-2), V.Of(1));
        return inverse * Poly(q, 0.855167151, -0.237680837, -0.095556373, 0.0139065249,
            Poly(q, 0.0253951737, 0.00956823279, -0.00122074419, -0.0037594628,
                Poly(q, -0.00235996648, -0.000353760475, 0.000590423363, 0.000420255586, V.Of(8.52824837e-05))));
    }

    /// <summary>e^(a²) · erfc a for a ≥ 0: 1 / (1 + 2a) times a polynomial in (a − 4) / (a + 4).</summary>
    [MethodImpl(AggressiveInlining)]
    static V ScaledErfcDouble(V a)
    {
        V inverse = V.Of(1) / (a + V.Of(4)), q = (a - V.Of(4)) * inverse;
        q = V.Fma(inverse, V.Fma(q, -a, V.Fma(q + V.Of(1), V.Of(-4), a)), q); // the quotient's rounding error
        V polynomial = Poly(q, 0.23299511862555256, -0.13962111684056255, 0.015379652102606133, 0.06809705425470212,
            Poly(q, -0.10103906603558063, 0.09373283499798463, -0.06633036582729279, 0.03716751554242076,
                Poly(q, -0.016197733895959854, 0.005031969952329153, -0.0007577743061693371, -0.00019925669640425623,
                    Poly(q, 0.00015062567141369432, -2.4398609353512906e-05, -1.1232086023404734e-05, 5.706827475068264e-06,
                        Poly(q, 3.0994402010831546e-07, -8.187662562915786e-07, 5.883230632914435e-08, 1.0181247475149971e-07,
                            Poly(q, -9.456271524915692e-09, -8.906208663934622e-09))))));
        return (V.Of(1) + polynomial) / V.Fma(V.Of(2), a, V.Of(1));
    }

    /// <summary>The inverse of erf: ±∞ at ±1, NaN beyond.</summary>
    public static V Erfinv(V a) => Lanes(a, &ScalarFunctions.Erfinv);

    /// <summary>ln |Γ(a)|.</summary>
    public static V Lgamma(V a) => Lanes(a, &ScalarFunctions.Lgamma);

    /// <summary>The derivative of a given order of digamma.</summary>
    public static V Polygamma(int order, V a)
    {
        Check();
        for (int i = 0; i < V.Count; i++)
            Lane(ref a, i) = T.CreateTruncating(ScalarFunctions.Polygamma(order, double.CreateTruncating(Lane(ref a, i))));
        return a;
    }

    /// <summary>C's fmod.</summary>
    [MethodImpl(NoInlining)]
    public static V Fmod(V a, V b)
    {
        for (int i = 0; i < V.Count; i++)
            // the processor raises an error for the smallest integer divided by −1
            if (typeof(T) == typeof(long) && Lane(ref b, i) == -T.One) Lane(ref a, i) = T.Zero;
            else Lane(ref a, i) %= Lane(ref b, i);
        return a;
    }

    /// <summary>The truncated quotient of integers; the smallest integer divided by −1 is itself.</summary>
    [MethodImpl(NoInlining)]
    public static V Quotient(V a, V b)
    {
        for (int i = 0; i < V.Count; i++) Lane(ref a, i) = Lane(ref b, i) == -T.One ? unchecked(-Lane(ref a, i)) : Lane(ref a, i) / Lane(ref b, i);
        return a;
    }
}
