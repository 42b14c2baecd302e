using MiniTorch.Ops;

namespace MiniTorch.Tests;

static partial class OpSamples
{
    /// <summary>Symmetric and far from singular, from any square matrix.</summary>
    static Tensor Definite(Tensor x) => x.MatMul(x.Transpose(-2, -1)) + Tensor.Eye(x.Shape[^1], dtype: x.DType);

    /// <summary>With eigenvalues and singular values far from each other and from 0, from any small matrix.</summary>
    static Tensor Spread(Tensor x)
    {
        int size = Math.Min(x.Shape[^2], x.Shape[^1]);
        Tensor diagonal = (Tensor.Arange(size, dtype: x.DType) * 4 + 5).DiagEmbed();
        return x + diagonal.Pad([0, x.Shape[^1] - size, 0, x.Shape[^2] - size]);
    }

    static Tensor Singular => Tensor.From(new double[,] { { 1, 2 }, { 2, 4 } });

    static OpRow[] FactorizationRows() =>
    [
        Row("Inv", x => Linalg.Inv(Spread(x)), R(3, 3), R(2, 2, 2), R(0, 2, 2)).Within(1e-8, 1e-5)
            .Misuse<ValueException>("a singular matrix", () => Linalg.Inv(Singular), "Inv: the matrix, shape [2, 2], is singular and has no inverse")
            .Misuse<ShapeException>("a matrix that is not square", () => Linalg.Inv(X(2, 3)), "Inv: shape [2, 3] is not square: 2 rows and 3 columns")
            .Misuse<ShapeException>("a vector", () => Linalg.Inv(X(2)),
            "Inv: shape [2] is not a matrix; the last two dimensions must be rows and columns")
            .Misuse<DTypeException>("integers", () => Linalg.Inv(Indices(new long[,] { { 1 } })),
            "Inv: Int64 matrices are not supported; To(DType.Float64) first"),
        Row("Solve", (a, b) => Linalg.Solve(Spread(a), b), [R(3, 3), R(3, 2)], [R(3, 3), R(3)], [R(2, 2, 2), R(2, 2)], [R(2, 2), R(3, 2, 1)])
            .Within(1e-8, 1e-5)
            .Misuse<ValueException>("a singular matrix in a batch",
            () => Linalg.Solve(Tensor.Stack([Singular + Tensor.Eye(2), Singular]), Tensor.Ones([2, 2, 1], DType.Float64)),
                "Solve: matrix 1 of the batch, shape [2, 2, 2], is singular and has no inverse")
            .Misuse<ShapeException>("another number of rows", () => Linalg.Solve(X(2, 2), X(3, 1)),
            "Solve: A [2, 2] does not fit B [3, 1]; B must have 2 rows")
            .Misuse<DTypeException>("two dtypes", () => Linalg.Solve(X(2, 2), Tensor.Ones([2, 1], DType.Float64)),
            "Solve: A is Float32 and B Float64; convert one with To"),
        Row("Det", x => Linalg.Det(Spread(x)), R(3, 3), R(2, 2, 2), R(0, 0)).Within(1e-8, 1e-5),
        Row("LogDet", x => Linalg.LogDet(Spread(x)), R(3, 3), R(2, 2, 2)).Within(1e-8, 1e-5),
        Row("SlogDet", x => Linalg.SlogDet(-Spread(x)).LogAbsDet, R(3, 3), R(2, 2, 2)).Within(1e-8, 1e-5),
        Row("Cholesky", x => Linalg.Cholesky(Definite(x)), R(3, 3), R(2, 2, 2)).Within(1e-8, 1e-5)
            .Misuse<ValueException>("a matrix that is not positive definite", () => Linalg.Cholesky(-Tensor.Eye(2)),
            "Cholesky: the matrix, shape [2, 2], is not positive definite"),
        RowOfMany("QR", x => Linalg.QR(Spread(x[0])) is var (q, r) ? [q, r] : [], [R(3, 3)], [R(2, 4, 2)], [R(2, 3)]).Within(1e-8, 1e-5),
        RowOfMany("SVD", x => Linalg.SVD(Spread(x[0])) is var (u, s, v) ? [Turned(u, s, v), s] : [], [R(3, 3)], [R(3, 2)], [R(2, 2, 3)])
            .Within(1e-7, 1e-4),
        Row("SvdVals", x => Linalg.SvdVals(Spread(x)), R(3, 2)).Within(1e-8, 1e-5),
        RowOfMany("Eigh", x => Linalg.Eigh(Spread(x[0] + x[0].Transpose(-2, -1))) is var (w, v) ? [w, Turned(v, w, v.Transpose(-2, -1))] : [],
            [R(3, 3)], [R(2, 2, 2)]).Within(1e-7, 1e-4),
        Row("EigvalsH", x => Linalg.EigvalsH(Definite(x)), R(2, 2)).Within(1e-7, 1e-5),
        Row("Linalg.Norm", x => Linalg.Norm(x), R(3, 2), R(2, 2, 2), R(3)).RoundsByLayout(),
        Row("Linalg.Norm(name)", x => Linalg.Norm(Spread(x), "nuc", keepDim: true) + Linalg.Norm(x, "fro", keepDim: true), R(3, 2), R(2, 2, 2))
            .RoundsByLayout().Within(1e-8, 1e-5)
            .Misuse<ValueException>("another name", () => Linalg.Norm(X(2, 2), "max"),
            "Norm: there is no matrix norm 'max'; use 'fro', 'nuc', ±1, ±2 or ±infinity"),
        Row("Linalg.Norm(order)", x => Linalg.Norm(Spread(x), 1) + Linalg.Norm(Spread(x), -Inf) + Linalg.Norm(Spread(x), 2), R(3, 2), R(2, 2, 2))
            .RoundsByLayout().Within(1e-8, 1e-5)
            .Misuse<ValueException>("another order", () => Linalg.Norm(X(2, 2), 3),
            "Norm: there is no matrix norm 3; use 'fro', 'nuc', ±1, ±2 or ±infinity"),
        Row("SolveTriangular", (a, b) => Linalg.SolveTriangular(Spread(a), b, upper: true), [R(3, 3), R(3, 2)], [R(2, 2, 2), R(2, 1)],
            [R(0, 0), R(0, 2)]).Within(1e-8, 1e-5).Covers(nameof(SolveTriangular))
            .Misuse<ValueException>("a 0 on the diagonal", () => Linalg.SolveTriangular(Tensor.Zeros([1, 1]), X(1, 1), upper: true),
            "SolveTriangular: the matrix, shape [1, 1], has a 0 on its diagonal, and so no inverse")
            .Misuse<ShapeException>("another number of rows", () => Linalg.SolveTriangular(X(2, 2), X(3, 1), upper: true),
            "SolveTriangular: A [2, 2] does not fit B [3, 1]; B must have 2 rows")
            .Misuse<ShapeException>("another number of columns", () => Linalg.SolveTriangular(X(2, 2), X(2, 3), upper: true, left: false),
            "SolveTriangular: A [2, 2] does not fit B [2, 3]; B must have 2 columns"),
        Row("SolveTriangular(left: false)", (a, b) => Linalg.SolveTriangular(Spread(a), b, upper: false, left: false), [R(3, 3), R(2, 3)],
            [R(2, 2), R(2, 1, 2)]).Within(1e-8, 1e-5),
        Row("SolveTriangular(unitriangular)", (a, b) => Linalg.SolveTriangular(a, b, upper: false, unitriangular: true), [R(3, 3), R(3, 2)])
            .Within(1e-8, 1e-5)
            .Torch("torch.linalg.solve_triangular(tensor([[7., 7.], [2., 7.]]), tensor([[1.], [5.]]), upper=False, unitriangular=True)", [1, 3],
            Tensor.From(new double[,] { { 7, 7 }, { 2, 7 } }), Tensor.From(new double[,] { { 1 }, { 5 } })),
        RowOfMany("CholeskySolve", x => [Linalg.CholeskySolve(x[0], Spread(x[1])), Linalg.CholeskySolve(x[0], Spread(x[1]), upper: true)],
            [R(3, 2), R(3, 3)], [R(2, 1), R(2, 2, 2)]).Within(1e-8, 1e-5)
            .Misuse<ShapeException>("a vector", () => Linalg.CholeskySolve(X(2), X(2, 2)),
            "CholeskySolve: shape [2] is not a matrix; the last two dimensions must be rows and columns"),
        Row("Pinv", x => Linalg.Pinv(Spread(x)), R(3, 3), R(4, 2), R(2, 2, 3), R(0, 2)).Within(1e-8, 1e-5)
            .Misuse<ValueException>("a negative tolerance", () => Linalg.Pinv(X(2, 2), -1), "Pinv: rcond is -1; it must be 0 or more"),
        Row("Pinv(of lower rank)", x => Linalg.Pinv(x.MatMul(x.T), 1e-5), R(3, 1), R(3, 2)).Within(1e-7, 1e-3),
        RowOfMany("Lstsq", x => Linalg.Lstsq(Spread(x[0]), x[1]) is var (solution, residuals, rank, values) ? [solution, residuals, rank] : [],
            [R(4, 2), R(4, 3)], [R(2, 3, 1), R(2, 3)], [R(2, 3), R(2, 1)], [R(3, 3), R(3)]).Within(1e-8, 1e-5)
            .Misuse<ShapeException>("another number of rows", () => Linalg.Lstsq(X(3, 2), X(2, 2)),
            "Lstsq: A [3, 2] does not fit B [2, 2]; B must have 3 rows"),
        Row("MatrixExp", x => Linalg.MatrixExp(x), R(3, 3), R(2, 2, 2), R(0, 0), R(2, 0, 0)).Within(1e-8, 1e-5)
            .Torch("torch.linalg.matrix_exp(tensor([[0., -1.], [1., 0.]]))", [Math.Cos(1), -Math.Sin(1), Math.Sin(1), Math.Cos(1)],
            Tensor.From(new double[,] { { 0, -1 }, { 1, 0 } })),
        Row("MatrixExp(large)", x => Linalg.MatrixExp(x * Tensor.From(new[] { 0.01, 3 }, [2, 1, 1], x.DType)), R(2, 2, 2)).Within(1e-8, 1e-5),
        Row("Cond", x => Linalg.Cond(Spread(x)), R(3, 3), R(2, 3, 2)).Within(1e-8, 1e-5),
        RowOfMany("Cond(order)", x => [Linalg.Cond(Spread(x[0]), -2), Linalg.Cond(Spread(x[0]), 1), Linalg.Cond(Spread(x[0]), -Inf),
            Linalg.Cond(Spread(x[0]), "fro"), Linalg.Cond(Spread(x[0]), "nuc")], [R(3, 3)], [R(2, 2, 2)]).RoundsByLayout().Within(1e-8, 1e-5)
            .Misuse<ValueException>("another order", () => Linalg.Cond(X(2, 2), 3),
            "Norm: there is no matrix norm 3; use 'fro', 'nuc', ±1, ±2 or ±infinity")
            .Misuse<ShapeException>("a matrix that is not square", () => Linalg.Cond(X(2, 3), 1),
            "Cond: shape [2, 3] is not square: 2 rows and 3 columns"),
    ];

    // Of the vectors only products that their signs leave alone are functions of the matrix: here Σ uᵢ ln(sᵢ) vᵢᵀ.
    static Tensor Turned(Tensor left, Tensor values, Tensor right) => (left * values.Abs().Log().Unsqueeze(-2)).MatMul(right);
}
