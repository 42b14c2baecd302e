namespace MiniTorch.Nn;

/// <summary>The rows of a cross-entropy after their checks: where the classes are, what each row's target is, what it weighs, whether it counts.</summary>
internal sealed class CrossEntropyRows
{
    private const string Op = nameof(CrossEntropyLoss);

    private readonly CrossEntropyOptions _options;
    private readonly int _classes;
    private readonly ClassTargets? _targets;
    private readonly Tensor? _indices, _probabilities, _elementWeights;
    private readonly double _keptCount;

    /// <summary>Checks targets and options against the logits.</summary>
    /// <exception cref="MiniTorchException">A shape, dtype or value that does not fit.</exception>
    public CrossEntropyRows(Tensor logits, Tensor targets, CrossEntropyOptions options)
    {
        ArgumentNullException.ThrowIfNull(logits);
        ArgumentNullException.ThrowIfNull(targets);
        ArgumentNullException.ThrowIfNull(options);
        _options = options;
        LossShapes.CheckFloat(Op, "logits", logits);
        Axis = LossShapes.ClassAxis(Op, logits, options.ClassAxis);
        _classes = logits.Shape[Axis];
        CheckOptions(Op, options);
        LossShapes.CheckClassWeights(Op, options.Weight, _classes, logits.DType);
        Shape rows = logits.Shape.Without(Axis);
        Tensor? mask = options.ElementWeights is { } weights ? LossShapes.Fitted(Op, "ElementWeights", weights, rows) : null;
        if (mask is not null && mask.DType != DType.Bool) (mask, _elementWeights) = (null, mask);

        if (targets.DType.IsFloat())
        {
            LossShapes.CheckProbabilities(Op, logits.Shape, targets, Axis);
            _probabilities = targets;
            Ignored = mask?.LogicalNot();
            // Not the shape's own count, which is 0 for zero classes too: PyTorch's mean is NaN there.
            _keptCount = mask?.To(DType.Int64).Sum().Item<long>() ?? (double)logits.ElementCount / _classes;
        }
        else
        {
            ClassTargets classes = ClassTargets.Check(Op, logits, targets, Axis, options.IgnoreIndex, options.AlsoIgnore, mask);
            _targets = classes;
            Ignored = classes.IgnoredRows;
            _indices = classes.Indices;
            _keptCount = classes.KeptCount;
        }
        if (options.CheckLogits) LossShapes.CheckAreLogits(Op, logits, Axis);
    }

    /// <summary>The dimension of the classes.</summary>
    public int Axis { get; }

    /// <summary>The rows that do not count, as Bool; null if all do.</summary>
    public Tensor? Ignored { get; }

    /// <summary>Whether the logits of the targets, and without class weights those of all classes alike, are all that the losses are made of.</summary>
    public bool UsesTargetLogitOnly => _targets is not null && _classes > 0 && (!Smooths || _options.Weight is null);

    /// <summary>What the sum of all rows' losses is divided by, where the loss is no more than that; else null.</summary>
    public double? Divisor =>
        Smooths || NeedsLogSumExp || _options.Weight is not null || _elementWeights is not null ? null
        : _options.Reduction switch { Reduction.Mean => _options.Normalizer ?? _keptCount, Reduction.Sum => 1, _ => null };

    /// <summary>Whether targets are smoothed.</summary>
    public bool Smooths => _options.LabelSmoothing > 0;

    /// <summary>Whether the loss has a part that depends on ln Σ eˣ.</summary>
    public bool NeedsLogSumExp => _options.ZLoss != 0;

    /// <summary>Class indices, <see cref="ClassTargets.Ignored"/> where a row does not count.</summary>
    public Tensor TargetsOrIgnored => _targets!.Value.Classes;

    /// <summary>The logits that are used: 0 in ignored rows, so that nothing that stands there gets any further, and capped.</summary>
    public Tensor Used(Tensor logits)
    {
        Tensor x = Ignored is null ? logits : logits.MaskedFill(Ignored.Unsqueeze(Axis), 0);
        return _options.Softcap > 0 ? (x / _options.Softcap).Tanh() * _options.Softcap : x;
    }

    /// <summary>The logits for the kernel, which passes over ignored rows itself: capped, with the classes in the last dimension.</summary>
    public Tensor MoveClassAxisLast(Tensor logits)
    {
        Tensor x = _options.Softcap > 0 ? Used(logits) : logits;
        return Axis == x.Rank - 1 ? x : x.Permute([.. Enumerable.Range(0, x.Rank).Where(dim => dim != Axis), Axis]);
    }

    /// <summary>−Σ target·w·log p of each row, the target smoothed.</summary>
    public Tensor Losses(Tensor logProbabilities)
    {
        Tensor? weight = _options.Weight is { } perClass ? LossShapes.AlongAxis(perClass, logProbabilities.Rank, Axis) : null;
        if (_indices is null)
        {
            Tensor target = _probabilities!;
            if (Smooths) target = target * (1 - _options.LabelSmoothing) + _options.LabelSmoothing / _classes;
            if (weight is not null) target *= weight;
            return -(target * logProbabilities).Sum(Axis);
        }
        if (_classes == 0) return logProbabilities.Sum(Axis); // every row is ignored
        // Picked, not multiplied by a one-hot target: 0·(−∞) is NaN.
        Tensor picked = -logProbabilities.Gather(Axis, _indices.Unsqueeze(Axis)).Named("picked").Squeeze(Axis);
        return Smoothed(picked, Smooths ? -(weight is null ? logProbabilities : logProbabilities * weight).Mean(Axis) : null);
    }

    /// <summary>Losses of the targets' classes, weighted, mixed with those of equal probabilities for all classes.</summary>
    public Tensor Smoothed(Tensor picked, Tensor? uniform)
    {
        if (_options.Weight is not null) picked *= _options.Weight[_indices!];
        return uniform is null ? picked : picked * (1 - _options.LabelSmoothing) + uniform * _options.LabelSmoothing;
    }

    /// <summary>
    /// The losses as the reduction wants them: z-loss added, 0 where ignored, times the elements' weights, and Mean's divided by the weight of all that count.
    /// </summary>
    public Tensor Reduce(Tensor losses, Tensor? logSumExp)
    {
        if (NeedsLogSumExp) losses += logSumExp!.Pow(2) * _options.ZLoss;
        if (Ignored is not null) losses = losses.MaskedFill(Ignored, 0);
        if (_elementWeights is not null) losses *= _elementWeights;
        return _options.Reduction == Reduction.Mean ? Mean(losses.Sum()) : losses.Reduce(Op, _options.Reduction);
    }

    /// <summary>The mean, given the sum.</summary>
    public Tensor Mean(Tensor sum)
    {
        if (_options.Normalizer is not null || RowWeights() is not { } weights) return sum / (_options.Normalizer ?? _keptCount);
        Tensor total = weights.Sum();
        return sum / total.MaskedFill(total.Eq(0), double.NaN); // smoothed losses are not 0 where all weights are, and x/0 is no mean
    }

    /// <summary>The share of the rows that count whose prediction is right.</summary>
    public double Accuracy(Tensor predictions)
    {
        if (_keptCount == 0 || _classes == 0) return double.NaN;
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
