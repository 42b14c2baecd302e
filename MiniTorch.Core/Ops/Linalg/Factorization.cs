using MathNet.Numerics.LinearAlgebra;
using MiniTorch.Kernels;

namespace MiniTorch.Ops;

/// <summary>The lower triangular L of A = L Lᵀ (torch.linalg.cholesky).</summary>
/// <remarks>dL = L Φ(L⁻¹ dA L⁻ᵀ), where Φ takes the lower triangle with half the diagonal (Murray 2016, arXiv 1602.07527).</remarks>
internal sealed record Cholesky : Op
{
    internal override bool CanReuseTemporaries => true;

    internal override bool ExpectsSymmetric => true;

    protected internal override Reads Reads => Reads.Output;

    protected internal override Tensor Compute(ReadOnlySpan<Tensor> inputs) =>
        EachMatrix.Run("Cholesky", default(CholeskyFunction), inputs, [[inputs[0].Shape[^2], inputs[0].Shape[^1]]], a =>
        {
            Matrix<double> lower = a[0].LowerTriangle(), symmetric = lower + a[0].StrictlyLowerTriangle().Transpose();
            try
            {
                return [symmetric.Cholesky().Factor];
            }
            catch (ArgumentException)
            {
                throw new ValueException("is not positive definite");
            }
        })[0];

    // Φ reads the lower triangle only, and so does the solution of L X = B: its transposed is the same with Lᵀ, which is upper.
    protected internal override void Vjp(OpContext call, Tensor cotangent, Span<Tensor?> gradients)
    {
        Tensor upper = call.Output.Transpose(-2, -1);
        gradients[0] = Symmetric(Congruent(upper, isUpper: true, Half(upper.MatMul(cotangent))));
    }

    protected internal override Tensor? Jvp(OpContext call, ReadOnlySpan<Tensor?> tangents) =>
        call.Output.MatMul(Half(Congruent(call.Output, isUpper: false, Symmetric(tangents[0]!))));

    // (T⁻¹ X T⁻ᵀ)ᵀ
    private static Tensor Congruent(Tensor triangle, bool isUpper, Tensor x)
    {
        var solve = new SolveTriangular(isUpper);
        return solve.Apply(triangle, solve.Apply(triangle, x).Transpose(-2, -1));
    }

    private static Tensor Half(Tensor x) => (x.Tril() + x.Tril(-1)) / 2;

    private static Tensor Symmetric(Tensor x) => (x + x.Transpose(-2, -1)) / 2;
}

/// <summary>
/// Q and R of A = Q R with orthonormal columns in Q and an upper triangular R with a diagonal of 0 or more, for at least as many rows as columns
/// (torch.linalg.qr).
/// </summary>
/// <remarks>The derivatives of Walter and Lehmann (2010, arXiv 1009.6112).</remarks>
internal sealed record QrFactors : Op
{
    internal override bool CanReuseTemporaries => true;

    public override string Name => "QR";

    protected internal override Reads Reads => Reads.Output;

    protected internal override Tensor Compute(ReadOnlySpan<Tensor> inputs) => ComputeAll(inputs)[0];

    protected internal override Tensor[] ComputeAll(ReadOnlySpan<Tensor> inputs)
    {
        (int m, int n) = (inputs[0].Shape[^2], inputs[0].Shape[^1]);
        return EachMatrix.Run("QR", default(QrFunction), inputs, [[m, n], [n, n]], a =>
        {
            var qr = a[0].QR(MathNet.Numerics.LinearAlgebra.Factorization.QRMethod.Thin);
            var signs = Matrix<double>.Build.DiagonalOfDiagonalVector(qr.R.Diagonal().Map(r => r < 0 ? -1.0 : 1.0));
            return [qr.Q * signs, signs * qr.R];
        });
    }

    protected internal override void Vjp(OpContext call, Tensor cotangent, Span<Tensor?> gradients) => VjpAll(call, [cotangent, null], gradients);

    protected internal override void VjpAll(OpContext call, ReadOnlySpan<Tensor?> cotangents, Span<Tensor?> gradients)
    {
        (Tensor q, Tensor r) = (call.OutputAt(0), call.OutputAt(1));
        Tensor? m = Sum(cotangents[1] is { } gr ? r.MatMul(gr.Transpose(-2, -1)) : null, cotangents[0] is { } gq ? -gq.Transpose(-2, -1).MatMul(q)
            : null);
        Tensor fromLower = q.MatMul(m!.Tril() + m.Tril(-1).Transpose(-2, -1));
        gradients[0] = new SolveTriangular(Upper: true).Apply(r, Sum(fromLower, cotangents[0])!.Transpose(-2, -1)).Transpose(-2, -1);
    }

    protected internal override Tensor? Jvp(OpContext call, ReadOnlySpan<Tensor?> tangents)
    {
        var outputs = new Tensor?[2];
        JvpAll(call, tangents, outputs);
        return outputs[0];
    }

