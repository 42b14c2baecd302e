using MiniTorch.Ops;

namespace MiniTorch;

public partial class Tensor
{
    /// <summary>a + b, element by element, broadcast (torch.add).</summary>
    public static Tensor operator +(Tensor a, Tensor b) => Binary(new Add(), a, b);

    /// <summary>a + b with a number.</summary>
    public static Tensor operator +(Tensor a, Scalar b) => WithScalar(a, b, new AddScalar(b.ToDouble()), new Add());

    /// <summary>a + b with a number.</summary>
    public static Tensor operator +(Scalar a, Tensor b) => b + a;

    /// <summary>a − b, element by element, broadcast (torch.sub).</summary>
    /// <exception cref="DTypeException">Both are Bool.</exception>
    public static Tensor operator -(Tensor a, Tensor b) =>
        a.DType == DType.Bool && b.DType == DType.Bool ? throw new DTypeException("Subtract: Bool tensors have no difference; use LogicalXor, or To(DType.Int64) first")
        : Binary(new Subtract(), a, b);

    /// <summary>a − b with a number.</summary>
    public static Tensor operator -(Tensor a, Scalar b) => WithScalar(a, b, new AddScalar(-b.ToDouble()), new Subtract());

    /// <summary>a − b with a number.</summary>
    public static Tensor operator -(Scalar a, Tensor b) => b.DType.IsFloat() ? Unary(new SubtractFromScalar(a.ToDouble()), b) : Binary(new Subtract(), FromScalar(a), b);

    /// <summary>a · b, element by element, broadcast (torch.mul).</summary>
    public static Tensor operator *(Tensor a, Tensor b) => Binary(new Multiply(), a, b);

    /// <summary>a · b with a number.</summary>
    public static Tensor operator *(Tensor a, Scalar b) => WithScalar(a, b, new MultiplyScalar(b.ToDouble()), new Multiply());

    /// <summary>a · b with a number.</summary>
    public static Tensor operator *(Scalar a, Tensor b) => b * a;

    /// <summary>a / b, element by element, broadcast; integers give Float32 (torch.div).</summary>
    public static Tensor operator /(Tensor a, Tensor b) => Binary(new Divide(), a, b);

    /// <summary>a / b with a number.</summary>
    public static Tensor operator /(Tensor a, Scalar b) => Unary(new DivideByScalar(b.ToDouble()), a);

    /// <summary>a / b with a number.</summary>
    public static Tensor operator /(Scalar a, Tensor b) => Unary(new DivideScalar(a.ToDouble()), b);

    /// <summary>−x (torch.neg).</summary>
    public static Tensor operator -(Tensor x) => Unary(new Negate(), x);

    /// <summary>a &lt; b as Bool (torch.lt).</summary>
    public static Tensor operator <(Tensor a, Tensor b) => Binary(new Less(), a, b);

    /// <summary>a &gt; b as Bool (torch.gt).</summary>
    public static Tensor operator >(Tensor a, Tensor b) => Binary(new Greater(), a, b);

    /// <summary>a ≤ b as Bool (torch.le).</summary>
    public static Tensor operator <=(Tensor a, Tensor b) => Binary(new LessOrEqual(), a, b);

    /// <summary>a ≥ b as Bool (torch.ge).</summary>
    public static Tensor operator >=(Tensor a, Tensor b) => Binary(new GreaterOrEqual(), a, b);

    /// <summary>Where elements are equal, as Bool (torch.eq).</summary>
    public Tensor Eq(Tensor other) => Binary(new Equal(), this, other);

    /// <summary>Where elements differ, as Bool (torch.ne). NaN differs from itself.</summary>
    public Tensor Ne(Tensor other) => Eq(other).LogicalNot();

    /// <summary>Where an element is NaN, as Bool (torch.isnan).</summary>
    public Tensor IsNaN() => Ne(this);

    /// <summary>Both, as Bool; numbers other than 0 are true (torch.logical_and).</summary>
    public Tensor LogicalAnd(Tensor other) => To(DType.Bool) * other.To(DType.Bool);

