using MiniTorch.Ops;

namespace MiniTorch;

/// <summary>
/// Linear algebra of matrices in the last two dimensions, leading ones a batch (torch.linalg). Everything is differentiable, to any order. Float32 or Float64;
/// decompositions are computed in float64 by Math.NET Numerics. All throw <see cref="ShapeException"/> for tensors that are no matrices and
/// <see cref="DTypeException"/> for integers.
/// </summary>
public static class Linalg
{
    /// <summary>A⁻¹ (torch.linalg.inv).</summary>
    /// <exception cref="ValueException">A matrix is singular.</exception>
    public static Tensor Inv(Tensor a) => new Inverse().Apply(Square("Inv", a));

    /// <summary>The X of A X = B, shape […, n, k]; of vectors b where B is […, n] as torch.linalg.solve has it.</summary>
    /// <exception cref="ValueException">A matrix is singular.</exception>
    public static Tensor Solve(Tensor a, Tensor b)
    {
        ArgumentNullException.ThrowIfNull(b);
        Square("Solve", a);
        if (b.Rank == 1 || (b.Rank == a.Rank - 1 && b.Shape == Shape.Create(a.Shape.Span[..^1]))) return Solve(a, b.Unsqueeze(-1)).Squeeze(-1);
        Matrices("Solve", b);
        if (a.DType != b.DType) throw new DTypeException($"Solve: A is {a.DType} and B {b.DType}; convert one with To");
        if (a.Shape[^1] != b.Shape[^2]) throw new ShapeException($"Solve: A {a.Shape} with B {b.Shape}; B needs {a.Shape[^1]} rows");
        Shape batch = Shape.Broadcast(Shape.Create(a.Shape.Span[..^2]), Shape.Create(b.Shape.Span[..^2]), "Solve");
        return new Solve().Apply(a.ExpandTo([.. batch.Span, .. a.Shape.Span[^2..]]), b.ExpandTo([.. batch.Span, .. b.Shape.Span[^2..]]));
    }

    /// <summary>The determinant (torch.linalg.det). A singular matrix has a gradient too, but no second derivative here.</summary>
    public static Tensor Det(Tensor a) => new Determinant().Apply(Square("Det", a));

    /// <summary>ln det A: NaN where the determinant is negative, −∞ where it is 0 (torch.logdet).</summary>
    public static Tensor LogDet(Tensor a)
    {
        (Tensor sign, Tensor logAbs) = SlogDet(a);
        return logAbs.MaskedFill(sign < 0, double.NaN);
    }

    /// <summary>The determinant's sign, −1, 0 or 1, and ln of its magnitude, which do not overflow (torch.linalg.slogdet).</summary>
    public static (Tensor Sign, Tensor LogAbsDet) SlogDet(Tensor a) => (LogAbsDeterminant.Both(Square("SlogDet", a)).Sign, new LogAbsDeterminant().Apply(a));

    /// <summary>The lower triangular L of A = L Lᵀ; A is taken to be symmetric and read from its lower triangle (torch.linalg.cholesky).</summary>
    /// <exception cref="ValueException">A matrix is not positive definite.</exception>
    public static Tensor Cholesky(Tensor a) => new Cholesky().Apply(Square("Cholesky", a));

    /// <summary>A = Q R with orthonormal columns in Q, […, m, k], and an upper triangular R, […, k, n], k the smaller of m and n; R's diagonal is 0 or more (torch.linalg.qr, reduced).</summary>
    public static (Tensor Q, Tensor R) QR(Tensor a)
    {
        Matrices("QR", a);
        (int m, int n) = (a.Shape[^2], a.Shape[^1]);
        if (m >= n) return Pair(new QrFactors().ApplyAll(a));
        (Tensor q, Tensor r) = QR(a.Narrow(-1, 0, m)); // further columns are turned along
        return (q, Tensor.Cat([r, q.Transpose(-2, -1).MatMul(a.Narrow(-1, m, n - m))], -1));
    }