    protected internal override void JvpAll(OpContext call, ReadOnlySpan<Tensor?> tangents, Span<Tensor?> outputTangents)
    {
        (Tensor q, Tensor r, Tensor da) = (call.OutputAt(0), call.OutputAt(1), tangents[0]!);
        Tensor scaled = new SolveTriangular(Upper: false).Apply(r.Transpose(-2, -1), da.Transpose(-2, -1)).Transpose(-2, -1);
        Tensor inside = q.Transpose(-2, -1).MatMul(scaled);
        Tensor turn = inside.Tril(-1) - inside.Tril(-1).Transpose(-2, -1);
        outputTangents[0] = scaled - q.MatMul(inside - turn);
        outputTangents[1] = (inside - turn).MatMul(r);
    }
}

/// <summary>The eigenvalues, ascending, and eigenvectors of symmetric matrices, read from the lower triangle (torch.linalg.eigh).</summary>
/// <remarks>dV = V (F ∘ Vᵀ dA V) and dw = diag(Vᵀ dA V), with Fᵢⱼ = 1/(wⱼ − wᵢ): the vectors of equal values have no derivative.</remarks>
internal sealed record SymmetricEigen : Op
{
    internal override bool CanReuseTemporaries => true;

    internal override bool ExpectsSymmetric => true;

    public override string Name => "Eigh";

    protected internal override Reads Reads => Reads.Output;

    /// <summary>Only the eigenvalues, which no rule can differentiate.</summary>
    protected internal override Tensor Compute(ReadOnlySpan<Tensor> inputs) => Run(inputs, [inputs[0].Shape[^1]])[0];

    protected internal override Tensor[] ComputeAll(ReadOnlySpan<Tensor> inputs)
    {
        int n = inputs[0].Shape[^1];
        return Run(inputs, [n], [n, n]);
    }

    private static Tensor[] Run(ReadOnlySpan<Tensor> inputs, params int[][] sizes) =>
        EachMatrix.Run("Eigh", default(SymmetricEigenFunction), inputs, sizes, a =>
        {
            Matrix<double> symmetric = a[0].LowerTriangle() + a[0].StrictlyLowerTriangle().Transpose();
            (Matrix<double> scaled, double scale) = EachMatrix.Scaled(symmetric);
            var eigen = scaled.Evd(Symmetricity.Symmetric);
            Matrix<double> values = eigen.EigenValues.Map(value => value.Real * scale).ToRowMatrix();
            return sizes.Length == 1 ? [values] : [values, eigen.EigenVectors];
        });

    protected internal override void Vjp(OpContext call, Tensor cotangent, Span<Tensor?> gradients) => VjpAll(call, [cotangent, null], gradients);

    protected internal override void VjpAll(OpContext call, ReadOnlySpan<Tensor?> cotangents, Span<Tensor?> gradients)
    {
        (Tensor w, Tensor v) = (call.OutputAt(0), call.OutputAt(1));
        Tensor? inside = cotangents[1] is { } gv ? v.Transpose(-2, -1).MatMul(gv) * Gaps.Inverse(w) : null;
        Tensor left = Sum(cotangents[0] is { } gw ? v * gw.Unsqueeze(-2) : null, inside is null ? null : v.MatMul(inside))!;
        Tensor gradient = left.MatMul(v.Transpose(-2, -1));
        gradients[0] = (gradient + gradient.Transpose(-2, -1)) / 2;
    }

    protected internal override Tensor? Jvp(OpContext call, ReadOnlySpan<Tensor?> tangents) => Inside(call, tangents[0]!).Diagonal(0, -2, -1);

    protected internal override void JvpAll(OpContext call, ReadOnlySpan<Tensor?> tangents, Span<Tensor?> outputTangents)
    {
        Tensor inside = Inside(call, tangents[0]!);
        outputTangents[0] = inside.Diagonal(0, -2, -1);
        outputTangents[1] = call.OutputAt(1).MatMul(inside * Gaps.Inverse(call.OutputAt(0)));
    }

    private static Tensor Inside(OpContext call, Tensor da)
    {
        Tensor v = call.OutputAt(1);
        return v.Transpose(-2, -1).MatMul((da + da.Transpose(-2, -1)) / 2).MatMul(v);
    }
}

/// <summary>S, U and Vᵀ of A = U diag(S) Vᵀ, reduced, S descending (torch.linalg.svd with full_matrices=False).</summary>
/// <remarks>The derivatives of Townsend (2016, "Differentiating the singular value decomposition"): the vectors of equal values have none.</remarks>
internal sealed record SingularValues : Op
{
    internal override bool CanReuseTemporaries => true;

    public override string Name => "SVD";

    protected internal override Reads Reads => Reads.Output;

