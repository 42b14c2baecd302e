using System.Runtime.CompilerServices;
using MiniTorch.Ops;

namespace MiniTorch;

public partial class Tensor
{
    /// <summary>Adds element by element, with broadcasting (torch.add).</summary>
    public static Tensor operator +(Tensor a, Tensor b) => Binary(new Add(), a, b);

    /// <summary>Adds a number to every element.</summary>
    public static Tensor operator +(Tensor a, Scalar b) => WithScalar(a, b, new AddScalar(b.ToDouble()), new Add());

    /// <summary>Adds a number to every element.</summary>
    public static Tensor operator +(Scalar a, Tensor b) => b + a;

    /// <summary>Subtracts element by element, with broadcasting (torch.sub).</summary>
    /// <exception cref="DTypeException">Both are Bool.</exception>
    public static Tensor operator -(Tensor a, Tensor b) => Binary(new Subtract(), NotBool(a, b), b);

    /// <summary>Subtracts a number and every element, in the order written.</summary>
    public static Tensor operator -(Tensor a, Scalar b) => WithScalar(a, b, new AddScalar(-b.ToDouble()), new Subtract());

    /// <summary>Subtracts a number and every element, in the order written.</summary>
    public static Tensor operator -(Scalar a, Tensor b) =>
        Given(b).DType.IsFloat() ? Unary(new SubtractFromScalar(a.ToDouble()), b) : Binary(new Subtract(), FromScalar(a), b);

    /// <summary>Multiplies element by element, with broadcasting (torch.mul).</summary>
    public static Tensor operator *(Tensor a, Tensor b) => Binary(new Multiply(), a, b);

    /// <summary>Multiplies every element by a number.</summary>
    public static Tensor operator *(Tensor a, Scalar b) => WithScalar(a, b, new MultiplyScalar(b.ToDouble()), new Multiply());

    /// <summary>Multiplies every element by a number.</summary>
    public static Tensor operator *(Scalar a, Tensor b) => b * a;

    /// <summary>Divides element by element, with broadcasting (torch.div). Integers give Float32.</summary>
    public static Tensor operator /(Tensor a, Tensor b) => Binary(new Divide(), a, b);

    /// <summary>Divides every element by a number, or a number by every element.</summary>
    public static Tensor operator /(Tensor a, Scalar b) => Unary(new DivideByScalar(b.ToDouble()), a);

    /// <summary>Divides every element by a number, or a number by every element.</summary>
    public static Tensor operator /(Scalar a, Tensor b) => Unary(new DivideScalar(a.ToDouble()), b);

    /// <summary>Returns the remainder of a / b with the sign of b, as Python's % does (torch.remainder); see <see cref="Remainder"/>.</summary>
    /// <exception cref="ValueException">An integer is divided by 0.</exception>
    public static Tensor operator %(Tensor a, Tensor b) => a.Remainder(b);

    /// <summary>Returns the remainder with a number as one operand.</summary>
    public static Tensor operator %(Tensor a, Scalar b) => a.Remainder(FromScalar(b));

    /// <summary>Returns the remainder with a number as one operand.</summary>
    public static Tensor operator %(Scalar a, Tensor b) => FromScalar(a).Remainder(b);

    /// <summary>Negates every element (torch.neg).</summary>
    public static Tensor operator -(Tensor x) => Unary(new Negate(), x);

    /// <summary>Returns the logical AND of two Bool tensors (torch.logical_and).</summary>
    /// <exception cref="DTypeException">A tensor is not Bool.</exception>
    public static Tensor operator &(Tensor a, Tensor b) => OnlyBool("&", a).LogicalAnd(OnlyBool("&", b));

    /// <summary>Returns the logical OR of two Bool tensors (torch.logical_or).</summary>
    /// <exception cref="DTypeException">A tensor is not Bool.</exception>
    public static Tensor operator |(Tensor a, Tensor b) => OnlyBool("|", a).LogicalOr(OnlyBool("|", b));

    /// <summary>Returns the exclusive OR of two Bool tensors (torch.logical_xor).</summary>
    /// <exception cref="DTypeException">A tensor is not Bool.</exception>
    public static Tensor operator ^(Tensor a, Tensor b) => OnlyBool("^", a).LogicalXor(OnlyBool("^", b));

