using MiniTorch.Ops;

namespace MiniTorch;

public partial class Tensor
{
    /// <summary>Returns the sigmoid 1 / (1 + e⁻ˣ), computed without overflow (torch.sigmoid).</summary>
    public Tensor Sigmoid() => Unary(new Sigmoid(), this);

    /// <summary>Returns ln(1 / (1 + e⁻ˣ)), computed without overflow (torch.nn.functional.logsigmoid).</summary>
    public Tensor LogSigmoid() => Unary(new LogSigmoid(), this);

    /// <summary>Returns max(x, 0) (torch.relu). The derivative at 0 is 0; NaN propagates.</summary>
    public Tensor Relu() => Unary(new Relu(), this);

    /// <summary>Returns x clamped to [0, 6] (torch.nn.functional.relu6). The derivative at both ends is 0.</summary>
    public Tensor Relu6() => Hardtanh(0, 6);

    /// <summary>Returns x clamped to [low, high] (torch.nn.functional.hardtanh). The derivative at both ends is 0.</summary>
    /// <exception cref="ValueException"><paramref name="low"/> exceeds <paramref name="high"/>.</exception>
    public Tensor Hardtanh(double low = -1, double high = 1) =>
        low > high
            ? throw new ValueException(FormattableString.Invariant($"Hardtanh: low {low} exceeds high {high}"))
            : Unary(new Hardtanh(low, high), this);

    /// <summary>Returns x if x > 0, otherwise slope · x (torch.nn.functional.leaky_relu). The derivative at 0 is the slope.</summary>
    public Tensor LeakyRelu(double slope = 0.01) => Unary(new LeakyRelu(slope), this);

    /// <summary>
    /// Returns x if x > 0, otherwise weight · x, with one weight for all elements or one for each channel (dimension 1)
    /// (torch.nn.functional.prelu).
    /// </summary>
    /// <exception cref="ShapeException">The number of weights is neither 1 nor the number of channels.</exception>
    /// <exception cref="DTypeException">The weights, unless they are one number, have another dtype than the tensor.</exception>
    public Tensor Prelu(Tensor weight)
    {
        ArgumentNullException.ThrowIfNull(weight);
        int channels = Rank > 1 ? Shape[1] : 1;
        if (weight.ElementCount != 1 && weight.ElementCount != channels)
            throw new ShapeException($"Prelu: got {weight.ElementCount} weights for shape {Shape}; pass 1 or {channels}, the number of channels "
                + "(dimension 1)");
        if (weight.Rank > 0) Normalization.CheckDType("Prelu", this, weight);
        weight = weight.To(DTypes.Promote(DType, weight.DType)); // before the reshape, which would lose the full precision of a C# number
        return Binary(new Prelu(), this, weight.Reshape(weight.ElementCount == 1 ? [] : Normalization.ForChannels(this, channels)));
    }

    /// <summary>Returns x if x > 0, otherwise α (eˣ − 1) (torch.nn.functional.elu).</summary>
    public Tensor Elu(double alpha = 1) => Unary(new Elu(alpha), this);

    /// <summary>Returns x if x > 0, otherwise α (e^(x/α) − 1) (torch.nn.functional.celu).</summary>
    public Tensor Celu(double alpha = 1) => (this / alpha).Elu() * alpha;

    /// <summary>Returns the self-normalizing ELU, 1.0507… · elu(x, 1.6732…) (torch.nn.functional.selu; Klambauer et al. 2017).</summary>
    public Tensor Selu() => Unary(new Elu(1.6732632423543772848, 1.0507009873554804934), this);

    /// <summary>
    /// Returns x · Φ(x) with the standard normal distribution function Φ, exact or approximated with tanh (torch.nn.functional.gelu; Hendrycks and
    /// Gimpel 2016).
    /// </summary>
    /// <param name="approximate"><c>none</c> for the exact Φ, or <c>tanh</c>.</param>
    /// <exception cref="ValueException"><paramref name="approximate"/> has another value.</exception>
    public Tensor Gelu(string approximate = "none") => approximate switch
    {
        "none" => Unary(new Gelu(), this),
        "tanh" => Unary(new GeluTanh(), this),
        _ => throw new ValueException($"Gelu: approximate is '{approximate}'; use 'none' or 'tanh'"),
    };

    /// <summary>Returns x / (1 + e⁻ˣ), also called swish (torch.nn.functional.silu).</summary>
    public Tensor Silu() => Unary(new Silu(), this);

    /// <summary>Returns x · tanh(ln(1 + eˣ)) (torch.nn.functional.mish).</summary>
    public Tensor Mish() => Unary(new Mish(), this);

    /// <summary>Returns ln(1 + e^βx) / β, and x if βx exceeds the threshold (torch.nn.functional.softplus).</summary>
    public Tensor Softplus(double beta = 1, double threshold = 20) => Unary(new Softplus(beta, threshold), this);

    /// <summary>Returns x / (1 + |x|) (torch.nn.functional.softsign).</summary>
    public Tensor Softsign() => this / (Abs() + 1);

    /// <summary>Returns x − tanh x (torch.nn.functional.tanhshrink).</summary>
    public Tensor Tanhshrink() => this - Tanh();

    /// <summary>Returns 0 if −λ ≤ x ≤ λ, otherwise x (torch.nn.functional.hardshrink).</summary>
    public Tensor Hardshrink(double lambda = 0.5) => Unary(new Hardshrink(lambda), this);

    /// <summary>Returns 0 if −λ ≤ x ≤ λ, otherwise x moved toward 0 by λ (torch.nn.functional.softshrink).</summary>
    public Tensor Softshrink(double lambda = 0.5) => Unary(new Softshrink(lambda), this);

    /// <summary>Returns x if x exceeds the threshold, otherwise <paramref name="value"/> (torch.nn.functional.threshold).</summary>
    public Tensor Threshold(double threshold, double value) => Unary(new Threshold(threshold, value), this);

    /// <summary>Returns (x + 3) / 6 clamped to [0, 1] (torch.nn.functional.hardsigmoid).</summary>
    public Tensor Hardsigmoid() => Unary(new Hardsigmoid(), this);

    /// <summary>Returns x · hardsigmoid(x) (torch.nn.functional.hardswish).</summary>
    public Tensor Hardswish() => Unary(new Hardswish(), this);

    /// <summary>Splits a dimension into halves and returns the first half times the sigmoid of the second (torch.nn.functional.glu).</summary>
    /// <exception cref="ShapeException">The size of the dimension is odd.</exception>
    public Tensor Glu(int dim = -1)
    {
        int at = Shape.Dim(dim, "Glu"), size = Shape.SizeOrOne(at);
        if (size % 2 != 0) throw new ShapeException($"Glu: dimension {dim} of shape {Shape} must have an even size");
        return Narrow(at, 0, size / 2) * Narrow(at, size / 2, size / 2).Sigmoid();
    }
}
