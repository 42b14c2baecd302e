namespace MiniTorch.Nn;

/// <summary>Divides a parameter by its largest singular value; see <see cref="Parametrize.SpectralNorm"/>.</summary>
public sealed class SpectralNorm : Parametrization
{
    // As in PyTorch: so many iterations before the first use.
    private const int FirstIterations = 15;

    [Name("original")]
    private readonly Parameter _original;

    [Buffer, Name("0._u")]
    private readonly Tensor? _u;

    [Buffer, Name("0._v")]
    private readonly Tensor? _v;

    private readonly int _powerIterations, _dim;
    private readonly double _eps;

    internal SpectralNorm(Parameter weight, int powerIterations, double eps, int dim, Generator? generator)
    {
        ArgumentNullException.ThrowIfNull(weight);
        if (powerIterations < 1) throw new ValueException($"SpectralNorm: powerIterations is {powerIterations}; it must be 1 or more");
        if (dim < -weight.Rank || dim >= weight.Rank)
            throw new ShapeException($"SpectralNorm: a parameter of shape {weight.Shape} has no dimension {dim}");
        (_powerIterations, _eps, _dim) = (powerIterations, eps, (dim + weight.Rank) % weight.Rank);
        _original = new Parameter(weight.Detach().Clone());
        if (weight.Rank == 1) return;
        Tensor matrix = Matrix().Detach();
        _u = Unit(Tensor.Randn([matrix.Shape[0]], generator, weight.DType));
        _v = Unit(Tensor.Randn([matrix.Shape[1]], generator, weight.DType));
        Iterate(matrix, FirstIterations);
    }

    /// <inheritdoc/>
    protected internal override Tensor Compute()
    {
        if (_u is null) return Unit(_original);
        Tensor matrix = Matrix();
        if (Training && !Autograd.IsRecomputing) Iterate(matrix.Detach(), _powerIterations);
        // clones, because the next call writes to the vectors that this one saves
        return _original / (_u.Clone() * matrix.MatMul(_v!.Clone())).Sum();
    }

    internal static int OutputsOf(Module owner) => owner is ConvTranspose2d ? 1 : 0;

    private Tensor Matrix() => _original.MoveDim(_dim, 0).Flatten(1);

    private Tensor Unit(Tensor vector) => vector / vector.Norm(2, 0, keepDim: true).Clamp(min: _eps);

    private void Iterate(Tensor matrix, int times)
    {
        using ModeScope mode = Autograd.NoGrad();
        for (int i = 0; i < times; i++)
        {
            _u!.CopyInPlace(Unit(matrix.MatMul(_v!)));
            _v!.CopyInPlace(Unit(matrix.T.MatMul(_u)));
        }
    }
}

/// <summary>Divides a parameter by its largest singular value; see <see cref="Parametrize.SpectralNorm"/>.</summary>
public sealed class SpectralNormAttribute : ParametrizationAttribute
{
    /// <summary>The number of power iterations at each call in training mode.</summary>
    public int PowerIterations { get; init; } = 1;

    /// <summary>ε of the normalisations.</summary>
    public double Eps { get; init; } = 1e-12;

    /// <inheritdoc/>
    public override Parametrization Create(Module owner, Parameter parameter) =>
        new SpectralNorm(parameter, PowerIterations, Eps, SpectralNorm.OutputsOf(owner), null);
}
