namespace MiniTorch.Kernels;

/// <summary>The values computed for each row. <see cref="Uniform"/> can be null.</summary>
internal readonly unsafe struct CrossEntropyValues<T>(T* losses, T* sums, T* maxima, T* uniform)
    where T : unmanaged
{
    /// <summary>ln Σ eˣ − x[target].</summary>
    public readonly T* Losses = losses;

    /// <summary>Σ e^(x − max).</summary>
    public readonly T* Sums = sums;

    /// <summary>max x.</summary>
    public readonly T* Maxima = maxima;

    /// <summary>The loss against equal probabilities for all classes: ln Σ eˣ − mean x.</summary>
    public readonly T* Uniform = uniform;
}

/// <summary>The gradients of each row's values. Null stands for zeros; a stride of 0 shares one gradient among all rows.</summary>
internal readonly unsafe struct CrossEntropyGradients<T>(T* losses, long lossStride, T* sums = null, long sumStride = 0, T* uniform = null, long uniformStride = 0)
    where T : unmanaged, System.Numerics.IBinaryNumber<T>
{
    /// <summary>The gradient of the loss.</summary>
    public T Loss(long row) => losses == null ? T.Zero : losses[row * lossStride];

    /// <summary>The gradient of the sum of exponentials.</summary>
    public T Sum(long row) => sums == null ? T.Zero : sums[row * sumStride];

    /// <summary>The gradient of the loss against equal probabilities.</summary>
    public T Uniform(long row) => uniform == null ? T.Zero : uniform[row * uniformStride];
}

/// <summary>Rows of logits at a stride, and their targets.</summary>
internal readonly unsafe struct LogitRows<T>(T* x, long rowStride, long count, long classes, long* targets, long targetStride, long ignored)
    where T : unmanaged
{
    /// <summary>Number of rows.</summary>
    public readonly long Count = count;

    /// <summary>Number of logits in a row.</summary>
    public readonly long Classes = classes;

    /// <summary>The target that marks a row as ignored.</summary>
    public readonly long Ignored = ignored;

    /// <summary>First logit of a row.</summary>
    public T* Row(long row) => x + row * rowStride;

    /// <summary>
    /// The row's class, or <see cref="Ignored"/>. Read it once: what is no class was written by another thread after callers had checked it, and
    /// counts as ignored.
    /// </summary>
    public long Target(long row)
    {
        long target = targets[row * targetStride];
        return (ulong)target < (ulong)Classes ? target : Ignored;
    }
}
