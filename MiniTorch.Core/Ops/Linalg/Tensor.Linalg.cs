using MiniTorch.Ops;

namespace MiniTorch;

public partial class Tensor
{
    /// <summary>
    /// The matrix product (torch.matmul): of the last two dimensions, leading ones broadcast; a vector on the left is a row, on the right a column, and
    /// two vectors give their dot product.
    /// </summary>
    /// <exception cref="ShapeException">A scalar, or inner sizes that differ.</exception>
    /// <exception cref="DTypeException">Different dtypes, or Bool.</exception>
    public Tensor MatMul(Tensor other) => MatMulArguments.MatMul(this, other);

    /// <summary>x Wᵀ + bias along the last dimension: […, in] gives […, out] (torch.nn.functional.linear).</summary>
    /// <param name="weight">[out, in], or [in] for one output without a dimension of its own.</param>
    /// <param name="bias">[out]; absent for 0.</param>
    /// <exception cref="ShapeException">x's last size is not the weight's, or the bias does not fit.</exception>
    /// <exception cref="DTypeException">The dtypes differ.</exception>
    public Tensor Linear(Tensor weight, Tensor? bias = null) => MatMulArguments.Linear(this, weight, bias);

    /// <summary>The products of all elements of two vectors, shape [n, m] (torch.outer).</summary>
    /// <exception cref="ShapeException">A tensor is not a vector.</exception>
    public Tensor Outer(Tensor other) =>
        Rank == 1 && Given(other).Rank == 1 ? Unsqueeze(1) * other
        : throw new ShapeException($"Outer: shapes {Shape} and {other.Shape} must be vectors");

    /// <summary>
    /// Products summed over indices, by Einstein's notation: <c>bij,bjk->bik</c>; a letter twice in one operand takes its diagonal; without <c>-></c> the
    /// letters that occur once are kept, in alphabetical order; <c>...</c> stands for leading dimensions, which are broadcast (torch.einsum).
    /// </summary>
    /// <exception cref="ShapeException">The equation does not fit the operands.</exception>
    public static Tensor Einsum(string equation, params ReadOnlySpan<Tensor> operands) => Ops.Einsum.Apply(equation, operands);

    /// <summary>
    /// softmax(q kᵀ · scale + mask) v over the last two dimensions (torch.nn.functional.scaled_dot_product_attention without dropout).
    /// A query whose keys are all masked gives zeros, and adds nothing to any gradient.
    /// </summary>
    /// <param name="key">[…, m, d], as the query [… n, d].</param>
    /// <param name="value">[…, m, e].</param>
    /// <param name="attnMask">Bool: true where a query sees a key; else added to the products. Broadcast to [… n, m].</param>
    /// <param name="isCausal">Whether query i sees keys 0 … i only.</param>
    /// <param name="scale">1/√d by default.</param>
    /// <exception cref="ValueException">A mask is given and <paramref name="isCausal"/> set.</exception>
    public Tensor ScaledDotProductAttention(Tensor key, Tensor value, Tensor? attnMask = null, bool isCausal = false, double? scale = null) =>
        MatMulArguments.Attention(this, key, value, attnMask, isCausal, scale);
}