    /// <summary>Returns the logical NOT of a Bool tensor (torch.logical_not, ~ in Python).</summary>
    /// <exception cref="DTypeException">The tensor is not Bool.</exception>
    public static Tensor operator !(Tensor x) => OnlyBool("!", x).LogicalNot();

    /// <summary>Compares a &lt; b element by element, as Bool (torch.lt).</summary>
    public static Tensor operator <(Tensor a, Tensor b) => Binary(new Less(), a, b);

    /// <summary>Compares a &gt; b element by element, as Bool (torch.gt).</summary>
    public static Tensor operator >(Tensor a, Tensor b) => Binary(new Greater(), a, b);

    /// <summary>Compares a ≤ b element by element, as Bool (torch.le).</summary>
    public static Tensor operator <=(Tensor a, Tensor b) => Binary(new LessOrEqual(), a, b);

    /// <summary>Compares a ≥ b element by element, as Bool (torch.ge).</summary>
    public static Tensor operator >=(Tensor a, Tensor b) => Binary(new GreaterOrEqual(), a, b);

    /// <summary>Returns whether elements are equal, as Bool (torch.eq).</summary>
    public Tensor Eq(Tensor other) => Binary(new Equal(), this, other);

    /// <summary>Returns whether elements differ, as Bool (torch.ne). NaN differs from itself.</summary>
    public Tensor Ne(Tensor other) => Eq(other).LogicalNot();

    /// <summary>Returns whether each element is NaN, as Bool (torch.isnan).</summary>
    public Tensor IsNaN() => Ne(this);

    /// <summary>Returns whether each element is ∞ or −∞, as Bool (torch.isinf).</summary>
    public Tensor IsInf() => Abs().Eq(double.PositiveInfinity);

    /// <summary>Returns whether each element is neither infinite nor NaN, as Bool (torch.isfinite).</summary>
    public Tensor IsFinite() => Unary(new IsFinite(), this);

    /// <summary>Returns whether |a − b| ≤ atol + rtol · |b| or both are the same infinity, element by element, as Bool (torch.isclose).</summary>
    /// <param name="other">The tensor b, of the same dtype.</param>
    /// <param name="rtol">The relative tolerance.</param>
    /// <param name="atol">The absolute tolerance.</param>
    /// <param name="equalNan">Whether NaN is close to NaN.</param>
    /// <exception cref="DTypeException">The dtypes differ.</exception>
    public Tensor IsClose(Tensor other, double rtol = 1e-5, double atol = 1e-8, bool equalNan = false)
    {
        ArgumentNullException.ThrowIfNull(other);
        if (DType != other.DType) throw new DTypeException($"IsClose: the dtypes {DType} and {other.DType} differ; convert one tensor with To");
        (Tensor a, Tensor b) = (Detach().To(DType.Float64), other.Detach().To(DType.Float64));
        Tensor difference = (a - b).Abs();
        // Beyond 2⁵³ only the integer difference is exact; it overflows if the floating-point difference is large.
        if (DType == DType.Int64)
            difference = Where(difference < Math.ScaleB(1, 62), (Detach() - other.Detach()).Abs().To(DType.Float64), difference);
        Tensor close = Eq(other).LogicalOr(difference.IsFinite().LogicalAnd(difference <= b.Abs() * rtol + atol));
        return equalNan ? close.LogicalOr(a.IsNaN().LogicalAnd(b.IsNaN())) : close;
    }

    /// <summary>Returns whether all elements are close as defined by <see cref="IsClose"/> (torch.allclose).</summary>
    public bool AllClose(Tensor other, double rtol = 1e-5, double atol = 1e-8, bool equalNan = false) =>
        IsClose(other, rtol, atol, equalNan).All().Item<bool>();

    /// <summary>Returns the logical AND, as Bool; nonzero numbers are true (torch.logical_and).</summary>
    public Tensor LogicalAnd(Tensor other) => To(DType.Bool) * Given(other).To(DType.Bool);

    /// <summary>Returns the logical OR, as Bool; nonzero numbers are true (torch.logical_or).</summary>
    public Tensor LogicalOr(Tensor other) => To(DType.Bool) + Given(other).To(DType.Bool);

    /// <summary>Returns the exclusive OR, as Bool; nonzero numbers are true (torch.logical_xor).</summary>
    public Tensor LogicalXor(Tensor other) => To(DType.Bool).Ne(Given(other).To(DType.Bool));

