using System.Numerics;
using MiniTorch.Kernels;

namespace MiniTorch.Ops;

/// <summary>
/// The product of matrices in the last two dimensions, […, m, k] · […, k, n]; leading sizes are equal (torch.matmul after broadcasting).
/// </summary>
internal sealed record MatMul : MultilinearOp
{
    internal override bool CanReuseTemporaries => true;

    /// <summary>Checks the arguments and multiplies matrices, vectors or batches of matrices (torch.matmul).</summary>
    public static Tensor Of(Tensor x, Tensor other)
    {
        ArgumentNullException.ThrowIfNull(other);
        if (x.Rank == 0 || other.Rank == 0)
            throw new ShapeException($"MatMul: shapes {x.Shape} and {other.Shape} do not fit: both sides need at least one dimension "
                + "(multiply by a scalar with *)");
        if (x.DType != other.DType) throw new DTypeException($"MatMul: {x.DType} with {other.DType}; convert one side with To");
        if (x.DType == DType.Bool) throw new DTypeException("MatMul: Bool tensors have no product; To(DType.Float32) first");
        if (x.Rank == 1) return x.Unsqueeze(0).MatMul(other).Squeeze(other.Rank == 1 ? 0 : -2);
        if (other.Rank == 1) return x.MatMul(other.Unsqueeze(1)).Squeeze(-1);
        if (x.Shape[^1] != other.Shape[^2])
            throw new ShapeException($"MatMul: shapes {x.Shape} and {other.Shape} do not fit: {x.Shape[^1]} columns against {other.Shape[^2]} rows"
                + (x.Shape[^1] == other.Shape[^1] ? "; transpose the right side? (other.Transpose(-2, -1))"
                    : x.Shape[^2] == other.Shape[^2] ? "; transpose the left side? (x.Transpose(-2, -1))" : ""));
        if (x.Rank > 2 && other.Rank == 2) // one large product instead of many small ones
            return new MatMul().Apply(x.Reshape(Shape.Size(Shape.Create(x.Shape.Span[..^1]).ElementCount, "MatMul"), x.Shape[^1]), other)
                .Reshape([.. x.Shape.Span[..^1], other.Shape[^1]]);
        if (x.Rank == 2 && other.Rank == 2) return new MatMul().Apply(x, other);
        Shape batch = Shape.Broadcast(Shape.Create(x.Shape.Span[..^2]), Shape.Create(other.Shape.Span[..^2]), "MatMul");
        return new MatMul().Apply(x.ExpandTo(Shape.Create([.. batch.Span, .. x.Shape.Span[^2..]])),
            other.ExpandTo(Shape.Create([.. batch.Span, .. other.Shape.Span[^2..]])));
    }

    protected internal override Tensor Compute(ReadOnlySpan<Tensor> inputs)
    {
        (Tensor a, Tensor b) = (inputs[0], inputs[1]);
        Tensor c = Tensor.Empty(Shape.Create([.. a.Shape.Span[..^1], b.Shape[^1]]), a.DType);
        KernelCall.Run(new Product(a.Layout, b.Layout, c.Layout), a, b, c);
        return c;
    }

    /// <summary>
    /// Computes c = a·b, or c += a·b, for matrices; b can be given transposed. The elements of a row of c must be adjacent. A contiguous
    /// <paramref name="row"/> is added to each row of a product that <see cref="MatMulKernel.CanStartWithRow"/>.
    /// </summary>
    public static void Into(Tensor c, Tensor a, Tensor b, bool accumulate, bool isTransposed = false, Tensor? row = null) =>
        KernelCall.Run(new Product(a.Layout, b.Layout, c.Layout, accumulate, isTransposed, row is not null), a, b, c, row);

    // The gradient of a transposed operand is computed as the transpose of a product, so that it lies in memory as the operand itself;
    // that of a row or a column is not, because products with one column add in another order.
    protected override Tensor Transpose(OpContext call, int input, Tensor cotangent)
    {
        Tensor other = call.Input(1 - input).Transpose(-2, -1);
        Layout x = call.InputLayout(input);
        bool isTransposed = x.Strides[^2] == 1 && x.Strides[^1] > 1 && x.Shape[^2] > 1 && x.Shape[^1] > 1;
        return (input, isTransposed) switch
        {
            (0, false) => Apply(cotangent, other),
            (0, true) => Apply(call.Input(1), cotangent.Transpose(-2, -1)).Transpose(-2, -1),
            (_, false) => Apply(other, cotangent),
            _ => Apply(cotangent.Transpose(-2, -1), call.Input(0)).Transpose(-2, -1),
        };
    }

    private readonly unsafe struct Product(Layout a, Layout b, Layout c, bool accumulate = false, bool isTransposed = false, bool hasRow = false)
        : IKernelCall
    {
        public void Run<T>(byte** data) where T : unmanaged, IBinaryNumber<T>
        {
            int batch = a.Shape.Rank - 2;
            (long bRow, long bCol) = isTransposed ? (b.Strides[^1], b.Strides[^2]) : (b.Strides[^2], b.Strides[^1]);
            if (hasRow)
                MatMulKernel.RunWithRow(c.Shape[^2], c.Shape[^1], a.Shape[^1], (T*)data[0], a.Strides[^2], a.Strides[^1],
                    (T*)data[1], bRow, bCol, (T*)data[3], (T*)data[2], c.Strides[^2]);
            else MatMulKernel.RunBatched(a.Shape.Span[..batch], a.Strides.AsSpan(0, batch), b.Strides.AsSpan(0, batch), c.Strides.AsSpan(0, batch),
                c.Shape[^2], c.Shape[^1], a.Shape[^1], (T*)data[0], a.Strides[^2], a.Strides[^1],
                (T*)data[1], bRow, bCol, (T*)data[2], c.Strides[^2], accumulate);
        }
    }
}
