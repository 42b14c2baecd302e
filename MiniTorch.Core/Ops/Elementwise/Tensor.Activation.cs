using MiniTorch.Ops;

namespace MiniTorch;

public partial class Tensor
{
    /// <summary>1 / (1 + e⁻ˣ), without overflow (torch.sigmoid).</summary>
    public Tensor Sigmoid() => Unary(new Sigmoid(), this);

    /// <summary>ln(1 / (1 + e⁻ˣ)), without overflow (torch.nn.functional.logsigmoid).</summary>
    public Tensor LogSigmoid() => Unary(new LogSigmoid(), this);

    /// <summary>max(x, 0); derivative 0 at 0 (torch.relu).</summary>
    public Tensor Relu() => Unary(new Relu(), this);

    /// <summary>x cut to [0, 6]; derivative 0 at both ends (torch.nn.functional.relu6).</summary>
    public Tensor Relu6() => Hardtanh(0, 6);

    /// <summary>x cut to [low, high]; derivative 0 at both ends (torch.nn.functional.hardtanh).</summary>
    /// <exception cref="ValueException"><paramref name="low"/> lies above <paramref name="high"/>.</exception>
    public Tensor Hardtanh(double low = -1, double high = 1) =>
        low > high ? throw new ValueException(FormattableString.Invariant($"Hardtanh: low {low} lies above high {high}")) : Unary(new Hardtanh(low, high), this);

    /// <summary>x where it is positive, else slope · x (torch.nn.functional.leaky_relu).</summary>
    public Tensor LeakyRelu(double slope = 0.01) => Unary(new LeakyRelu(slope), this);

    /// <summary>x where it is positive, else weight · x, with one weight for all or one for each channel, dimension 1 (torch.nn.functional.prelu).</summary>
    /// <exception cref="ShapeException">The number of weights is neither 1 nor that of the channels.</exception>
    public Tensor Prelu(Tensor weight)
    {
        ArgumentNullException.ThrowIfNull(weight);
        int channels = Rank > 1 ? Shape[1] : 1;
        if (weight.ElementCount != 1 && weight.ElementCount != channels)
            throw new ShapeException($"Prelu: {weight.ElementCount} weights for shape {Shape}; 1 or {channels} (the channels, dimension 1) are possible");
        weight = weight.To(DTypes.Promote(DType, weight.DType)); // a C# number has its full precision only as it is
        return Binary(new Prelu(), this, weight.Reshape(Normalization.ForChannels(this, (int)weight.ElementCount)));
    }

    /// <summary>x where it is positive, else α (eˣ − 1) (torch.nn.functional.elu).</summary>
    public Tensor Elu(double alpha = 1) => Unary(new Elu(alpha), this);

    /// <summary>x where it is positive, else α (e^(x/α) − 1) (torch.nn.functional.celu).</summary>
    public Tensor Celu(double alpha = 1) => (this / alpha).Elu() * alpha;

    /// <summary>The self-normalising elu: 1.0507… · elu(x, 1.6732…) (torch.nn.functional.selu).</summary>
    public Tensor Selu() => Unary(new Elu(1.6732632423543772848, 1.0507009873554804934), this);

    /// <summary>x · Φ(x), exact by default, or with tanh for Φ (torch.nn.functional.gelu).</summary>
    /// <param name="approximate"><c>none</c> or <c>tanh</c>.</param>
    /// <exception cref="ValueException">Any other <paramref name="approximate"/>.</exception>
    public Tensor Gelu(string approximate = "none") => approximate switch
    {
        "none" => Unary(new Gelu(), this),
        "tanh" => Unary(new GeluTanh(), this),
        _ => throw new ValueException($"Gelu: approximate is '{approximate}'; 'none' and 'tanh' are possible"),
    };

    /// <summary>x / (1 + e⁻ˣ), also called swish (torch.nn.functional.silu).</summary>
    public Tensor Silu() => Unary(new Silu(), this);

    /// <summary>x · tanh(ln(1 + eˣ)) (torch.nn.functional.mish).</summary>
    public Tensor Mish() => Unary(new Mish(), this);

    /// <summary>ln(1 + e^βx) / β, and x itself where βx passes the threshold (torch.nn.functional.softplus).</summary>
    public Tensor Softplus(double beta = 1, double threshold = 20) => Unary(new Softplus(beta, threshold), this);

    /// <summary>x / (1 + |x|) (torch.nn.functional.softsign).</summary>
    public Tensor Softsign() => this / (Abs() + 1);

    /// <summary>x − tanh x (torch.nn.functional.tanhshrink).</summary>
    public Tensor Tanhshrink() => this - Tanh();

    /// <summary>x, but 0 between −λ and λ (torch.nn.functional.hardshrink).</summary>
    public Tensor Hardshrink(double lambda = 0.5) => Unary(new Hardshrink(lambda), this);

    /// <summary>x moved by λ towards 0, and 0 between −λ and λ (torch.nn.functional.softshrink).</summary>
    public Tensor Softshrink(double lambda = 0.5) => Unary(new Softshrink(lambda), this);

    /// <summary>x above the threshold, else <paramref name="value"/> (torch.nn.functional.threshold).</summary>
    public Tensor Threshold(double threshold, double value) => Unary(new Threshold(threshold, value), this);

    /// <summary>(x + 3) / 6 cut to [0, 1] (torch.nn.functional.hardsigmoid).</summary>
    public Tensor Hardsigmoid() => Unary(new Hardsigmoid(), this);

    /// <summary>x · hardsigmoid(x) (torch.nn.functional.hardswish).</summary>
    public Tensor Hardswish() => Unary(new Hardswish(), this);

    /// <summary>The first half of a dimension times the sigmoid of the second (torch.nn.functional.glu).</summary>
    /// <exception cref="ShapeException">The size of the dimension is odd.</exception>
    public Tensor Glu(int dim = -1)
    {
        int at = Shape.Dim(dim, "Glu"), size = Shape.SizeOrOne(at);
        if (size % 2 != 0) throw new ShapeException($"Glu: dimension {dim} of shape {Shape} must have an even size");
        return Narrow(at, 0, size / 2) * Narrow(at, size / 2, size / 2).Sigmoid();
    }
}
