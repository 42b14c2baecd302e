namespace MiniTorch.Distributions;

/// <summary>The normal distribution of a mean and a standard deviation (torch.distributions.Normal).</summary>
public sealed class Normal : Distribution
{
    /// <summary>Creates a batch of normal distributions.</summary>
    /// <param name="loc">The mean, a tensor or a number.</param>
    /// <param name="scale">The standard deviation, which broadcasts with <paramref name="loc"/>.</param>
    /// <exception cref="ValueException">A standard deviation is not positive.</exception>
    public Normal(Tensor loc, Tensor scale) : this(Broadcast(nameof(Normal), loc, scale)) { }

    private Normal(Tensor[] parameters) : base(parameters[0].Shape)
    {
        (Loc, Scale) = (parameters[0], parameters[1]);
        Require(nameof(Normal), Scale, value => value > 0, "needs scale > 0");
    }

    /// <summary>The mean, [batch…].</summary>
    public Tensor Loc { get; }

    /// <summary>The standard deviation, [batch…].</summary>
    public Tensor Scale { get; }

    /// <inheritdoc/>
    public override Tensor Mean => Loc;

    /// <inheritdoc/>
    public override Tensor Variance => Scale.Square();

    /// <inheritdoc/>
    public override Tensor LogProb(Tensor value) =>
        -((Value(nameof(Normal), value, Loc) - Loc) / Scale).Square() / 2 - Scale.Log() - Math.Log(Math.Tau) / 2;

    /// <inheritdoc/>
    public override Tensor Entropy() => Scale.Log() + (1 + Math.Log(Math.Tau)) / 2;

    private protected override Tensor Draw(Shape shape, Generator? generator) => Loc + Scale * Tensor.Randn(shape, generator, Loc.DType);

    private protected override Tensor Divergence(Distribution other)
    {
        var q = (Normal)other;
        Tensor ratio = (Scale / q.Scale).Square();
        return (ratio + ((Loc - q.Loc) / q.Scale).Square() - 1 - ratio.Log()) / 2;
    }
}

/// <summary>The uniform distribution on [low, high) (torch.distributions.Uniform).</summary>
public sealed class Uniform : Distribution
{
    /// <summary>Creates a batch of uniform distributions.</summary>
    /// <param name="low">The lower end, a tensor or a number.</param>
    /// <param name="high">The upper end, which broadcasts with <paramref name="low"/>.</param>
    /// <exception cref="ValueException">A lower end is not less than its upper end.</exception>
    public Uniform(Tensor low, Tensor high) : this(Broadcast(nameof(Uniform), low, high)) { }

    private Uniform(Tensor[] parameters) : base(parameters[0].Shape)
    {
        (Low, High) = (parameters[0], parameters[1]);
        Require(nameof(Uniform), High.Detach() - Low.Detach(), value => value > 0, "needs low < high, so that high - low > 0");
    }

    /// <summary>The lower end, [batch…].</summary>
    public Tensor Low { get; }

    /// <summary>The upper end, [batch…].</summary>
    public Tensor High { get; }

    /// <inheritdoc/>
    public override Tensor Mean => (Low + High) / 2;

    /// <inheritdoc/>
    public override Tensor Variance => (High - Low).Square() / 12;

    /// <inheritdoc/>
    public override Tensor LogProb(Tensor value)
    {
        Tensor x = Value(nameof(Uniform), value, Low);
        return Tensor.Where((x >= Low) & (x < High), -(High - Low).Log(), double.NegativeInfinity);
    }

    /// <inheritdoc/>
    public override Tensor Entropy() => (High - Low).Log();

    private protected override Tensor Draw(Shape shape, Generator? generator) => Low + Tensor.Rand(shape, generator, Low.DType) * (High - Low);

    private protected override Tensor Divergence(Distribution other)
    {
        var q = (Uniform)other;
        return Tensor.Where((q.Low <= Low) & (High <= q.High), ((q.High - q.Low) / (High - Low)).Log(), double.PositiveInfinity);
    }
}

/// <summary>The exponential distribution of density λe^(−λx) for x ≥ 0 (torch.distributions.Exponential).</summary>
public sealed class Exponential : Distribution
{
    /// <summary>Creates a batch of exponential distributions.</summary>
    /// <param name="rate">λ, a tensor or a number.</param>
    /// <exception cref="ValueException">A rate is not positive.</exception>
    public Exponential(Tensor rate) : this(Broadcast(nameof(Exponential), rate)) { }

    private Exponential(Tensor[] parameters) : base(parameters[0].Shape)
    {
        Rate = parameters[0];
        Require(nameof(Exponential), Rate, value => value > 0, "needs rate > 0");
    }

