namespace MiniTorch.Nn;

/// <summary>Shape and dtype checks that losses share.</summary>
internal static class LossShapes
{
    /// <summary>Returns the dimension that holds the classes: the requested one, else 1, or 0 for a vector.</summary>
    public static int ClassAxis(string op, Tensor scores, int? asked) =>
        scores.Rank == 0 ? throw new ShapeException($"{op}: a scalar has no class dimension; scores must be (C), (N, C) or (N, C, d1, …)")
        : scores.Shape.Dim(asked ?? Math.Min(1, scores.Rank - 1), op);

    /// <summary>Requires that targets have the shape of the scores without the class dimension.</summary>
    public static void CheckClassTargets(string op, Shape scores, Shape targets, int axis)
    {
        if (targets == scores.Without(axis)) return;
        string found = $"{op}: class indices for scores of shape {scores} (classes in dimension {axis}) have shape {scores.Without(axis)}, not "
            + $"{targets}";
        if (targets == scores)
            throw new DTypeException($"{found}. Probabilities or one-hot targets are a float tensor (To), class indices are their ArgMax({axis})");
        if (targets == scores.Without(scores.Rank - 1)) throw new ShapeException(found + ClassesLastAdvice(scores.Rank, axis));
        if (axis > 0 && targets.Rank > 0 && targets[0] != scores[0])
            throw new ShapeException($"{found}: batch sizes {scores[0]} and {targets[0]} differ");
        throw new ShapeException(found);
    }

    /// <summary>Requires a floating dtype.</summary>
    public static void CheckFloat(string op, string name, Tensor x)
    {
        ArgumentNullException.ThrowIfNull(x);
        x.RequireFloat(op, name);
    }

    /// <summary>Requires equal shapes.</summary>
    public static void CheckSame(string op, Tensor input, Tensor target)
    {
        ArgumentNullException.ThrowIfNull(input);
        ArgumentNullException.ThrowIfNull(target);
        if (input.Shape != target.Shape)
            throw new ShapeException($"{op}: input {input.Shape} and target {target.Shape} must have the same shape"
                + (input.ElementCount == target.ElementCount ? $"; target.Reshape({string.Join(", ", input.Shape)}) gives it that of the input"
                : ""));
    }

    /// <summary>Requires shapes that broadcast, so that the error names the loss and not one of its operations.</summary>
    public static void CheckBroadcast(string op, params ReadOnlySpan<Tensor> tensors)
    {
        Shape shape = tensors[0].Shape;
        foreach (Tensor tensor in tensors[1..]) shape = Shape.Broadcast(shape, tensor.Shape, op);
    }

    /// <summary>Requires all elements to be in [0, 1].</summary>
    public static void CheckInUnitInterval(string op, Tensor input)
    {
        CheckFloat(op, "input", input);
        Tensor p = input.Detach(), inside = (p >= 0).LogicalAnd(p <= 1);
        if (inside.All().Item<bool>()) return;
        double first = p[inside.LogicalNot()].Reshape(-1).Select(0, 0).Item<double>();
        throw new ValueException(FormattableString.Invariant(
            $"{op}: the input has the element {first}, but probabilities must be in [0, 1]; for logits use BCEWithLogitsLoss"));
    }

    /// <summary>Requires class weights of shape (C) in the scores' dtype.</summary>
    public static void CheckClassWeights(string op, Tensor? weight, int classes, DType dtype)
    {
        if (weight is null) return;
        if (weight.Rank != 1 || weight.Shape[0] != classes)
            throw new ShapeException($"{op}: weight has shape {weight.Shape} and must have one element for each of the {classes} classes: "
                + $"[{classes}]");
        if (weight.DType != dtype)
            throw new DTypeException($"{op}: weight is {weight.DType}, but the scores are {dtype}; convert it with To(DType.{dtype})");
    }

    /// <summary>Reshapes per-class values to broadcast against scores: classes in <paramref name="axis"/>, 1 elsewhere.</summary>
    public static Tensor AlongAxis(Tensor perClass, int rank, int axis)
    {
        var sizes = new int[rank];
        Array.Fill(sizes, 1);
        sizes[axis] = perClass.Shape[0];
        return perClass.Reshape(sizes);
    }

    /// <summary>Requires probabilities to have the logits' shape.</summary>
    public static void CheckProbabilities(string op, Shape logits, Tensor targets, int axis)
    {
        if (targets.Shape == logits) return;
        bool classesLast = targets.Rank == logits.Rank && targets.Shape[axis] == logits[^1]
            && targets.Shape.Without(axis) == logits.Without(logits.Rank - 1);
        throw new ShapeException($"{op}: targets of {targets.DType} are class probabilities and must have the logits' shape {logits}, not "
            + $"{targets.Shape}; class indices are Int64"
            + (classesLast ? ClassesLastAdvice(logits.Rank, axis) : ""));
    }

    /// <summary>Expands weights to the rows, or throws if they do not broadcast.</summary>
    public static Tensor Fitted(string op, string name, Tensor weights, Shape rows) =>
        weights.Rank <= rows.Rank && Enumerable.Range(1, weights.Rank).All(i => weights.Shape[^i] == 1 || weights.Shape[^i] == rows[^i])
            ? weights.ExpandTo(rows)
        : throw new ShapeException($"{op}: {name} has shape {weights.Shape}, which does not broadcast to the shape of the losses, {rows}");

