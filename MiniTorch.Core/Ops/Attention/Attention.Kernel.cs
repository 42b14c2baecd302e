using System.Numerics;

namespace MiniTorch.Kernels;

/// <summary>Sizes of attention: in each head Queries rows of Width, Keys rows of Width and of ValueWidth.</summary>
internal readonly record struct AttentionShape(long Heads, long Queries, long Keys, long Width, long ValueWidth, double Scale, bool IsCausal)
{
    /// <summary>Returns the number of leading keys that query <paramref name="i"/> sees.</summary>
    public long Seen(long i) => IsCausal ? Math.Min(Keys, i + 1) : Keys;
}

/// <summary>A matrix for each head, of any strides; without memory where there is none.</summary>
internal readonly unsafe struct HeadMatrices<T>(T* data, long[] offsets, long row, long column)
    where T : unmanaged
{
    public readonly long Row = row, Column = column;

    public bool Exist => data != null;

    /// <summary>Where a row of a head's matrix begins.</summary>
    public T* At(long head, long i = 0) => data + offsets[head] + i * Row;
}

/// <summary>What attention reads. A mask of bytes is true where a query sees a key; the other is added to the products.</summary>
internal readonly struct AttentionOperands<T>(HeadMatrices<T> query, HeadMatrices<T> key, HeadMatrices<T> value, HeadMatrices<byte> mask,
    HeadMatrices<T> added)
    where T : unmanaged
{
    public readonly HeadMatrices<T> Query = query, Key = key, Value = value, Added = added;
    public readonly HeadMatrices<byte> Mask = mask;
}

/// <summary>
/// softmax(scale · q kᵀ + mask) v, and its gradients, for some rows of queries at a time: their weights stay in the cache and are never a tensor.
/// The backward pass computes them again.
/// </summary>
internal static unsafe class AttentionKernel
{
    const long BlockRows = 64;

    [ThreadStatic]
    static Scratch? t_queries, t_weights, t_gradients;

    /// <summary>The output, whose rows are contiguous.</summary>
    public static void Forward<T>(in AttentionShape shape, in AttentionOperands<T> x, HeadMatrices<T> output)
        where T : unmanaged, IBinaryNumber<T>
    {
        var job = new ForwardJob<T>(shape, x, output);
        Simd.Run<ForwardJob<T>, T>(ref job);
    }

    /// <summary>The gradients of queries, keys and values whose memory is given, from the output's; their rows are contiguous.</summary>
    public static void Backward<T>(
        in AttentionShape shape, in AttentionOperands<T> x, HeadMatrices<T> gradient, HeadMatrices<T> ofQuery, HeadMatrices<T> ofKey,
            HeadMatrices<T> ofValue)
        where T : unmanaged, IBinaryNumber<T>
    {
        var job = new BackwardJob<T>(shape, x, gradient, ofQuery, ofKey, ofValue);
        Simd.Run<BackwardJob<T>, T>(ref job);
    }

    static void ReturnScratch()
    {
        Scratch.Return(ref t_queries);
        Scratch.Return(ref t_weights);
        Scratch.Return(ref t_gradients);
    }

    static long Blocks(in AttentionShape shape) => IntegerMath.CeilDiv(shape.Queries, BlockRows);

    readonly struct ForwardJob<T>(AttentionShape shape, AttentionOperands<T> x, HeadMatrices<T> output) : IVectorJob<T>
        where T : unmanaged, IBinaryNumber<T>
    {
        public void Run<V>() where V : struct, IVector<V, T> => Workers.Run(new ForwardBlocks<V, T>(shape, x, output), shape.Heads * Blocks(shape));
    }

    readonly struct ForwardBlocks<V, T>(AttentionShape shape, AttentionOperands<T> x, HeadMatrices<T> output) : IJob
        where V : struct, IVector<V, T>
        where T : unmanaged, IBinaryNumber<T>
    {
        public void Execute(long chunk)
        {
            (long head, long number) = Math.DivRem(chunk, Blocks(shape));
            var block = new Block<V, T>(shape, x, head, number * BlockRows);
            MatMulKernel.Run(
                block.Rows, shape.ValueWidth, block.Keys, block.Weights, block.Keys, 1, x.Value.At(head), x.Value.Row, x.Value.Column,
                output.At(head, block.First), output.Row, accumulate: false);
            ReturnScratch();
        }
    }

    readonly struct BackwardJob<T>(
        AttentionShape shape, AttentionOperands<T> x, HeadMatrices<T> gradient, HeadMatrices<T> ofQuery, HeadMatrices<T> ofKey,
            HeadMatrices<T> ofValue) : IVectorJob<T>
        where T : unmanaged, IBinaryNumber<T>
    {
        public void Run<V>() where V : struct, IVector<V, T> =>
            Workers.Run(new BackwardHeads<V, T>(shape, x, gradient, ofQuery, ofKey, ofValue), shape.Heads);
    }

