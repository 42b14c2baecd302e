using MiniTorch.Ops;

namespace MiniTorch;

public partial class Tensor
{
    /// <summary>Adds another tensor, times <paramref name="alpha"/>, to this one in place and returns this tensor (torch.Tensor.add_).</summary>
    /// <exception cref="GraphException">Recording is on, and this tensor is a leaf that requires a gradient or a view of such a leaf.</exception>
    public Tensor AddInPlace(Tensor other, Scalar? alpha = null) => InPlace.Binary(new Add(), this, Times(alpha, other), nameof(AddInPlace));

    /// <summary>Subtracts another tensor, times <paramref name="alpha"/>, in place and returns this tensor (torch.Tensor.sub_).</summary>
    /// <exception cref="DTypeException">Both are Bool.</exception>
    public Tensor SubInPlace(Tensor other, Scalar? alpha = null) =>
        InPlace.Binary(new Subtract(), NotBool(this, other), Times(alpha, other), nameof(SubInPlace));

    /// <summary>Multiplies by another tensor in place and returns this tensor (torch.Tensor.mul_).</summary>
    public Tensor MulInPlace(Tensor other) => InPlace.Binary(new Multiply(), this, other, nameof(MulInPlace));

    /// <summary>Divides by another tensor in place and returns this tensor (torch.Tensor.div_).</summary>
    public Tensor DivInPlace(Tensor other) => InPlace.Binary(new Divide(), this, other, nameof(DivInPlace));

    /// <summary>
    /// Copies another tensor, broadcast and converted, into this one and returns this tensor (torch.Tensor.copy_). The two may share memory.
    /// </summary>
    public Tensor CopyInPlace(Tensor source) => InPlace.Copy(this, source, nameof(CopyInPlace));

    /// <summary>Sets all elements to one number and returns this tensor (torch.Tensor.fill_).</summary>
    public Tensor FillInPlace(Scalar value) => InPlace.Copy(this, FromScalar(value).To(DType), nameof(FillInPlace));

    /// <summary>Sets all elements to zero and returns this tensor (torch.Tensor.zero_).</summary>
    public Tensor ZeroInPlace() => InPlace.Copy(this, FromScalar(0).To(DType), nameof(ZeroInPlace));

    /// <summary>Clamps all elements to [min, max] and returns this tensor (torch.Tensor.clamp_); see <see cref="Clamp"/>.</summary>
    /// <exception cref="ValueException">Neither bound is given.</exception>
    public Tensor ClampInPlace(Scalar? min = null, Scalar? max = null) => InPlace.Result(nameof(ClampInPlace), this, x => x.Clamp(min, max));

    /// <summary>Moves all elements towards <paramref name="end"/>: x + weight · (end − x); returns this tensor (torch.Tensor.lerp_).</summary>
    public Tensor LerpInPlace(Tensor end, Tensor weight) => InPlace.Result(nameof(LerpInPlace), this, x => x.Lerp(end, weight));

    /// <summary>Writes a number where the mask is true and returns this tensor (torch.Tensor.masked_fill_).</summary>
    /// <exception cref="DTypeException">The mask is not Bool.</exception>
    public Tensor MaskedFillInPlace(Tensor mask, Scalar value) => InPlace.Result(nameof(MaskedFillInPlace), this, x => x.MaskedFill(mask, value));

    /// <summary>
    /// Adds the slices of <paramref name="src"/>, times <paramref name="alpha"/>, at a vector of indices along a dimension and returns this tensor
    /// (torch.Tensor.index_add_).
    /// </summary>
    /// <exception cref="ValueException">An index is out of range.</exception>
    public Tensor IndexAddInPlace(int dim, Tensor index, Tensor src, Scalar? alpha = null) =>
        InPlace.Result(nameof(IndexAddInPlace), this, x => x.IndexAdd(dim, index, Times(alpha, src)));

    private static Tensor Times(Scalar? alpha, Tensor other) => alpha is { } factor ? other * factor : other;

    // Returns the minuend of a difference that is defined: Bool tensors have none, as in PyTorch.
    private static Tensor NotBool(Tensor a, Tensor b) =>
        Given(a).DType == DType.Bool && Given(b).DType == DType.Bool
            ? throw new DTypeException("Subtract: cannot subtract Bool tensors; use LogicalXor, or To(DType.Int64) first") : a;
}