    /// <summary>Returns the logical NOT, as Bool; nonzero numbers are true (torch.logical_not).</summary>
    public Tensor LogicalNot() => Unary(new IsZero(), this);

    /// <summary>
    /// Returns a / b (torch.div), rounded down with <c>floor</c> or toward 0 with <c>trunc</c>. With rounding, integers stay integers.
    /// </summary>
    /// <exception cref="ValueException">An integer is divided by 0 with rounding, or <paramref name="roundingMode"/> has another value.</exception>
    public Tensor Div(Tensor other, string? roundingMode = null) => roundingMode switch
    {
        null => this / other,
        "floor" => FloorDivide(other),
        "trunc" => Divided("Div", new TruncateDivide(), other),
        _ => throw new ValueException($"Div: roundingMode is '{roundingMode}'; use null, 'floor' or 'trunc'"),
    };

    /// <summary>Returns a / b rounded down (torch.floor_divide). The derivative is 0. Integers stay integers.</summary>
    /// <exception cref="ValueException">An integer is divided by 0.</exception>
    public Tensor FloorDivide(Tensor other) => Divided("FloorDivide", new FloorDivide(), other);

    /// <summary>Returns the remainder of a / b with the sign of b, as Python's % does (torch.remainder).</summary>
    /// <exception cref="ValueException">An integer is divided by 0.</exception>
    public Tensor Remainder(Tensor other) => Divided("Remainder", new Remainder(), other);

    /// <summary>Returns the remainder of a / b with the sign of a, as C's fmod does (torch.fmod).</summary>
    /// <exception cref="ValueException">An integer is divided by 0.</exception>
    public Tensor Fmod(Tensor other) => Divided("Fmod", new Fmod(), other);

    /// <summary>Returns the angle of the point (x, y) = (other, this), in (−π, π] (torch.atan2).</summary>
    public Tensor Atan2(Tensor other) => Binary(new Atan2(), this, other);

    /// <summary>Returns ln(eᵃ + eᵇ), computed without overflow (torch.logaddexp).</summary>
    public Tensor LogAddExp(Tensor other) => Binary(new LogAddExp(), this, other);

    /// <summary>Returns a · ln b, and 0 if a is 0 and b is not NaN (torch.xlogy).</summary>
    public Tensor Xlogy(Tensor other) => Binary(new Xlogy(), this, other);

    /// <summary>Returns √(a² + b²), computed without overflow (torch.hypot).</summary>
    public Tensor Hypot(Tensor other) => Binary(new Hypot(), this, other);

    /// <summary>Returns a + weight · (b − a), exactly b if the weight is 1 (torch.lerp).</summary>
    public Tensor Lerp(Tensor end, Tensor weight) => new TernaryOp<Lerp>(default).Apply(this, Given(end), Given(weight));

    /// <summary>Raises every element to a constant power (torch.pow).</summary>
    /// <exception cref="ValueException">The tensor holds integers and the exponent is a negative integer.</exception>
    public Tensor Pow(Scalar exponent) => exponent.ToDouble() switch
    {
        2 when exponent.DType == DType.Int64 || DType.IsFloat() => Unary(new Square(), this),
        < 0 when exponent.DType == DType.Int64 && !DType.IsFloat() =>
            throw new ValueException($"Pow: integers cannot be raised to the negative power {exponent}; To(DType.Float32) first"),
        _ when exponent.DType == DType.Int64 && !DType.IsFloat() => Binary(new Pow(), this, FromScalar(exponent)),
        1 when DType.IsFloat() => Unary(new MultiplyScalar(1), this),
        -1 => Unary(new Reciprocal(), this),
        var number => PowScalar.Apply(this, number),
    };

    /// <summary>Returns aᵇ element by element, with broadcasting (torch.pow).</summary>
    public Tensor Pow(Tensor exponent) => Binary(new Pow(), this, exponent);

    /// <summary>
    /// Returns the larger of two elements, with broadcasting (torch.maximum). Each of two equal elements gets half of the gradient. NaN propagates.
    /// </summary>
    public Tensor Maximum(Tensor other) => Binary(new Maximum(), this, other);

    /// <summary>
    /// Returns the smaller of two elements, with broadcasting (torch.minimum). Each of two equal elements gets half of the gradient. NaN
    /// propagates.
    /// </summary>
    public Tensor Minimum(Tensor other) => Binary(new Minimum(), this, other);