    readonly struct BackwardHeads<V, T>(
        AttentionShape shape, AttentionOperands<T> x, HeadMatrices<T> gradient, HeadMatrices<T> ofQuery, HeadMatrices<T> ofKey,
            HeadMatrices<T> ofValue) : IJob
        where V : struct, IVector<V, T>
        where T : unmanaged, IBinaryNumber<T>
    {
        public void Execute(long head)
        {
            Clear(ofKey, head, shape.Width);
            Clear(ofValue, head, shape.ValueWidth);
            for (long first = 0; first < shape.Queries; first += BlockRows)
            {
                var block = new Block<V, T>(shape, x, head, first);
                T* of = gradient.At(head, first);
                if (ofValue.Exist)
                {
                    MatMulKernel.Run(
                        block.Keys, shape.ValueWidth, block.Rows, block.Weights, 1, block.Keys, of, gradient.Row, gradient.Column,
                        ofValue.At(head), ofValue.Row, accumulate: true);
                }
                if (!ofQuery.Exist && !ofKey.Exist) continue;
                T* ofScores = Scratch.Rent<T>(ref t_gradients, BlockRows * shape.Keys);
                MatMulKernel.Run(
                    block.Rows, block.Keys, shape.ValueWidth, of, gradient.Row, gradient.Column, x.Value.At(head), x.Value.Column, x.Value.Row,
                    ofScores, block.Keys, accumulate: false);
                for (long i = 0; i < block.Rows; i++)
                    SoftmaxKernel.BackwardRow<V, T>(block.Weights + i * block.Keys, ofScores + i * block.Keys, ofScores + i * block.Keys, block.Keys);
                if (ofKey.Exist)
                {
                    MatMulKernel.Run(
                        block.Keys, shape.Width, block.Rows, ofScores, 1, block.Keys, block.Queries, shape.Width, 1,
                        ofKey.At(head), ofKey.Row, accumulate: true);
                }
                if (!ofQuery.Exist) continue;
                MatMulKernel.Run(
                    block.Rows, shape.Width, block.Keys, ofScores, block.Keys, 1, x.Key.At(head), x.Key.Row, x.Key.Column,
                    ofQuery.At(head, first), ofQuery.Row, accumulate: false);
                T scale = T.CreateTruncating(shape.Scale);
                for (long i = 0; i < block.Rows; i++) Scale<V, T>(ofQuery.At(head, first + i), 1, scale, ofQuery.At(head, first + i), shape.Width);
            }
            ReturnScratch();
        }

        void Clear(HeadMatrices<T> gradients, long head, long width)
        {
            for (long i = 0; gradients.Exist && i < shape.Keys; i++) new Span<T>(gradients.At(head, i), checked((int)width)).Clear();
        }
    }

    static void Scale<V, T>(T* x, long stride, T scale, T* result, long count)
        where V : struct, IVector<V, T>
        where T : unmanaged, IBinaryNumber<T>
    {
        if (stride != 1)
        {
            for (long i = 0; i < count; i++) result[i] = x[i * stride] * scale;
            return;
        }
        V factor = V.Broadcast(scale);
        for (long i = 0; i < count; i += V.Count)
        {
            int lanes = (int)Math.Min(V.Count, count - i);
            V.StorePartial(V.LoadPartial(x + i, lanes) * factor, result + i, lanes);
        }
    }

    /// <summary>Some rows of queries of a head, multiplied by the scale, and their weights.</summary>
    readonly ref struct Block<V, T>
        where V : struct, IVector<V, T>
        where T : unmanaged, IBinaryNumber<T>
    {
        public Block(in AttentionShape shape, in AttentionOperands<T> x, long head, long first)
        {
            First = first;
            Rows = Math.Min(BlockRows, shape.Queries - first);
            Keys = shape.Seen(first + Rows - 1);
            Queries = Scratch.Rent<T>(ref t_queries, BlockRows * shape.Width);
            Weights = Scratch.Rent<T>(ref t_weights, BlockRows * shape.Keys);
            for (long i = 0; i < Rows; i++)
                Scale<V, T>(x.Query.At(head, first + i), x.Query.Column, T.CreateTruncating(shape.Scale), Queries + i * shape.Width, shape.Width);
            bool isMasked = x.Mask.Exist || x.Added.Exist || shape.IsCausal;
            MatMulKernel.Run(Rows, Keys, shape.Width, Queries, shape.Width, 1, x.Key.At(head), x.Key.Column, x.Key.Row, Weights, Keys,
                accumulate: false);
            for (long i = 0; i < Rows; i++)
            {
                T* row = Weights + i * Keys;
                long seen = shape.Seen(first + i);
                if (x.Mask.Exist) Hide(row, x.Mask.At(head, first + i), x.Mask.Column, seen);
                if (x.Added.Exist) Add(row, x.Added.At(head, first + i), x.Added.Column, seen);
                SoftmaxRow<V, T>.Scaled(row, seen, T.One, row, out _, out T sum);
                // A query whose keys are all masked has weights 0, as in PyTorch since 2.5, instead of 0 / 0.
                if (isMasked && T.IsZero(sum)) seen = 0;
                new Span<T>(row + seen, checked((int)(Keys - seen))).Clear();
            }
        }

        /// <summary>The first query, and how many there are.</summary>
        public long First { get; }

        /// <inheritdoc cref="First"/>
        public long Rows { get; }

        /// <summary>How many keys the last query sees, which is the length of a row of weights.</summary>
        public long Keys { get; }

        public T* Queries { get; }

        public T* Weights { get; }

        static void Hide(T* row, byte* seen, long stride, long count)
        {
            T nothing = T.CreateTruncating(double.NegativeInfinity);
            for (long i = 0; i < count; i++)
                if (seen[i * stride] == 0) row[i] = nothing;
        }

        static void Add(T* row, T* mask, long stride, long count)
        {
            long i = 0;
            for (; stride == 1 && i <= count - V.Count; i += V.Count) V.Store(V.Load(row + i) + V.Load(mask + i), row + i);
            for (; i < count; i++) row[i] += mask[i * stride];
        }
    }
}
