using MiniTorch.Ops;

namespace MiniTorch;

// Systems of linear equations.
public static partial class Linalg
{
    /// <summary>Solves A X = B for X of shape […, n, k], or for vectors if B is […, n] (torch.linalg.solve).</summary>
    /// <exception cref="ValueException">A matrix is singular.</exception>
    public static Tensor Solve(Tensor a, Tensor b)
    {
        Square("Solve", a);
        if (IsVectors(a, b)) return Solve(a, b.Unsqueeze(-1)).Squeeze(-1);
        (a, b) = Fitting("Solve", a, b);
        return new Solve().Apply(a, b);
    }

    /// <summary>
    /// Solves A X = B for triangular matrices A (torch.linalg.solve_triangular); only the named triangle of A is read. Leading dimensions are
    /// broadcast.
    /// </summary>
    /// <param name="a">Square matrices […, n, n].</param>
    /// <param name="b">Right-hand sides […, n, k]; […, k, n] if <paramref name="left"/> is false.</param>
    /// <param name="upper">Whether A is the upper triangle instead of the lower one.</param>
    /// <param name="left">Whether A is on the left; false solves X A = B.</param>
    /// <param name="unitriangular">Whether the diagonal of A counts as ones, and is not read.</param>
    /// <exception cref="ValueException">An element of the diagonal is 0.</exception>
    public static Tensor SolveTriangular(Tensor a, Tensor b, bool upper, bool left = true, bool unitriangular = false)
    {
        const string Op = "SolveTriangular";
        Square(Op, a);
        Matrices(Op, b);
        if (!left)
        {
            if (a.Shape[^1] != b.Shape[^1])
                throw new ShapeException($"{Op}: A {a.Shape} does not fit B {b.Shape}; B must have {a.Shape[^1]} columns");
            return SolveTriangular(a.Transpose(-2, -1), b.Transpose(-2, -1), !upper, true, unitriangular).Transpose(-2, -1);
        }
        Tensor triangle = upper ? a.Triu(unitriangular ? 1 : 0) : a.Tril(unitriangular ? -1 : 0);
        if (unitriangular) triangle += Tensor.Eye(a.Shape[^1], dtype: a.DType);
        (triangle, b) = Fitting(Op, triangle, b);
        return new SolveTriangular(upper).Apply(triangle, b);
    }

    /// <summary>
    /// Solves A X = B given the Cholesky factor of A (torch.cholesky_solve): A = L Lᵀ, or A = Uᵀ U if <paramref name="upper"/>. Leading dimensions
    /// are broadcast. As in PyTorch, B comes first.
    /// </summary>
    /// <param name="b">Right-hand sides […, n, k].</param>
    /// <param name="factor">The factor […, n, n], such as <see cref="Cholesky"/> returns; only its triangle is read.</param>
    /// <param name="upper">Whether the factor is upper triangular.</param>
    /// <exception cref="ValueException">An element of the diagonal is 0.</exception>
    public static Tensor CholeskySolve(Tensor b, Tensor factor, bool upper = false)
    {
        Square("CholeskySolve", factor);
        (factor, b) = Fitting("CholeskySolve", upper ? factor.Transpose(-2, -1) : factor, b);
        return SolveTriangular(factor.Transpose(-2, -1), SolveTriangular(factor, b, upper: false), upper: true);
    }

    /// <summary>
    /// Returns the pseudoinverse A⁺ of each matrix (torch.linalg.pinv), of shape […, n, m] for […, m, n]. Singular values of at most <paramref
    /// name="rcond"/> times the largest count as 0.
    /// </summary>
    /// <param name="a">Matrices […, m, n].</param>
    /// <param name="rcond">max(m, n) times the machine precision of the dtype by default.</param>
    /// <remarks>The derivative (Golub and Pereyra 1973) is that for a constant rank.</remarks>
    /// <exception cref="ValueException"><paramref name="rcond"/> is negative or NaN.</exception>
    public static Tensor Pinv(Tensor a, double? rcond = null) => new PseudoInverse(Tolerance("Pinv", a, rcond)).Apply(a);

