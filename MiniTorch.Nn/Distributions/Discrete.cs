namespace MiniTorch.Distributions;

/// <summary>The distribution of 1 with probability p and 0 otherwise (torch.distributions.Bernoulli).</summary>
public sealed class Bernoulli : Distribution
{
    /// <summary>Creates a batch of Bernoulli distributions of probabilities or of logits, ln(p / (1 − p)).</summary>
    /// <param name="probs">The probabilities of 1, a tensor or a number.</param>
    /// <param name="logits">The logits.</param>
    /// <exception cref="ValueException">Not exactly one of both is given, or a probability is outside [0, 1].</exception>
    public Bernoulli(Tensor? probs = null, Tensor? logits = null)
        : this(Probabilities.OneOf(nameof(Bernoulli), probs, logits), logits is not null) { }

    private Bernoulli(Tensor given, bool areLogits) : this(Broadcast(nameof(Bernoulli), given), areLogits) { }

    private Bernoulli(Tensor[] parameters, bool areLogits) : base(parameters[0].Shape)
    {
        if (!areLogits) Require(nameof(Bernoulli), parameters[0], value => value is >= 0 and <= 1, "needs probabilities in [0, 1]");
        Tensor clamped = Probabilities.Clamped(parameters[0]);
        Logits = areLogits ? parameters[0] : clamped.Log() - (-clamped).Log1p();
        Probs = areLogits ? parameters[0].Sigmoid() : parameters[0];
    }

    /// <summary>The probabilities of 1, [batch…].</summary>
    public Tensor Probs { get; }

    /// <summary>The logits, [batch…]; as in PyTorch, probabilities are clamped to [ε, 1 − ε] for them, with the dtype's machine epsilon.</summary>
    public Tensor Logits { get; }

    /// <inheritdoc/>
    public override bool HasRSample => false;

    /// <inheritdoc/>
    public override Tensor Mean => Probs;

    /// <inheritdoc/>
    public override Tensor Variance => Probs * (1 - Probs);

    /// <summary>Returns the logarithm of the probability of 0 or 1.</summary>
    /// <param name="value">Zeros and ones whose shape broadcasts with the batch.</param>
    public override Tensor LogProb(Tensor value)
    {
        Tensor x = Value(nameof(Bernoulli), value, Logits);
        return Probabilities.Product(x, Logits.LogSigmoid()) + Probabilities.Product(1 - x, (-Logits).LogSigmoid());
    }

    /// <inheritdoc/>
    public override Tensor Entropy() => -LogProb(Probs);

    private protected override Tensor Draw(Shape shape, Generator? generator) => Probs.Detach().ExpandTo(shape).Bernoulli(generator);

    private protected override Tensor Divergence(Distribution other)
    {
        var q = (Bernoulli)other;
        return Probabilities.Divergence(Probs, Logits.LogSigmoid(), q.Probs, q.Logits.LogSigmoid())
            + Probabilities.Divergence(1 - Probs, (-Logits).LogSigmoid(), 1 - q.Probs, (-q.Logits).LogSigmoid());
    }
}

/// <summary>The distribution of a category index 0 … K − 1 (torch.distributions.Categorical).</summary>
public sealed class Categorical : Distribution
{
    /// <summary>Creates a batch of categorical distributions of weights or of logits, both in the last dimension.</summary>
    /// <param name="probs">Weights [batch…, K], which are divided by their sum.</param>
    /// <param name="logits">Unnormalised log-probabilities [batch…, K].</param>
    /// <exception cref="ValueException">Not exactly one of both is given, or a weight is negative or all weights of a distribution are 0.</exception>
    /// <exception cref="ShapeException">The parameter is a scalar.</exception>
    public Categorical(Tensor? probs = null, Tensor? logits = null)
        : this(Broadcast(nameof(Categorical), Probabilities.OneOf(nameof(Categorical), probs, logits))[0], logits is not null) { }

    private Categorical(Tensor given, bool areLogits)
        : base(given.Rank > 0 ? given.Shape.Without(given.Rank - 1)
            : throw new ShapeException("Categorical: the parameter is a scalar; its last dimension must hold the categories"))
    {
        if (!areLogits)
        {
            Require(nameof(Categorical), given, value => value >= 0 && double.IsFinite(value), "needs finite weights >= 0");
            Require(nameof(Categorical), given.Sum(-1), value => value > 0, "needs weights with a sum > 0");
        }
        Probs = areLogits ? given.Softmax(-1) : given / given.Sum(-1, keepDim: true);
        Logits = areLogits ? given.LogSoftmax(-1) : Probabilities.Clamped(Probs).Log();
    }

