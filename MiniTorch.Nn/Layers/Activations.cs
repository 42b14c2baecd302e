namespace MiniTorch.Nn;

/// <summary>max(x, 0), element by element (torch.nn.ReLU).</summary>
public sealed class ReLU : Module<Tensor, Tensor>
{
    /// <inheritdoc/>
    [return: Dims("...")]
    protected override Tensor Forward([Dims("...")] Tensor input) => input.Relu();
}

/// <summary>x cut to [0, 6], element by element (torch.nn.ReLU6).</summary>
public sealed class ReLU6 : Module<Tensor, Tensor>
{
    /// <inheritdoc/>
    [return: Dims("...")]
    protected override Tensor Forward([Dims("...")] Tensor input) => input.Relu6();
}

/// <summary>x where it is positive, else a slope times x, element by element (torch.nn.LeakyReLU).</summary>
/// <param name="negativeSlope">Slope below 0.</param>
public sealed class LeakyReLU(double negativeSlope = 0.01) : Module<Tensor, Tensor>
{
    /// <inheritdoc/>
    [return: Dims("...")]
    protected override Tensor Forward([Dims("...")] Tensor input) => input.LeakyRelu(negativeSlope);

    private protected override string Arguments => $"negative_slope={PythonText.Of(negativeSlope)}";
}

/// <summary>x where it is positive, else α(eˣ − 1), element by element (torch.nn.ELU).</summary>
/// <param name="alpha">α.</param>
public sealed class ELU(double alpha = 1) : Module<Tensor, Tensor>
{
    /// <inheritdoc/>
    [return: Dims("...")]
    protected override Tensor Forward([Dims("...")] Tensor input) => input.Elu(alpha);

    private protected override string Arguments => $"alpha={PythonText.Of(alpha)}";
}

/// <summary>x where it is positive, else α(e^(x/α) − 1), element by element (torch.nn.CELU).</summary>
/// <param name="alpha">α.</param>
public sealed class CELU(double alpha = 1) : Module<Tensor, Tensor>
{
    /// <inheritdoc/>
    [return: Dims("...")]
    protected override Tensor Forward([Dims("...")] Tensor input) => input.Celu(alpha);

    private protected override string Arguments => $"alpha={PythonText.Of(alpha)}";
}

/// <summary>The self-normalising ELU, element by element (torch.nn.SELU).</summary>
public sealed class SELU : Module<Tensor, Tensor>
{
    /// <inheritdoc/>
    [return: Dims("...")]
    protected override Tensor Forward([Dims("...")] Tensor input) => input.Selu();
}

/// <summary>x·Φ(x), exact, or with tanh for Φ, element by element (torch.nn.GELU).</summary>
/// <param name="approximate">"none" or "tanh".</param>
public sealed class GELU(string approximate = "none") : Module<Tensor, Tensor>
{
    /// <inheritdoc/>
    [return: Dims("...")]
    protected override Tensor Forward([Dims("...")] Tensor input) => input.Gelu(approximate);

    private protected override string Arguments => $"approximate='{approximate}'";
}

/// <summary>x·σ(x), element by element (torch.nn.SiLU).</summary>
public sealed class SiLU : Module<Tensor, Tensor>
{
    /// <inheritdoc/>
    [return: Dims("...")]
    protected override Tensor Forward([Dims("...")] Tensor input) => input.Silu();
}

/// <summary>x·tanh(ln(1 + eˣ)), element by element (torch.nn.Mish).</summary>
public sealed class Mish : Module<Tensor, Tensor>
{
    /// <inheritdoc/>
    [return: Dims("...")]
    protected override Tensor Forward([Dims("...")] Tensor input) => input.Mish();
}

/// <summary>tanh x, element by element (torch.nn.Tanh).</summary>
public sealed class Tanh : Module<Tensor, Tensor>
{
    /// <inheritdoc/>
    [return: Dims("...")]
    protected override Tensor Forward([Dims("...")] Tensor input) => input.Tanh();
}

/// <summary>1 / (1 + e⁻ˣ), element by element (torch.nn.Sigmoid).</summary>
public sealed class Sigmoid : Module<Tensor, Tensor>
{
    /// <inheritdoc/>
    [return: Dims("...")]
    protected override Tensor Forward([Dims("...")] Tensor input) => input.Sigmoid();
}

/// <summary>ln σ(x), element by element (torch.nn.LogSigmoid).</summary>
public sealed class LogSigmoid : Module<Tensor, Tensor>
{
    /// <inheritdoc/>
    [return: Dims("...")]
    protected override Tensor Forward([Dims("...")] Tensor input) => input.LogSigmoid();
}

