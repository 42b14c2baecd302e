namespace MiniTorch;

/// <summary>How <see cref="NumericCheck"/> checks.</summary>
public sealed record NumericCheckOptions
{
    /// <summary>How many runs with random rounding, and how many with random rounding of the inputs alone, estimate the errors.</summary>
    public int Samples { get; init; } = 8;

    /// <summary>The decimal digits that a result or gradient may lose beyond those that the rounding of its inputs costs.</summary>
    public double LostDigits { get; init; } = 1.5;

    /// <summary>The seed of the random numbers.</summary>
    public long Seed { get; init; }

    internal void Check()
    {
        if (Samples < 3) throw new ValueException($"NumericCheckOptions.Samples: {Samples}; at least 3 are needed to estimate a spread");
        if (!(LostDigits > 0))
            throw new ValueException(FormattableString.Invariant($"NumericCheckOptions.LostDigits: {LostDigits}; it must be above 0"));
    }
}
