namespace MiniTorch;

/// <summary>The sizes of a two-dimensional window: height and width. A single number converts to both: <c>3</c> is <c>(3, 3)</c>.</summary>
/// <param name="Height">The size along the second-to-last dimension.</param>
/// <param name="Width">The size along the last dimension.</param>
public readonly record struct Pair(int Height, int Width)
{
    /// <summary>Converts a number to a pair with this number as height and width.</summary>
    public static implicit operator Pair(int both) => new(both, both);

    /// <summary>Converts a tuple of height and width.</summary>
    public static implicit operator Pair((int Height, int Width) sizes) => new(sizes.Height, sizes.Width);

    /// <summary>Formats the pair as <c>(2, 3)</c>.</summary>
    public override string ToString() => $"({Height}, {Width})";
}
