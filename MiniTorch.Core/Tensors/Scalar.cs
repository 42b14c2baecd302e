namespace MiniTorch;

/// <summary>
/// A C# number as an operand (PyTorch's wrapped number). It keeps full precision, and it changes a tensor's dtype only if the number's category is
/// higher than the tensor's: Int64 × 0.5 gives Float32, Float32 × 0.1 stays Float32, and Float64 × 0.1 multiplies by the double 0.1.
/// </summary>
public readonly struct Scalar
{
    private readonly double _real;
    private readonly long _integer;

    private Scalar(double real, long integer, DType dtype)
    {
        _real = real;
        _integer = integer;
        DType = dtype;
    }

    /// <summary>The default dtype of the number's category: Float32, Int64 or Bool.</summary>
    public DType DType { get; }

    /// <summary>Returns the number as a double.</summary>
    public double ToDouble() => _real;

    /// <summary>Returns the number as an integer, truncated toward zero.</summary>
    public long ToInt64() => _integer;

    /// <summary>Converts a floating-point number.</summary>
    public static implicit operator Scalar(double value) => new(value, (long)value, DType.Float32);

    /// <summary>Converts an integer.</summary>
    public static implicit operator Scalar(long value) => new(value, value, DType.Int64);

    /// <summary>Converts an integer.</summary>
    public static implicit operator Scalar(int value) => new(value, value, DType.Int64);

    /// <summary>Converts a boolean.</summary>
    public static implicit operator Scalar(bool value) => new(value ? 1 : 0, value ? 1 : 0, DType.Bool);

    /// <summary>Converts to a 0-d tensor that keeps the number's full precision.</summary>
    public static implicit operator Tensor(Scalar value) => Tensor.FromScalar(value);

    /// <summary>Formats the number in the invariant culture.</summary>
    public override string ToString() => DType == DType.Int64 ? FormattableString.Invariant($"{_integer}") : FormattableString.Invariant($"{_real}");

    /// <summary>Returns the result dtype of an operation on this number and a tensor of dtype <paramref name="tensor"/>.</summary>
    internal DType With(DType tensor) => (DType, tensor) switch
    {
        (DType.Float32, DType.Bool or DType.Int64) => DType.Float32,
        (DType.Int64, DType.Bool) => DType.Int64,
        _ => tensor,
    };
}
