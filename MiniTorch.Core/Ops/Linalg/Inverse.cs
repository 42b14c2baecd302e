using MathNet.Numerics.LinearAlgebra;
using MathNet.Numerics.LinearAlgebra.Factorization;
using MiniTorch.Kernels;

namespace MiniTorch.Ops;

/// <summary>A⁻¹ (torch.linalg.inv); dA⁻¹ = −A⁻¹ dA A⁻¹.</summary>
internal sealed record Inverse : Op
{
    internal override bool CanReuseTemporaries => true;

    protected internal override Reads Reads => Reads.Output;

    protected internal override Tensor Compute(ReadOnlySpan<Tensor> inputs) =>
        EachMatrix.Run("Inv", default(InverseFunction), inputs, [[inputs[0].Shape[^2], inputs[0].Shape[^1]]],
            a => [Pivots.OfInvertible(a[0]).Inverse()])[0];

    protected internal override void Vjp(OpContext call, Tensor cotangent, Span<Tensor?> gradients)
    {
        Tensor transposed = call.Output.Transpose(-2, -1);
        gradients[0] = -transposed.MatMul(cotangent).MatMul(transposed);
    }

    protected internal override Tensor? Jvp(OpContext call, ReadOnlySpan<Tensor?> tangents) => -call.Output.MatMul(tangents[0]!).MatMul(call.Output);
}

/// <summary>The X of A X = B (torch.linalg.solve); A dX = dB − dA X.</summary>
internal sealed record Solve : Op
{
    internal override bool CanReuseTemporaries => true;

    protected internal override Reads Reads => Reads.Input0 | Reads.Output;

    protected internal override Tensor Compute(ReadOnlySpan<Tensor> inputs) =>
        EachMatrix.Run("Solve", default(SolveFunction), inputs, [[inputs[1].Shape[^2], inputs[1].Shape[^1]]],
            x => [Pivots.OfInvertible(x[0]).Solve(x[1])])[0];

    protected internal override void Vjp(OpContext call, Tensor cotangent, Span<Tensor?> gradients)
    {
        Tensor b = Apply(call.Input(0).Transpose(-2, -1), cotangent);
        if (call.Needs(0)) gradients[0] = -b.MatMul(call.Output.Transpose(-2, -1));
        if (call.Needs(1)) gradients[1] = b;
    }

    protected internal override Tensor? Jvp(OpContext call, ReadOnlySpan<Tensor?> tangents) =>
        Apply(call.Input(0), Sum(tangents[0] is { } a ? -a.MatMul(call.Output) : null, tangents[1])!);
}

/// <summary>The X of T X = B for triangular matrices T, whose other triangle is 0 (torch.linalg.solve_triangular); T dX = dB − dT X.</summary>
internal sealed record SolveTriangular(bool Upper) : Op
{
    internal override bool CanReuseTemporaries => true;

    protected internal override Reads Reads => Reads.Input0 | Reads.Output;

    protected internal override Tensor Compute(ReadOnlySpan<Tensor> inputs) =>
        EachMatrix.Run("SolveTriangular", new TriangularFunction(Upper), inputs, [[inputs[1].Shape[^2], inputs[1].Shape[^1]]],
            x => [Pivots.OfInvertible(x[0]).Solve(x[1])])[0];

    protected internal override void Vjp(OpContext call, Tensor cotangent, Span<Tensor?> gradients)
    {
        Tensor b = new SolveTriangular(!Upper).Apply(call.Input(0).Transpose(-2, -1), cotangent);
        if (call.Needs(0)) gradients[0] = -b.MatMul(call.Output.Transpose(-2, -1));
        if (call.Needs(1)) gradients[1] = b;
    }

    protected internal override Tensor? Jvp(OpContext call, ReadOnlySpan<Tensor?> tangents) =>
        Apply(call.Input(0), Sum(tangents[0] is { } a ? -a.MatMul(call.Output) : null, tangents[1])!);
}

/// <summary>The pseudoinverse A⁺, where singular values of at most a fraction of the largest count as 0 (torch.linalg.pinv).</summary>
/// <remarks>dA⁺ = −A⁺ dA A⁺ + A⁺A⁺ᵀ dAᵀ (1 − A A⁺) + (1 − A⁺A) dAᵀ A⁺ᵀA⁺ for a constant rank (Golub and Pereyra 1973).</remarks>
internal sealed record PseudoInverse(double Tolerance) : Op
{
    internal override bool CanReuseTemporaries => true;