/// <summary>ln(1 + e^βx) / β, and x itself where βx passes the threshold, element by element (torch.nn.Softplus).</summary>
/// <param name="beta">β.</param>
/// <param name="threshold">Where the function becomes x itself.</param>
public sealed class Softplus(double beta = 1, double threshold = 20) : Module<Tensor, Tensor>
{
    /// <inheritdoc/>
    [return: Dims("...")]
    protected override Tensor Forward([Dims("...")] Tensor input) => input.Softplus(beta, threshold);

    private protected override string Arguments => $"beta={PythonText.Of(beta)}, threshold={PythonText.Of(threshold)}";
}

/// <summary>x / (1 + |x|), element by element (torch.nn.Softsign).</summary>
public sealed class Softsign : Module<Tensor, Tensor>
{
    /// <inheritdoc/>
    [return: Dims("...")]
    protected override Tensor Forward([Dims("...")] Tensor input) => input.Softsign();
}

/// <summary>x cut to a range, element by element (torch.nn.Hardtanh).</summary>
/// <param name="minVal">The lower end.</param>
/// <param name="maxVal">The upper end.</param>
public sealed class Hardtanh(double minVal = -1, double maxVal = 1) : Module<Tensor, Tensor>
{
    /// <inheritdoc/>
    [return: Dims("...")]
    protected override Tensor Forward([Dims("...")] Tensor input) => input.Hardtanh(minVal, maxVal);

    private protected override string Arguments => $"min_val={PythonText.Of(minVal)}, max_val={PythonText.Of(maxVal)}";
}

/// <summary>(x + 3) / 6 cut to [0, 1], element by element (torch.nn.Hardsigmoid).</summary>
public sealed class Hardsigmoid : Module<Tensor, Tensor>
{
    /// <inheritdoc/>
    [return: Dims("...")]
    protected override Tensor Forward([Dims("...")] Tensor input) => input.Hardsigmoid();
}

/// <summary>x·hardsigmoid(x), element by element (torch.nn.Hardswish).</summary>
public sealed class Hardswish : Module<Tensor, Tensor>
{
    /// <inheritdoc/>
    [return: Dims("...")]
    protected override Tensor Forward([Dims("...")] Tensor input) => input.Hardswish();
}

/// <summary>x, but 0 between −λ and λ, element by element (torch.nn.Hardshrink).</summary>
/// <param name="lambd">λ.</param>
public sealed class Hardshrink(double lambd = 0.5) : Module<Tensor, Tensor>
{
    /// <inheritdoc/>
    [return: Dims("...")]
    protected override Tensor Forward([Dims("...")] Tensor input) => input.Hardshrink(lambd);

    private protected override string Arguments => PythonText.Of(lambd);
}

/// <summary>x moved by λ towards 0, and 0 between −λ and λ, element by element (torch.nn.Softshrink).</summary>
/// <param name="lambd">λ.</param>
public sealed class Softshrink(double lambd = 0.5) : Module<Tensor, Tensor>
{
    /// <inheritdoc/>
    [return: Dims("...")]
    protected override Tensor Forward([Dims("...")] Tensor input) => input.Softshrink(lambd);

    private protected override string Arguments => PythonText.Of(lambd);
}

/// <summary>x − tanh x, element by element (torch.nn.Tanhshrink).</summary>
public sealed class Tanhshrink : Module<Tensor, Tensor>
{
    /// <inheritdoc/>
    [return: Dims("...")]
    protected override Tensor Forward([Dims("...")] Tensor input) => input.Tanhshrink();
}

/// <summary>x above a threshold, else a value, element by element (torch.nn.Threshold).</summary>
/// <param name="threshold">The threshold.</param>
/// <param name="value">What takes the place of smaller elements.</param>
public sealed class Threshold(double threshold, double value) : Module<Tensor, Tensor>
{
    /// <inheritdoc/>
    [return: Dims("...")]
    protected override Tensor Forward([Dims("...")] Tensor input) => input.Threshold(threshold, value);

    private protected override string Arguments => $"threshold={PythonText.Of(threshold)}, value={PythonText.Of(value)}";
}

/// <summary>x where it is positive, else a learnt slope times x: one slope for all, or one for each channel, dimension 1 (torch.nn.PReLU).</summary>
/// <param name="numParameters">1, or the number of channels.</param>
/// <param name="init">The slopes at first.</param>
/// <param name="dtype">Float32 by default.</param>
public sealed class PReLU(int numParameters = 1, double init = 0.25, DType dtype = DType.Float32) : Module<Tensor, Tensor>
{
    /// <summary>The slopes, [parameters].</summary>
    public Parameter Weight { get; } = new(Tensor.Full([numParameters], init, dtype));

    /// <inheritdoc/>
    [return: Dims("...")]
    protected override Tensor Forward([Dims("...")] Tensor input) => input.Prelu(Weight);

    private protected override string Arguments => $"num_parameters={Weight.Shape[0]}";
}
