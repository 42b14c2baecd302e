namespace MiniTorch;

/// <summary>
/// A C# number as an operand (PyTorch's wrapped number): it keeps its full precision, and changes a tensor's dtype only to reach its own category
/// (integer × 0.5 gives Float32; Float32 × 0.1 stays Float32 and Float64 × 0.1 multiplies by the double 0.1).
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

    /// <summary>Its category's default dtype: Float32, Int64 or Bool.</summary>
    public DType DType { get; }

    /// <summary>The number as a double.</summary>
    public double ToDouble() => _real;

    /// <summary>The number as an integer, its fraction cut off.</summary>
    public long ToInt64() => _integer;

    /// <summary>A real number.</summary>
    public static implicit operator Scalar(double value) => new(value, (long)value, DType.Float32);

    /// <summary>An integer.</summary>
    public static implicit operator Scalar(long value) => new(value, value, DType.Int64);

    /// <summary>An integer.</summary>
    public static implicit operator Scalar(int value) => new(value, value, DType.Int64);

    /// <summary>A truth value.</summary>
    public static implicit operator Scalar(bool value) => new(value ? 1 : 0, value ? 1 : 0, DType.Bool);

    /// <summary>A 0-d tensor that remembers the number's full precision.</summary>
    public static implicit operator Tensor(Scalar value) => Tensor.FromScalar(value);

    /// <summary>The number, in the invariant culture.</summary>
    public override string ToString() => DType == DType.Int64 ? FormattableString.Invariant($"{_integer}") : FormattableString.Invariant($"{_real}");

    /// <summary>The dtype of a result with a tensor of dtype <paramref name="tensor"/>.</summary>
    internal DType With(DType tensor) => (DType, tensor) switch
    {
        (DType.Float32, DType.Bool or DType.Int64) => DType.Float32,
        (DType.Int64, DType.Bool) => DType.Int64,
        _ => tensor,
    };
}