    public override string Name => "Pinv";

    protected internal override Reads Reads => Reads.Input0 | Reads.Output;

    protected internal override Tensor Compute(ReadOnlySpan<Tensor> inputs)
    {
        Tensor[] parts = SingularValues.Of("Pinv", inputs[0].Detach().To(DType.Float64));
        (Tensor s, Tensor u, Tensor vt) = (parts[0].Unsqueeze(-2), parts[1], parts[2]);
        Tensor inverse = Tensor.Where(s > s.Slice(-1, 0, 1) * Tolerance, s.Reciprocal(), Tensor.Zeros([], DType.Float64));
        return (vt.Transpose(-2, -1) * inverse).MatMul(u.Transpose(-2, -1)).To(inputs[0].DType);
    }

    protected internal override void Vjp(OpContext call, Tensor cotangent, Span<Tensor?> gradients) =>
        gradients[0] = Turned(call.Input(0).Transpose(-2, -1), call.Output.Transpose(-2, -1), cotangent);

    protected internal override Tensor? Jvp(OpContext call, ReadOnlySpan<Tensor?> tangents) => Turned(call.Input(0), call.Output, tangents[0]!);

    /// <summary>The derivative along <paramref name="da"/>; the transposed derivative is the same function of transposed matrices.</summary>
    private static Tensor Turned(Tensor a, Tensor plus, Tensor da)
    {
        (Tensor plusT, Tensor daT) = (plus.Transpose(-2, -1), da.Transpose(-2, -1));
        Tensor beside = daT - daT.MatMul(a).MatMul(plus), below = daT - plus.MatMul(a).MatMul(daT);
        return plus.MatMul(plusT).MatMul(beside) + below.MatMul(plusT).MatMul(plus) - plus.MatMul(da).MatMul(plus);
    }
}

/// <summary>det A (torch.linalg.det); d det A = Σ cofactors · dA.</summary>
internal sealed record Determinant : Op
{
    internal override bool CanReuseTemporaries => true;

    protected internal override Reads Reads => Reads.Input0 | Reads.Output;

    protected internal override Tensor Compute(ReadOnlySpan<Tensor> inputs)
    {
        Tensor a = inputs[0];
        return a.Shape[^1] == 0 ? Tensor.Ones(Shape.Create(a.Shape.Span[..^2]), a.DType) : All("Det", a)[0];
    }

    /// <summary>The determinants, their signs and ln of their magnitudes; these are computed from the pivots, so that they do not overflow.</summary>
    public static Tensor[] All(string op, Tensor a) => EachMatrix.Run(op, default(DeterminantFunction), [a], [[], [], []], x =>
    {
        LU<double> lu = x[0].LU();
        Vector<double> pivots = lu.U.Diagonal();
        int exchanges = lu.P.ToInversions().Where((row, place) => row != place).Count();
        double sign = pivots.Aggregate(exchanges % 2 == 0 ? 1.0 : -1.0,
            (product, pivot) => product * (double.IsNaN(pivot) ? pivot : Math.Sign(pivot)));
        return [Number(lu.Determinant), Number(sign), Number(pivots.Sum(pivot => Math.Log(Math.Abs(pivot))))];

        static Matrix<double> Number(double value) => Matrix<double>.Build.Dense(1, 1, value);
    });

    protected internal override void Vjp(OpContext call, Tensor cotangent, Span<Tensor?> gradients) =>
        gradients[0] = Cofactors(call) * cotangent.Unsqueeze(-1).Unsqueeze(-1);

    protected internal override Tensor? Jvp(OpContext call, ReadOnlySpan<Tensor?> tangents) => (Cofactors(call) * tangents[0]!).Sum([-2, -1]);

    private static Tensor Cofactors(OpContext call)
    {
        (Tensor a, Tensor det) = (call.Input(0), call.Output);
        if (a.ElementCount > 0)
        {
            if (ElementwiseCall.MustRecord(a)) return CofactorsOfAny(a);
            if (det.Detach().Eq(0).Any().Item<bool>())
            {
                // Either 0, or too small for the dtype.
                Tensor precise = a.To(DType.Float64);
                Tensor[] all = All("Det", precise);
                if (all[2].Eq(double.NegativeInfinity).Any().Item<bool>()) return CofactorsOfAny(a);
                return (all[0].Unsqueeze(-1).Unsqueeze(-1) * new Inverse().Apply(precise).Transpose(-2, -1)).To(a.DType);
            }
        }
        return det.Unsqueeze(-1).Unsqueeze(-1) * new Inverse().Apply(a).Transpose(-2, -1);
    }