    /// <summary>λ, [batch…].</summary>
    public Tensor Rate { get; }

    /// <inheritdoc/>
    public override Tensor Mean => 1 / Rate;

    /// <inheritdoc/>
    public override Tensor Variance => 1 / Rate.Square();

    /// <inheritdoc/>
    public override Tensor LogProb(Tensor value)
    {
        Tensor x = Value(nameof(Exponential), value, Rate);
        return Supported(x, x >= 0, 1, inside => Rate.Log() - Rate * inside);
    }

    /// <inheritdoc/>
    public override Tensor Entropy() => 1 - Rate.Log();

    private protected override Tensor Draw(Shape shape, Generator? generator) => Tensor.StandardExponential(shape, generator, Rate.DType) / Rate;

    private protected override Tensor Divergence(Distribution other)
    {
        Tensor ratio = ((Exponential)other).Rate / Rate;
        return ratio - 1 - ratio.Log();
    }
}

/// <summary>
/// The gamma distribution of density β^α·x^(α−1)·e^(−βx) / Γ(α) for x > 0 (torch.distributions.Gamma). Draws have derivatives of first order only.
/// </summary>
public sealed class Gamma : Distribution
{
    /// <summary>Creates a batch of gamma distributions.</summary>
    /// <param name="concentration">The shape α, a tensor or a number.</param>
    /// <param name="rate">The rate β = 1/scale, which broadcasts with <paramref name="concentration"/>.</param>
    /// <exception cref="ValueException">A concentration or a rate is not positive.</exception>
    public Gamma(Tensor concentration, Tensor rate) : this(Broadcast(nameof(Gamma), concentration, rate)) { }

    private Gamma(Tensor[] parameters) : base(parameters[0].Shape)
    {
        (Concentration, Rate) = (parameters[0], parameters[1]);
        Require(nameof(Gamma), Concentration, value => value > 0 && double.IsFinite(value), "needs finite concentration > 0");
        Require(nameof(Gamma), Rate, value => value > 0, "needs rate > 0");
    }

    /// <summary>The shape α, [batch…].</summary>
    public Tensor Concentration { get; }

    /// <summary>The rate β, [batch…].</summary>
    public Tensor Rate { get; }

    /// <inheritdoc/>
    public override Tensor Mean => Concentration / Rate;

    /// <inheritdoc/>
    public override Tensor Variance => Concentration / Rate.Square();

    /// <inheritdoc/>
    public override Tensor LogProb(Tensor value)
    {
        Tensor x = Value(nameof(Gamma), value, Rate);
        return Supported(x, x >= 0, 1, inside =>
            Concentration * Rate.Log() + (Concentration - 1).Xlogy(inside) - Rate * inside - Concentration.Lgamma());
    }

    /// <inheritdoc/>
    public override Tensor Entropy() =>
        Concentration - Rate.Log() + Concentration.Lgamma() + (1 - Concentration) * Concentration.Digamma();

    private protected override Tensor Draw(Shape shape, Generator? generator) => GammaDraw.Of(Concentration.ExpandTo(shape), generator) / Rate;

    private protected override Tensor Divergence(Distribution other)
    {
        var q = (Gamma)other;
        return q.Concentration * (Rate / q.Rate).Log() + q.Concentration.Lgamma() - Concentration.Lgamma()
            + (Concentration - q.Concentration) * Concentration.Digamma() + (q.Rate - Rate) * (Concentration / Rate);
    }
}

/// <summary>
/// The beta distribution of density x^(α−1)·(1−x)^(β−1) / B(α, β) on (0, 1) (torch.distributions.Beta). Draws have derivatives of first order only.
/// </summary>
public sealed class Beta : Distribution
{
    private readonly Dirichlet _pair;

    /// <summary>Creates a batch of beta distributions.</summary>
    /// <param name="concentration1">α, a tensor or a number.</param>
    /// <param name="concentration0">β, which broadcasts with <paramref name="concentration1"/>.</param>
    /// <exception cref="ValueException">A concentration is not positive.</exception>
    public Beta(Tensor concentration1, Tensor concentration0) : this(Broadcast(nameof(Beta), concentration1, concentration0)) { }

    private Beta(Tensor[] parameters) : base(parameters[0].Shape)
    {
        (Concentration1, Concentration0) = (parameters[0], parameters[1]);
        _pair = new Dirichlet(Tensor.Stack([Concentration1, Concentration0], -1), nameof(Beta));
    }

    /// <summary>α, [batch…].</summary>
    public Tensor Concentration1 { get; }

