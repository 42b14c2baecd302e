namespace MiniTorch.Nn;

/// <summary>Measures the quality of predictions. The results are numbers without a graph.</summary>
public static class Metrics
{
    /// <summary>Computes the share of rows whose largest score is that of the target; NaN if all rows are ignored.</summary>
    /// <param name="scores">(N, C) or (N, C, d1, …): logits or probabilities.</param>
    /// <param name="targets">Int64 class indices in that shape without C.</param>
    /// <param name="ignoreIndex">Rows with this target are skipped.</param>
    /// <exception cref="MiniTorchException">The shapes do not fit, or a target is neither a class index nor ignored.</exception>
    public static double Accuracy(Tensor scores, Tensor targets, long ignoreIndex = -100)
    {
        int axis = LossShapes.ClassAxis("Accuracy", scores, null);
        ClassTargets classes = ClassTargets.Check("Accuracy", scores, targets, axis, ignoreIndex, [], null);
        return classes.Classes.Eq(scores.Detach().ArgMax(axis)).Sum().Item<long>() / (double)classes.KeptCount;
    }

    /// <summary>Computes the share of rows whose target is among the k largest scores; NaN if all rows are ignored.</summary>
    /// <param name="scores">(N, C) or (N, C, d1, …): logits or probabilities.</param>
    /// <param name="targets">Int64 class indices in that shape without C.</param>
    /// <param name="k">The number of scores, from 1 to C.</param>
    /// <param name="ignoreIndex">Rows with this target are skipped.</param>
    /// <exception cref="MiniTorchException">The shapes do not fit, a target is neither a class index nor ignored, or k is out of range.</exception>
    public static double TopK(Tensor scores, Tensor targets, int k, long ignoreIndex = -100)
    {
        int axis = LossShapes.ClassAxis("TopK", scores, null);
        ClassTargets classes = ClassTargets.Check("TopK", scores, targets, axis, ignoreIndex, [], null);
        Tensor best = scores.Detach().TopK(k, axis).Indices;
        return best.Eq(classes.Classes.Unsqueeze(axis)).Sum().Item<long>() / (double)classes.KeptCount;
    }

    /// <summary>Counts how often class i (row) was predicted as class j (column): Int64 (C, C).</summary>
    /// <param name="predictions">Int64 class indices, such as the ArgMax of scores.</param>
    /// <param name="targets">Int64 class indices in the same shape.</param>
    /// <param name="classes">C, the number of classes.</param>
    /// <param name="ignoreIndex">Elements with this target are skipped.</param>
    /// <exception cref="ShapeException">The shapes differ.</exception>
    /// <exception cref="DTypeException">Either is not Int64.</exception>
    /// <exception cref="ValueException">An element is not a class.</exception>
    public static Tensor ConfusionMatrix(Tensor predictions, Tensor targets, int classes, long ignoreIndex = -100)
    {
        LossShapes.CheckSame("ConfusionMatrix", predictions, targets);
        if (predictions.DType != DType.Int64 || targets.DType != DType.Int64)
            throw new DTypeException($"ConfusionMatrix: predictions are {predictions.DType} and targets are {targets.DType}; both must be Int64 "
                + "(the ArgMax of scores)");
        if (classes is < 0 or > 46_340) // (C, C) has at most 2³¹ elements
            throw new ValueException($"ConfusionMatrix: classes is {classes}; it must be in 0 to 46,340");
        (long[] found, long[] wanted) = (predictions.ToArray<long>(), targets.ToArray<long>());
        var counts = new long[classes, classes];
        for (int i = 0; i < wanted.Length; i++)
        {
            if (wanted[i] == ignoreIndex) continue;
            if ((ulong)wanted[i] >= (ulong)classes || (ulong)found[i] >= (ulong)classes)
                throw new ValueException($"ConfusionMatrix: element {i} has target {wanted[i]} and prediction {found[i]}; classes must be in [0, "
                    + $"{classes})");
            counts[wanted[i], found[i]]++;
        }
        return Tensor.From(counts);
    }
}