    // A singular matrix has no inverse, and the derivatives of a nearly singular one's cancel. R = A + U Vᵀ has a good one, with constants U and V
    // that span what A (nearly) never reaches and what it maps to (nearly) 0. det A = det R · det K with K = 1 − Vᵀ R⁻¹ U, and its gradient
    // R⁻ᵀ det A + det R · R⁻ᵀ V cof(K) Uᵀ R⁻ᵀ has derivatives of all orders.
    private static Tensor CofactorsOfAny(Tensor a)
    {
        const double Small = 1e-4;
        int n = a.Shape[^1];
        Tensor[] found = SingularValues.Of("Det", a.Detach().To(DType.Float64));
        Tensor s = found[0].Unsqueeze(-2), largest = s.Narrow(-1, 0, 1), scale = largest.MaskedFill(largest.Eq(0), 1);
        Tensor isLost = s <= scale * Small;
        int nullity = Math.Max(1, (int)isLost.Sum(-1).Max().Item<long>());
        Tensor u = Lost(found[1]), v = Lost(found[2].Transpose(-2, -1));
        Tensor regular = a.To(DType.Float64) / scale + u.MatMul(v.Transpose(-2, -1));
        Tensor inverse = new Inverse().Apply(regular), back = inverse.Transpose(-2, -1);
        Tensor eye = Tensor.Eye(nullity, dtype: DType.Float64), k = eye - v.Transpose(-2, -1).MatMul(inverse).MatMul(u);
        // Faddeev and LeVerrier's recurrence: no division, so that K may be 0.
        Tensor adjugate = eye, trace = Trace(k);
        for (int i = 2; i <= nullity; i++)
        {
            adjugate = trace * eye - k.MatMul(adjugate);
            trace = Trace(k.MatMul(adjugate)) / i;
        }
        Tensor bent = back.MatMul(v).MatMul(adjugate.Transpose(-2, -1)).MatMul(u.Transpose(-2, -1)).MatMul(back);
        return (scale.Pow(n - 1) * new Determinant().Apply(regular).Unsqueeze(-1).Unsqueeze(-1) * (trace * back + bent)).To(a.DType);

        Tensor Lost(Tensor vectors) => (vectors * isLost.To(DType.Float64)).Narrow(-1, n - nullity, nullity);

        static Tensor Trace(Tensor x) => x.Diagonal(0, -2, -1).Sum(-1).Unsqueeze(-1).Unsqueeze(-1);
    }
}

/// <summary>ln |det A|, −∞ for a singular A (torch.linalg.slogdet); its derivative is A⁻ᵀ.</summary>
internal sealed record LogAbsDeterminant : Op
{
    internal override bool CanReuseTemporaries => true;

    protected internal override Reads Reads => Reads.Input0;

    protected internal override Tensor Compute(ReadOnlySpan<Tensor> inputs) => Both(inputs[0]).LogAbs;

    /// <summary>The sign and ln of the magnitude, from the pivots, so that neither overflows.</summary>
    public static (Tensor Sign, Tensor LogAbs) Both(Tensor a)
    {
        Shape batch = Shape.Create(a.Shape.Span[..^2]);
        if (a.Shape[^1] == 0) return (Tensor.Ones(batch, a.DType), Tensor.Zeros(batch, a.DType));
        Tensor[] results = Determinant.All("LogDet", a);
        return (results[1], results[2]);
    }

    protected internal override void Vjp(OpContext call, Tensor cotangent, Span<Tensor?> gradients) =>
        gradients[0] = new Inverse().Apply(call.Input(0)).Transpose(-2, -1) * cotangent.Unsqueeze(-1).Unsqueeze(-1);

    protected internal override Tensor? Jvp(OpContext call, ReadOnlySpan<Tensor?> tangents) =>
        (new Inverse().Apply(call.Input(0)).Transpose(-2, -1) * tangents[0]!).Sum([-2, -1]);
}

/// <summary>Triangular factors.</summary>
internal static class Pivots
{
    /// <summary>The LU factors of a matrix that has an inverse.</summary>
    /// <exception cref="ValueException">A pivot is 0.</exception>
    public static LU<double> OfInvertible(Matrix<double> a)
    {
        LU<double> lu = a.LU();
        return lu.U.Diagonal().Any(pivot => pivot == 0) ? throw new ValueException("is singular and has no inverse") : lu;
    }
}
