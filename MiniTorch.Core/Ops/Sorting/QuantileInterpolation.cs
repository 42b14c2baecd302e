namespace MiniTorch;

/// <summary>What <see cref="Tensor.Quantile"/> returns at a position between two sorted elements, a and the next one, b.</summary>
public enum QuantileInterpolation
{
    /// <summary>a + (b − a) f, where f is the fraction of the position.</summary>
    Linear,

    /// <summary>a.</summary>
    Lower,

    /// <summary>b.</summary>
    Higher,

    /// <summary>The nearer of both; halfway, the one at the even position.</summary>
    Nearest,

    /// <summary>(a + b) / 2.</summary>
    Midpoint,
}
