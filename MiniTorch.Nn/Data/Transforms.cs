namespace MiniTorch.Data;

/// <summary>
/// Common <see cref="BatchTransform"/>s. Each one changes the first tensor of the batch, [samples, …], and leaves the others, such as labels,
/// unchanged.
/// </summary>
public static class Transforms
{
    /// <summary>Applies transforms one after the other; all of them draw from the batch's generator (torchvision.transforms.Compose).</summary>
    public static BatchTransform Compose(params BatchTransform[] transforms) =>
        (batch, generator) => transforms.Aggregate(batch, (current, transform) => transform(current, generator));

    /// <summary>Computes (x − mean) / std, with broadcasting (torchvision.transforms.Normalize).</summary>
    /// <param name="mean">The means, in a shape that broadcasts, such as [channels, 1, 1].</param>
    /// <param name="std">The standard deviations, in a shape that broadcasts.</param>
    public static BatchTransform Normalize(Tensor mean, Tensor std) => OnFirst((x, _) => (x - mean) / std);

    /// <summary>Adds normal noise with a standard deviation.</summary>
    public static BatchTransform Noise(double std) => OnFirst((x, generator) => x + std * Tensor.RandnLike(x, generator));

    /// <summary>
    /// Reverses a dimension of each sample with some probability (torchvision.transforms.RandomHorizontalFlip for the last dimension).
    /// </summary>
    /// <param name="dim">The dimension of the batch; the last by default.</param>
    /// <param name="probability">The probability of reversing a sample, in [0, 1].</param>
    /// <exception cref="ValueException">The probability is not in [0, 1].</exception>
    public static BatchTransform RandomFlip(int dim = -1, double probability = 0.5)
    {
        if (!(probability is >= 0 and <= 1))
            throw new ValueException(FormattableString.Invariant($"RandomFlip: probability {probability} is not in [0, 1]"));
        return OnFirst((x, generator) =>
        {
            var sizes = new int[x.Rank];
            Array.Fill(sizes, 1);
            sizes[0] = x.Shape[0];
            return x.Flip(dim).Where(Tensor.Rand(sizes, generator) < probability, x);
        });
    }

    private static BatchTransform OnFirst(Func<Tensor, Generator, Tensor> function) => (batch, generator) =>
        [function(batch[0], generator), .. batch[1..]];
}
