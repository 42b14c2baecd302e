using System.Numerics;
using MiniTorch.Kernels;

namespace MiniTorch.Ops;

/// <summary>
/// softmax(scale · q kᵀ + mask) v (torch.nn.functional.scaled_dot_product_attention). Inputs: q […, n, d], k […, m, d], v […, m, e] of equal leading
/// sizes, and maybe a mask […, n, m] that is no variable: Bool, true where a query sees a key, or added to the products. Results lie in memory in the
/// order of what they belong to.
/// </summary>
internal sealed record Attention(double Scale, bool IsCausal) : FusedOp
{
    internal override bool CanReuseTemporaries => true;

    public override string Name => "ScaledDotProductAttention";

    /// <summary>Attention with its arguments checked.</summary>
    public static Tensor Of(Tensor query, Tensor key, Tensor value, Tensor? attnMask, double dropoutP, bool isCausal, double? scale, bool enableGqa,
        Generator? generator)
    {
        ArgumentNullException.ThrowIfNull(key);
        ArgumentNullException.ThrowIfNull(value);
        if (isCausal && attnMask is not null) throw new ValueException("ScaledDotProductAttention: pass attnMask or isCausal, not both");
        if (!(dropoutP is >= 0 and <= 1))
            throw new ValueException(FormattableString.Invariant($"ScaledDotProductAttention: dropoutP is {dropoutP}, which is not in [0, 1]"));
        if (query.Rank < 2 || key.Rank < 2)
            throw new ShapeException($"ScaledDotProductAttention: query {query.Shape} and key {key.Shape} need two dimensions, […, rows, d]");
        var attention = new Attention(scale ?? 1 / Math.Sqrt(query.Shape[^1]), isCausal);
        return enableGqa ? attention.OfGroups(query, key, value, attnMask, dropoutP, generator)
            : attention.Of(query, key, value, attnMask, dropoutP, generator);
    }

    /// <summary>
    /// Several heads of the query share a head of key and value: heads become [heads of the key, heads of the query for each of them].
    /// </summary>
    private Tensor OfGroups(Tensor query, Tensor key, Tensor value, Tensor? mask, double dropoutP, Generator? generator)
    {
        if (query.Rank < 3 || key.Rank < 3 || value.Rank < 3 || key.Shape[^3] != value.Shape[^3] || key.Shape[^3] == 0
            || query.Shape[^3] % key.Shape[^3] != 0)
            throw new ShapeException($"{Name}: with enableGqa, query {query.Shape}, key {key.Shape} and value {value.Shape} must be […, heads, rows, "
                + "d]; key and value must have the same number of heads, and the query a multiple of it");
        (int heads, int shared) = (query.Shape[^3], key.Shape[^3]);
        if (mask is { Rank: > 2 }) mask = mask.Shape[^3] == heads ? Grouped(mask) : mask.Unsqueeze(-3);
        return Of(Grouped(query), key.Unsqueeze(-3), value.Unsqueeze(-3), mask, dropoutP, generator).Flatten(-4, -3);

        Tensor Grouped(Tensor x) => x.Reshape([.. x.Shape.Span[..^3], shared, heads / shared, .. x.Shape.Span[^2..]]);
    }

    /// <summary>The fused op where its kernel has the dtypes and shapes, else the composition, which converts, broadcasts and complains.</summary>
    private Tensor Of(Tensor query, Tensor key, Tensor value, Tensor? mask, double dropoutP, Generator? generator)
    {
        bool fits = dropoutP == 0 && value.Rank >= 2 && query.DType.IsFloat() && key.DType == query.DType && value.DType == query.DType
            && key.Shape[^1] == query.Shape[^1] && value.Shape[^2] == key.Shape[^2];
        if (!fits) return Compose(query, key, value, mask, dropoutP, generator);
        Shape leading = Shape.Broadcast(Leading(query), Shape.Broadcast(Leading(key), Leading(value), Name), Name);
        (query, key, value) = (Expanded(query, leading), Expanded(key, leading), Expanded(value, leading));
        if (mask is null) return Apply(query, key, value);
        Shape scores = Shape.Create([.. leading.Span, query.Shape[^2], key.Shape[^2]]);
        bool isConstant = (mask.DType == DType.Bool || mask.DType == query.DType) && mask.Node is null && mask.Dual is null
            && Shape.Broadcast(scores, mask.Shape, Name) == scores;
        return isConstant ? Apply(query, key, value, mask.ExpandTo(scores)) : Compose(query, key, value, mask);
    }

    public override Tensor Definition(ReadOnlySpan<Tensor> inputs) => Compose(inputs[0], inputs[1], inputs[2], inputs.Length > 3 ? inputs[3] : null);

    protected internal override Tensor Compute(ReadOnlySpan<Tensor> inputs)
    {
        Tensor output = EmptyAs(inputs[0], inputs[2].Shape[^1]);
        var memory = new Memory(inputs);
        KernelCall.RunReal(new Forward(Sizes(memory), memory, output), memory.Query, memory.Key, memory.Value, output, memory.Mask);
        return output;
    }