    /// <summary>A = U diag(S) Vᵀ, reduced: U […, m, k], S […, k] descending, Vᵀ […, k, n] (torch.linalg.svd with full_matrices=False).</summary>
    public static (Tensor U, Tensor S, Tensor Vh) SVD(Tensor a)
    {
        Tensor[] parts = new SingularValues().ApplyAll(Matrices("SVD", a));
        return (parts[0], parts[1], parts[2]);
    }

    /// <summary>The singular values, descending (torch.linalg.svdvals).</summary>
    public static Tensor SvdVals(Tensor a) => SVD(a).S;

    /// <summary>The eigenvalues, ascending, and eigenvectors, as columns, of symmetric matrices, read from the lower triangle (torch.linalg.eigh).</summary>
    public static (Tensor Values, Tensor Vectors) Eigh(Tensor a) => Pair(new SymmetricEigen().ApplyAll(Square("Eigh", a)));

    /// <summary>The eigenvalues of symmetric matrices, ascending (torch.linalg.eigvalsh).</summary>
    public static Tensor EigvalsH(Tensor a) => Eigh(a).Values;

    /// <summary>The Frobenius norm of each matrix; of a vector its length (torch.linalg.norm, with the batch apart).</summary>
    public static Tensor Norm(Tensor a, bool keepDim = false) => (a ?? throw new ArgumentNullException(nameof(a))).Rank < 2 ? a.Norm() : a.Norm(2, [-2, -1], keepDim);

    /// <summary>A norm of each matrix by name: <c>fro</c>, √Σ a², or <c>nuc</c>, the sum of the singular values (torch.linalg.matrix_norm).</summary>
    /// <exception cref="ValueException">There is no such norm.</exception>
    public static Tensor Norm(Tensor a, string ord, bool keepDim = false) => ord switch
    {
        "fro" => Matrices("Norm", a).Norm(2, [-2, -1], keepDim),
        "nuc" => Kept(SvdVals(Matrices("Norm", a)).Sum(-1), keepDim),
        _ => throw new ValueException($"Norm: there is no matrix norm '{ord}'; 'fro', 'nuc', 1, 2, infinity and their negatives are possible"),
    };

    /// <summary>
    /// A norm of each matrix: 2 the largest singular value, 1 the largest sum of magnitudes of a column, ∞ of a row; the smallest for negative ones
    /// (torch.linalg.matrix_norm).
    /// </summary>
    /// <exception cref="ValueException">There is no such norm.</exception>
    public static Tensor Norm(Tensor a, double ord, bool keepDim = false)
    {
        Matrices("Norm", a);
        Tensor values = Math.Abs(ord) switch
        {
            2 => SvdVals(a),
            1 => a.Abs().Sum(-2),
            double.PositiveInfinity => a.Abs().Sum(-1),
            _ => throw new ValueException(FormattableString.Invariant($"Norm: there is no matrix norm {ord}; 'fro', 'nuc', 1, 2, infinity and their negatives are possible")),
        };
        return Kept(ord > 0 ? values.Amax(-1) : values.Amin(-1), keepDim);
    }

    private static Tensor Kept(Tensor norms, bool keepDim) => keepDim ? norms.Unsqueeze(-1).Unsqueeze(-1) : norms;

    private static (Tensor, Tensor) Pair(Tensor[] outputs) => (outputs[0], outputs[1]);

    private static Tensor Matrices(string op, Tensor a) =>
        a is null ? throw new ArgumentNullException(nameof(a))
        : a.Rank < 2 ? throw new ShapeException($"{op}: shape {a.Shape} is no matrix; the last two dimensions must be rows and columns")
        : !a.DType.IsFloat() ? throw new DTypeException($"{op}: {a.DType} matrices are not supported; To(DType.Float64) first")
        : a;

    private static Tensor Square(string op, Tensor a) =>
        Matrices(op, a).Shape[^1] == a.Shape[^2] ? a : throw new ShapeException($"{op}: shape {a.Shape} is not square: {a.Shape[^2]} rows and {a.Shape[^1]} columns");
}
