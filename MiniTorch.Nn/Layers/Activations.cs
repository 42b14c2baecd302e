namespace MiniTorch.Nn;

/// <summary>Computes max(x, 0) for each element (torch.nn.ReLU).</summary>
public sealed class ReLU : Module<Tensor, Tensor>
{
    /// <inheritdoc/>
    [return: Dims("...")]
    protected override Tensor Forward([Dims("...")] Tensor input) => input.Relu();
}

/// <summary>Clamps each element to [0, 6] (torch.nn.ReLU6).</summary>
public sealed class ReLU6 : Module<Tensor, Tensor>
{
    /// <inheritdoc/>
    [return: Dims("...")]
    protected override Tensor Forward([Dims("...")] Tensor input) => input.Relu6();
}

/// <summary>Computes x if x > 0, else a slope times x, for each element (torch.nn.LeakyReLU).</summary>
/// <param name="negativeSlope">The slope for negative elements.</param>
public sealed class LeakyReLU(double negativeSlope = 0.01) : Module<Tensor, Tensor>
{
    /// <inheritdoc/>
    [return: Dims("...")]
    protected override Tensor Forward([Dims("...")] Tensor input) => input.LeakyRelu(negativeSlope);

    private protected override string Arguments => $"negative_slope={PythonText.Of(negativeSlope)}";
}

/// <summary>Computes x if x > 0, else α(eˣ − 1), for each element (torch.nn.ELU; Clevert et al. 2016).</summary>
/// <param name="alpha">α.</param>
public sealed class ELU(double alpha = 1) : Module<Tensor, Tensor>
{
    /// <inheritdoc/>
    [return: Dims("...")]
    protected override Tensor Forward([Dims("...")] Tensor input) => input.Elu(alpha);

    private protected override string Arguments => $"alpha={PythonText.Of(alpha)}";
}

/// <summary>Computes x if x > 0, else α(e^(x/α) − 1), for each element (torch.nn.CELU; Barron 2017).</summary>
/// <param name="alpha">α.</param>
public sealed class CELU(double alpha = 1) : Module<Tensor, Tensor>
{
    /// <inheritdoc/>
    [return: Dims("...")]
    protected override Tensor Forward([Dims("...")] Tensor input) => input.Celu(alpha);

    private protected override string Arguments => $"alpha={PythonText.Of(alpha)}";
}

/// <summary>Computes the self-normalising ELU for each element (torch.nn.SELU; Klambauer et al. 2017).</summary>
public sealed class SELU : Module<Tensor, Tensor>
{
    /// <inheritdoc/>
    [return: Dims("...")]
    protected override Tensor Forward([Dims("...")] Tensor input) => input.Selu();
}

/// <summary>Computes x·Φ(x) for each element, exactly or with tanh (torch.nn.GELU; Hendrycks and Gimpel 2016).</summary>
/// <param name="approximate">"none", or "tanh" for the approximation x/2·(1 + tanh(√(2/π)(x + 0.044715x³))).</param>
public sealed class GELU(string approximate = "none") : Module<Tensor, Tensor>
{
    /// <inheritdoc/>
    [return: Dims("...")]
    protected override Tensor Forward([Dims("...")] Tensor input) => input.Gelu(approximate);

    private protected override string Arguments => $"approximate='{approximate}'";
}

/// <summary>Computes x·σ(x) for each element (torch.nn.SiLU), also called Swish.</summary>
public sealed class SiLU : Module<Tensor, Tensor>
{
    /// <inheritdoc/>
    [return: Dims("...")]
    protected override Tensor Forward([Dims("...")] Tensor input) => input.Silu();
}

/// <summary>Computes x·tanh(ln(1 + eˣ)) for each element (torch.nn.Mish; Misra 2019).</summary>
public sealed class Mish : Module<Tensor, Tensor>
{
    /// <inheritdoc/>
    [return: Dims("...")]
    protected override Tensor Forward([Dims("...")] Tensor input) => input.Mish();
}

/// <summary>Computes tanh x for each element (torch.nn.Tanh).</summary>
public sealed class Tanh : Module<Tensor, Tensor>
{
    /// <inheritdoc/>
    [return: Dims("...")]
    protected override Tensor Forward([Dims("...")] Tensor input) => input.Tanh();
}

/// <summary>Computes 1 / (1 + e⁻ˣ) for each element (torch.nn.Sigmoid).</summary>
public sealed class Sigmoid : Module<Tensor, Tensor>
{
    /// <inheritdoc/>
    [return: Dims("...")]
    protected override Tensor Forward([Dims("...")] Tensor input) => input.Sigmoid();
}

/// <summary>Computes ln σ(x) for each element (torch.nn.LogSigmoid).</summary>
public sealed class LogSigmoid : Module<Tensor, Tensor>
{
    /// <inheritdoc/>
    [return: Dims("...")]
    protected override Tensor Forward([Dims("...")] Tensor input) => input.LogSigmoid();
}

