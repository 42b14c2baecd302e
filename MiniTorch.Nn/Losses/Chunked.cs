namespace MiniTorch.Nn;

/// <summary>Losses of a linear layer's output that never hold all of it.</summary>
public static class Chunked
{
    // The size limit of a chunk's logits.
    private const long ChunkBytes = 48L << 20;

    /// <summary>
    /// Computes a loss of each row of logits = hidden·weightᵀ + bias, a few rows at a time: only one chunk of the N × C logits is in memory, in the
    /// forward pass and in backward, which computes each chunk again.
    /// </summary>
    /// <remarks>
    /// <para>Values and gradients are those of <c>rowLoss(Functional.Linear(hidden, weight, bias), Range.All)</c>, up to the order of sums. Gradients
    /// of first and higher order flow to hidden, weight and bias, and to every other tensor that the loss uses. A chunk costs three products of
    /// its size, and a fourth one to compute it again.</para>
    /// <para>The loss gets tensors with a row for each row of hidden (targets, weights of samples) by indexing them with the range that it receives.
    /// Tensors for all rows (weights of classes, a temperature) it captures as they are. None of them may change before backward. For
    /// cross-entropy, <see cref="LinearCrossEntropyLoss"/> is faster. See <see cref="Autograd.Checkpoint{T, TOut}(Func{T, TOut}, T)"/>
    /// for random numbers inside the loss.</para>
    /// </remarks>
    /// <param name="hidden">(…, H): the inputs of the last layer.</param>
    /// <param name="weight">(C, H).</param>
    /// <param name="rowLoss">Computes the loss of each of n rows, shape (n), from their logits (n, C) and their place among all rows, counted over
    /// the leading dimensions of hidden. It must treat each row separately.</param>
    /// <param name="bias">(C), or null.</param>
    /// <param name="chunkSize">The number of rows of a chunk; by default as many as have 48 MiB of logits.</param>
    /// <returns>The losses of the rows, (…). Reduce them with Mean or Sum.</returns>
    /// <exception cref="ShapeException">A shape does not fit, or the loss does not return one number for each row.</exception>
    /// <exception cref="ValueException">The chunk size is not positive.</exception>
    /// <example><code>
    /// // Cross-entropy with a penalty on large logits, for a vocabulary whose logits do not fit in memory
    /// Tensor hidden = Tensor.Randn([4, 16], requiresGrad: true);
    /// var head = new Linear(16, 10);
    /// Tensor losses = Chunked.Linear(hidden, head.Weight, (logits, rows) =>
    ///     Functional.CrossEntropy(logits, targets[rows], reduction: Reduction.None) + 1e-4 * logits.LogSumExp(-1).Square());
    /// losses.Mean().Backward();
    /// </code></example>
    public static Tensor Linear(
        Tensor hidden, Tensor weight, Func<Tensor, Range, Tensor> rowLoss, Tensor? bias = null, int? chunkSize = null)
    {
        const string Op = "Chunked.Linear";
        ArgumentNullException.ThrowIfNull(rowLoss);
        Ops.Linear.Check(Op, hidden, weight, bias);
        if (weight.Rank != 2) throw new ShapeException($"{Op}: the weight has shape {weight.Shape} and must be [classes, in]");
        if (chunkSize < 1) throw new ValueException($"{Op}: chunkSize is {chunkSize}; it must be 1 or more");
        Shape shape = hidden.Shape.Without(hidden.Rank - 1);
        int count = Shape.Size(shape.ElementCount, Op);
        int size = chunkSize ?? (int)Math.Clamp(ChunkBytes / Math.Max(1, (long)weight.Shape[0] * hidden.DType.Size()), 1, int.MaxValue);
        Tensor flat = hidden.Reshape(count, hidden.Shape[^1]);
        var losses = new List<Tensor>();
        for (int start = 0; start < count || losses.Count == 0; start += size)
        {
            int length = Math.Min(size, count - start);
            Range rows = start..(start + length);
            (Tensor x, Tensor w) = (flat.Narrow(0, start, length), weight);
            if (losses.LastOrDefault() is { RequiresGrad: true } former)
            {
                if (x.RequiresGrad) x = new Following().Apply(x, former);
                else w = new Following().Apply(w, former);
            }
            losses.Add(Autograd.Checkpoint((x, w, b) => Rows(rowLoss(Functional.Linear(x, w, b), rows), length), x, w, bias));
            if (count - start <= size) break; // start + size might overflow
        }
        return Tensor.Cat(losses).Reshape(shape);
    }

    private static Tensor Rows(Tensor? losses, int count) =>
        losses is { Rank: 1 } && losses.Shape[0] == count ? losses
            : throw new ShapeException($"Chunked.Linear: the loss returned {(losses is null ? "null" : $"shape {losses.Shape}")} for {count} "
            + "rows; it must "
                + $"return one number for each, [{count}]; pass reduction: Reduction.None to a loss function, and reduce the result");

    /// <summary>
    /// Returns its first input. In backward it comes before its second input, to which no gradient flows: a chunk is finished before the former one
    /// begins.
    /// </summary>
    private sealed record Following : Op
    {
        protected internal override Tensor Compute(ReadOnlySpan<Tensor> inputs) => inputs[0];

        protected internal override void Vjp(OpContext call, Tensor cotangent, Span<Tensor?> gradients) => gradients[0] = cotangent;

        protected internal override Tensor? Jvp(OpContext call, ReadOnlySpan<Tensor?> tangents) => tangents[0];
    }
}
