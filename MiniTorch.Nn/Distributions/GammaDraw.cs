using MathNet.Numerics;

namespace MiniTorch.Distributions;

/// <summary>
/// Draws from gamma distributions of rate 1, with the derivative that keeps their cumulative probability: dx/dα = −(∂P(α, x)/∂α) / p(x)
/// (Figurnov et al., 2018).
/// </summary>
internal sealed record GammaDraw(Tensor Draws) : Op
{
    // Beyond it, the expansion of Cornish and Fisher is as exact.
    private const double Large = 1e6;

    /// <inheritdoc/>
    protected internal override Reads Reads => Reads.Inputs;

    /// <summary>Draws one number for each concentration.</summary>
    public static Tensor Of(Tensor concentration, Generator? generator) =>
        new GammaDraw(concentration.Detach().StandardGamma(generator)).Apply(concentration);

    /// <inheritdoc/>
    protected internal override Tensor Compute(ReadOnlySpan<Tensor> inputs) => Draws.Clone();

    /// <inheritdoc/>
    protected internal override void Vjp(OpContext call, Tensor cotangent, Span<Tensor?> gradients) =>
        gradients[0] = cotangent * Slopes(call.Input(0));

    /// <inheritdoc/>
    protected internal override Tensor? Jvp(OpContext call, ReadOnlySpan<Tensor?> tangents) => tangents[0]! * Slopes(call.Input(0));

    private Tensor Slopes(Tensor concentration)
    {
        if (EngineMode.Enabled && concentration.RequiresGrad)
            throw new GraphException("Gamma.RSample: draws of Gamma, Beta and Dirichlet have first derivatives only; call Backward without "
                + "createGraph");
        double[] alphas = concentration.Detach().ToArray<double>(), draws = Draws.ToArray<double>();
        return Tensor.From([.. alphas.Zip(draws, Slope)]).Reshape(Draws.Shape).To(Draws.DType);
    }

    /// <summary>
    /// dx/dα. With the terms tₙ = x^(n+1) / (α(α+1)…(α+n)) of the series P/p = Σ tₙ of the incomplete gamma function it is Σ tₙ·(ψ(α+n+1) − ln x).
    /// </summary>
    internal static double Slope(double alpha, double x)
    {
        double log = Math.Log(x), psi = SpecialFunctions.DiGamma(alpha);
        if (alpha > Large)
        {
            // x = α + z√α + (z² − 1)/3 + (z³ − 7z)/(36√α) + … for a standard normal z
            double root = Math.Sqrt(alpha), w = (x - alpha) / root, z = w - ((w * w - 1) / (3 * root));
            return 1 + z / (2 * root);
        }
        double term = 1, sum = 0;
        for (int n = 0; ; n++)
        {
            term *= x / (alpha + n);
            psi += 1 / (alpha + n);
            sum += term * (psi - log);
            if (!double.IsFinite(sum)) return (log - SpecialFunctions.DiGamma(alpha)) / (1 - (alpha - 1) / x); // far in the upper tail
            if (alpha + n > x && term * (psi - log) <= 1e-17 * Math.Abs(sum)) return sum;
        }
    }
}