    protected override void KernelVjp(OpContext call, Tensor cotangent, Span<Tensor?> gradients)
    {
        var inputs = new Tensor[call.InputCount];
        for (int i = 0; i < inputs.Length; i++)
        {
            inputs[i] = call.Input(i);
            if (call.Needs(i)) gradients[i] = EmptyAs(inputs[i], inputs[i].Shape[^1]);
        }
        var memory = new Memory(inputs);
        (Tensor? ofQuery, Tensor? ofKey, Tensor? ofValue) = (gradients[0], gradients[1], gradients[2]);
        KernelCall.RunReal(new Backward(Sizes(memory), memory, cotangent, ofQuery, ofKey, ofValue),
            memory.Query, memory.Key, memory.Value, cotangent, memory.Mask, ofQuery, ofKey, ofValue);
    }

    private readonly unsafe struct Forward(AttentionShape sizes, Memory memory, Tensor output) : IRealKernelCall
    {
        public static int AnyTypeAt => 4;

        public void Run<T>(byte** data) where T : unmanaged, IBinaryFloatingPointIeee754<T> =>
            AttentionKernel.Forward(sizes, memory.Operands<T>(data[0], data[1], data[2], data[4]), Heads<T>(output, data[3]));
    }

    private readonly unsafe struct Backward(AttentionShape sizes, Memory memory, Tensor cotangent, Tensor? ofQuery, Tensor? ofKey, Tensor? ofValue)
        : IRealKernelCall
    {
        public static int AnyTypeAt => 4;

        public void Run<T>(byte** data) where T : unmanaged, IBinaryFloatingPointIeee754<T> =>
            AttentionKernel.Backward(sizes, memory.Operands<T>(data[0], data[1], data[2], data[4]), Heads<T>(cotangent, data[3]),
                Heads<T>(ofQuery, data[5]), Heads<T>(ofKey, data[6]), Heads<T>(ofValue, data[7]));
    }

    private Tensor Compose(Tensor query, Tensor key, Tensor value, Tensor? mask, double dropoutP = 0, Generator? generator = null)
    {
        Tensor scores = (query * Scale).MatMul(key.Transpose(-2, -1));
        if (IsCausal) mask = Tensor.Ones([query.Shape[^2], key.Shape[^2]], DType.Bool).Tril();
        if (mask is { DType: DType.Bool }) scores = scores.MaskedFill(mask.LogicalNot(), double.NegativeInfinity);
        else if (mask is not null) scores += mask;
        Tensor weights = new Softmax(scores.Rank - 1, Safe: mask is not null).Apply(scores);
        return (dropoutP == 0 ? weights : DropElements.Apply(weights, weights.Shape, dropoutP, generator)).MatMul(value);
    }

    private AttentionShape Sizes(in Memory memory) => new(
        Leading(memory.Query).ElementCount, memory.Query.Shape[^2], memory.Key.Shape[^2], memory.Query.Shape[^1], memory.Value.Shape[^1], Scale,
            IsCausal);

    private static Shape Leading(Tensor x) => Shape.Create(x.Shape.Span[..^2]);

    private static Tensor Expanded(Tensor x, Shape leading) => x.ExpandTo(Shape.Create([.. leading.Span, .. x.Shape.Span[^2..]]));

    /// <summary>
    /// A tensor with rows of so many elements, whose dimensions lie in memory in the same order: heads that were split need no copy to be joined
    /// again.
    /// </summary>
    private static Tensor EmptyAs(Tensor x, int width)
    {
        Shape shape = Shape.Create([.. x.Shape.Span[..^1], width]);
        long[] strides = new long[shape.Rank];
        long step = strides[^1] = 1;
        step *= width;
        foreach (int dim in Enumerable.Range(0, shape.Rank - 1).OrderBy(dim => x.Layout.Strides[dim]).ThenByDescending(dim => dim))
        {
            strides[dim] = step;
            step *= shape[dim];
        }
        return new Tensor(Storage.Allocate(x.DType, shape.ElementCount), new Layout(shape, strides, 0));
    }

    private static unsafe HeadMatrices<T> Heads<T>(Tensor? x, byte* data) where T : unmanaged
    {
        if (x is null) return default;
        long[] strides = x.Layout.Strides, offsets = new long[Math.Max(1, Leading(x).ElementCount)];
        for (int dim = 0, known = 1; dim < x.Rank - 2; dim++)
        {
            int size = x.Shape[dim];
            for (int i = (known *= size) - 1; i >= 0; i--) offsets[i] = offsets[i / size] + i % size * strides[dim];
        }
        return new HeadMatrices<T>((T*)data, offsets, strides[^2], strides[^1]);
    }

    /// <summary>The inputs, by name.</summary>
    private readonly struct Memory(ReadOnlySpan<Tensor> inputs)
    {
        public readonly Tensor Query = inputs[0], Key = inputs[1], Value = inputs[2];
        public readonly Tensor? Mask = inputs.Length > 3 ? inputs[3] : null;

        public unsafe AttentionOperands<T> Operands<T>(byte* q, byte* k, byte* v, byte* m) where T : unmanaged
        {
            bool hides = Mask is { DType: DType.Bool };
            return new(Heads<T>(Query, q), Heads<T>(Key, k), Heads<T>(Value, v), Heads<byte>(hides ? Mask : null, m),
                Heads<T>(hides ? null : Mask, m));
        }
    }
}
