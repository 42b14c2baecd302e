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
    /// Returns softmax(q kᵀ · scale + mask) v over the last two dimensions (torch.nn.functional.scaled_dot_product_attention without dropout). This
    /// tensor is the query q, […, n, d]. The result of a query whose keys are all masked is 0, and it does not contribute to gradients.
    /// </summary>
    /// <param name="key">The keys, […, m, d].</param>
    /// <param name="value">The values, […, m, e].</param>
    /// <param name="attnMask">A mask broadcast to […, n, m]. A Bool mask is true where a query can see a key; a mask of another dtype is added to
    /// the products.</param>
    /// <param name="isCausal">Whether query i sees only keys 0 … i.</param>
    /// <param name="scale">The factor of the products; 1/√d by default.</param>
    /// <exception cref="ValueException">Both a mask and <paramref name="isCausal"/> are given.</exception>
    public Tensor ScaledDotProductAttention(Tensor key, Tensor value, Tensor? attnMask = null, bool isCausal = false, double? scale = null) =>
        Attention.Of(this, key, value, attnMask, isCausal, scale);
}