    /// <summary>Only the singular values, which no rule can differentiate.</summary>
    protected internal override Tensor Compute(ReadOnlySpan<Tensor> inputs) =>
        Run("SVD", inputs, [Math.Min(inputs[0].Shape[^2], inputs[0].Shape[^1])])[0];

    protected internal override Tensor[] ComputeAll(ReadOnlySpan<Tensor> inputs) => Of("SVD", inputs[0]);

    /// <summary>S, U and Vᵀ, without a derivative.</summary>
    /// <param name="op">The name in errors.</param>
    /// <param name="a">Matrices of any size.</param>
    public static Tensor[] Of(string op, Tensor a)
    {
        (int m, int n) = (a.Shape[^2], a.Shape[^1]);
        int k = Math.Min(m, n);
        return Run(op, [a], [k], [m, k], [k, n]);
    }

    private static Tensor[] Run(string op, ReadOnlySpan<Tensor> inputs, params int[][] sizes) =>
        EachMatrix.Run(op, default(SingularValuesFunction), inputs, sizes, a =>
        {
            (Matrix<double> scaled, double scale) = EachMatrix.Scaled(a[0]);
            var svd = scaled.Svd(sizes.Length > 1);
            int k = svd.S.Count;
            Matrix<double> values = (svd.S * scale).ToRowMatrix();
            return sizes.Length == 1 ? [values]
                : [values, svd.U.SubMatrix(0, scaled.RowCount, 0, k), svd.VT.SubMatrix(0, k, 0, scaled.ColumnCount)];
        });

    protected internal override void Vjp(OpContext call, Tensor cotangent, Span<Tensor?> gradients) =>
        VjpAll(call, [cotangent, null, null], gradients);

    protected internal override void VjpAll(OpContext call, ReadOnlySpan<Tensor?> cotangents, Span<Tensor?> gradients)
    {
        (Tensor s, Tensor u, Tensor vt) = (call.OutputAt(0), call.OutputAt(1), call.OutputAt(2));
        Tensor row = s.Unsqueeze(-2), column = s.Unsqueeze(-1);
        Tensor? inside = null, outside = null;
        if (cotangents[1] is { } gu)
        {
            inside = Sum(inside, Skew(u.Transpose(-2, -1).MatMul(gu)) * Gaps.Inverse(s.Square()) * row);
            outside = (gu - u.MatMul(u.Transpose(-2, -1).MatMul(gu))).MatMul(vt / column);
        }
        if (cotangents[2] is { } gvt)
        {
            inside = Sum(inside, column * (Skew(vt.MatMul(gvt.Transpose(-2, -1))) * Gaps.Inverse(s.Square())));
            outside = Sum(outside, (u / row).MatMul(gvt - gvt.MatMul(vt.Transpose(-2, -1)).MatMul(vt)));
        }
        Tensor? left = Sum(cotangents[0] is { } gs ? u * gs.Unsqueeze(-2) : null, inside is null ? null : u.MatMul(inside));
        gradients[0] = Sum(left!.MatMul(vt), outside);
    }

    protected internal override Tensor? Jvp(OpContext call, ReadOnlySpan<Tensor?> tangents)
    {
        var outputs = new Tensor?[3];
        JvpAll(call, tangents, outputs);
        return outputs[0];
    }

    protected internal override void JvpAll(OpContext call, ReadOnlySpan<Tensor?> tangents, Span<Tensor?> outputTangents)
    {
        (Tensor s, Tensor u, Tensor vt, Tensor da) = (call.OutputAt(0), call.OutputAt(1), call.OutputAt(2), tangents[0]!);
        Tensor row = s.Unsqueeze(-2), column = s.Unsqueeze(-1), ut = u.Transpose(-2, -1), v = vt.Transpose(-2, -1);
        Tensor inside = ut.MatMul(da).MatMul(v), transposed = inside.Transpose(-2, -1), gaps = Gaps.Inverse(s.Square());
        Tensor beside = da.MatMul(v), below = ut.MatMul(da);
        outputTangents[0] = inside.Diagonal(0, -2, -1);
        outputTangents[1] = u.MatMul(gaps * (inside * row + column * transposed)) + (beside - u.MatMul(inside)) / row;
        outputTangents[2] = (gaps * (column * inside + transposed * row)).Transpose(-2, -1).MatMul(vt) + (below - inside.MatMul(vt)) / column;
    }

    private static Tensor Skew(Tensor x) => x - x.Transpose(-2, -1);
}

/// <summary>The distances between values.</summary>
internal static class Gaps
{
    /// <summary>1 / (wⱼ − wᵢ), and 0 on the diagonal.</summary>
    public static Tensor Inverse(Tensor w)
    {
        Tensor eye = Tensor.Eye(w.Shape[^1], dtype: DType.Bool);
        return (w.Unsqueeze(-2) - w.Unsqueeze(-1)).MaskedFill(eye, double.PositiveInfinity).Reciprocal();
    }
}
