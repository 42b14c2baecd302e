namespace MiniTorch;

internal static class Vectors
{
    public static double Dot(double[] a, double[] b) => a.Zip(b, (x, y) => x * y).Sum();

    /// <summary>Of vectors in parts, one for each variable; a missing part is 0.</summary>
    public static double Dot(double[]?[] a, double[]?[] b) => a.Zip(b).Sum(pair => pair is ({ } x, { } y) ? Dot(x, y) : 0);
}
