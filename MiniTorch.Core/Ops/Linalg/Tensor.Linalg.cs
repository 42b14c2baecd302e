using System.Runtime.CompilerServices;
using MiniTorch.Ops;

namespace MiniTorch;

public partial class Tensor
{
    /// <summary>
    /// Returns the matrix product over the last two dimensions, with leading dimensions broadcast (torch.matmul). A vector is a row on the left and a
    /// column on the right; two vectors give the dot product.
    /// </summary>
    /// <exception cref="ShapeException">A tensor is a scalar, or the inner sizes differ.</exception>
    /// <exception cref="DTypeException">The dtypes differ or are Bool.</exception>
    public Tensor MatMul(Tensor other) => Ops.MatMul.Of(this, other);

    /// <summary>Returns x Wᵀ + bias along the last dimension: […, in] gives […, out] (torch.nn.functional.linear).</summary>
    /// <param name="weight">The weight of shape [out, in], or [in] for one output without the dimension out.</param>
    /// <param name="bias">A tensor of shape [out]; null for 0.</param>
    /// <exception cref="ShapeException">The last sizes of x and the weight differ, or the bias does not fit.</exception>
    /// <exception cref="DTypeException">The dtypes differ.</exception>
    public Tensor Linear(Tensor weight, Tensor? bias = null) => Ops.Linear.Of(this, weight, bias);

    /// <summary>Returns the outer product of two vectors, of shape [n, m] (torch.outer).</summary>
    /// <exception cref="ShapeException">A tensor is not a vector.</exception>
    public Tensor Outer(Tensor other) =>
        Rank == 1 && Given(other).Rank == 1 ? Unsqueeze(1) * other
        : throw new ShapeException($"Outer: shapes {Shape} and {other.Shape} must be vectors");

    /// <summary>
    /// Returns the Kronecker product (torch.kron): the tensor with each element replaced by its product with all of the other tensor. Missing leading
    /// dimensions count as 1.
    /// </summary>
    public Tensor Kron(Tensor other)
    {
        int rank = Math.Max(Rank, Given(other).Rank);
        int[] left = [.. Enumerable.Repeat(1, rank - Rank), .. Shape.Span], right = [.. Enumerable.Repeat(1, rank - other.Rank), .. other.Shape.Span];
        Tensor products = Reshape([.. left.SelectMany(size => new[] { size, 1 })]) * other.Reshape([.. right.SelectMany(size => new[] { 1, size })]);
        return products.Reshape([.. left.Zip(right, (a, b) => Shape.Size((long)a * b, "Kron"))]);
    }

    /// <summary>
    /// Returns the cross products of vectors of three elements along a dimension (torch.linalg.cross). Other dimensions are broadcast.
    /// </summary>
    /// <exception cref="ShapeException">The dimension's size is not 3.</exception>
    public Tensor Cross(Tensor other, int dim = -1)
    {
        Shape shape = Shape.Broadcast(Shape, Given(other).Shape, "Cross");
        (Tensor a, Tensor b, int at) = (ExpandTo(shape), other.ExpandTo(shape), shape.Dim(dim, "Cross"));
        if (shape.SizeOrOne(at) != 3)
            throw new ShapeException($"Cross: shapes {Shape} and {other.Shape} have size {shape.SizeOrOne(at)} in dimension {dim}; it must be 3");
        return a.Roll(-1, at) * b.Roll(-2, at) - a.Roll(-2, at) * b.Roll(-1, at);
    }

    /// <summary>
    /// Sums products over indices in Einstein notation, such as <c>bij,bjk->bik</c> (torch.einsum). A letter that occurs twice in an operand selects
    /// its diagonal. Without <c>-></c>, the letters that occur once are kept in alphabetical order. <c>...</c> stands for leading dimensions, which
    /// are broadcast.
    /// </summary>
    /// <exception cref="ShapeException">The equation does not fit the operands.</exception>
    [OverloadResolutionPriority(1)]
    public static Tensor Einsum(string equation, params ReadOnlySpan<Tensor> operands) => Ops.Einsum.Apply(equation, operands);

    /// <inheritdoc cref="Einsum(string, ReadOnlySpan{Tensor})"/>
    public static Tensor Einsum(string equation, IEnumerable<Tensor> operands) => Einsum(equation, [.. Given(operands)]);

    /// <summary>
    /// Returns softmax(q kᵀ · scale + mask) v over the last two dimensions (torch.nn.functional.scaled_dot_product_attention). This
    /// tensor is the query q, […, n, d]. The result of a query whose keys are all masked is 0, and it does not contribute to gradients.
    /// </summary>
    /// <param name="key">The keys, […, m, d].</param>
    /// <param name="value">The values, […, m, e].</param>
    /// <param name="attnMask">A mask broadcast to […, n, m]. A Bool mask is true where a query can see a key; a mask of another dtype is added to
    /// the products.</param>
    /// <param name="dropoutP">The probability of dropping a weight of the softmax. Weights are dropped whenever it is not 0: pass 0 in evaluation.
    /// </param>
    /// <param name="isCausal">Whether query i sees only keys 0 … i.</param>
    /// <param name="scale">The factor of the products; 1/√d by default.</param>
    /// <param name="enableGqa">Whether several heads of the query share a head of key and value: query […, heads, n, d], key and value […, shared,
    /// m, d], where the first heads / shared heads of the query see the first head of the key, and so on. Shared heads are not copied.</param>
    /// <param name="generator">The generator that draws the dropped weights; <see cref="Generator.Default"/> by default.</param>
    /// <exception cref="ValueException">Both a mask and <paramref name="isCausal"/> are given, or <paramref name="dropoutP"/> is not in [0, 1].
    /// </exception>
    /// <exception cref="ShapeException">Sizes do not fit, or with <paramref name="enableGqa"/> the heads of the key do not divide those of the query.
    /// </exception>
    public Tensor ScaledDotProductAttention(Tensor key, Tensor value, Tensor? attnMask = null, double dropoutP = 0, bool isCausal = false,
        double? scale = null, bool enableGqa = false, Generator? generator = null) =>
        Attention.Of(this, key, value, attnMask, dropoutP, isCausal, scale, enableGqa, generator);
}
