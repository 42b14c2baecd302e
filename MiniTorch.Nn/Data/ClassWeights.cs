namespace MiniTorch.Data;

/// <summary>Computes weights that compensate for classes of different sizes.</summary>
public static class ClassWeights
{
    /// <summary>
    /// Computes a weight for each class that is inverse to its frequency: samples / (classes · count), scikit-learn's "balanced" weights (King and
    /// Zeng 2001). Pass them as the weight of a <c>CrossEntropyLoss</c>.
    /// </summary>
    /// <param name="counts">The number of samples of each class.</param>
    /// <returns>Float32 [classes].</returns>
    /// <exception cref="ValueException">There are no classes, or a class has no samples.</exception>
    public static Tensor FromCounts(params ReadOnlySpan<long> counts)
    {
        if (counts.IsEmpty) throw new ValueException("ClassWeights: there is no class");
        double samples = 0;
        for (int i = 0; i < counts.Length; i++)
            samples += counts[i] > 0 ? counts[i]
                : throw new ValueException($"ClassWeights: class {i} has {counts[i]} samples; every class needs one or more");
        var weights = new float[counts.Length];
        for (int i = 0; i < weights.Length; i++) weights[i] = (float)(samples / ((double)counts.Length * counts[i]));
        return Tensor.From(weights);
    }

    /// <summary>Computes <see cref="FromCounts"/> of the classes 0 … <paramref name="classes"/> − 1 from labels.</summary>
    /// <param name="labels">Int64, any shape.</param>
    /// <param name="classes">The number of classes.</param>
    /// <exception cref="ValueException">A label is not a class, or a class has no samples.</exception>
    public static Tensor FromLabels(Tensor labels, int classes)
    {
        ArgumentNullException.ThrowIfNull(labels);
        if (classes < 1) throw new ValueException($"ClassWeights: {classes} classes; there must be 1 or more");
        if (classes > labels.ElementCount)
            throw new ValueException($"ClassWeights: {classes} classes of {labels.ElementCount} labels; every class needs one or more");
        long[] all = labels.ToArray<long>();
        var counts = new long[classes];
        foreach (long label in all)
            counts[label >= 0 && label < classes ? label : throw new ValueException($"ClassWeights: label {label} is not in [0, {classes - 1}]")]++;
        return FromCounts(counts);
    }

    /// <summary>
    /// Returns the weight of each sample's class. A <see cref="WeightedRandomSampler"/> with these weights draws all classes equally often.
    /// </summary>
    /// <inheritdoc cref="FromLabels"/>
    public static double[] OfSamples(Tensor labels, int classes)
    {
        float[] weights = FromLabels(labels, classes).ToArray<float>();
        return [.. labels.ToArray<long>().Select(label => (double)weights[label])];
    }
}
