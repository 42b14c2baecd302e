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
        string found = $"{op}: class indices for scores of shape {scores} (classes in dimension {axis}) have shape {scores.Without(axis)}, not {targets}";
        if (targets == scores) throw new DTypeException($"{found}. Probabilities or one-hot targets are a float tensor (To), class indices are their ArgMax({axis})");
        if (targets == scores.Without(scores.Rank - 1)) throw new ShapeException(found + ClassesLastAdvice(scores.Rank, axis));
        if (axis > 0 && targets.Rank > 0 && targets[0] != scores[0])
            throw new ShapeException($"{found}: batch sizes {scores[0]} and {targets[0]} differ");
        throw new ShapeException(found);
    }

    /// <summary>Requires a floating dtype.</summary>
    public static void CheckFloat(string op, string name, Tensor x)
    {
        ArgumentNullException.ThrowIfNull(x);
        if (!x.DType.IsFloat()) throw new DTypeException($"{op}: {name} is {x.DType} and must be Float32 or Float64 (To converts)");
    }

    /// <summary>Requires equal shapes.</summary>
    public static void CheckSame(string op, Tensor input, Tensor target)
    {
        ArgumentNullException.ThrowIfNull(input);
        ArgumentNullException.ThrowIfNull(target);
        if (input.Shape != target.Shape)
            throw new ShapeException($"{op}: input {input.Shape} and target {target.Shape} must have the same shape"
                + (input.ElementCount == target.ElementCount ? $"; target.Reshape({string.Join(", ", input.Shape)}) gives it that of the input" : ""));
    }

    /// <summary>Requires all elements to be in [0, 1].</summary>
    public static void CheckInUnitInterval(string op, Tensor input)
    {
        CheckFloat(op, "input", input);
        Tensor p = input.Detach(), inside = (p >= 0).LogicalAnd(p <= 1);
        if (inside.All().Item<bool>()) return;
        double first = p[inside.LogicalNot()].Reshape(-1).Select(0, 0).Item<double>();
        throw new ValueException($"{op}: the input has the element {first}, but probabilities must be in [0, 1]; for logits use BCEWithLogitsLoss");
    }

    /// <summary>Requires class weights of shape (C) in the scores' dtype.</summary>
    public static void CheckClassWeights(string op, Tensor? weight, int classes, DType dtype)
    {
        if (weight is null) return;
        if (weight.Rank != 1 || weight.Shape[0] != classes)
            throw new ShapeException($"{op}: weight has shape {weight.Shape} and must have one element for each of the {classes} classes: [{classes}]");
        if (weight.DType != dtype) throw new DTypeException($"{op}: weight is {weight.DType}, but the scores are {dtype}; convert it with To(DType.{dtype})");
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
        bool classesLast = targets.Rank == logits.Rank && targets.Shape[axis] == logits[^1] && targets.Shape.Without(axis) == logits.Without(logits.Rank - 1);
        throw new ShapeException($"{op}: targets of {targets.DType} are class probabilities and must have the logits' shape {logits}, not {targets.Shape}; class indices are Int64"
            + (classesLast ? ClassesLastAdvice(logits.Rank, axis) : ""));
    }

    /// <summary>Expands weights to the rows, or throws if they do not broadcast.</summary>
    public static Tensor Fitted(string op, string name, Tensor weights, Shape rows) =>
        weights.Rank <= rows.Rank && Enumerable.Range(1, weights.Rank).All(i => weights.Shape[^i] == 1 || weights.Shape[^i] == rows[^i]) ? weights.ExpandTo(rows)
        : throw new ShapeException($"{op}: {name} has shape {weights.Shape}, which does not broadcast to the shape of the losses, {rows}");

    /// <summary>Throws if every row is a probability distribution.</summary>
    public static void CheckAreLogits(string op, Tensor logits, int axis)
    {
        if (logits.ElementCount == 0 || logits.Shape[axis] == 1) return;
        Tensor x = logits.Detach();
        bool distributions = (x >= 0.0).All().Item<bool>() && ((x.Sum(axis) - 1.0).Abs() < 1e-4).All().Item<bool>();
        if (distributions)
            throw new ValueException($"{op}: the logits look like probabilities: all elements are ≥ 0 and all rows sum to 1. {op} applies the softmax itself; remove the one before it");
    }

    private static string ClassesLastAdvice(int rank, int axis)
    {
        var dims = Enumerable.Range(0, rank - 1).ToList();
        dims.Insert(axis, rank - 1);
        return $". If the logits' classes are in the last dimension: logits.Permute({string.Join(", ", dims)}), or for cross-entropy ClassAxis = -1";
    }
}
