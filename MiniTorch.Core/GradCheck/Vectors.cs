namespace MiniTorch.GradChecking;

internal static class Vectors
{
    public static double Dot(double[] a, double[] b)
    {
        double sum = 0;
        for (int i = 0; i < a.Length; i++) sum += a[i] * b[i];
        return sum;
    }

    /// <summary>Of vectors in parts, one for each variable; a missing part is 0.</summary>
    public static double Dot(double[]?[] a, double[]?[] b) => a.Zip(b).Sum(pair => pair is ({ } x, { } y) ? Dot(x, y) : 0);
}
