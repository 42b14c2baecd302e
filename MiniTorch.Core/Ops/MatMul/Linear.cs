using MiniTorch.Kernels;

namespace MiniTorch.Ops;

/// <summary>
/// x Wᵀ + bias (torch.nn.functional.linear): the product is accumulated upon the bias, without a pass of its own. Inputs: x [rows, in], W [out, in],
/// bias [out].
/// </summary>
internal sealed record Linear : FusedOp
{
    internal override bool CanReuseTemporaries => true;

    /// <summary>Checks the arguments and applies the layer to inputs with any number of leading dimensions.</summary>
    public static Tensor Of(Tensor x, Tensor weight, Tensor? bias, string op = "Linear", string name = "input")
    {
        Check(op, x, weight, bias, name);
        if (x.DType == DType.Bool) throw new DTypeException($"{op}: Bool tensors have no product; To(DType.Float32) first");
        if (weight.Rank == 1) return bias is null ? x.MatMul(weight) : x.MatMul(weight) + bias;
        if (bias is null) return x.MatMul(weight.Transpose(0, 1));
        int rows = Shape.Size(Shape.Create(x.Shape.Span[..^1]).ElementCount, "Linear");
        Tensor y = new Linear().Apply(x.Rank == 2 ? x : x.Reshape(rows, x.Shape[^1]), weight, bias);
        return x.Rank == 2 ? y : y.Reshape([.. x.Shape.Span[..^1], weight.Shape[0]]);
    }

    /// <summary>Throws unless x is […, in], the weight [out, in] or [in] and the bias [out], all of one dtype.</summary>
    public static void Check(string op, Tensor x, Tensor weight, Tensor? bias, string name = "input")
    {
        ArgumentNullException.ThrowIfNull(x);
        ArgumentNullException.ThrowIfNull(weight);
        if (weight.Rank is < 1 or > 2) throw new ShapeException($"{op}: the weight has shape {weight.Shape} and must be [out, in]");
        if (x.Rank == 0 || x.Shape[^1] != weight.Shape[^1])
            throw new ShapeException($"{op}: the {name}'s last dimension must be {weight.Shape[^1]} (in_features), but the {name} has shape "
                + $"{x.Shape}{Advice(x.Shape, weight.Shape[^1])}");
        if (weight.Rank == 2 && bias is not null && (bias.Rank != 1 || bias.Shape[0] != weight.Shape[0]))
            throw new ShapeException($"{op}: the bias has shape {bias.Shape} and must be [{weight.Shape[0]}] for weight {weight.Shape}");
        if (weight.DType != x.DType || (bias is not null && bias.DType != x.DType))
            throw new DTypeException($"{op}: the {name} is {x.DType}, the weight {weight.DType}"
                + $"{(bias is null ? "" : $" and the bias {bias.DType}")}; convert them with To");
    }

    // Images before the first linear layer.
    private static string Advice(Shape input, int features) =>
        input.Rank > 2 && input.ElementCount == (long)input[0] * features
            ? $"; flatten each sample to its {string.Join(" · ", input.Span[1..].ToArray())} = {features} numbers: new Flatten(), or x.Flatten(1)"
            : "";

    protected internal override Reads Reads => Reads.Input0 | Reads.Input1;

    public override Tensor Definition(ReadOnlySpan<Tensor> inputs) => inputs[0].MatMul(inputs[1].Transpose(0, 1)) + inputs[2];

    protected internal override Tensor Compute(ReadOnlySpan<Tensor> inputs)
    {
        (Tensor x, Tensor weight, Tensor bias) = (inputs[0], inputs[1], inputs[2]);
        Tensor y = Tensor.Empty([x.Shape[0], weight.Shape[0]], x.DType);
        if (MatMulKernel.CanStartWithRow(y.Shape[0], y.Shape[1], x.Shape[1]))
        {
            MatMul.Into(y, x, weight, accumulate: false, isTransposed: true, row: bias.Detach().Contiguous());
            return y;
        }
        Copies.Into(y, bias.Detach().ExpandTo(y.Shape));
        MatMul.Into(y, x, weight, accumulate: true, isTransposed: true);
        return y;
    }

    protected internal override void Vjp(OpContext call, Tensor cotangent, Span<Tensor?> gradients) => KernelVjp(call, cotangent, gradients);

    // Made of products and a sum: it serves higher derivatives as well.
    protected override void KernelVjp(OpContext call, Tensor cotangent, Span<Tensor?> gradients)
    {
        if (call.Needs(0)) gradients[0] = cotangent.MatMul(call.Input(1));
        if (call.Needs(1)) gradients[1] = cotangent.Transpose(0, 1).MatMul(call.Input(0));
        if (call.Needs(2)) gradients[2] = cotangent.Sum(0);
    }

    protected internal override Tensor? Jvp(OpContext call, ReadOnlySpan<Tensor?> tangents)
    {
        Tensor? product = Sum(tangents[0]?.MatMul(call.Input(1).Transpose(0, 1)), tangents[1] is { } w ? call.Input(0).MatMul(w.Transpose(0, 1))
            : null);
        return Sum(product, tangents[2]?.ExpandTo(call.OutputShape));
    }
}
