namespace MiniTorch;

/// <summary>How <see cref="Tensor.Interpolate"/> computes an element of the result from its neighbors in the input.</summary>
public enum InterpolationMode
{
    /// <summary>The element whose position, scaled and rounded down, it is; for sequences and images.</summary>
    Nearest,

    /// <summary>A weighted mean of two neighbors; for sequences.</summary>
    Linear,

    /// <summary>A weighted mean of four neighbors; for images.</summary>
    Bilinear,
}
