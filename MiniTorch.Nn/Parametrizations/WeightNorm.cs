namespace MiniTorch.Nn;

/// <summary>Splits a parameter into length and direction; see <see cref="Parametrize.WeightNorm"/>.</summary>
public sealed class WeightNorm : Parametrization
{
    [Name("original0")]
    private readonly Parameter _lengths;

    [Name("original1")]
    private readonly Parameter _directions;

    private readonly int[] _dims;

    internal WeightNorm(Parameter weight, int? dim)
    {
        ArgumentNullException.ThrowIfNull(weight);
        _dims = [.. Enumerable.Range(0, weight.Rank)];
        if (dim is { } kept)
        {
            if (kept < -weight.Rank || kept >= weight.Rank)
                throw new ShapeException($"WeightNorm: a parameter of shape {weight.Shape} has no dimension {kept}");
            _dims = [.. _dims.Where(other => other != (kept + weight.Rank) % weight.Rank)];
        }
        _directions = new Parameter(weight.Detach().Clone());
        _lengths = new Parameter(Lengths(weight.Detach()));
    }

    /// <inheritdoc/>
    protected internal override Tensor Compute() => _directions * (_lengths / Lengths(_directions));

    private Tensor Lengths(Tensor weight) => _dims.Length == 0 ? weight.Abs() : weight.Norm(2, _dims, keepDim: _dims.Length < weight.Rank);
}

/// <summary>Splits a parameter into length and direction; see <see cref="Parametrize.WeightNorm"/>.</summary>
public sealed class WeightNormAttribute : ParametrizationAttribute
{
    /// <summary>The dimension that keeps a length for each index; −1 counts from the end. <see cref="WholeParameter"/> sets none.</summary>
    public int Dim { get; init; }

    /// <summary>Whether the whole parameter has one length.</summary>
    public bool WholeParameter { get; init; }

    /// <inheritdoc/>
    public override Parametrization Create(Module owner, Parameter parameter) => new WeightNorm(parameter, WholeParameter ? null : Dim);
}
