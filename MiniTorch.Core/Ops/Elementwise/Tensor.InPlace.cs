using MiniTorch.Ops;

namespace MiniTorch;

public partial class Tensor
{
    /// <summary>Adds another tensor to this one in place and returns this tensor (torch.Tensor.add_).</summary>
    /// <exception cref="GraphException">Recording is on, and this tensor is a leaf that requires a gradient or a view of such a leaf.</exception>
    public Tensor AddInPlace(Tensor other) => InPlace.Binary(new Add(), this, other, nameof(AddInPlace));

    /// <summary>Subtracts another tensor in place and returns this tensor (torch.Tensor.sub_).</summary>
    /// <exception cref="DTypeException">Both are Bool.</exception>
    public Tensor SubInPlace(Tensor other) => InPlace.Binary(new Subtract(), NotBool(this, other), other, nameof(SubInPlace));

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

    // Returns the minuend of a difference that is defined: Bool tensors have none, as in PyTorch.
    private static Tensor NotBool(Tensor a, Tensor b) =>
        Given(a).DType == DType.Bool && Given(b).DType == DType.Bool
            ? throw new DTypeException("Subtract: cannot subtract Bool tensors; use LogicalXor, or To(DType.Int64) first") : a;
}
