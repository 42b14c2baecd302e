namespace MiniTorch.Nn;

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
    public static ClassTargets Check(string op, Tensor scores, Tensor targets, int axis, long? ignoreIndex, IReadOnlyList<long> alsoIgnore, Tensor? mask)
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
            throw new ValueException($"{op}: target{ElementIndex.Index(targets.Shape, fault)} = {targets.Reshape(-1).Select(0, (int)fault).Item<long>()} is not in [0, {classes})"
                + (ignoreIndex is null ? "" : $", and is not ignored (IgnoreIndex is {ignoreIndex})"));

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
