namespace MiniTorch.Nn;

/// <summary>The rows of a cross-entropy after their checks: where the classes are, what each row's target is, what it weighs, whether it counts.</summary>
internal sealed class CrossEntropyRows
{
    private readonly CrossEntropyOptions _options;
    private readonly int _classes;
    private readonly Tensor? _indices, _probabilities, _elementWeights;
    private readonly double _keptCount;

    /// <summary>Checks targets and options against the logits.</summary>
    /// <exception cref="MiniTorchException">A shape, dtype or value that does not fit.</exception>
    public CrossEntropyRows(string op, Tensor logits, Tensor targets, CrossEntropyOptions options)
    {
        _options = options;
        LossShapes.CheckFloat(op, "logits", logits);
        Axis = LossShapes.ClassAxis(op, logits, options.ClassAxis);
        _classes = logits.Shape[Axis];
        CheckOptions(op, options);
        Shape rows = logits.Shape.Without(Axis);
        Tensor? mask = options.ElementWeights is { } weights ? LossShapes.Fitted(op, "ElementWeights", weights, rows) : null;
        if (mask is not null && mask.DType != DType.Bool) (mask, _elementWeights) = (null, mask);

        if (targets.DType.IsFloat())
        {
            LossShapes.CheckProbabilities(op, logits.Shape, targets);
            _probabilities = targets;
            Ignored = mask?.LogicalNot();
            // Not the shape's own count, which is 0 for zero classes too: PyTorch's mean is NaN there.
            _keptCount = mask?.To(DType.Int64).Sum().Item<long>() ?? (double)logits.ElementCount / _classes;
        }
        else
        {
            LossShapes.CheckClassWeights(op, options.Weight, _classes, logits.DType);
            ClassTargets checkedTargets = ClassTargets.Check(op, logits, targets, Axis, options.IgnoreIndex, options.AlsoIgnore, mask);
            Ignored = checkedTargets.IgnoredRows;
            _indices = checkedTargets.Indices;
            _keptCount = checkedTargets.KeptCount;
        }
        if (options.CheckLogits) LossShapes.CheckAreLogits(op, logits, Axis);
    }

    /// <summary>The dimension of the classes.</summary>
    public int Axis { get; }

    /// <summary>The rows that do not count, as Bool; null if all do.</summary>
    public Tensor? Ignored { get; }

    private double Smoothing => _options.LabelSmoothing > 0 ? _options.LabelSmoothing : 0;

    /// <summary>The logits that are used: capped, and 0 in ignored rows, so that nothing that stands there gets any further.</summary>
    public Tensor Used(Tensor logits)
    {
        Tensor x = _options.Softcap > 0 ? (logits / _options.Softcap).Tanh() * _options.Softcap : logits;
        return Ignored is null ? x : x.MaskedFill(Ignored.Unsqueeze(Axis), 0);
    }

    /// <summary>−Σ target·w·log p of each row, the target smoothed.</summary>
    public Tensor Losses(Tensor logProbabilities)
    {
        Tensor? weight = _options.Weight is { } perClass ? LossShapes.AlongAxis(perClass, logProbabilities.Rank, Axis) : null;
        if (_indices is null)
        {
            Tensor target = _probabilities!;
            if (Smoothing > 0) target = target * (1 - Smoothing) + Smoothing / _classes;
            if (weight is not null) target *= weight;
            return -(target * logProbabilities).Sum(Axis);
        }
        // Picked, not multiplied by a one-hot target: 0·(−∞) is NaN.
        Tensor losses = -logProbabilities.Gather(Axis, _indices.Unsqueeze(Axis)).Squeeze(Axis);
        if (weight is not null) losses *= _options.Weight![_indices];
        if (Smoothing == 0) return losses;
        Tensor uniform = -(weight is null ? logProbabilities : logProbabilities * weight).Sum(Axis);
        return losses * (1 - Smoothing) + uniform * (Smoothing / _classes);
    }

    /// <summary>The losses as the reduction wants them: 0 where ignored, times the elements' weights, and Mean's divided by the weight of all that count.</summary>
    public Tensor Reduce(string op, Tensor losses)
    {
        if (Ignored is not null) losses = losses.MaskedFill(Ignored, 0);
        if (_elementWeights is not null) losses *= _elementWeights;
        if (_options.Reduction != Reduction.Mean || _options.Normalizer is not null || RowWeights() is not { } weights)
            return losses.Reduce(op, _options.Reduction, _options.Normalizer ?? _keptCount);
        Tensor total = weights.Sum();
        return losses.Sum() / total.MaskedFill(total.Eq(0), double.NaN); // smoothed losses are not 0 where all weights are, and x/0 is no mean
    }

    /// <summary>The share of the rows that count whose prediction is right.</summary>
    public double Accuracy(Tensor predictions)
    {
        Tensor right = predictions.Eq(_indices ?? _probabilities!.ArgMax(Axis));
        if (Ignored is not null) right = right.MaskedFill(Ignored, false);
        return right.Sum().Item<long>() / _keptCount;
    }

    /// <summary>What each row weighs in a mean, 0 where ignored; null if all weigh 1.</summary>
    private Tensor? RowWeights()
    {
        Tensor? weights = _indices is not null && _options.Weight is { } perClass ? perClass[_indices] : null;
        if (_elementWeights is not null) weights = weights is null ? _elementWeights : weights * _elementWeights;
        return weights is not null && Ignored is not null ? weights.MaskedFill(Ignored, 0) : weights;
    }

    private static void CheckOptions(string op, CrossEntropyOptions options)
    {
        if (options.LabelSmoothing > 1) throw new ValueException($"{op}: label smoothing {options.LabelSmoothing} is not in [0, 1]");
        if (options.Softcap < 0 || double.IsNaN(options.Softcap)) throw new ValueException($"{op}: softcap {options.Softcap} must be positive, or 0 for none");
        if (options.Reduction == Reduction.BatchMean) throw new ValueException($"{op}: BatchMean is not a reduction of this loss; use None, Mean or Sum");
        if (options.Normalizer is not null && options.Reduction != Reduction.Mean)
            throw new ValueException($"{op}: a normalizer is what Mean divides by; with {options.Reduction} divide the loss yourself");
    }
}