    /// <summary>The probabilities, [batch…, K].</summary>
    public Tensor Probs { get; }

    /// <summary>The log-probabilities, [batch…, K]; as in PyTorch, given probabilities are clamped to [ε, 1 − ε] for them.</summary>
    public Tensor Logits { get; }

    /// <inheritdoc/>
    public override bool HasRSample => false;

    /// <summary>NaN, because categories are not numbers.</summary>
    public override Tensor Mean => Tensor.Full(BatchShape, double.NaN, Probs.DType);

    /// <summary>NaN, because categories are not numbers.</summary>
    public override Tensor Variance => Mean;

    /// <summary>Returns the logarithm of the probability of category indices.</summary>
    /// <param name="value">Int64 indices whose shape broadcasts with the batch.</param>
    /// <exception cref="ValueException">An index is not a category.</exception>
    public override Tensor LogProb(Tensor value)
    {
        ArgumentNullException.ThrowIfNull(value);
        Shape shape = Shape.Broadcast(value.Shape, BatchShape, "Categorical.LogProb");
        Tensor indices = value.To(DType.Int64).ExpandTo(shape).Unsqueeze(-1);
        return Logits.ExpandTo(Shape.Create([.. shape.Span, Logits.Shape[^1]])).Gather(-1, indices).Squeeze(-1);
    }

    /// <inheritdoc/>
    public override Tensor Entropy() => -Probabilities.Product(Probs, Logits).Sum(-1);

    private protected override Tensor Draw(Shape shape, Generator? generator)
    {
        // PyTorch draws all samples of one distribution before it goes on to the next.
        int batch = Shape.Size(BatchShape.ElementCount, nameof(Categorical)), count = Shape.Size(
            Shape.Create(shape.Span[..^BatchShape.Rank]).ElementCount, nameof(Categorical));
        return Probs.Detach().Reshape(batch, Logits.Shape[^1]).Multinomial(count, replacement: true, generator).T.Reshape(shape);
    }

    private protected override Tensor Divergence(Distribution other)
    {
        var q = (Categorical)other;
        if (q.Logits.Shape[^1] != Logits.Shape[^1])
            throw new ShapeException($"KLDivergence: the distributions are over {Logits.Shape[^1]} and {q.Logits.Shape[^1]} categories");
        return Probabilities.Divergence(Probs, Logits, q.Probs, q.Logits).Sum(-1);
    }
}

/// <summary>Probabilities and logits as parameters.</summary>
internal static class Probabilities
{
    /// <summary>Returns the one that is given of probabilities and logits.</summary>
    public static Tensor OneOf(string name, Tensor? probs, Tensor? logits) =>
        (probs, logits) switch
        {
            (not null, null) => probs,
            (null, not null) => logits,
            _ => throw new ValueException($"{name}: give probs or logits, not {(probs is null ? "none" : "both")}"),
        };

    /// <summary>Returns probabilities whose logarithms are finite.</summary>
    public static Tensor Clamped(Tensor probs)
    {
        double epsilon = probs.DType == DType.Float32 ? Math.ScaleB(1, -23) : Math.ScaleB(1, -52);
        return probs.Clamp(epsilon, 1 - epsilon);
    }

    /// <summary>Returns p·l, and 0 for p = 0 and l = ±∞.</summary>
    public static Tensor Product(Tensor probs, Tensor logs) =>
        probs * Tensor.Where(probs.Eq(0) & logs.Abs().Eq(double.PositiveInfinity), 0, logs);

    /// <summary>Returns p·(ln p − ln q), 0 for p = 0, and ∞ for q = 0 otherwise.</summary>
    public static Tensor Divergence(Tensor p, Tensor logP, Tensor q, Tensor logQ)
    {
        Tensor isImpossible = p.Eq(0);
        return Tensor.Where(q.Eq(0) & !isImpossible, double.PositiveInfinity, p * Tensor.Where(isImpossible | q.Eq(0), 0, logP - logQ));
    }
}
