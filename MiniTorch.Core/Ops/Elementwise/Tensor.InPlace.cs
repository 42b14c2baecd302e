using MiniTorch.Ops;

namespace MiniTorch;

public partial class Tensor
{
    /// <summary>Adds in place; returns this tensor (torch.Tensor.add_).</summary>
    /// <exception cref="GraphException">This is a leaf that requires a gradient, or a view of one, and recording is on.</exception>
    public Tensor AddInPlace(Tensor other) => InPlace.Binary(new Add(), this, other, nameof(AddInPlace));

    /// <summary>Subtracts in place; returns this tensor (torch.Tensor.sub_).</summary>
    public Tensor SubInPlace(Tensor other) => InPlace.Binary(new Subtract(), this, other, nameof(SubInPlace));

    /// <summary>Multiplies in place; returns this tensor (torch.Tensor.mul_).</summary>
    public Tensor MulInPlace(Tensor other) => InPlace.Binary(new Multiply(), this, other, nameof(MulInPlace));

    /// <summary>Divides in place; returns this tensor (torch.Tensor.div_).</summary>
    public Tensor DivInPlace(Tensor other) => InPlace.Binary(new Divide(), this, other, nameof(DivInPlace));

    /// <summary>Writes another tensor's values over this one's, broadcast and converted (torch.Tensor.copy_). Overlapping memory is read before it is written.</summary>
    public Tensor CopyInPlace(Tensor source) => InPlace.Copy(this, source, nameof(CopyInPlace));

    /// <summary>Writes one number everywhere (torch.Tensor.fill_).</summary>
    public Tensor FillInPlace(Scalar value) => InPlace.Copy(this, FromScalar(value).To(DType), nameof(FillInPlace));

    /// <summary>Writes zeros everywhere (torch.Tensor.zero_).</summary>
    public Tensor ZeroInPlace() => InPlace.Copy(this, FromScalar(0).To(DType), nameof(ZeroInPlace));
}