    /// <summary>Clamps every element to [min, max] (torch.clamp). The derivative is 1 if min ≤ x ≤ max, otherwise 0. NaN propagates.</summary>
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

    /// <summary>
    /// Returns the elements of this tensor where the condition is true, and those of <paramref name="other"/> elsewhere (torch.where).
    /// </summary>
    /// <param name="condition">A Bool tensor. All three tensors are broadcast to a common shape.</param>
    /// <param name="other">The values where the condition is false.</param>
    /// <exception cref="DTypeException">The condition is not Bool.</exception>
    public Tensor Where(Tensor condition, Tensor other) => Where(condition, this, other);

    /// <summary>
    /// Returns the elements of <paramref name="a"/> where the condition is true, and those of <paramref name="b"/> elsewhere (torch.where).
    /// </summary>
    public static Tensor Where(Tensor condition, Tensor a, Tensor b) =>
        Given(condition).DType != DType.Bool ? throw new DTypeException($"Where: the condition is {condition.DType} and must be Bool; "
            + "use a comparison or To(DType.Bool)")
        : new TernaryOp<Where>(default).Apply(condition, a, b);

    /// <summary>Returns a copy with <paramref name="value"/> where the mask is true (torch.masked_fill).</summary>
    public Tensor MaskedFill(Tensor mask, Scalar value) => Where(mask, FromScalar(value).To(DType), this);

    /// <summary>
    /// Returns a copy with NaN and infinities replaced by numbers (torch.nan_to_num). The gradient of a replaced element is 0; integers stay as they
    /// are.
    /// </summary>
    /// <param name="nan">Replaces NaN.</param>
    /// <param name="posInf">Replaces ∞; the largest number of the dtype by default.</param>
    /// <param name="negInf">Replaces −∞; the smallest number of the dtype by default.</param>
    public Tensor NanToNum(double nan = 0, double? posInf = null, double? negInf = null)
    {
        if (!DType.IsFloat()) return Clone();
        double largest = DType == DType.Float32 ? float.MaxValue : double.MaxValue;
        return MaskedFill(Eq(double.PositiveInfinity), posInf ?? largest).MaskedFill(Eq(double.NegativeInfinity), negInf ?? -largest)
            .MaskedFill(IsNaN(), nan);
    }

    private static T Given<T>(T? x, [CallerArgumentExpression(nameof(x))] string name = "") where T : class
    {
        ArgumentNullException.ThrowIfNull(x, name);
        return x;
    }

    private static Tensor OnlyBool(string op, Tensor x) =>
        Given(x).DType == DType.Bool ? x
        : throw new DTypeException($"{op}: the operand is {x.DType}, shape {x.Shape}, and must be Bool; compare it, or "
            + "convert it with To(DType.Bool)");

    private static Tensor Unary<TKernel>(TKernel kernel, Tensor x) where TKernel : struct, IUnaryFunction => new UnaryOp<TKernel>(kernel).Apply(x);

    private static Tensor Binary<TKernel>(TKernel kernel, Tensor a, Tensor b) where TKernel : struct, IBinaryFunction =>
        new BinaryOp<TKernel>(kernel).Apply(a, b);

    // Floating-point division by 0 gives ±∞ or NaN; integers have no such value.
    private Tensor Divided<TKernel>(string op, TKernel kernel, Tensor divisor) where TKernel : struct, IBinaryFunction
    {
        if (!DTypes.Promote(this, divisor).IsFloat() && divisor.Eq(0) is var zeros && zeros.Any().Item<bool>())
            throw new ValueException($"{op}: integer division by zero: element {zeros.Reshape(-1).ArgMax().Item<long>()} of the divisor, shape "
                + $"{divisor.Shape}, is 0");
        return Binary(kernel, this, divisor);
    }

    // Only floats take the number as a double parameter: it would round integers beyond 2⁵³, and Bool has its own arithmetic.
    private static Tensor WithScalar<TUnary, TBinary>(Tensor x, Scalar scalar, TUnary unary, TBinary binary)
        where TUnary : struct, IUnaryFunction
        where TBinary : struct, IBinaryFunction =>
        scalar.With(Given(x).DType) is { } dtype && dtype.IsFloat() ? Unary(unary, x.To(dtype)) : Binary(binary, x, FromScalar(scalar));
}
