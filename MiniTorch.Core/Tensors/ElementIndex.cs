namespace MiniTorch;

/// <summary>Elements of a tensor by their number in row-major order.</summary>
internal static class ElementIndex
{
    /// <summary>The index of an element in every dimension.</summary>
    public static int[] Of(Shape shape, long element)
    {
        var index = new int[shape.Rank];
        for (int dim = shape.Rank - 1; dim >= 0; element /= shape[dim--]) index[dim] = (int)(element % shape[dim]);
        return index;
    }

    /// <summary>As it is written in code, <c>[1, 0]</c>; nothing for a scalar.</summary>
    public static string Index(Shape shape, long element) => Format(Of(shape, element));

    public static string Format(IReadOnlyList<int> index) => index.Count == 0 ? "" : $"[{string.Join(", ", index)}]";
}
