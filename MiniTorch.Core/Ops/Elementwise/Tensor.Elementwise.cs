using System.Runtime.CompilerServices;
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
        Given(a).DType == DType.Bool && Given(b).DType == DType.Bool ? throw new DTypeException("Subtract: Bool tensors have no difference; use LogicalXor, or To(DType.Int64) first")
        : Binary(new Subtract(), a, b);

    /// <summary>a − b with a number.</summary>
    public static Tensor operator -(Tensor a, Scalar b) => WithScalar(a, b, new AddScalar(-b.ToDouble()), new Subtract());

    /// <summary>a − b with a number.</summary>
    public static Tensor operator -(Scalar a, Tensor b) => Given(b).DType.IsFloat() ? Unary(new SubtractFromScalar(a.ToDouble()), b) : Binary(new Subtract(), FromScalar(a), b);

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

    /// <summary>The remainder of a / b with b's sign, as Python's %: <see cref="Remainder"/> (torch.remainder).</summary>
    /// <exception cref="ValueException">Integers are divided by 0.</exception>
    public static Tensor operator %(Tensor a, Tensor b) => a.Remainder(b);

    /// <summary>a % b with a number.</summary>
    public static Tensor operator %(Tensor a, Scalar b) => a.Remainder(FromScalar(b));

    /// <summary>a % b with a number.</summary>
    public static Tensor operator %(Scalar a, Tensor b) => FromScalar(a).Remainder(b);

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

    /// <summary>Where an element is ∞ or −∞, as Bool (torch.isinf).</summary>
    public Tensor IsInf() => Abs().Eq(double.PositiveInfinity);

    /// <summary>Where an element is neither infinite nor NaN, as Bool (torch.isfinite).</summary>
    public Tensor IsFinite() => Unary(new IsFinite(), this);

    /// <summary>Where |a − b| ≤ atol + rtol · |b|, or both are the same infinity, as Bool (torch.isclose).</summary>
    /// <param name="other">b, of the same dtype.</param>
    /// <param name="rtol">The relative tolerance.</param>
    /// <param name="atol">The absolute tolerance.</param>
    /// <param name="equalNan">Whether NaN is close to NaN.</param>
    /// <exception cref="DTypeException">The dtypes differ.</exception>
    public Tensor IsClose(Tensor other, double rtol = 1e-5, double atol = 1e-8, bool equalNan = false)
    {
        ArgumentNullException.ThrowIfNull(other);
        if (DType != other.DType) throw new DTypeException($"IsClose: {DType} with {other.DType}; convert one side with To");
        (Tensor a, Tensor b) = (Detach().To(DType.Float64), other.Detach().To(DType.Float64));
        Tensor difference = (a - b).Abs();
        // Of neighbouring integers beyond 2⁵³ only the integer difference is exact; it overflows where the real one is large.
        if (DType == DType.Int64)
            difference = Where(difference < Math.ScaleB(1, 62), (Detach() - other.Detach()).Abs().To(DType.Float64), difference);
        Tensor close = Eq(other).LogicalOr(difference.IsFinite().LogicalAnd(difference <= b.Abs() * rtol + atol));
        return equalNan ? close.LogicalOr(a.IsNaN().LogicalAnd(b.IsNaN())) : close;
    }

    /// <summary>Whether all elements are close, as <see cref="IsClose"/> has it (torch.allclose).</summary>
    public bool AllClose(Tensor other, double rtol = 1e-5, double atol = 1e-8, bool equalNan = false) => IsClose(other, rtol, atol, equalNan).All().Item<bool>();

    /// <summary>Both, as Bool; numbers other than 0 are true (torch.logical_and).</summary>
    public Tensor LogicalAnd(Tensor other) => To(DType.Bool) * Given(other).To(DType.Bool);

    /// <summary>Either, as Bool (torch.logical_or).</summary>
    public Tensor LogicalOr(Tensor other) => To(DType.Bool) + Given(other).To(DType.Bool);

    /// <summary>One but not both, as Bool (torch.logical_xor).</summary>
    public Tensor LogicalXor(Tensor other) => To(DType.Bool).Ne(Given(other).To(DType.Bool));

    /// <summary>The opposite, as Bool (torch.logical_not).</summary>
    public Tensor LogicalNot() => Unary(new IsZero(), this);

    /// <summary>a / b; rounded down with <c>floor</c>, towards 0 with <c>trunc</c>, integers then staying integers (torch.div).</summary>
    /// <exception cref="ValueException">Integers are divided by 0 and rounded, or another <paramref name="roundingMode"/> is given.</exception>
    public Tensor Div(Tensor other, string? roundingMode = null) => roundingMode switch
    {
        null => this / other,
        "floor" => FloorDivide(other),
        "trunc" => Divided("Div", new TruncateDivide(), other),
        _ => throw new ValueException($"Div: roundingMode is '{roundingMode}'; null, 'floor' and 'trunc' are possible"),
    };

    /// <summary>The largest integer not above a / b; derivative 0; integers stay integers (torch.floor_divide).</summary>
    /// <exception cref="ValueException">Integers are divided by 0.</exception>
    public Tensor FloorDivide(Tensor other) => Divided("FloorDivide", new FloorDivide(), other);

    /// <summary>The remainder of a / b with b's sign, as Python's % (torch.remainder).</summary>
    /// <exception cref="ValueException">Integers are divided by 0.</exception>
    public Tensor Remainder(Tensor other) => Divided("Remainder", new Remainder(), other);

    /// <summary>The remainder of a / b with a's sign, as C's fmod (torch.fmod).</summary>
    /// <exception cref="ValueException">Integers are divided by 0.</exception>
    public Tensor Fmod(Tensor other) => Divided("Fmod", new Fmod(), other);

    /// <summary>The angle of the point (other, this), in (−π, π] (torch.atan2).</summary>
    public Tensor Atan2(Tensor other) => Binary(new Atan2(), this, other);

    /// <summary>ln(eᵃ + eᵇ), without overflow (torch.logaddexp).</summary>
    public Tensor LogAddExp(Tensor other) => Binary(new LogAddExp(), this, other);

    /// <summary>a · ln b, and 0 where a is 0 (torch.xlogy).</summary>
    public Tensor Xlogy(Tensor other) => Binary(new Xlogy(), this, other);

    /// <summary>√(a² + b²), without overflow (torch.hypot).</summary>
    public Tensor Hypot(Tensor other) => Binary(new Hypot(), this, other);

    /// <summary>a + weight · (b − a), exactly b where the weight is 1 (torch.lerp).</summary>
    public Tensor Lerp(Tensor end, Tensor weight) => new TernaryOp<Lerp>(default).Apply(this, Given(end), Given(weight));

    /// <summary>x to a constant power (torch.pow).</summary>
    /// <exception cref="ValueException">Integers and a negative exponent.</exception>
    public Tensor Pow(Scalar exponent) => exponent.ToDouble() switch
    {
        2 when exponent.DType == DType.Int64 || DType.IsFloat() => Unary(new Square(), this),
        < 0 when exponent.DType == DType.Int64 && !DType.IsFloat() =>
            throw new ValueException($"Pow: integers have no integer power of {exponent}; To(DType.Float32) first"),
        _ when exponent.DType == DType.Int64 && !DType.IsFloat() => Binary(new Pow(), this, FromScalar(exponent)),
        _ => Unary(new PowScalar(exponent.ToDouble()), this),
    };

    /// <summary>aᵇ, element by element, broadcast (torch.pow).</summary>
    public Tensor Pow(Tensor exponent) => Binary(new Pow(), this, exponent);

    /// <summary>The larger element, broadcast; at ties the gradient is halved; NaN propagates (torch.maximum).</summary>
    public Tensor Maximum(Tensor other) => Binary(new Maximum(), this, other);

    /// <summary>The smaller element, broadcast; at ties the gradient is halved; NaN propagates (torch.minimum).</summary>
    public Tensor Minimum(Tensor other) => Binary(new Minimum(), this, other);

    /// <summary>x cut to lie between two numbers; the gradient passes where min ≤ x ≤ max; NaN stays (torch.clamp).</summary>
    /// <exception cref="ValueException">Neither bound is given.</exception>
    public Tensor Clamp(Scalar? min = null, Scalar? max = null)
    {
        if (min is null && max is null) throw new ValueException("Clamp: give min, max or both");
        DType dtype = (max ?? min)!.Value.With((min ?? max)!.Value.With(DType));
        if (dtype.IsFloat())
            return Unary(new Clamp(min?.ToDouble() ?? double.NegativeInfinity, max?.ToDouble() ?? double.PositiveInfinity), To(dtype));
        Tensor raised = min is { } low ? Maximum(FromScalar(low)) : this;
        return max is { } high ? raised.Minimum(FromScalar(high)) : raised;
    }

    /// <summary>This element where the condition holds, else the other's (torch.where).</summary>
    /// <param name="condition">A Bool tensor; all three are broadcast.</param>
    /// <param name="other">The values elsewhere.</param>
    /// <exception cref="DTypeException">The condition is not Bool.</exception>
    public Tensor Where(Tensor condition, Tensor other) => Where(condition, this, other);

    /// <summary><paramref name="a"/> where the condition holds, else <paramref name="b"/> (torch.where).</summary>
    public static Tensor Where(Tensor condition, Tensor a, Tensor b) =>
        Given(condition).DType != DType.Bool ? throw new DTypeException($"Where: the condition is {condition.DType} and must be Bool; compare first, or To(DType.Bool)")
        : new TernaryOp<Where>(default).Apply(condition, a, b);

    /// <summary>This tensor with <paramref name="value"/> where the mask is set (torch.masked_fill).</summary>
    public Tensor MaskedFill(Tensor mask, Scalar value) => Where(mask, FromScalar(value).To(DType), this);

    private static Tensor Given(Tensor? x, [CallerArgumentExpression(nameof(x))] string name = "")
    {
        ArgumentNullException.ThrowIfNull(x, name);
        return x;
    }

    private static Tensor Unary<TKernel>(TKernel kernel, Tensor x) where TKernel : struct, IUnaryFunction => new UnaryOp<TKernel>(kernel).Apply(x);

    private static Tensor Binary<TKernel>(TKernel kernel, Tensor a, Tensor b) where TKernel : struct, IBinaryFunction => new BinaryOp<TKernel>(kernel).Apply(a, b);

    // Reals give ±∞ or NaN, but integers have no such value.
    private Tensor Divided<TKernel>(string op, TKernel kernel, Tensor divisor) where TKernel : struct, IBinaryFunction
    {
        if (!DTypes.Promote(this, divisor).IsFloat() && divisor.Eq(0) is var zeros && zeros.Any().Item<bool>())
            throw new ValueException($"{op}: an integer division by zero: element {zeros.Reshape(-1).ArgMax().Item<long>()} of the divisor, shape {divisor.Shape}, is 0");
        return Binary(kernel, this, divisor);
    }

    // Reals take the number as a parameter. Integers beyond 2⁵³ would not survive that, and Bool has its own arithmetic: they take it as a tensor.
    private static Tensor WithScalar<TUnary, TBinary>(Tensor x, Scalar scalar, TUnary unary, TBinary binary)
        where TUnary : struct, IUnaryFunction
        where TBinary : struct, IBinaryFunction =>
        scalar.With(Given(x).DType) is { } dtype && dtype.IsFloat() ? Unary(unary, x.To(dtype)) : Binary(binary, x, FromScalar(scalar));
}
