namespace MiniTorch;

/// <summary>
/// A parameter of a kernel that is rounded to Float32 once: a conversion in the loop would make each iteration wait for the one before.
/// </summary>
public readonly record struct Constant
{
    /// <summary>Rounds the number.</summary>
    public Constant(double value)
    {
        Value = value;
        Single = (float)value;
    }

    /// <summary>The number.</summary>
    public double Value { get; }

    /// <summary>The number in Float32.</summary>
    public float Single { get; }

    /// <summary>Converts a number.</summary>
    public static implicit operator Constant(double value) => new(value);
}