/// <summary>Computes ln(1 + e^βx) / β for each element, and x if βx exceeds the threshold (torch.nn.Softplus).</summary>
/// <param name="beta">β.</param>
/// <param name="threshold">The value of βx above which the function returns x.</param>
public sealed class Softplus(double beta = 1, double threshold = 20) : Module<Tensor, Tensor>
{
    /// <inheritdoc/>
    [return: Dims("...")]
    protected override Tensor Forward([Dims("...")] Tensor input) => input.Softplus(beta, threshold);

    private protected override string Arguments => $"beta={PythonText.Of(beta)}, threshold={PythonText.Of(threshold)}";
}

/// <summary>Computes x / (1 + |x|) for each element (torch.nn.Softsign).</summary>
public sealed class Softsign : Module<Tensor, Tensor>
{
    /// <inheritdoc/>
    [return: Dims("...")]
    protected override Tensor Forward([Dims("...")] Tensor input) => input.Softsign();
}

/// <summary>Clamps each element to a range (torch.nn.Hardtanh).</summary>
/// <param name="minVal">The lower end of the range.</param>
/// <param name="maxVal">The upper end of the range.</param>
public sealed class Hardtanh(double minVal = -1, double maxVal = 1) : Module<Tensor, Tensor>
{
    /// <inheritdoc/>
    [return: Dims("...")]
    protected override Tensor Forward([Dims("...")] Tensor input) => input.Hardtanh(minVal, maxVal);

    private protected override string Arguments => $"min_val={PythonText.Of(minVal)}, max_val={PythonText.Of(maxVal)}";
}

/// <summary>Computes (x + 3) / 6, clamped to [0, 1], for each element (torch.nn.Hardsigmoid).</summary>
public sealed class Hardsigmoid : Module<Tensor, Tensor>
{
    /// <inheritdoc/>
    [return: Dims("...")]
    protected override Tensor Forward([Dims("...")] Tensor input) => input.Hardsigmoid();
}

/// <summary>Computes x·hardsigmoid(x) for each element (torch.nn.Hardswish; Howard et al. 2019).</summary>
public sealed class Hardswish : Module<Tensor, Tensor>
{
    /// <inheritdoc/>
    [return: Dims("...")]
    protected override Tensor Forward([Dims("...")] Tensor input) => input.Hardswish();
}

/// <summary>Computes x if |x| > λ, else 0, for each element (torch.nn.Hardshrink).</summary>
/// <param name="lambd">λ.</param>
public sealed class Hardshrink(double lambd = 0.5) : Module<Tensor, Tensor>
{
    /// <inheritdoc/>
    [return: Dims("...")]
    protected override Tensor Forward([Dims("...")] Tensor input) => input.Hardshrink(lambd);

    private protected override string Arguments => PythonText.Of(lambd);
}

/// <summary>Moves each element by λ towards 0; elements between −λ and λ become 0 (torch.nn.Softshrink).</summary>
/// <param name="lambd">λ.</param>
public sealed class Softshrink(double lambd = 0.5) : Module<Tensor, Tensor>
{
    /// <inheritdoc/>
    [return: Dims("...")]
    protected override Tensor Forward([Dims("...")] Tensor input) => input.Softshrink(lambd);

    private protected override string Arguments => PythonText.Of(lambd);
}

/// <summary>Computes x − tanh x for each element (torch.nn.Tanhshrink).</summary>
public sealed class Tanhshrink : Module<Tensor, Tensor>
{
    /// <inheritdoc/>
    [return: Dims("...")]
    protected override Tensor Forward([Dims("...")] Tensor input) => input.Tanhshrink();
}

/// <summary>Computes x if x exceeds a threshold, else a fixed value, for each element (torch.nn.Threshold).</summary>
/// <param name="threshold">The threshold.</param>
/// <param name="value">The value that replaces the other elements.</param>
public sealed class Threshold(double threshold, double value) : Module<Tensor, Tensor>
{
    /// <inheritdoc/>
    [return: Dims("...")]
    protected override Tensor Forward([Dims("...")] Tensor input) => input.Threshold(threshold, value);

    private protected override string Arguments => $"threshold={PythonText.Of(threshold)}, value={PythonText.Of(value)}";
}

/// <summary>
/// Computes x if x > 0, else a learnt slope times x. There is one slope for all elements, or one for each channel, dimension 1 (torch.nn.PReLU; He et
/// al. 2015).
/// </summary>
/// <param name="numParameters">1, or the number of channels.</param>
/// <param name="init">The initial slope.</param>
/// <param name="dtype">Float32 by default.</param>
public sealed class PReLU(int numParameters = 1, double init = 0.25, DType dtype = DType.Float32) : Module<Tensor, Tensor>
{
    /// <summary>The slopes, [numParameters].</summary>
    public Parameter Weight { get; } = new(Tensor.Full([numParameters], init, dtype));

    /// <inheritdoc/>
    [return: Dims("...")]
    protected override Tensor Forward([Dims("...")] Tensor input) => input.Prelu(Weight);

    private protected override string Arguments => $"num_parameters={Weight.Shape[0]}";
}
