namespace MiniTorch;

/// <summary>
/// The arithmetic in which a pointwise kernel and its derivative are written, once. It is implemented by SIMD vectors of every
/// width, by scalars, by integers (arithmetic and comparisons only) and by tensors (where each operation is recorded, so that a
/// derivative rule can itself be differentiated).
/// </summary>
/// <typeparam name="R">The implementing type.</typeparam>
/// <remarks>Masks (results of comparisons) are values of <typeparamref name="R"/> too and go only to <see cref="Where"/>,
/// <see cref="And"/>, <see cref="Or"/> and <see cref="Not"/>.</remarks>
public interface IReal<R>
    where R : struct, IReal<R>
{
    /// <summary>The constant <paramref name="value"/>, rounded to the element type.</summary>
    static abstract R Of(double value);

    /// <summary>The constant <paramref name="value"/> as a parameter of a kernel.</summary>
    static virtual R Of(Constant value) => value.Value;

    /// <summary>Makes a constant an operand, so that formulas read <c>1 - y * y</c>.</summary>
    static abstract implicit operator R(double value);

    /// <summary>Makes a kernel's parameter an operand.</summary>
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

    /// <summary>a · b + c, rounded once where the machine can.</summary>
    static abstract R Fma(R a, R b, R c);

    /// <summary>Mask of a &lt; b; false where either is NaN.</summary>
    static abstract R Less(R a, R b);

    /// <summary>Mask of a ≤ b; false where either is NaN.</summary>
    static abstract R LessOrEqual(R a, R b);

    /// <summary>Mask of a = b; false where either is NaN.</summary>
    static abstract R Equal(R a, R b);

    /// <summary>Both masks.</summary>
    static abstract R And(R a, R b);

    /// <summary>Either mask.</summary>
    static abstract R Or(R a, R b);

    /// <summary>The opposite mask.</summary>
    static abstract R Not(R a);

    /// <summary><paramref name="a"/> where the mask is set, else <paramref name="b"/>.</summary>
    static abstract R Where(R mask, R a, R b);

    /// <summary>The larger; NaN where either is NaN.</summary>
    static abstract R Max(R a, R b);

    /// <summary>The smaller; NaN where either is NaN.</summary>
    static abstract R Min(R a, R b);

    /// <summary>|a|.</summary>
    static abstract R Abs(R a);

    /// <summary>√a.</summary>
    static abstract R Sqrt(R a);

    /// <summary>Largest integer not above a.</summary>
    static abstract R Floor(R a);

    /// <summary>Smallest integer not below a.</summary>
    static abstract R Ceiling(R a);

    /// <summary>Nearest integer, halves to even.</summary>
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

    /// <summary>a to the power b, as IEEE 754 pow.</summary>
    static abstract R Pow(R a, R b);

    /// <summary>2ᵃ.</summary>
    static abstract R Exp2(R a);

    /// <summary>The complementary error function 1 − erf a, accurate where erf a is near 1.</summary>
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

    /// <summary>sinh a = (u + u / (u + 1)) / 2 with u = eᵃ − 1; the halved exponents near the top keep it finite as long as it should be.</summary>
    static virtual R Sinh(R a)
    {
        R magnitude = R.Abs(a), u = R.Expm1(magnitude), half = 0.5, large = R.Exp(magnitude * half);
        R result = R.Where(R.Less(magnitude, 20), half * (u + u / (u + 1)), half * large * large);
        return R.Where(R.Less(a, 0), -result, R.Where(R.Equal(a, 0), a, result));
    }

    /// <summary>cosh a = (eᵃ + e⁻ᵃ) / 2, with halved exponents so that it overflows only where it should.</summary>
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
