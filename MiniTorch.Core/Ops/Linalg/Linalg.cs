using MiniTorch.Ops;

namespace MiniTorch;

/// <summary>
/// Linear algebra of matrices in the last two dimensions; leading dimensions are a batch (torch.linalg). All methods are differentiable for Float32
/// and Float64. Decompositions are computed in float64; if a native provider for Math.NET Numerics is installed, it computes them. All methods
/// throw <see cref="ShapeException"/> for tensors that are not
/// matrices and <see cref="DTypeException"/> for integers.
/// </summary>
public static partial class Linalg
{
    /// <summary>Returns the inverse A⁻¹ (torch.linalg.inv).</summary>
    /// <exception cref="ValueException">A matrix is singular.</exception>
    public static Tensor Inv(Tensor a) => new Inverse().Apply(Square("Inv", a));

    /// <summary>Returns the determinant (torch.linalg.det).</summary>
    public static Tensor Det(Tensor a) => new Determinant().Apply(Square("Det", a));

    /// <summary>Returns ln det A (torch.logdet): NaN if the determinant is negative, −∞ if it is 0.</summary>
    public static Tensor LogDet(Tensor a)
    {
        (Tensor sign, Tensor logAbs) = SlogDet(a);
        return logAbs.MaskedFill(sign < 0, double.NaN);
    }

    /// <summary>
    /// Returns the sign of the determinant (−1, 0 or 1) and the logarithm of its absolute value, computed without overflow (torch.linalg.slogdet).
    /// </summary>
    public static (Tensor Sign, Tensor LogAbsDet) SlogDet(Tensor a) =>
        ElementwiseCall.MustRecord(Square("SlogDet", a)) || EngineMode.InterceptsCalls
            ? (LogAbsDeterminant.Both(a).Sign, new LogAbsDeterminant().Apply(a)) : LogAbsDeterminant.Both(a);

    /// <summary>Returns the lower triangular L of A = L Lᵀ (torch.linalg.cholesky). Only the lower triangle of the symmetric A is read.</summary>
    /// <exception cref="ValueException">A matrix is not positive definite.</exception>
    public static Tensor Cholesky(Tensor a) => new Cholesky().Apply(Square("Cholesky", a));

    /// <summary>
    /// Returns A = Q R (torch.linalg.qr, reduced): Q […, m, k] has orthonormal columns, R […, k, n] is upper triangular with a nonnegative
    /// diagonal, and k is the smaller of m and n.
    /// </summary>
    public static (Tensor Q, Tensor R) QR(Tensor a)
    {
        Matrices("QR", a);
        (int m, int n) = (a.Shape[^2], a.Shape[^1]);
        if (m >= n) return Pair(new QrFactors().ApplyAll(a));
        (Tensor q, Tensor r) = QR(a.Narrow(-1, 0, m)); // further columns are turned along
        return (q, Tensor.Cat([r, q.Transpose(-2, -1).MatMul(a.Narrow(-1, m, n - m))], -1));
    }

    /// <summary>
    /// Returns the singular value decomposition A = U diag(S) Vᵀ (torch.linalg.svd with full_matrices=False): U […, m, k], S […, k] descending, and
    /// Vᵀ […, k, n].
    /// </summary>
    public static (Tensor U, Tensor S, Tensor Vh) SVD(Tensor a)
    {
        Tensor[] parts = new SingularValues().ApplyAll(Matrices("SVD", a));
        return (parts[1], parts[0], parts[2]);
    }

    /// <summary>Returns the singular values in descending order (torch.linalg.svdvals).</summary>
    public static Tensor SvdVals(Tensor a) =>
        ElementwiseCall.MustRecord(Matrices("SVD", a)) ? SVD(a).S : new SingularValues().Apply(a);

    /// <summary>
    /// Returns the eigenvalues (ascending) and eigenvectors (columns) of symmetric matrices (torch.linalg.eigh). Only the lower triangle is read.
    /// </summary>
    public static (Tensor Values, Tensor Vectors) Eigh(Tensor a) => Pair(new SymmetricEigen().ApplyAll(Square("Eigh", a)));

    /// <summary>Returns the eigenvalues of symmetric matrices in ascending order (torch.linalg.eigvalsh).</summary>
    public static Tensor EigvalsH(Tensor a) =>
        ElementwiseCall.MustRecord(Square("Eigh", a)) ? Eigh(a).Values : new SymmetricEigen().Apply(a);

    /// <summary>Returns the Frobenius norm of each matrix, or the length of a vector (torch.linalg.norm).</summary>
    public static Tensor Norm(Tensor a, bool keepDim = false) =>
        (a ?? throw new ArgumentNullException(nameof(a))).Rank < 2 ? a.Norm() : a.Norm(2, [-2, -1], keepDim);