    /// <summary>
    /// Solves least-squares problems: the X that minimizes ‖A X − B‖ and, among several, is the smallest (torch.linalg.lstsq). A may have any rank.
    /// </summary>
    /// <param name="a">Matrices […, m, n].</param>
    /// <param name="b">Right-hand sides […, m, k], or vectors […, m].</param>
    /// <param name="rcond">Singular values of at most this times the largest count as 0; max(m, n) times the machine precision of the dtype by
    /// default.</param>
    /// <returns>The solutions […, n, k], or […, n]; the squared lengths of A X − B, […, k] or […], if m &gt; n and all matrices have rank n,
    /// otherwise an empty tensor; the ranks as Int64 […]; the singular values in descending order. Only solutions and residuals have
    /// gradients.</returns>
    /// <exception cref="ShapeException">The numbers of rows differ.</exception>
    /// <example><code>
    /// Tensor x = [0.0, 1.0, 2.0, 3.0], y = [1.1, 2.9, 5.2, 6.8];
    /// Tensor line = Linalg.Lstsq(Tensor.Stack([x, Tensor.OnesLike(x)], 1), y).Solution; // slope and intercept
    /// </code></example>
    public static (Tensor Solution, Tensor Residuals, Tensor Rank, Tensor SingularValues) Lstsq(Tensor a, Tensor b, double? rcond = null)
    {
        double tolerance = Tolerance("Lstsq", a, rcond);
        bool isVectors = IsVectors(a, b);
        DType dtype = a.DType;
        (a, b) = Fitting("Lstsq", a, isVectors ? b.Unsqueeze(-1) : b);
        (int m, int n) = (a.Shape[^2], a.Shape[^1]);
        (a, b) = (a.To(DType.Float64), b.To(DType.Float64)); // the pseudoinverse must not be rounded before it is used
        Tensor values = SvdVals(a.Detach()), solution = new PseudoInverse(tolerance).Apply(a).MatMul(b);
        Tensor rank = (values > values.Slice(-1, 0, 1) * tolerance).Sum(-1);
        bool hasResiduals = m > n && rank.Eq(n).All().Item<bool>();
        Tensor residuals = hasResiduals ? (a.MatMul(solution) - b).Square().Sum(-2) : Tensor.Zeros([0], DType.Float64);
        if (isVectors) (solution, residuals) = (solution.Squeeze(-1), hasResiduals ? residuals.Squeeze(-1) : residuals);
        return (solution.To(dtype), residuals.To(dtype), rank, values.To(dtype));
    }

    // Whether B is a vector for each matrix.
    private static bool IsVectors(Tensor a, Tensor b) =>
        (b ?? throw new ArgumentNullException(nameof(b))).Rank == 1
        || (b.Rank == a.Rank - 1 && b.Shape == Shape.Create(a.Shape.Span[..^1]));

    /// <summary>Both with their leading dimensions broadcast.</summary>
    private static (Tensor A, Tensor B) Fitting(string op, Tensor a, Tensor b)
    {
        Matrices(op, b);
        if (a.DType != b.DType) throw new DTypeException($"{op}: A is {a.DType} and B {b.DType}; convert one with To");
        if (a.Shape[^2] != b.Shape[^2]) throw new ShapeException($"{op}: A {a.Shape} does not fit B {b.Shape}; B must have {a.Shape[^2]} rows");
        Shape batch = Shape.Broadcast(Shape.Create(a.Shape.Span[..^2]), Shape.Create(b.Shape.Span[..^2]), op);
        return (a.ExpandTo([.. batch.Span, .. a.Shape.Span[^2..]]), b.ExpandTo([.. batch.Span, .. b.Shape.Span[^2..]]));
    }

    private static double Tolerance(string op, Tensor a, double? rcond)
    {
        int size = Math.Max(Matrices(op, a).Shape[^2], a.Shape[^1]);
        return rcond is not { } given ? size * Math.ScaleB(1, a.DType == DType.Float32 ? -23 : -52)
            : given >= 0 ? given : throw new ValueException(FormattableString.Invariant($"{op}: rcond is {given}; it must be 0 or more"));
    }
}
