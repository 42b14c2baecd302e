using MiniTorch.GradChecking;

namespace MiniTorch.Tests.GradChecks;

/// <summary>Functions of plain numbers, as the parts of GradCheck take them.</summary>
internal static class Checked
{
    public static readonly GradCheckOptions Exact = new() { RelativeTolerance = 0, AbsoluteTolerance = 0 };

    public static Variable Leaf(string name, params double[] values) => Leaf(name, Tensor.From(values));

    public static Variable Leaf(string name, Tensor values)
    {
        values.RequiresGrad = true;
        return new Variable(name, values);
    }

    /// <summary>A function of tensors.</summary>
    public static CheckedFunction Of(Func<Tensor[], Tensor?[]?> f, params Variable[] variables) =>
        new(f, [.. variables.Select(variable => variable.Tensor)], variables);

    /// <summary>A function of x that is computed in numbers, without a graph.</summary>
    public static CheckedFunction Numbers(Func<double[], double[]> f, params double[] x) =>
        Of(inputs => [Tensor.From(f(inputs[0].ToArray<double>()))], Leaf("x", x));

    /// <summary>Double precision at a step of 2⁻¹⁸.</summary>
    public static Comparison Comparison(GradCheckOptions options)
    {
        GradCheckOptions full = options.WithDefaults(Math.ScaleB(1, -52));
        return new Comparison(full, new Stencil(full.Points, Math.ScaleB(1, -52), full.Step!.Value), new RandomVectors(0));
    }
}
