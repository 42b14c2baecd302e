namespace MiniTorch.Data;

/// <summary>Combines the samples of a batch: from samples of k tensors each, it makes k tensors.</summary>
/// <param name="samples">The samples of one batch, in its order.</param>
/// <returns>The tensors of the batch.</returns>
public delegate Tensor[] CollateFunction(IReadOnlyList<Tensor[]> samples);

/// <summary>Functions that combine the samples of a batch (torch.utils.data.default_collate).</summary>
public static class Collate
{
    /// <summary>Stacks tensors of equal shapes: [samples, …].</summary>
    /// <exception cref="ShapeException">Samples have different numbers of tensors, or tensors of different shapes.</exception>
    public static Tensor[] Stack(IReadOnlyList<Tensor[]> samples) => ByPlace(samples, tensors => Tensor.Stack(tensors));

    /// <summary>
    /// Stacks like <see cref="Stack"/>, but pads sequences [length, …] to the longest one: [samples, longest, …] (torch.nn.utils.rnn.pad_sequence
    /// with batch_first).
    /// </summary>
    /// <param name="value">The padding value.</param>
    public static CollateFunction Pad(Scalar value) => samples => ByPlace(samples, tensors =>
    {
        if (tensors[0].Rank == 0) return Tensor.Stack(tensors);
        int longest = tensors.Max(tensor => tensor.Shape[0]);
        return Tensor.Stack([.. tensors.Select(tensor => Filled(tensor, longest, value))]);
    });

    private static Tensor Filled(Tensor tensor, int length, Scalar value)
    {
        Shape rest = [length - tensor.Shape[0], .. tensor.Shape.Span[1..]];
        return rest[0] == 0 ? tensor : Tensor.Cat([tensor, Tensor.Full(rest, value, tensor.DType)], 0);
    }

    private static Tensor[] ByPlace(IReadOnlyList<Tensor[]> samples, Func<Tensor[], Tensor> join)
    {
        ArgumentNullException.ThrowIfNull(samples);
        if (samples.Count == 0) throw new ShapeException("Collate: the batch has no sample");
        for (int i = 0; i < samples.Count; i++)
            if (samples[i] is null) throw new ArgumentNullException(nameof(samples), $"Collate: sample {i} of the batch is null");
        int places = samples[0].Length;
        for (int i = 1; i < samples.Count; i++)
            if (samples[i].Length != places)
                throw new ShapeException($"Collate: sample {i} of the batch has {samples[i].Length} tensors and sample 0 has {places}; they must "
                    + "be equal");
        return [.. Enumerable.Range(0, places).Select(place => join([.. samples.Select(sample => sample[place])]))];
    }
}
