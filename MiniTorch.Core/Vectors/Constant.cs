namespace MiniTorch;

/// <summary>A number that is a kernel's parameter, rounded to Float32 beforehand: a conversion inside a loop makes each turn wait for the last.</summary>
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

    /// <summary>A number as a kernel's parameter.</summary>
    public static implicit operator Constant(double value) => new(value);
}
