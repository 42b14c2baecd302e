namespace MiniTorch.Nn;

/// <summary>The rows of a cross-entropy with checked options: the class dimension, the targets, the weights, and which rows are ignored.</summary>
internal sealed class CrossEntropyRows
{
    private readonly string _op;
    private readonly CrossEntropyOptions _options;
    private readonly int _classes;
    private readonly DType _dtype;
    private readonly ClassTargets? _targets;
    private readonly Tensor? _indices, _probabilities, _elementWeights;
    private readonly double _keptCount;

    /// <summary>Checks targets and options against the logits; errors name the loss, <paramref name="op"/>.</summary>
    /// <exception cref="MiniTorchException">A shape, dtype or value does not fit.</exception>
    public CrossEntropyRows(string op, Tensor logits, Tensor targets, CrossEntropyOptions options)
    {
        ArgumentNullException.ThrowIfNull(logits);
        ArgumentNullException.ThrowIfNull(targets);
        ArgumentNullException.ThrowIfNull(options);
        (_op, _options) = (op, options);
        LossShapes.CheckFloat(op, "logits", logits);
        ClassAxis = LossShapes.ClassAxis(op, logits, options.ClassAxis);
        _classes = logits.Shape[ClassAxis];
        _dtype = logits.DType;
        CheckOptions(op, options);
        LossShapes.CheckClassWeights(op, options.Weight, _classes, logits.DType);
        Shape rows = logits.Shape.Without(ClassAxis);
        Tensor? mask = options.ElementWeights is { } weights ? LossShapes.Fitted(op, "ElementWeights", weights, rows) : null;
        if (mask is not null && mask.DType != DType.Bool) (mask, _elementWeights) = (null, mask);

        if (targets.DType.IsFloat())
        {
            LossShapes.CheckProbabilities(op, logits.Shape, targets, ClassAxis);
            _probabilities = targets;
            Ignored = mask?.LogicalNot();
            // With no classes this is 0/0, and the mean is NaN as in PyTorch.
            _keptCount = mask?.To(DType.Int64).Sum().Item<long>() ?? (double)logits.ElementCount / _classes;
        }
        else
        {
            ClassTargets classes = ClassTargets.Check(op, logits, targets, ClassAxis, options.IgnoreIndex, options.AlsoIgnore, mask);
            _targets = classes;
            Ignored = classes.IgnoredRows;
            _indices = classes.Indices;
            _keptCount = classes.KeptCount;
        }
        if (options.CheckLogits) LossShapes.CheckAreLogits(op, logits, ClassAxis);
    }

    /// <summary>The dimension of the logits that holds the classes.</summary>
    public int ClassAxis { get; }

    /// <summary>The ignored rows, as Bool; null if there are none.</summary>
    public Tensor? Ignored { get; }

    /// <summary>
    /// The class indices in the shape that <see cref="Tensor.Gather"/> needs, 0 in ignored rows; null for class probabilities and for logits without
    /// classes.
    /// </summary>
    public Tensor? ClassIndices => _classes == 0 ? null : _indices?.Unsqueeze(ClassAxis);

    /// <summary>The target probabilities of all classes, smoothed and multiplied by the class weights.</summary>
    public Tensor ClassProbabilities
    {
        get
        {
            if (_probabilities is not { } target) return Tensor.Zeros([1], _dtype); // no classes: the sum over them is 0
            if (Smooths) target = target * (1 - _options.LabelSmoothing) + _options.LabelSmoothing / _classes;
            return _options.Weight is { } weight ? target * LossShapes.AlongAxis(weight, target.Rank, ClassAxis) : target;
        }
    }

    /// <summary>
    /// Whether the losses depend only on the target's logit and, with label smoothing, on the mean of all logits. The fused kernels compute this
    /// case.
    /// </summary>
    public bool UsesTargetLogitOnly => _targets is not null && _classes > 0 && (!Smooths || _options.Weight is null);

    /// <summary>The number that the sum of the losses is divided by; null if the loss is not such a quotient.</summary>
    public double? Divisor =>
        Smooths || NeedsLogSumExp || _options.Weight is not null || _elementWeights is not null ? null
        : _options.Reduction switch { Reduction.Mean => _options.Normalizer ?? _keptCount, Reduction.Sum => 1, _ => null };

    /// <summary>Whether targets are smoothed.</summary>
    public bool Smooths => _options.LabelSmoothing > 0;

    /// <summary>Whether the loss has a z-loss term.</summary>
    public bool NeedsLogSumExp => _options.ZLoss != 0;

    /// <summary>The class indices, <see cref="ClassTargets.Ignored"/> in ignored rows.</summary>
    public Tensor TargetsOrIgnored => _targets!.Value.Classes;

