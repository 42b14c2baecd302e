namespace MiniTorch.Distributions;

/// <summary>
/// A probability distribution, or a batch of them, whose parameters are tensors (torch.distributions.Distribution). Sample draws without a gradient,
/// <see cref="RSample"/> with one, and <see cref="LogProb"/> and <see cref="Entropy"/> are differentiable with respect to the parameters.
/// </summary>
/// <remarks>
/// <para>Parameters broadcast to <see cref="BatchShape"/>: <c>new Normal(Tensor.Zeros([3]), 1)</c> is a batch of three distributions. One draw has
/// the shape [sample…, batch…, event…]; the event is a scalar except for <see cref="Dirichlet"/>. Numbers as parameters are Float32 unless
/// another parameter is Float64.</para>
/// <para>Draws are PyTorch's (1.13, on a CPU) for the same seed. Derivatives of draws are PyTorch's for Normal, Uniform, Exponential and Gamma; for
/// Beta and Dirichlet they are those of independent gamma draws, which have the same mean.</para>
/// <para>Outside the support <see cref="LogProb"/> is −∞ for the continuous distributions, where PyTorch throws by default.</para>
/// </remarks>
/// <example><code>
/// using MiniTorch.Distributions;
///
/// // REINFORCE: the gradient of the expected reward with respect to the scores
/// Tensor scores = Tensor.Zeros([5, 2], requiresGrad: true);
/// var policy = new Categorical(logits: scores);
/// Tensor action = policy.Sample(), reward = action.To(DType.Float32);
/// (-(policy.LogProb(action) * reward).Mean()).Backward();
/// </code></example>
public abstract class Distribution
{
    private protected Distribution(Shape batchShape, Shape? eventShape = null)
    {
        BatchShape = batchShape;
        EventShape = eventShape ?? [];
    }

    /// <summary>The shape of the batch: the broadcast shape of the parameters, without the event.</summary>
    public Shape BatchShape { get; }

    /// <summary>The shape of one event.</summary>
    public Shape EventShape { get; }

    /// <summary>The mean, [batch…, event…].</summary>
    public abstract Tensor Mean { get; }

    /// <summary>The variance, [batch…, event…].</summary>
    public abstract Tensor Variance { get; }

    /// <summary>The standard deviation, [batch…, event…].</summary>
    public Tensor Std => Variance.Sqrt();

    /// <summary>Whether <see cref="RSample"/> is available.</summary>
    public virtual bool HasRSample => true;

    /// <summary>Draws without a gradient.</summary>
    /// <param name="shape">The shape in front of the batch; by default one draw of each distribution.</param>
    /// <param name="generator"><see cref="Generator.Default"/> by default.</param>
    public Tensor Sample(Shape? shape = null, Generator? generator = null)
    {
        using ModeScope mode = Autograd.NoGrad();
        return Draw(Extended(shape), generator).Detach();
    }

    /// <summary>
    /// Draws with gradients with respect to the parameters (the reparametrisation trick: Kingma and Welling, 2014; Figurnov et al., "Implicit
    /// Reparameterization Gradients", 2018).
    /// </summary>
    /// <inheritdoc cref="Sample" path="/param"/>
    /// <exception cref="ValueException">The distribution is discrete.</exception>
    public Tensor RSample(Shape? shape = null, Generator? generator = null) =>
        HasRSample ? Draw(Extended(shape), generator)
            : throw new ValueException($"{GetType().Name}.RSample: draws of a discrete distribution have no derivative; use Sample and weight "
            + "LogProb "
                + "with the reward");

    /// <summary>Returns the logarithm of the density, or of the probability of a discrete value.</summary>
    /// <param name="value">Values whose shape broadcasts with [batch…, event…].</param>
    public abstract Tensor LogProb(Tensor value);

    /// <summary>Returns the entropy of each distribution in nats, [batch…].</summary>
    public abstract Tensor Entropy();

    /// <summary>
    /// Returns the Kullback–Leibler divergence E_p[ln p(x) − ln q(x)] of two distributions of the same family in closed form, of their broadcast
    /// batch shape (torch.distributions.kl_divergence).
    /// </summary>
    /// <exception cref="ValueException">The families differ.</exception>
    /// <example><code>
    /// using MiniTorch.Distributions;
    ///
    /// var posterior = new Normal(Tensor.Zeros([4]), 0.5f);
    /// Tensor kl = Distribution.KLDivergence(posterior, new Normal(0, 1)).Sum(); // of a variational autoencoder
    /// </code></example>
    public static Tensor KLDivergence(Distribution p, Distribution q)
    {
        ArgumentNullException.ThrowIfNull(p);
        ArgumentNullException.ThrowIfNull(q);
        return p.GetType() == q.GetType() ? p.Divergence(q)
            : throw new ValueException($"KLDivergence: there is no closed form for a {p.GetType().Name} and a {q.GetType().Name}; estimate it as "
            + "the mean "
                + "of p.LogProb(x) - q.LogProb(x) over draws x of p");
    }

    /// <summary>Draws in the full shape [sample…, batch…, event…].</summary>
    private protected abstract Tensor Draw(Shape shape, Generator? generator);

    private protected abstract Tensor Divergence(Distribution other);

    private Shape Extended(Shape? sample) => Shape.Create([.. (sample ?? []).Span, .. BatchShape.Span, .. EventShape.Span]);

    /// <summary>Returns parameters in their common floating dtype and broadcast shape.</summary>
    private protected static Tensor[] Broadcast(string name, params Tensor[] parameters)
    {
        Shape shape = [];
        DType dtype = DType.Float32;
        for (int i = 0; i < parameters.Length; i++)
        {
            Tensor parameter = parameters[i] ?? throw new ArgumentNullException(nameof(parameters), $"{name}: parameter {i} is null");
            shape = Shape.Broadcast(shape, parameter.Shape, name);
            if (parameter.DType == DType.Float64 && parameter is not ScalarTensor) dtype = DType.Float64;
        }
        return [.. parameters.Select(parameter => parameter.To(dtype).ExpandTo(shape))];
    }

    /// <summary>Throws if an element of a parameter does not fulfil its condition.</summary>
    private protected static void Require(string name, Tensor parameter, Func<double, bool> isValid, string condition)
    {
        double[] values = parameter.ToArray<double>();
        int bad = Array.FindIndex(values, value => !isValid(value));
        if (bad >= 0)
            throw new ValueException(FormattableString.Invariant(
                $"{name} {condition}, but element {bad} of shape {parameter.Shape} is {values[bad]}"));
    }

    /// <summary>Returns a value that broadcasts with the batch in the dtype of the parameters.</summary>
    private protected static Tensor Value(string name, Tensor value, Tensor parameter)
    {
        ArgumentNullException.ThrowIfNull(value);
        Shape.Broadcast(value.Shape, parameter.Shape, $"{name}.LogProb");
        return value.DType.IsFloat() ? value : value.To(parameter.DType);
    }

    /// <summary>
    /// Returns −∞ where a value is outside the support; there the density is computed at a point inside, so that gradients are 0, not NaN.
    /// </summary>
    private protected static Tensor Supported(Tensor value, Tensor isInside, double inside, Func<Tensor, Tensor> logDensity) =>
        Tensor.Where(isInside, logDensity(Tensor.Where(isInside, value, inside)), double.NegativeInfinity);
}