    /// <summary>Throws if every row is a probability distribution.</summary>
    public static void CheckAreLogits(string op, Tensor logits, int axis)
    {
        if (logits.ElementCount == 0 || logits.Shape[axis] == 1) return;
        Tensor x = logits.Detach();
        bool distributions = (x >= 0.0).All().Item<bool>() && ((x.Sum(axis) - 1.0).Abs() < 1e-4).All().Item<bool>();
        if (distributions)
            throw new ValueException($"{op}: the logits look like probabilities: all elements are ≥ 0 and all rows sum to 1. {op} applies the "
                + "softmax itself; remove the one before it");
    }

    private static string ClassesLastAdvice(int rank, int axis)
    {
        var dims = Enumerable.Range(0, rank - 1).ToList();
        dims.Insert(axis, rank - 1);
        return $". If the logits' classes are in the last dimension: logits.Permute({string.Join(", ", dims)}), or for cross-entropy ClassAxis = -1";
    }
}

/// <summary>Checked class indices, one for each row of logits; ignored rows hold <see cref="Ignored"/>.</summary>
/// <param name="Classes">Int64, in the shape of the losses.</param>
/// <param name="KeptCount">The number of rows that are not ignored.</param>
internal readonly record struct ClassTargets(Tensor Classes, long KeptCount)
{
    /// <summary>The target of every ignored row.</summary>
    public const long Ignored = -1;

    /// <summary>Whether any row is ignored.</summary>
    public bool AnyIgnored => KeptCount < Classes.ElementCount;

    /// <summary>Bool, true for ignored rows; null if there are none.</summary>
    public Tensor? IgnoredRows => AnyIgnored ? Classes.Eq(Ignored) : null;

    /// <summary>The classes, with 0 in ignored rows, so that they are valid indices.</summary>
    public Tensor Indices => IgnoredRows is { } ignored ? Classes.MaskedFill(ignored, 0) : Classes;

    /// <summary>Selects the scores of the targets, in the shape of the losses.</summary>
    public Tensor Pick(Tensor scores, int axis) => scores.Gather(axis, Indices.Unsqueeze(axis)).Squeeze(axis);

    /// <summary>Sets the values of ignored rows to 0.</summary>
    public Tensor Keep(Tensor values) => IgnoredRows is { } ignored ? values.MaskedFill(ignored, 0) : values;

    /// <summary>Sets the scores of ignored rows to 0, so that no NaN or infinity of theirs reaches the loss.</summary>
    public Tensor KeepRows(Tensor scores, int axis) => IgnoredRows is { } ignored ? scores.MaskedFill(ignored.Unsqueeze(axis), 0) : scores;

    /// <summary>Checks targets against scores whose dimension <paramref name="axis"/> holds the classes.</summary>
    /// <exception cref="ShapeException">The targets do not have the shape of the scores without that dimension.</exception>
    /// <exception cref="DTypeException">The targets are not integers.</exception>
    /// <exception cref="ValueException">A target is neither a class index nor ignored.</exception>
    public static ClassTargets Check(string op, Tensor scores, Tensor targets, int axis, long? ignoreIndex, IReadOnlyList<long> alsoIgnore,
        Tensor? mask)
    {
        ArgumentNullException.ThrowIfNull(scores);
        ArgumentNullException.ThrowIfNull(targets);
        if (targets.DType != DType.Int64)
            throw new DTypeException($"{op}: targets of {targets.DType} and shape {targets.Shape} are not class indices; class indices are Int64"
                + (targets.DType == DType.Bool ? " (To(DType.Int64))" : $", and class probabilities have the logits' shape {scores.Shape}"));
        LossShapes.CheckClassTargets(op, scores.Shape, targets.Shape, axis);

        int classes = scores.Shape.SizeOrOne(axis);
        (long kept, long fault) = targets.Read<long, (long, long)>(all => Scan(all, classes, ignoreIndex, alsoIgnore));
        if (fault >= 0)
            throw new ValueException($"{op}: target{ElementIndex.Index(targets.Shape, fault)} = "
                + $"{targets.Reshape(-1).Select(0, (int)fault).Item<long>()} is not in [0, {classes})"
                + (ignoreIndex is null ? "" : $", and is not ignored (IgnoreIndex is {ignoreIndex})")
                + Advice(targets.ToArray<long>().Where(target => target != ignoreIndex && !alsoIgnore.Contains(target)), classes));

        Tensor marked = targets;
        if (kept < targets.ElementCount)
        {
            if (ignoreIndex is { } index) marked = marked.MaskedFill(targets.Eq(index), Ignored);
            foreach (long other in alsoIgnore) marked = marked.MaskedFill(targets.Eq(other), Ignored);
        }
        if (mask is null) return new(marked, kept);
        marked = marked.MaskedFill(mask.LogicalNot(), Ignored);
        return new(marked, marked.Ne(Ignored).Sum().Item<long>());
    }

    // The two usual causes of a target that is too large.
    private static string Advice(IEnumerable<long> targets, int classes)
    {
        (long smallest, long largest) = (targets.Min(), targets.Max());
        return largest < classes ? ""
            : smallest == 1 && largest == classes ? $"; the targets run from 1 to {classes}, and classes are numbered from 0: subtract 1"
            : $"; the last layer has {classes} outputs, and target {largest} needs {largest + 1}; if the labels start at 1, subtract 1";
    }

    private static (long Kept, long Fault) Scan(ReadOnlySpan<long> targets, int classes, long? ignoreIndex, IReadOnlyList<long> alsoIgnore)
    {
        long kept = 0;
        for (int i = 0; i < targets.Length; i++)
        {
            long target = targets[i];
            if (target == ignoreIndex || (alsoIgnore.Count > 0 && alsoIgnore.Contains(target))) continue;
            if ((ulong)target >= (ulong)classes) return (kept, i);
            kept++;
        }
        return (kept, -1);
    }
}
