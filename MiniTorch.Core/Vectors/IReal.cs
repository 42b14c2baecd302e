namespace MiniTorch;

/// <summary>
/// The arithmetic in which an elementwise function and its derivative are written. SIMD vectors of every width implement it, scalars, integers
/// (arithmetic and comparisons only), and tensors, whose operations are recorded, so that a derivative can be differentiated again.
/// </summary>
/// <typeparam name="R">The implementing type.</typeparam>
/// <remarks>A mask, the result of a comparison, is a value of <typeparamref name="R"/> too. Only <see cref="Where"/>, <see cref="And"/>, <see
/// cref="Or"/> and <see cref="Not"/> accept masks.</remarks>
public interface IReal<R>
    where R : struct, IReal<R>
{
    /// <summary>Returns a constant, rounded to the element type.</summary>
    static abstract R Of(double value);

    /// <summary>Returns a parameter of a kernel.</summary>
    static virtual R Of(Constant value) => value.Value;

    /// <summary>Converts a constant, so that formulas can be written as <c>1 - y * y</c>.</summary>
    static abstract implicit operator R(double value);

    /// <summary>Converts a parameter of a kernel.</summary>
    static abstract implicit operator R(Constant value);

    /// <summary>a + b.</summary>
    static abstract R operator +(R a, R b);

    /// <summary>a − b.</summary>
    static abstract R operator -(R a, R b);

    /// <summary>a · b.</summary>
    static abstract R operator *(R a, R b);

    /// <summary>a / b.</summary>
    static abstract R operator /(R a, R b);

    /// <summary>−a.</summary>
    static abstract R operator -(R a);

    /// <summary>a · b + c, rounded once if the processor can.</summary>
    static abstract R Fma(R a, R b, R c);

    /// <summary>The mask of a &lt; b; false if one is NaN.</summary>
    static abstract R Less(R a, R b);

    /// <summary>The mask of a ≤ b; false if one is NaN.</summary>
    static abstract R LessOrEqual(R a, R b);

    /// <summary>The mask of a = b; false if one is NaN.</summary>
    static abstract R Equal(R a, R b);

    /// <summary>The AND of two masks.</summary>
    static abstract R And(R a, R b);

    /// <summary>The OR of two masks.</summary>
    static abstract R Or(R a, R b);

    /// <summary>The NOT of a mask.</summary>
    static abstract R Not(R a);

    /// <summary><paramref name="a"/> where the mask is set, otherwise <paramref name="b"/>.</summary>
    static abstract R Where(R mask, R a, R b);

    /// <summary>The larger one; NaN if one is NaN.</summary>
    static abstract R Max(R a, R b);

    /// <summary>The smaller one; NaN if one is NaN.</summary>
    static abstract R Min(R a, R b);

    /// <summary>a, but at least <paramref name="low"/>; NaN stays NaN. If the bound is NaN, the result is one of the two.</summary>
    static virtual R AtLeast(R a, R low) => R.Where(R.Less(a, low), low, a);

    /// <summary>a, but at most <paramref name="high"/>; NaN stays NaN. If the bound is NaN, the result is one of the two.</summary>
    static virtual R AtMost(R a, R high) => R.Where(R.Less(high, a), high, a);

    /// <summary>|a|.</summary>
    static abstract R Abs(R a);

    /// <summary>√a.</summary>
    static abstract R Sqrt(R a);

    /// <summary>The largest integer that is not larger than a.</summary>
    static abstract R Floor(R a);

    /// <summary>The smallest integer that is not smaller than a.</summary>
    static abstract R Ceiling(R a);

    /// <summary>The nearest integer, halves to even.</summary>
    static abstract R Round(R a);

    /// <summary>a without its fraction.</summary>
    static abstract R Truncate(R a);

    /// <summary>eᵃ.</summary>
    static abstract R Exp(R a);

    /// <summary>eᵃ − 1, accurate near 0.</summary>
    static abstract R Expm1(R a);

    /// <summary>ln a.</summary>
    static abstract R Log(R a);

    /// <summary>ln(1 + a), accurate near 0.</summary>
    static abstract R Log1p(R a);

    /// <summary>sin a.</summary>
    static abstract R Sin(R a);

    /// <summary>cos a.</summary>
    static abstract R Cos(R a);

    /// <summary>tan a.</summary>
    static abstract R Tan(R a);

    /// <summary>arctan a.</summary>
    static abstract R Atan(R a);

    /// <summary>tanh a.</summary>
    static abstract R Tanh(R a);

    /// <summary>1 / (1 + e⁻ᵃ).</summary>
    static abstract R Sigmoid(R a);

    /// <summary>The error function.</summary>
    static abstract R Erf(R a);

    /// <summary>a to the power of b, as IEEE 754 defines pow.</summary>
    static abstract R Pow(R a, R b);

    /// <summary>2ᵃ.</summary>
    static abstract R Exp2(R a);

    /// <summary>The complementary error function 1 − erf a, accurate if erf a is near 1.</summary>
    static abstract R Erfc(R a);

    /// <summary>The inverse of the error function on (−1, 1).</summary>
    static abstract R Erfinv(R a);

    /// <summary>ln |Γ(a)|.</summary>
    static abstract R Lgamma(R a);

    /// <summary>The derivative of order <paramref name="order"/> of the digamma function; order 0 is digamma itself.</summary>
    static abstract R Polygamma(int order, R a);

    /// <summary>The remainder of a / b with the sign of a, exact (C's fmod).</summary>
    static abstract R Fmod(R a, R b);

    /// <summary>log₂ a.</summary>
    static virtual R Log2(R a) => R.Log(a) * 1.4426950408889634;

    /// <summary>log₁₀ a.</summary>
    static virtual R Log10(R a) => R.Log(a) * 0.4342944819032518;

    /// <summary>sinh a = (u + u / (u + 1)) / 2 with u = eᵃ − 1; halved exponents for large a avoid an early overflow.</summary>
    static virtual R Sinh(R a)
    {
        R magnitude = R.Abs(a), u = R.Expm1(magnitude), half = 0.5, large = R.Exp(magnitude * half);
        R result = R.Where(R.Less(magnitude, 20), half * (u + u / (u + 1)), half * large * large);
        return R.Where(R.Less(a, 0), -result, R.Where(R.Equal(a, 0), a, result));
    }

    /// <summary>cosh a = (eᵃ + e⁻ᵃ) / 2, with halved exponents, which avoid an early overflow.</summary>
    static virtual R Cosh(R a)
    {
        R magnitude = R.Abs(a), half = 0.5, exponential = R.Exp(magnitude), large = R.Exp(magnitude * half);
        return R.Where(R.Less(magnitude, 20), half * (exponential + 1 / exponential), half * large * large);
    }

    /// <summary>arcsin a = arctan(a / √((1 − a)(1 + a))).</summary>
    static virtual R Asin(R a) => R.Atan(a / R.Sqrt((1 - a) * (1 + a)));

    /// <summary>arccos a = 2 arctan √((1 − a) / (1 + a)).</summary>
    static virtual R Acos(R a) => 2 * R.Atan(R.Sqrt((1 - a) / (1 + a)));
}