    /// <summary>
    /// Returns a norm of each matrix (torch.linalg.matrix_norm): <c>fro</c> is √Σ a², <c>nuc</c> is the sum of the singular values.
    /// </summary>
    /// <exception cref="ValueException">The norm is not known.</exception>
    public static Tensor Norm(Tensor a, string ord, bool keepDim = false) => ord switch
    {
        "fro" => Matrices("Norm", a).Norm(2, [-2, -1], keepDim),
        "nuc" => Kept(SvdVals(Matrices("Norm", a)).Sum(-1), keepDim),
        _ => throw new ValueException($"Norm: there is no matrix norm '{ord}'; use 'fro', 'nuc', ±1, ±2 or ±infinity"),
    };

    /// <summary>
    /// Returns a norm of each matrix: for 2 the largest singular value, for 1 the largest absolute column sum, for ∞ the largest absolute row sum;
    /// for −2, −1 and −∞ the smallest
    /// (torch.linalg.matrix_norm).
    /// </summary>
    /// <exception cref="ValueException">The norm is not known.</exception>
    public static Tensor Norm(Tensor a, double ord, bool keepDim = false)
    {
        Matrices("Norm", a);
        Tensor values = Math.Abs(ord) switch
        {
            2 => SvdVals(a),
            1 => a.Abs().Sum(-2),
            double.PositiveInfinity => a.Abs().Sum(-1),
            _ => throw new ValueException(FormattableString.Invariant($"Norm: there is no matrix norm {ord}; use 'fro', 'nuc', ±1, ±2 or ±infinity")),
        };
        return Kept(ord > 0 ? values.Amax(-1) : values.Amin(-1), keepDim);
    }

    /// <summary>
    /// Returns the condition number of each matrix, ‖A‖ ‖A⁻¹‖, in the norm of an order (torch.linalg.cond; see <see cref="Norm(Tensor, double,
    /// bool)"/>): how much an error of the right-hand side of A x = b can grow. For order 2 it is the quotient of the largest and the smallest singular
    /// value, and matrices that are not square have one too. It is ∞ for singular matrices, and 0 for matrices without elements.
    /// </summary>
    /// <exception cref="ValueException">The norm is not known.</exception>
    public static Tensor Cond(Tensor a, double ord = 2)
    {
        if (Math.Abs(ord) != 2) return Condition(a, matrix => Norm(matrix, ord));
        Tensor values = SvdVals(a);
        int last = values.Shape[^1] - 1;
        if (last < 0) return Tensor.Zeros(values.Shape.Without(values.Rank - 1), values.DType);
        (Tensor largest, Tensor smallest) = (values.Select(-1, 0), values.Select(-1, last));
        return (ord > 0 ? largest / smallest : smallest / largest).MaskedFill(largest.Eq(0), double.PositiveInfinity);
    }

    /// <summary>Returns the condition number of each square matrix in the norm <c>fro</c> or <c>nuc</c> (torch.linalg.cond).</summary>
    /// <exception cref="ValueException">The norm is not known.</exception>
    public static Tensor Cond(Tensor a, string ord) => Condition(a, matrix => Norm(matrix, ord));

    private static Tensor Condition(Tensor a, Func<Tensor, Tensor> norm)
    {
        if (Square("Cond", a).Shape[^1] == 0) return Tensor.Zeros(Shape.Create(a.Shape.Span[..^2]), a.DType);
        Tensor isSingular = LogAbsDeterminant.Both(a.Detach()).LogAbs.Eq(double.NegativeInfinity);
        Tensor regular = Tensor.Where(isSingular.Unsqueeze(-1).Unsqueeze(-1), Tensor.Eye(a.Shape[^1], dtype: a.DType), a);
        return (norm(regular) * norm(Inv(regular))).MaskedFill(isSingular, double.PositiveInfinity);
    }

    /// <summary>
    /// Returns the exponential of each matrix, Σ Aᵏ / k! (torch.linalg.matrix_exp), computed in float64 by scaling, a Taylor polynomial of degree 18
    /// and squaring (Bader, Blanes and Casas 2019).
    /// </summary>
    public static Tensor MatrixExp(Tensor a) => MatrixExponential.Of(Square("MatrixExp", a));

    private static Tensor Kept(Tensor norms, bool keepDim) => keepDim ? norms.Unsqueeze(-1).Unsqueeze(-1) : norms;

    private static (Tensor, Tensor) Pair(Tensor[] outputs) => (outputs[0], outputs[1]);

    private static Tensor Matrices(string op, Tensor a) =>
        a is null ? throw new ArgumentNullException(nameof(a))
        : a.Rank < 2 ? throw new ShapeException($"{op}: shape {a.Shape} is not a matrix; the last two dimensions must be rows and columns")
        : !a.DType.IsFloat() ? throw new DTypeException($"{op}: {a.DType} matrices are not supported; To(DType.Float64) first")
        : a;

    private static Tensor Square(string op, Tensor a) =>
        Matrices(op, a).Shape[^1] == a.Shape[^2] ? a
        : throw new ShapeException($"{op}: shape {a.Shape} is not square: {a.Shape[^2]} rows and {a.Shape[^1]} columns");
}
