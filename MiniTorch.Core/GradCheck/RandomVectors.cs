namespace MiniTorch.GradChecking;

/// <summary>The random directions and combinations of a check, the same for the same seed.</summary>
internal sealed class RandomVectors(long seed)
{
    private readonly Generator _generator = new(seed);

    /// <summary>Numbers of the normal distribution.</summary>
    public double[] Normal(int count) => Tensor.Randn([count], _generator, DType.Float64).ToArray<double>();

    public Tensor NormalLike(Tensor x) => Tensor.Randn(x.Shape, _generator, x.DType);

    /// <summary>A direction for all variables together, in proportion to their values where these are large.</summary>
    public double[]?[] Direction(CheckedFunction function) =>
        [.. function.Variables.Select(Direction)];

    public double[] Direction(Variable variable)
    {
        double[] direction = Normal(variable.Count);
        for (int i = 0; i < direction.Length; i++) direction[i] *= Math.Max(1, Math.Abs(variable.Values[i]));
        return direction;
    }
}
