using System.Runtime.Intrinsics;
using V = System.Runtime.Intrinsics.Vector256<float>;

namespace MiniTorch.Kernels;

/// <summary>
/// Single-precision log and sin/cos with the polynomials of S. Moshier's Cephes library, evaluated in the order, and with the fused
/// multiply-adds, of PyTorch's AVX2 normal_fill. More accurate functions would give other last digits than torch.randn.
/// </summary>
internal static class Cephes
{
    /// <summary>ln x for normal positive x.</summary>
    internal static V Log(V x)
    {
        // x = m · 2^e with m in [√½, √2)
        var bits = x.AsInt32();
        var e = Vector256.ConvertToSingle((bits >>> 23) - Vector256.Create(126));
        var m = (bits & Vector256.Create(0x007fffff) | Vector256.Create(0.5f).AsInt32()).AsSingle();
        var small = Vector256.LessThan(m, Vector256.Create(0.70710678f));
        e -= small & V.One;
        m = m - V.One + (small & m);

        var square = m * m;
        var y = Vector256.Create(7.0376836292e-2f);
        y = Fma(y, m, -1.1514610310e-1f);
        y = Fma(y, m, 1.1676998740e-1f);
        y = Fma(y, m, -1.2420140846e-1f);
        y = Fma(y, m, 1.4249322787e-1f);
        y = Fma(y, m, -1.6668057665e-1f);
        y = Fma(y, m, 2.0000714765e-1f);
        y = Fma(y, m, -2.4999993993e-1f);
        y = Fma(y, m, 3.3333331174e-1f);
        y *= m;

        // ln 2 in two parts, the first of few bits
        y = Vector256.FusedMultiplyAdd(y, square, e * Vector256.Create(-2.12194440e-4f));
        y = Vector256.FusedMultiplyAdd(square, Vector256.Create(-0.5f), y);
        return Vector256.FusedMultiplyAdd(e, Vector256.Create(0.693359375f), m + y);
    }

    /// <summary>sin x and cos x for 0 ≤ x &lt; 8192.</summary>
    internal static (V Sin, V Cos) SinCos(V x)
    {
        // x = octant · π/4 + r with an even octant and |r| ≤ π/4; π/4 in three parts
        var octant = Vector256.ConvertToInt32(x * Vector256.Create(1.27323954473516f)) + Vector256<int>.One & Vector256.Create(~1);
        var multiple = Vector256.ConvertToSingle(octant);
        var r = Vector256.FusedMultiplyAdd(multiple, Vector256.Create(-0.78515625f), x);
        r = Vector256.FusedMultiplyAdd(multiple, Vector256.Create(-2.4187564849853515625e-4f), r);
        r = Vector256.FusedMultiplyAdd(multiple, Vector256.Create(-3.77489497744594108e-8f), r);

        var square = r * r;
        var cos = Fma(Vector256.Create(2.443315711809948e-5f), square, -1.388731625493765e-3f);
        cos = Fma(cos, square, 4.166664568298827e-2f) * square;
        cos = Vector256.FusedMultiplyAdd(cos, square, square * Vector256.Create(-0.5f)) + V.One;
        var sin = Fma(Vector256.Create(-1.9515295891e-4f), square, 8.3321608736e-3f);
        sin = Fma(sin, square, -1.6666654611e-1f) * square;
        sin = Vector256.FusedMultiplyAdd(sin, r, r);

        var swap = Vector256.Equals(octant & Vector256.Create(2), Vector256.Create(2)).AsSingle();
        var sinSign = (octant & Vector256.Create(4)) << 29;
        var cosSign = (octant + Vector256.Create(2) & Vector256.Create(4)) << 29;
        return (Vector256.ConditionalSelect(swap, cos, sin) ^ sinSign.AsSingle(),
                Vector256.ConditionalSelect(swap, sin, cos) ^ cosSign.AsSingle());
    }

    static V Fma(V a, V b, float c) => Vector256.FusedMultiplyAdd(a, b, Vector256.Create(c));
}
