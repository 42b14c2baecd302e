namespace MiniTorch.GradChecking;

/// <summary>Arithmetic of gradients as arrays, in parts: one for each variable.</summary>
internal static class Vectors
{
    /// <summary>The inner product of two arrays.</summary>
    public static double Dot(double[] a, double[] b)
    {
        double sum = 0;
        for (int i = 0; i < a.Length; i++) sum += a[i] * b[i];
        return sum;
    }

    /// <summary>The inner product of vectors in parts; a missing part is 0.</summary>
    public static double Dot(double[]?[] a, double[]?[] b) => a.Zip(b).Sum(pair => pair is ({ } x, { } y) ? Dot(x, y) : 0);

    /// <summary>The unit vector of an element.</summary>
    public static double[] Unit(int count, int element)
    {
        var unit = new double[count];
        unit[element] = 1;
        return unit;
    }

    /// <summary>a x + b y, in parts.</summary>
    public static double[]?[] Combine(double a, double[]?[] x, double b, double[]?[] y) => [.. x.Zip(y).Select(pair => pair switch
    {
        (null, null) => null,
        ({ } left, null) => [.. left.Select(value => a * value)],
        (null, { } right) => (double[])[.. right.Select(value => b * value)],
        ({ } left, { } right) => [.. left.Zip(right, (first, second) => (a * first) + (b * second))],
    })];
}

/// <summary>The random directions and combinations of a check, the same for the same seed.</summary>
/// <param name="seed">The seed.</param>
/// <param name="project">Restricts the direction of an input (<see cref="GradCheckOptions.Project"/>); null for none.</param>
internal sealed class RandomVectors(long seed, Func<Tensor, Tensor, Tensor>? project = null)
{
    private readonly Generator _generator = new(seed);

    /// <summary>Numbers of the normal distribution.</summary>
    public double[] Normal(int count) => Tensor.Randn([count], _generator, DType.Float64).ToArray<double>();

    public Tensor NormalLike(Tensor x) => Tensor.Randn(x.Shape, _generator, x.DType);

    /// <summary>Random elements, without repetition and in order.</summary>
    public int[] Sample(int count, int size) =>
        size >= count ? [.. Enumerable.Range(0, count)]
        : [.. Tensor.RandPerm(count, _generator).ToArray<long>().Take(size).Select(element => (int)element).Order()];

    /// <summary>A direction for all variables together, in proportion to their values if these are large.</summary>
    public double[]?[] Direction(CheckedFunction function) => [.. function.Variables.Select(Direction)];

    /// <summary>A direction for one variable.</summary>
    public double[] Direction(Variable variable)
    {
        double[] direction = Normal(variable.Count);
        for (int i = 0; i < direction.Length; i++) direction[i] *= Math.Max(1, Math.Abs(variable.Values[i]));
        return Project(variable, direction);
    }

    /// <summary>The part of a direction along which the check may move an input.</summary>
    public double[] Project(Variable variable, double[] direction)
    {
        if (project is null || !variable.IsArgument) return direction;
        using ModeScope mode = EngineMode.Record(false);
        Tensor x = variable.Tensor.Detach();
        Tensor projected = project(x, Tensor.From(direction, x.Shape, x.DType))
            ?? throw new ValueException("GradCheckOptions.Project returned null; return the restricted direction");
        return projected.Shape == x.Shape ? projected.ToArray<double>()
            : throw new ShapeException($"GradCheckOptions.Project returned shape {projected.Shape} for a direction of shape {x.Shape}; "
                + "they must be equal");
    }
}
