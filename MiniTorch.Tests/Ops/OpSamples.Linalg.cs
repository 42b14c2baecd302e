namespace MiniTorch.Tests;

static partial class OpSamples
{
    static OpRow[] LinalgRows() =>
    [
        Row("MatMul", (a, b) => a.MatMul(b),
            [R(2, 3), R(3, 4)], [R(3), R(3)], [R(3), R(3, 2)], [R(2, 3), R(3)], [R(2, 2, 3), R(3, 2)], [R(3, 2), R(2, 2, 2)],
                [R(2, 1, 2, 3), R(3, 3, 2)], [R(2, 3), R(2, 3, 1)],
            [R(0, 3), R(3, 2)], [R(2, 0), R(0, 3)], [R(2, 3), R(3, 0)], [R(0, 2, 3), R(3, 2)], [R(3), R(2, 3, 2)], [R(2, 2, 3), R(3)])
            .Large(R(150, 170), R(170, 190)).Within(1e-8, 3e-6)
            .Torch("torch.zeros(2, 0) @ torch.zeros(0, 2)", [0, 0, 0, 0], Tensor.Zeros([2, 0], DType.Float64), Tensor.Zeros([0, 2], DType.Float64))
            .Torch("tensor([[1., inf], [2., 3.]]) @ tensor([[0., 1.], [0., 2.]])", [NaN, Inf, 0, 8], Tensor.From(new[,] { { 1, Inf }, { 2, 3 } }),
            Tensor.From(new double[,] { { 0, 1 }, { 0, 2 } }))
            .Misuse<ShapeException>("sizes that do not fit", () => Tensor.Ones([2, 3]).MatMul(Tensor.Ones([4, 5])),
            "MatMul: shapes [2, 3] and [4, 5] do not fit: 3 columns against 4 rows")
            .Misuse<ShapeException>("a right side to transpose", () => Tensor.Ones([2, 3]).MatMul(Tensor.Ones([4, 3])),
                "MatMul: shapes [2, 3] and [4, 3] do not fit: 3 columns against 4 rows; transpose the right side? (other.Transpose(-2, -1))")
            .Misuse<ShapeException>("a left side to transpose", () => Tensor.Ones([3, 2]).MatMul(Tensor.Ones([3, 4])),
                "MatMul: shapes [3, 2] and [3, 4] do not fit: 2 columns against 3 rows; transpose the left side? (x.Transpose(-2, -1))")
            .Misuse<ShapeException>("a scalar", () => Tensor.Ones([]).MatMul(Tensor.Ones([3])),
            "MatMul: shapes [] and [3] do not fit: both sides need at least one dimension (multiply by a scalar with *)")
            .Misuse<DTypeException>("two dtypes", () => Tensor.Ones([2, 2]).MatMul(Tensor.Ones([2, 2], DType.Float64)),
            "MatMul: Float32 with Float64; convert one side with To")
            .Misuse<DTypeException>("Bool", () => Mask(2, 2).MatMul(Mask(2, 2)), "MatMul: Bool tensors have no product; To(DType.Float32) first")
            .Misuse<ShapeException>("batches that do not broadcast", () => Tensor.Ones([2, 2, 2]).MatMul(Tensor.Ones([3, 2, 2])),
                "MatMul: shapes [2] and [3] do not broadcast: dimension −1 has sizes 2 and 3; sizes must be equal or 1 (Unsqueeze adds a "
                    + "dimension of size 1)"),
    ];
}
