using MiniTorch.Ops;

namespace MiniTorch;

// Functions of one element. Integers and Bool give Float32 unless the summary says that integers stay integers.
public partial class Tensor
{
    /// <summary>Returns eˣ (torch.exp).</summary>
    public Tensor Exp() => Unary(new Exp(), this);

    /// <summary>Returns 2ˣ (torch.exp2).</summary>
    public Tensor Exp2() => Unary(new Exp2(), this);

    /// <summary>Returns eˣ − 1, accurate near 0 (torch.expm1).</summary>
    public Tensor Expm1() => Unary(new Expm1(), this);

    /// <summary>Returns ln x (torch.log): −∞ at 0, NaN below 0.</summary>
    public Tensor Log() => Unary(new Log(), this);

    /// <summary>Returns ln(1 + x), accurate near 0 (torch.log1p).</summary>
    public Tensor Log1p() => Unary(new Log1p(), this);

    /// <summary>Returns log₂ x (torch.log2).</summary>
    public Tensor Log2() => Unary(new Log2(), this);

    /// <summary>Returns log₁₀ x (torch.log10).</summary>
    public Tensor Log10() => Unary(new Log10(), this);

    /// <summary>Returns √x; NaN below 0 (torch.sqrt).</summary>
    public Tensor Sqrt() => Unary(new Sqrt(), this);

    /// <summary>Returns 1/√x (torch.rsqrt).</summary>
    public Tensor Rsqrt() => Unary(new Rsqrt(), this);

    /// <summary>Returns x² (torch.square). Integers stay integers.</summary>
    public Tensor Square() => Unary(new Square(), this);

    /// <summary>Returns 1/x (torch.reciprocal).</summary>
    public Tensor Reciprocal() => Unary(new Reciprocal(), this);

    /// <summary>Returns sin x (torch.sin).</summary>
    public Tensor Sin() => Unary(new Sin(), this);

    /// <summary>Returns cos x (torch.cos).</summary>
    public Tensor Cos() => Unary(new Cos(), this);

    /// <summary>Returns tan x (torch.tan).</summary>
    public Tensor Tan() => Unary(new Tan(), this);

    /// <summary>Returns arcsin x; NaN outside [−1, 1] (torch.asin).</summary>
    public Tensor Asin() => Unary(new Asin(), this);

    /// <summary>Returns arccos x; NaN outside [−1, 1] (torch.acos).</summary>
    public Tensor Acos() => Unary(new Acos(), this);

    /// <summary>Returns arctan x (torch.atan).</summary>
    public Tensor Atan() => Unary(new Atan(), this);

    /// <summary>Returns sinh x (torch.sinh).</summary>
    public Tensor Sinh() => Unary(new Sinh(), this);

    /// <summary>Returns cosh x (torch.cosh).</summary>
    public Tensor Cosh() => Unary(new Cosh(), this);

    /// <summary>Returns tanh x (torch.tanh).</summary>
    public Tensor Tanh() => Unary(new Tanh(), this);

    /// <summary>Returns arsinh x (torch.asinh).</summary>
    public Tensor Asinh() => Unary(new Asinh(), this);

    /// <summary>Returns arcosh x; NaN below 1 (torch.acosh).</summary>
    public Tensor Acosh() => Unary(new Acosh(), this);

    /// <summary>Returns artanh x (torch.atanh): ±∞ at ±1, NaN outside [−1, 1].</summary>
    public Tensor Atanh() => Unary(new Atanh(), this);

    /// <summary>Returns the error function (torch.erf).</summary>
    public Tensor Erf() => Unary(new Erf(), this);

    /// <summary>Returns 1 − erf x, accurate where erf x is near 1 (torch.erfc).</summary>
    public Tensor Erfc() => Unary(new Erfc(), this);

    /// <summary>
    /// Returns Φ(x), the cumulative distribution function of the standard normal distribution (torch.special.ndtr). Integers give Float32.
    /// </summary>
    public Tensor Ndtr() => Unary(new Ndtr(), this);

    /// <summary>Returns the inverse of the error function (torch.erfinv): ±∞ at ±1, NaN outside [−1, 1].</summary>
    public Tensor Erfinv() => Unary(new Erfinv(), this);

    /// <summary>Returns ln |Γ(x)| (torch.lgamma).</summary>
    public Tensor Lgamma() => Unary(new Lgamma(), this);

    /// <summary>Returns ψ(x), the derivative of ln Γ(x) (torch.digamma).</summary>
    public Tensor Digamma() => Unary(new Polygamma(0), this);

    /// <summary>Returns the derivative of order <paramref name="n"/> of ψ(x) (torch.polygamma).</summary>
    /// <exception cref="ValueException"><paramref name="n"/> is negative.</exception>
    public Tensor Polygamma(int n) => n < 0 ? throw new ValueException($"Polygamma: n is {n}; it must be 0 or more") : Unary(new Polygamma(n), this);

    /// <summary>Returns ln(x / (1 − x)) (torch.logit). If <paramref name="eps"/> is given, x is first clamped to [eps, 1 − eps].</summary>
    public Tensor Logit(double? eps = null) =>
        eps is { } margin ? Clamp(margin, 1 - margin).Logit() : Unary(new Logit(), this);

    /// <summary>Returns |x| (torch.abs). The derivative at 0 is 0. Integers stay integers.</summary>
    public Tensor Abs() => Unary(new Abs(), this);

    /// <summary>Returns the sign of x: −1, 0 or 1 (torch.sign). The derivative is 0. Integers stay integers.</summary>
    public Tensor Sign() => Unary(new Sign(), this);

    /// <summary>Returns the largest integer less than or equal to x (torch.floor). The derivative is 0. Integers stay integers.</summary>
    public Tensor Floor() => Unary(new Floor(), this);

    /// <summary>Returns the smallest integer greater than or equal to x (torch.ceil). The derivative is 0. Integers stay integers.</summary>
    public Tensor Ceil() => Unary(new Ceiling(), this);

    /// <summary>Returns the nearest integer, with halves rounded to even (torch.round). The derivative is 0. Integers stay integers.</summary>
    public Tensor Round() => Unary(new Round(), this);

    /// <summary>Returns x rounded toward 0 (torch.trunc). The derivative is 0. Integers stay integers.</summary>
    public Tensor Trunc() => Unary(new Truncate(), this);

    /// <summary>Returns the fractional part of x, with the sign of x (torch.frac).</summary>
    public Tensor Frac() => this - Trunc();
}
