using MiniTorch.Ops;

namespace MiniTorch;

// Functions of one element; integers and Bool give Float32, except where the line says that integers stay.
public partial class Tensor
{
    /// <summary>eˣ (torch.exp).</summary>
    public Tensor Exp() => Unary(new Exp(), this);

    /// <summary>2ˣ (torch.exp2).</summary>
    public Tensor Exp2() => Unary(new Exp2(), this);

    /// <summary>eˣ − 1, accurate near 0 (torch.expm1).</summary>
    public Tensor Expm1() => Unary(new Expm1(), this);

    /// <summary>ln x; −∞ at 0, NaN below (torch.log).</summary>
    public Tensor Log() => Unary(new Log(), this);

    /// <summary>ln(1 + x), accurate near 0 (torch.log1p).</summary>
    public Tensor Log1p() => Unary(new Log1p(), this);

    /// <summary>log₂ x (torch.log2).</summary>
    public Tensor Log2() => Unary(new Log2(), this);

    /// <summary>log₁₀ x (torch.log10).</summary>
    public Tensor Log10() => Unary(new Log10(), this);

    /// <summary>√x; NaN below 0 (torch.sqrt).</summary>
    public Tensor Sqrt() => Unary(new Sqrt(), this);

    /// <summary>1/√x (torch.rsqrt).</summary>
    public Tensor Rsqrt() => Unary(new Rsqrt(), this);

    /// <summary>x²; integers stay integers (torch.square).</summary>
    public Tensor Square() => Unary(new Square(), this);

    /// <summary>1/x (torch.reciprocal).</summary>
    public Tensor Reciprocal() => Unary(new Reciprocal(), this);

    /// <summary>sin x (torch.sin).</summary>
    public Tensor Sin() => Unary(new Sin(), this);

    /// <summary>cos x (torch.cos).</summary>
    public Tensor Cos() => Unary(new Cos(), this);

    /// <summary>tan x (torch.tan).</summary>
    public Tensor Tan() => Unary(new Tan(), this);

    /// <summary>arcsin x; NaN outside [−1, 1] (torch.asin).</summary>
    public Tensor Asin() => Unary(new Asin(), this);

    /// <summary>arccos x; NaN outside [−1, 1] (torch.acos).</summary>
    public Tensor Acos() => Unary(new Acos(), this);

    /// <summary>arctan x (torch.atan).</summary>
    public Tensor Atan() => Unary(new Atan(), this);

    /// <summary>sinh x (torch.sinh).</summary>
    public Tensor Sinh() => Unary(new Sinh(), this);

    /// <summary>cosh x (torch.cosh).</summary>
    public Tensor Cosh() => Unary(new Cosh(), this);

    /// <summary>tanh x (torch.tanh).</summary>
    public Tensor Tanh() => Unary(new Tanh(), this);

    /// <summary>arsinh x (torch.asinh).</summary>
    public Tensor Asinh() => Unary(new Asinh(), this);

    /// <summary>arcosh x; NaN below 1 (torch.acosh).</summary>
    public Tensor Acosh() => Unary(new Acosh(), this);

    /// <summary>artanh x; ±∞ at ±1, NaN beyond (torch.atanh).</summary>
    public Tensor Atanh() => Unary(new Atanh(), this);

    /// <summary>The error function (torch.erf).</summary>
    public Tensor Erf() => Unary(new Erf(), this);

    /// <summary>1 − erf x, accurate where erf is near 1 (torch.erfc).</summary>
    public Tensor Erfc() => Unary(new Erfc(), this);

    /// <summary>The share of the standard normal distribution below each element, of the same shape; integers give Float32 (torch.special.ndtr).</summary>
    public Tensor Ndtr() => Unary(new Ndtr(), this);

    /// <summary>The inverse of erf; ±∞ at ±1, NaN beyond (torch.erfinv).</summary>
    public Tensor Erfinv() => Unary(new Erfinv(), this);

    /// <summary>ln |Γ(x)| (torch.lgamma).</summary>
    public Tensor Lgamma() => Unary(new Lgamma(), this);

    /// <summary>ψ(x), the derivative of ln Γ(x) (torch.digamma).</summary>
    public Tensor Digamma() => Unary(new Polygamma(0), this);

    /// <summary>The derivative of order <paramref name="n"/> of ψ(x) (torch.polygamma).</summary>
    /// <exception cref="ValueException"><paramref name="n"/> is negative.</exception>
    public Tensor Polygamma(int n) => n < 0 ? throw new ValueException($"Polygamma: the order {n} is negative") : Unary(new Polygamma(n), this);

    /// <summary>ln(x / (1 − x)), of x cut to [eps, 1 − eps] where eps is given (torch.logit).</summary>
    public Tensor Logit(double? eps = null) =>
        eps is { } margin ? Clamp(margin, 1 - margin).Logit() : Unary(new Logit(), this);

    /// <summary>|x|; derivative 0 at 0; integers stay integers (torch.abs).</summary>
    public Tensor Abs() => Unary(new Abs(), this);

    /// <summary>−1, 0 or 1; derivative 0; integers stay integers (torch.sign).</summary>
    public Tensor Sign() => Unary(new Sign(), this);

    /// <summary>The largest integer not above x; derivative 0; integers stay integers (torch.floor).</summary>
    public Tensor Floor() => Unary(new Floor(), this);

    /// <summary>The smallest integer not below x; derivative 0; integers stay integers (torch.ceil).</summary>
    public Tensor Ceil() => Unary(new Ceiling(), this);

    /// <summary>The nearest integer, halves to even; derivative 0; integers stay integers (torch.round).</summary>
    public Tensor Round() => Unary(new Round(), this);

    /// <summary>x without its fraction; derivative 0; integers stay integers (torch.trunc).</summary>
    public Tensor Trunc() => Unary(new Truncate(), this);

    /// <summary>The fraction of x, with its sign (torch.frac).</summary>
    public Tensor Frac() => this - Trunc();
}
