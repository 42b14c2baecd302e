namespace MiniTorch.Nn;

/// <summary>How an orthogonal matrix follows from its parameters.</summary>
public enum OrthogonalMap
{
    /// <summary>The exponential of the skew-symmetric matrix A = L − Lᵀ of the parameters' lower triangle L.</summary>
    MatrixExp,

    /// <summary>The Cayley transform (I − A/2)⁻¹(I + A/2), which needs a solve only.</summary>
    Cayley,

    /// <summary>A product of Householder reflections, the fastest for tall matrices.</summary>
    Householder,
}

/// <summary>Keeps a matrix orthogonal; see <see cref="Parametrize.Orthogonal"/>.</summary>
public sealed class Orthogonal : Parametrization
{
    [Name("original")]
    private readonly Parameter _original;

    [Buffer, Name("0.base")]
    private readonly Tensor _base;

    private readonly OrthogonalMap _map;

    internal Orthogonal(Parameter weight, OrthogonalMap? map, Generator? generator)
    {
        ArgumentNullException.ThrowIfNull(weight);
        if (weight.Rank < 2)
            throw new ShapeException($"Orthogonal: a parameter of shape {weight.Shape} has no matrix; it needs two or more dimensions");
        if (map is not null && !Enum.IsDefined(map.Value)) throw new ValueException($"Orthogonal: {map} is not an OrthogonalMap");
        _map = map ?? (weight.Shape[^1] == weight.Shape[^2] ? OrthogonalMap.MatrixExp : OrthogonalMap.Householder);
        Tensor tall = Tall(weight.Detach());
        (int n, int k) = (tall.Shape[^2], tall.Shape[^1]);
        Tensor square = n == k ? tall
            : Tensor.Cat([tall, Tensor.Randn([.. tall.Shape.Span[..^2], n, n - k], generator, weight.DType)], -1);
        (Tensor q, Tensor r) = Linalg.QR(square);
        Tensor signs = r.Diagonal(0, -2, -1).Sign().Unsqueeze(-2);
        _base = (q * signs).Clone();
        // −I: its Householder product is I
        _original = new Parameter((-Tensor.Eye(weight.Shape[^2], weight.Shape[^1], weight.DType)).ExpandTo(weight.Shape).Clone());
    }

    /// <inheritdoc/>
    protected internal override Tensor Compute()
    {
        Tensor x = Tall(_original), q = _map == OrthogonalMap.Householder ? Reflections(x) : OfSkewSymmetric(x);
        q = _base.MatMul(q);
        return _original.Shape[^2] < _original.Shape[^1] ? q.Transpose(-2, -1) : q;
    }

    // The matrices, or their transposes if they are wide.
    private static Tensor Tall(Tensor weight) => weight.Shape[^2] < weight.Shape[^1] ? weight.Transpose(-2, -1) : weight;

    private Tensor OfSkewSymmetric(Tensor x)
    {
        (int n, int k) = (x.Shape[^2], x.Shape[^1]);
        Tensor lower = x.Tril();
        if (n != k) lower = Tensor.Cat([lower, Tensor.Zeros([.. x.Shape.Span[..^2], n, n - k], x.DType)], -1);
        Tensor a = lower - lower.Transpose(-2, -1), half = a / 2, identity = Tensor.Eye(n, dtype: x.DType);
        Tensor q = _map == OrthogonalMap.MatrixExp ? Linalg.MatrixExp(a) : Linalg.Solve(identity - half, identity + half);
        return n == k ? q : q.Narrow(-1, 0, k);
    }

    // H₁·H₂ ⋯ H_k·[I; 0] of the reflections along the columns below the diagonal, with the diagonal's signs, which are not learnt.
    private static Tensor Reflections(Tensor x)
    {
        (int n, int k) = (x.Shape[^2], x.Shape[^1]);
        Tensor identity = Tensor.Eye(n, k, x.DType).ExpandTo(x.Shape), below = x.Tril(-1), vectors = below + identity;
        Tensor factors = 2 / (1 + below.Square().Sum(-2, keepDim: true)), q = identity;
        for (int i = k - 1; i >= 0; i--)
        {
            Tensor v = vectors.Narrow(-1, i, 1);
            q -= factors.Narrow(-1, i, 1) * v.MatMul(v.Transpose(-2, -1).MatMul(q));
        }
        return q * x.Detach().Diagonal(0, -2, -1).Sign().Unsqueeze(-2);
    }
}

/// <summary>Keeps a matrix orthogonal; see <see cref="Parametrize.Orthogonal"/>.</summary>
public sealed class OrthogonalAttribute : ParametrizationAttribute
{
    private readonly OrthogonalMap? _map;

    /// <summary>Creates the attribute: MatrixExp for square matrices, otherwise Householder.</summary>
    public OrthogonalAttribute() { }

    /// <summary>Creates the attribute with a map.</summary>
    public OrthogonalAttribute(OrthogonalMap map)
    {
        _map = map;
    }

    /// <inheritdoc/>
    public override Parametrization Create(Module owner, Parameter parameter) => new Orthogonal(parameter, _map, null);
}