    /// <summary>β, [batch…].</summary>
    public Tensor Concentration0 { get; }

    /// <inheritdoc/>
    public override Tensor Mean => Concentration1 / (Concentration1 + Concentration0);

    /// <inheritdoc/>
    public override Tensor Variance
    {
        get
        {
            Tensor total = Concentration1 + Concentration0;
            return Concentration1 * Concentration0 / (total.Square() * (total + 1));
        }
    }

    /// <inheritdoc/>
    public override Tensor LogProb(Tensor value)
    {
        Tensor x = Value(nameof(Beta), value, Concentration1);
        return Supported(x, (x >= 0) & (x <= 1), 0.5, inside =>
            (Concentration1 - 1).Xlogy(inside) + (Concentration0 - 1).Xlogy(1 - inside) - _pair.LogNormalizer());
    }

    /// <inheritdoc/>
    public override Tensor Entropy() => _pair.Entropy();

    private protected override Tensor Draw(Shape shape, Generator? generator) =>
        _pair.RSample(Shape.Create(shape.Span[..^BatchShape.Rank]), generator).Select(-1, 0);

    private protected override Tensor Divergence(Distribution other) => KLDivergence(_pair, ((Beta)other)._pair);
}

/// <summary>
/// The Dirichlet distribution of density Π xᵢ^(αᵢ−1) / B(α) over points x ≥ 0 with Σ xᵢ = 1 (torch.distributions.Dirichlet). The last dimension is
/// the event. Draws have derivatives of first order only.
/// </summary>
public sealed class Dirichlet : Distribution
{
    /// <summary>Creates a batch of Dirichlet distributions.</summary>
    /// <param name="concentration">α, [batch…, K].</param>
    /// <exception cref="ShapeException">The tensor is a scalar.</exception>
    /// <exception cref="ValueException">A concentration is not positive.</exception>
    public Dirichlet(Tensor concentration) : this(concentration, nameof(Dirichlet)) { }

    internal Dirichlet(Tensor concentration, string name) : this(Broadcast(name, concentration), name) { }

    private Dirichlet(Tensor[] parameters, string name) : base(Batch(parameters[0]), [parameters[0].Shape[^1]])
    {
        Concentration = parameters[0];
        Require(name, Concentration, value => value > 0 && double.IsFinite(value), "needs finite concentrations > 0");
    }

    /// <summary>α, [batch…, K].</summary>
    public Tensor Concentration { get; }

    /// <inheritdoc/>
    public override Tensor Mean => Concentration / Concentration.Sum(-1, keepDim: true);

    /// <inheritdoc/>
    public override Tensor Variance => Mean * (1 - Mean) / (Concentration.Sum(-1, keepDim: true) + 1);

    /// <inheritdoc/>
    public override Tensor LogProb(Tensor value)
    {
        Tensor x = Value(nameof(Dirichlet), value, Concentration);
        return (Concentration - 1).Xlogy(x).Sum(-1) - LogNormalizer();
    }

    /// <inheritdoc/>
    public override Tensor Entropy()
    {
        Tensor total = Concentration.Sum(-1);
        return LogNormalizer() + (total - EventShape[0]) * total.Digamma() - ((Concentration - 1) * Concentration.Digamma()).Sum(-1);
    }

    /// <summary>ln B(α) = Σ ln Γ(αᵢ) − ln Γ(Σ αᵢ).</summary>
    internal Tensor LogNormalizer() => Concentration.Lgamma().Sum(-1) - Concentration.Sum(-1).Lgamma();

    // In float64, because draws of small concentrations vanish in float32.
    private protected override Tensor Draw(Shape shape, Generator? generator)
    {
        Tensor draws = GammaDraw.Of(Concentration.To(DType.Float64).ExpandTo(shape), generator);
        return (draws / draws.Sum(-1, keepDim: true)).To(Concentration.DType);
    }

    private protected override Tensor Divergence(Distribution other)
    {
        var q = (Dirichlet)other;
        if (q.EventShape != EventShape)
            throw new ShapeException($"KLDivergence: the Dirichlet distributions are over {EventShape[0]} and {q.EventShape[0]} categories");
        Tensor excess = Concentration.Digamma() - Concentration.Sum(-1, keepDim: true).Digamma();
        return q.LogNormalizer() - LogNormalizer() + ((Concentration - q.Concentration) * excess).Sum(-1);
    }

    private static Shape Batch(Tensor concentration) =>
        concentration.Rank > 0 ? concentration.Shape.Without(concentration.Rank - 1)
            : throw new ShapeException("Dirichlet: the concentration is a scalar; its last dimension must hold the categories");
}
