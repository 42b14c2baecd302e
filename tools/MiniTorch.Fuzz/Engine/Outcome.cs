namespace MiniTorch.Fuzz.Engine;

/// <summary>What a program gave: results, their scalar and the inputs' gradients, some elements of each, and a digest of every bit of them.</summary>
internal sealed record Outcome(ulong Digest, double[][] Samples)
{
    private const int SampleSize = 128;
    private const ulong FnvOffset = 14695981039346656037, FnvPrime = 1099511628211;

    public static Outcome Of(IEnumerable<Tensor> tensors)
    {
        ulong digest = FnvOffset;
        var samples = new List<double[]>();
        foreach (Tensor tensor in tensors)
        {
            double[] values = tensor.Detach().ToArray<double>();
            foreach (double value in values) digest = (digest ^ BitConverter.DoubleToUInt64Bits(double.IsNaN(value) ? double.NaN : value)) * FnvPrime;
            int step = (values.Length / SampleSize) + 1;
            samples.Add([.. values.Where((_, i) => i % step == 0)]);
        }
        return new Outcome(digest, [.. samples]);
    }

    /// <summary>What stands for the outcome of a program that failed.</summary>
    public static Outcome None { get; } = new(0, []);

    /// <summary>For each tensor the largest distance to another's; infinite where one is finite and the other is not.</summary>
    public double[] Distances(Outcome other) =>
        other.Samples.Length != Samples.Length ? [double.PositiveInfinity]
            : [.. Samples.Zip(other.Samples, (a, b) => a.Length != b.Length ? double.PositiveInfinity : a.Zip(b, Distance).DefaultIfEmpty(0).Max())];

    /// <summary>For each tensor the largest finite magnitude.</summary>
    public double[] Magnitudes => [.. Samples.Select(values => values.Where(double.IsFinite).Select(Math.Abs).DefaultIfEmpty(0).Max())];

    private static double Distance(double a, double b) =>
        a.Equals(b) ? 0 : double.IsFinite(a) && double.IsFinite(b) ? Math.Abs(a - b) : double.PositiveInfinity;
}