    /// <summary>Either, as Bool (torch.logical_or).</summary>
    public Tensor LogicalOr(Tensor other) => To(DType.Bool) + other.To(DType.Bool);

    /// <summary>The opposite, as Bool (torch.logical_not).</summary>
    public Tensor LogicalNot() => Unary(new IsZero(), this);

    /// <summary>eˣ (torch.exp).</summary>
    public Tensor Exp() => Unary(new Exp(), this);

    /// <summary>ln x (torch.log).</summary>
    public Tensor Log() => Unary(new Log(), this);

    /// <summary>√x (torch.sqrt).</summary>
    public Tensor Sqrt() => Unary(new Sqrt(), this);

    /// <summary>tanh x (torch.tanh).</summary>
    public Tensor Tanh() => Unary(new Tanh(), this);

    /// <summary>1 / (1 + e⁻ˣ) (torch.sigmoid).</summary>
    public Tensor Sigmoid() => Unary(new Sigmoid(), this);

    /// <summary>max(x, 0); derivative 0 at 0 (torch.relu).</summary>
    public Tensor Relu() => Unary(new Relu(), this);

    /// <summary>|x|; derivative 0 at 0 (torch.abs).</summary>
    public Tensor Abs() => Unary(new Abs(), this);

    /// <summary>x to a constant power (torch.pow).</summary>
    public Tensor Pow(Scalar exponent) => exponent.ToDouble() switch
    {
        2 => Unary(new Square(), this),
        _ when exponent.DType == DType.Int64 && !DType.IsFloat() => Binary(new Pow(), this, FromScalar(exponent)),
        _ => Unary(new PowScalar(exponent.ToDouble()), this),
    };

    /// <summary>aᵇ, element by element, broadcast (torch.pow).</summary>
    public Tensor Pow(Tensor exponent) => Binary(new Pow(), this, exponent);

    /// <summary>The larger element, broadcast; at ties the gradient is halved; NaN propagates (torch.maximum).</summary>
    public Tensor Maximum(Tensor other) => Binary(new Maximum(), this, other);

    /// <summary>The smaller element, broadcast; at ties the gradient is halved; NaN propagates (torch.minimum).</summary>
    public Tensor Minimum(Tensor other) => Binary(new Minimum(), this, other);

    /// <summary>This element where the condition holds, else the other's (torch.where).</summary>
    /// <param name="condition">A Bool tensor; all three are broadcast.</param>
    /// <param name="other">The values elsewhere.</param>
    /// <exception cref="DTypeException">The condition is not Bool.</exception>
    public Tensor Where(Tensor condition, Tensor other) => Where(condition, this, other);

    /// <summary><paramref name="a"/> where the condition holds, else <paramref name="b"/> (torch.where).</summary>
    public static Tensor Where(Tensor condition, Tensor a, Tensor b) =>
        condition.DType != DType.Bool ? throw new DTypeException($"Where: the condition is {condition.DType} and must be Bool; compare first, or To(DType.Bool)")
        : new TernaryOp<Where>(default).Apply(condition, a, b);

    /// <summary>This tensor with <paramref name="value"/> where the mask is set (torch.masked_fill).</summary>
    public Tensor MaskedFill(Tensor mask, Scalar value) => Where(mask, FromScalar(value).To(DType), this);

    private static Tensor Unary<TKernel>(TKernel kernel, Tensor x) where TKernel : struct, IUnaryKernel => new UnaryOp<TKernel>(kernel).Apply(x);

    private static Tensor Binary<TKernel>(TKernel kernel, Tensor a, Tensor b) where TKernel : struct, IBinaryKernel => new BinaryOp<TKernel>(kernel).Apply(a, b);

    // Reals take the number as a parameter. Integers beyond 2⁵³ would not survive that, and Bool has its own arithmetic: they take it as a tensor.
    private static Tensor WithScalar<TUnary, TBinary>(Tensor x, Scalar scalar, TUnary unary, TBinary binary)
        where TUnary : struct, IUnaryKernel
        where TBinary : struct, IBinaryKernel =>
        scalar.With(x.DType) is { } dtype && dtype.IsFloat() ? Unary(unary, x.To(dtype)) : Binary(binary, x, FromScalar(scalar));
}
