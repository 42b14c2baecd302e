using MathNet.Numerics.LinearAlgebra;

namespace MiniTorch.Tests.Operations;

/// <summary>Bridges to Math.NET, and what the decompositions promise of their results.</summary>
public class MathNetTests
{
    static readonly Tensor s_matrix = Tensor.From(new double[,] { { 4, 1, 2 }, { 1, 3, 0 }, { 2, 0, 5 } });

    [Test]
    public void Matrix_survives_the_round_trip()
    {
        Matrix<double> matrix = s_matrix.ToMatrix<double>();
        matrix[0, 2].ShouldBe(2);
        Tensor back = Tensor.From(matrix);
        back.DType.ShouldBe(DType.Float64);
        back.ToArray<double>().ShouldBe(s_matrix.ToArray<double>());
        Tensor.From(s_matrix.T[..2].ToMatrix<float>()).Shape.ShouldBe(new[] { 2, 3 });
        Tensor.From(s_matrix.ToMatrix<float>()).DType.ShouldBe(DType.Float32);
    }

    [Test]
    public void Vector_survives_the_round_trip()
    {
        Vector<float> vector = s_matrix[1].ToVector<float>();
        Tensor.From(vector).ToArray<float>().ShouldBe([1, 3, 0]);
        Tensor.From(s_matrix[1].ToVector<double>()).DType.ShouldBe(DType.Float64);
    }

    [Test]
    public void Tensors_of_other_ranks_are_refused()
    {
        Should.Throw<ShapeException>(() => s_matrix[0].ToMatrix<double>())
            .Message.ShouldBe("ToMatrix: shape [3] must have two dimensions, neither of size 0");
        Should.Throw<ShapeException>(() => s_matrix.ToVector<double>())
            .Message.ShouldBe("ToVector: shape [3, 3] must have one dimension, not of size 0");
    }

    [Test]
    public void Factors_multiply_to_the_matrix()
    {
        (Tensor q, Tensor r) = Linalg.QR(s_matrix);
        Close(q.MatMul(r), s_matrix);
        Close(q.T.MatMul(q), Tensor.Eye(3, dtype: DType.Float64));
        Close(r, r.Triu());
        r.Diagonal().Amin(0).Item<double>().ShouldBeGreaterThan(0);

        Tensor wide = s_matrix[..2];
        (Tensor u, Tensor s, Tensor vh) = Linalg.SVD(wide);
        (u.Shape, s.Shape, vh.Shape).ShouldBe((new[] { 2, 2 }, new[] { 2 }, new[] { 2, 3 }));
        Close((u * s).MatMul(vh), wide);
        (Tensor wideQ, Tensor wideR) = Linalg.QR(wide);
        Close(wideQ.MatMul(wideR), wide);

        Tensor lower = Linalg.Cholesky(s_matrix);
        Close(lower.MatMul(lower.T), s_matrix);
        (Tensor values, Tensor vectors) = Linalg.Eigh(s_matrix);
        Close((vectors * values).MatMul(vectors.T), s_matrix);
        values.ToArray<double>().ShouldBeInOrder();
    }

    [Test]
    public void Solution_solves_the_equations()
    {
        Close(s_matrix.MatMul(Linalg.Inv(s_matrix)), Tensor.Eye(3, dtype: DType.Float64));
        Tensor b = Tensor.From(new double[] { 1, 2, 3 });
        Close(s_matrix.MatMul(Linalg.Solve(s_matrix, b)), b);
        Linalg.Det(s_matrix).Item<double>().ShouldBe((4 * 15) - 5 - 12, 1e-12); // along the first row
        (Tensor sign, Tensor logAbs) = Linalg.SlogDet(-s_matrix);
        sign.Item<double>().ShouldBe(-1);
        logAbs.Item<double>().ShouldBe(Math.Log(43), 1e-12);
        Linalg.LogDet(-s_matrix).Item<double>().ShouldBe(double.NaN);
    }

    [Test]
    public void A_singular_matrix_has_a_determinant_with_a_gradient()
    {
        Tensor x = Tensor.From(new double[,] { { 1, 2 }, { 2, 4 } }, requiresGrad: true);
        Linalg.Det(x).Backward();
        Close(x.Grad!, Tensor.From(new double[,] { { 4, -2 }, { -2, 1 } }));
    }

    [Test]
    public void Matrix_norms_are_those_of_their_definitions()
    {
        Tensor x = Tensor.From(new double[,] { { 3, -4 }, { 0, 5 } });
        Linalg.Norm(x).Item<double>().ShouldBe(Math.Sqrt(50), 1e-12);
        Linalg.Norm(x, 1).Item<double>().ShouldBe(9);
        Linalg.Norm(x, double.PositiveInfinity).Item<double>().ShouldBe(7);
        Linalg.Norm(x, double.NegativeInfinity).Item<double>().ShouldBe(5);
        Linalg.Norm(x, 2).Item<double>().ShouldBe(Math.Sqrt(45), 1e-12);   // XᵀX has the eigenvalues 45 and 5
        Linalg.Norm(x, -2).Item<double>().ShouldBe(Math.Sqrt(5), 1e-12);
        Linalg.Norm(x, "nuc").Item<double>().ShouldBe(Math.Sqrt(45) + Math.Sqrt(5), 1e-12);
    }

    static void Close(Tensor a, Tensor b) => a.AllClose(b, 1e-12, 1e-12).ShouldBeTrue($"{a}\n{b}");
}
