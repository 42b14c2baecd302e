namespace MiniTorch.Tests;

/// <summary>Singular, empty and extreme matrices, and values with a closed form.</summary>
public sealed class LinalgEdgeTests
{
    static Tensor Matrix(double[,] elements) => Tensor.From(elements);

    [Test]
    public void Cond_of_a_singular_matrix_is_infinite_and_leaves_the_others_of_the_batch()
    {
        Tensor batch = Tensor.Stack([Matrix(new double[,] { { 1, 0 }, { 0, 4 } }), Tensor.Zeros([2, 2], DType.Float64)]);
        foreach (double order in (double[])[2, 1, double.PositiveInfinity])
            Linalg.Cond(batch, order).ToArray<double>().ShouldBe([4, double.PositiveInfinity], $"order {order}");
        Linalg.Cond(batch, "fro").ToArray<double>().ShouldBe([17.0 / 4, double.PositiveInfinity]);
        Linalg.Cond(Matrix(new double[,] { { 1, 0 }, { 0, 0 } }), -2).Item<double>().ShouldBe(0);
    }

    [Test]
    public void Cond_of_matrices_without_elements_is_0()
    {
        Linalg.Cond(Tensor.Zeros([3, 0, 0])).ToArray<double>().ShouldBe([0, 0, 0]);
        Linalg.Cond(Tensor.Zeros([0, 0]), 1).Item<double>().ShouldBe(0);
        Linalg.Cond(Tensor.Zeros([2, 0])).Item<double>().ShouldBe(0);
    }

    [Test]
    public void Pinv_of_a_matrix_of_zeros_is_0_and_of_no_rows_is_empty()
    {
        Linalg.Pinv(Tensor.Zeros([2, 3])).ToArray<double>().ShouldBe(new double[6]);
        Linalg.Pinv(Tensor.Zeros([0, 3])).Shape.ShouldBe([3, 0]);
    }

    [Test]
    public void Pinv_takes_singular_values_of_at_most_rcond_times_the_largest_as_0()
    {
        Tensor a = Matrix(new double[,] { { 4, 0 }, { 0, 1 } });
        Linalg.Pinv(a, rcond: 0.25).ToArray<double>().ShouldBe([0.25, 0, 0, 0]);
        Linalg.Pinv(a, rcond: 0.24).ToArray<double>().ShouldBe([0.25, 0, 0, 1]);
    }

    // The four conditions of Penrose, which only the pseudoinverse meets.
    [TestCase(5, 3, 3)]
    [TestCase(3, 5, 2)]
    [TestCase(4, 4, 1)]
    public void Pinv_of_any_rank_meets_the_conditions_of_Penrose(int rows, int columns, int rank)
    {
        var random = new Generator(rows);
        Tensor a = Tensor.Randn([rows, rank], random, DType.Float64).MatMul(Tensor.Randn([rank, columns], random, DType.Float64));
        Tensor plus = Linalg.Pinv(a), left = a.MatMul(plus), right = plus.MatMul(a);
        Agreement.ShouldAgree([left.MatMul(a), right.MatMul(plus), left.T, right.T], [a, plus, left, right], 1e-13, "conditions");
    }

    [Test]
    public void Lstsq_of_a_line_gives_its_slope_and_intercept()
    {
        Tensor x = Tensor.Arange(5, dtype: DType.Float32), a = Tensor.Stack([x, Tensor.OnesLike(x)], 1);
        var (solution, residuals, rank, values) = Linalg.Lstsq(a, 3 * x - 2);
        solution.ToArray<float>().ShouldBe([3, -2], 1e-6f);
        residuals.Item<float>().ShouldBe(0, 1e-10f);
        rank.Item<long>().ShouldBe(2);
        values.ToArray<float>().ShouldBe(Linalg.SvdVals(a).ToArray<float>());
    }

    [Test]
    public void Lstsq_of_lower_rank_gives_the_smallest_solution_and_no_residuals()
    {
        var (solution, residuals, rank, _) = Linalg.Lstsq(Tensor.Ones([3, 2], DType.Float64), Tensor.Ones([3, 1], DType.Float64));
        solution.ToArray<double>().ShouldBe([0.5, 0.5], 1e-15);
        residuals.Shape.ShouldBe([0]);
        rank.Item<long>().ShouldBe(1);
    }

    [Test]
    public void Lstsq_without_rows_or_columns_gives_zeros_or_nothing()
    {
        Linalg.Lstsq(Tensor.Zeros([0, 3]), Tensor.Zeros([0, 2])).Solution.ToArray<double>().ShouldBe(new double[6]);
        Linalg.Lstsq(Tensor.Zeros([3, 0]), Tensor.Ones([3, 2])).Solution.Shape.ShouldBe([0, 2]);
    }

    [Test]
    public void SolveTriangular_reads_only_its_triangle()
    {
        Tensor a = Matrix(new double[,] { { 2, 5 }, { double.NaN, 4 } }), b = Matrix(new double[,] { { 9 }, { 4 } });
        Linalg.SolveTriangular(a, b, upper: true).ToArray<double>().ShouldBe([2, 1]);
        Tensor unit = Matrix(new[,] { { double.NaN, 5 }, { double.NaN, double.NaN } });
        Linalg.SolveTriangular(unit, b, upper: true, unitriangular: true).ToArray<double>().ShouldBe([-11, 4]);
    }

    [TestCase(1e-8)]
    [TestCase(1.5)]
    [TestCase(40)]
    public void MatrixExp_of_a_rotation_is_that_of_its_angle(double angle)
    {
        Tensor turn = Linalg.MatrixExp(Matrix(new double[,] { { 0, -angle }, { angle, 0 } }));
        turn.ToArray<double>().ShouldBe([Math.Cos(angle), -Math.Sin(angle), Math.Sin(angle), Math.Cos(angle)], 1e-13);
    }

    [Test]
    public void MatrixExp_scales_each_matrix_of_a_batch_for_itself()
    {
        Tensor small = Tensor.Randn([3, 3], new Generator(1), DType.Float64), large = Tensor.Eye(3, dtype: DType.Float64) * -600;
        Tensor both = Linalg.MatrixExp(Tensor.Stack([small, large, Tensor.Eye(3, dtype: DType.Float64) * 600]));
        Agreement.ShouldBeSameBits([both[0]], [Linalg.MatrixExp(small)], "the small one");
        both[1, 0, 0].Item<double>().ShouldBe(Math.Exp(-600), 1e-12 * Math.Exp(-600));
        both[2, 2, 2].Item<double>().ShouldBe(Math.Exp(600), 1e-12 * Math.Exp(600));
    }

    [Test]
    public void MatrixExp_gradient_stays_finite_beside_a_matrix_whose_square_overflows()
    {
        Tensor x = Tensor.From(new double[] { 700, 0.5 }, requiresGrad: true);
        Tensor exp = Linalg.MatrixExp((x * Tensor.From(new double[] { 1, 20 })).Reshape(2, 1, 1));
        exp.Sum().Backward();
        x.Grad!.ToArray<double>().ShouldBe([Math.Exp(700), 20 * Math.Exp(10)], 1e-10 * Math.Exp(700));
        double.IsFinite(x.Grad!.ToArray<double>()[1]).ShouldBeTrue();
    }

    [TestCase(double.NaN)]
    [TestCase(double.PositiveInfinity)]
    public void MatrixExp_of_what_is_not_finite_is_not_finite(double element) =>
        Linalg.MatrixExp(Matrix(new[,] { { element, 0 }, { 0, 1 } })).ToArray<double>().ShouldContain(value => !double.IsFinite(value));
}
