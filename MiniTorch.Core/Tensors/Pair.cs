namespace MiniTorch;

/// <summary>Two sizes, of height and width; one number stands for both: <c>3</c> is <c>(3, 3)</c>.</summary>
/// <param name="Height">Of the dimension before the last.</param>
/// <param name="Width">Of the last dimension.</param>
public readonly record struct Pair(int Height, int Width)
{
    /// <summary>The same number twice.</summary>
    public static implicit operator Pair(int both) => new(both, both);

    /// <summary>Height and width.</summary>
    public static implicit operator Pair((int Height, int Width) sizes) => new(sizes.Height, sizes.Width);

    /// <summary>As <c>(2, 3)</c>.</summary>
    public override string ToString() => $"({Height}, {Width})";
}
