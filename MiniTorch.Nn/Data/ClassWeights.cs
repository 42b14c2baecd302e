namespace MiniTorch.Data;

/// <summary>Weights that make up for classes of different sizes.</summary>
public static class ClassWeights
{
    /// <summary>
    /// A weight for each class, inverse to its frequency: samples / (classes · count), scikit-learn's "balanced" weights (King and Zeng 2001).
    /// For the weight of <c>CrossEntropyLoss</c>.
    /// </summary>
    /// <param name="counts">The number of samples of each class.</param>
    /// <returns>Float32 [classes].</returns>
    /// <exception cref="ValueException">There is no class, or one has no sample.</exception>
    public static Tensor FromCounts(params ReadOnlySpan<long> counts)
    {
        if (counts.IsEmpty) throw new ValueException("ClassWeights: there is no class");
        double samples = 0;
        for (int i = 0; i < counts.Length; i++)
            samples += counts[i] > 0 ? counts[i] : throw new ValueException($"ClassWeights: class {i} has {counts[i]} samples; every class needs one or more");
        var weights = new float[counts.Length];
        for (int i = 0; i < weights.Length; i++) weights[i] = (float)(samples / ((double)counts.Length * counts[i]));
        return Tensor.From(weights);
    }

    /// <summary>As <see cref="FromCounts"/>, of the classes 0 … <paramref name="classes"/> − 1 as they occur among labels.</summary>
    /// <param name="labels">Int64, any shape.</param>
    /// <param name="classes">The number of classes.</param>
    /// <exception cref="ValueException">A label is no class, or a class has no sample.</exception>
    public static Tensor FromLabels(Tensor labels, int classes)
    {
        ArgumentNullException.ThrowIfNull(labels);
        if (classes < 1) throw new ValueException($"ClassWeights: {classes} classes; there must be 1 or more");
        if (classes > labels.ElementCount) throw new ValueException($"ClassWeights: {classes} classes of {labels.ElementCount} labels; every class needs one or more");
        long[] all = labels.ToArray<long>();
        var counts = new long[classes];
        foreach (long label in all)
            counts[label >= 0 && label < classes ? label : throw new ValueException($"ClassWeights: label {label} is not in [0, {classes - 1}]")]++;
        return FromCounts(counts);
    }

    /// <summary>The weight of each sample's class: what <see cref="WeightedRandomSampler"/> takes to draw all classes equally often.</summary>
    /// <inheritdoc cref="FromLabels"/>
    public static double[] OfSamples(Tensor labels, int classes)
    {
        float[] weights = FromLabels(labels, classes).ToArray<float>();
        return [.. labels.ToArray<long>().Select(label => (double)weights[label])];
    }
}
