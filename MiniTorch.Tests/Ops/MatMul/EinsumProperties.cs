using PropertyAttribute = FsCheck.NUnit.PropertyAttribute;

namespace MiniTorch.Tests.Operations;

/// <summary>Einsum against the loops that it stands for.</summary>
[TestFixture]
public sealed class EinsumProperties
{
    private const string Letters = "ijkl";

    // Two operands over letters of sizes 1 to 3, distinct within an operand, and any of the letters in the output.
    [Property(MaxTest = 300)]
    public void Einsum_equals_naive_loops(byte first, byte second, byte kept, byte sizes)
    {
        string a = Chosen(first), b = Chosen(second);
        string output = new([.. Chosen(kept).Where(letter => a.Contains(letter) || b.Contains(letter)).Reverse()]);
        int[] size = [.. Enumerable.Range(0, 4).Select(i => 1 + (sizes >> (2 * i) & 3) % 3)];
        Tensor x = Operand(a, size, 0.37), y = Operand(b, size, 0.71);
        double[] expected = Naive(a, b, output, size, x.ToArray<double>(), y.ToArray<double>());

        Tensor result = Tensor.Einsum($"{a},{b}->{output}", x, y);

        result.Shape.ToArray().ShouldBe(output.Select(letter => size[Letters.IndexOf(letter)]));
        result.ToArray<double>().ShouldBe(expected, 1e-12);
    }

    private static string Chosen(byte bits) => new([.. Letters.Where((_, i) => (bits >> i & 1) != 0)]);

    private static Tensor Operand(string letters, int[] size, double step)
    {
        Shape shape = letters.Select(letter => size[Letters.IndexOf(letter)]).ToArray();
        return Tensor.From(Enumerable.Range(1, (int)shape.ElementCount).Select(i => Math.Sin(step * i)).ToArray(), shape);
    }

    private static double[] Naive(string a, string b, string output, int[] size, double[] x, double[] y)
    {
        var sums = new double[output.Aggregate(1, (count, letter) => count * size[Letters.IndexOf(letter)])];
        int[] limits = [.. Letters.Select((letter, i) => a.Contains(letter) || b.Contains(letter) ? size[i] : 1)];
        for (int i = 0; i < limits[0]; i++)
            for (int j = 0; j < limits[1]; j++)
                for (int k = 0; k < limits[2]; k++)
                    for (int l = 0; l < limits[3]; l++)
                        sums[At(output, i, j, k, l)] += x[At(a, i, j, k, l)] * y[At(b, i, j, k, l)];
        return sums;

        int At(string letters, params int[] index) =>
            letters.Aggregate(0, (at, letter) => at * size[Letters.IndexOf(letter)] + index[Letters.IndexOf(letter)]);
    }
}