    /// <summary>Applies the softcap and sets ignored rows to 0, so that no NaN or infinity of theirs reaches the loss.</summary>
    public Tensor PrepareLogits(Tensor logits)
    {
        Tensor x = Ignored is null ? logits : logits.MaskedFill(Ignored.Unsqueeze(ClassAxis), 0);
        return _options.Softcap > 0 ? (x / _options.Softcap).Tanh() * _options.Softcap : x;
    }

    /// <summary>
    /// Prepares the logits for the fused kernels, which skip ignored rows themselves: applies the softcap and moves the classes to the last
    /// dimension.
    /// </summary>
    public Tensor MoveClassAxisLast(Tensor logits)
    {
        Tensor x = _options.Softcap > 0 ? PrepareLogits(logits) : logits;
        return ClassAxis == x.Rank - 1 ? x : x.Permute([.. Enumerable.Range(0, x.Rank).Where(dim => dim != ClassAxis), ClassAxis]);
    }

    /// <summary>
    /// Multiplies the losses of class indices by their class weights, and mixes in the losses against equal probabilities for all classes.
    /// </summary>
    /// <param name="losses">The losses of the targets' classes.</param>
    /// <param name="uniform">The losses against equal probabilities; only used with label smoothing.</param>
    public Tensor WeighAndSmooth(Tensor losses, Tensor? uniform)
    {
        if (_options.Weight is not null) losses *= _options.Weight[_indices!];
        return Smooths ? losses * (1 - _options.LabelSmoothing) + uniform! * _options.LabelSmoothing : losses;
    }

    /// <summary>The losses against equal probabilities for all classes, times the class weights; null if targets are not smoothed.</summary>
    public Tensor? UniformLosses(Tensor logProbabilities) =>
        !Smooths ? null
        : -(_options.Weight is { } weight ? logProbabilities * LossShapes.AlongAxis(weight, logProbabilities.Rank, ClassAxis) : logProbabilities)
        .Mean(ClassAxis);

    /// <summary>Adds the z-loss, sets ignored rows to 0, multiplies by the element weights, and reduces.</summary>
    public Tensor Reduce(Tensor losses, Tensor? logSumExp)
    {
        if (NeedsLogSumExp) losses += logSumExp!.Pow(2) * _options.ZLoss;
        if (Ignored is not null) losses = losses.MaskedFill(Ignored, 0);
        if (_elementWeights is not null) losses *= _elementWeights;
        return _options.Reduction == Reduction.Mean ? Mean(losses.Sum()) : losses.Reduce(_op, _options.Reduction);
    }

    /// <summary>Divides the sum of all losses by the normalizer, or by the total weight of the rows that are not ignored.</summary>
    public Tensor Mean(Tensor sum)
    {
        if (_options.Normalizer is not null || RowWeights() is not { } weights) return sum / (_options.Normalizer ?? _keptCount);
        Tensor total = weights.Sum();
        return sum / total.MaskedFill(total.Eq(0), double.NaN); // smoothed losses of weight 0 are not 0: the quotient would be infinite, not NaN
    }

    /// <summary>The share of correct predictions among the rows that are not ignored; NaN if there are none.</summary>
    public double Accuracy(Tensor predictions)
    {
        if (_keptCount == 0 || _classes == 0) return double.NaN;
        Tensor right = predictions.Eq(_indices ?? _probabilities!.ArgMax(ClassAxis));
        if (Ignored is not null) right = right.MaskedFill(Ignored, false);
        return right.Sum().Item<long>() / _keptCount;
    }

    /// <summary>The weight of each row in a mean, 0 if it is ignored; null if all weights are 1.</summary>
    private Tensor? RowWeights()
    {
        Tensor? weights = _indices is not null && _options.Weight is { } perClass ? perClass[_indices] : null;
        if (_elementWeights is not null) weights = weights is null ? _elementWeights : weights * _elementWeights;
        return weights is not null && Ignored is not null ? weights.MaskedFill(Ignored, 0) : weights;
    }

    private static void CheckOptions(string op, CrossEntropyOptions options)
    {
        if (options.LabelSmoothing > 1)
            throw new ValueException(FormattableString.Invariant($"{op}: label smoothing {options.LabelSmoothing} is not in [0, 1]"));
        if (options.Softcap < 0 || double.IsNaN(options.Softcap))
            throw new ValueException(FormattableString.Invariant($"{op}: softcap {options.Softcap} must be positive, or 0 for none"));
        if (options.Reduction == Reduction.BatchMean)
            throw new ValueException($"{op}: BatchMean is not a reduction of this loss; use None, Mean or Sum");
        if (options.Normalizer is not null && options.Reduction != Reduction.Mean)
            throw new ValueException($"{op}: Normalizer is the divisor of Reduction.Mean and does nothing with {options.Reduction}; divide the "
                + "loss yourself");
    }
}
