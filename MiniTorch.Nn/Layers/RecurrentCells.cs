namespace MiniTorch.Nn;

/// <summary>The weights of one recurrent cell, initialised uniformly on ±1/√hidden, drawn in PyTorch's order.</summary>
internal sealed class CellWeights
{
    /// <summary>Draws the initial weights.</summary>
    /// <param name="inputSize">The number of features of the input.</param>
    /// <param name="hiddenSize">Features of the gates.</param>
    /// <param name="gates">The number of gates.</param>
    /// <param name="bias">Whether the layer has learnable biases.</param>
    /// <param name="dtype">The weights' dtype.</param>
    /// <param name="generator">The generator that draws the weights.</param>
    /// <param name="projSize">The number of features that the hidden state is projected to; 0 for no projection.</param>
    public CellWeights(int inputSize, int hiddenSize, int gates, bool bias, DType dtype, Generator? generator, int projSize = 0)
    {
        double bound = hiddenSize > 0 ? 1 / Math.Sqrt(hiddenSize) : 0;
        Ih = LayerInit.Uniform([gates * hiddenSize, inputSize], bound, dtype, generator);
        Hh = LayerInit.Uniform([gates * hiddenSize, projSize > 0 ? projSize : hiddenSize], bound, dtype, generator);
        if (bias) (BiasIh, BiasHh) = (LayerInit.Uniform([gates * hiddenSize], bound, dtype, generator),
            LayerInit.Uniform([gates * hiddenSize], bound, dtype, generator));
        if (projSize > 0) Hr = LayerInit.Uniform([projSize, hiddenSize], bound, dtype, generator);
    }

    public Parameter Ih { get; }

    public Parameter Hh { get; }

    public Parameter? BiasIh { get; }

    public Parameter? BiasHh { get; }

    /// <summary>The projection of the hidden state, [proj, hidden]; null if there is none.</summary>
    public Parameter? Hr { get; }

    /// <summary>The parameters under PyTorch's names, such as <c>weight_ih_l0_reverse</c>.</summary>
    public IEnumerable<(string Name, Parameter Value)> Named(string suffix)
    {
        yield return ($"weight_ih{suffix}", Ih);
        yield return ($"weight_hh{suffix}", Hh);
        if (BiasIh is not null) yield return ($"bias_ih{suffix}", BiasIh);
        if (BiasHh is not null) yield return ($"bias_hh{suffix}", BiasHh);
        if (Hr is not null) yield return ($"weight_hr{suffix}", Hr);
    }
}

/// <summary>Base class of a single step of a recurrent layer; its parameters are weight_ih, weight_hh, bias_ih and bias_hh.</summary>
/// <typeparam name="TState">The state that is passed from step to step.</typeparam>
/// <typeparam name="TOptionalState">The type of the initial state; null for zeros.</typeparam>
public abstract class RecurrentCell<TState, TOptionalState> : Module<Tensor, TOptionalState, TState>
{
    private readonly int _hiddenSize;

    private protected RecurrentCell(int inputSize, int hiddenSize, int gates, bool bias, DType dtype, Generator? generator)
    {
        _hiddenSize = hiddenSize;
        var weights = new CellWeights(inputSize, hiddenSize, gates, bias, dtype, generator);
        (WeightIh, WeightHh, BiasIh, BiasHh) = (weights.Ih, weights.Hh, weights.BiasIh, weights.BiasHh);
    }

    /// <summary>The weight of the input, [gates · hidden, in].</summary>
    public Parameter WeightIh { get; }

    /// <summary>The weight of the state, [gates · hidden, hidden].</summary>
    public Parameter WeightHh { get; }

    /// <summary>The input's bias, [gates · hidden]; null if the layer has none.</summary>
    public Parameter? BiasIh { get; }

    /// <summary>The state's bias, [gates · hidden]; null if the layer has none.</summary>
    public Parameter? BiasHh { get; }

    internal override int OptionalInputs => 1;

    /// <summary>Computes a step from a state of zeros.</summary>
    public TState Call(Tensor input) => Call(input, default!);

    /// <summary>Returns a state of zeros, [*, hidden].</summary>
    private protected Tensor ZeroState(Tensor input) =>
        Tensor.Zeros(input.Rank > 0 ? input.Shape.With(input.Rank - 1, _hiddenSize)
            : throw new ShapeException($"{GetType().Name}: the input must be [batch, in], not a scalar"), input.DType);

    private protected override string Arguments => $"{WeightIh.Shape[1]}, {_hiddenSize}{(BiasIh is null ? ", bias=False" : "")}";
}

/// <summary>
/// Computes h′ = tanh(W_ih·x + b_ih + W_hh·h + b_hh), or with ReLU instead of tanh (torch.nn.RNNCell): [N, in] and [N, hidden] → [N, hidden].
/// </summary>
/// <param name="inputSize">The number of features of the input.</param>
/// <param name="hiddenSize">The number of features of the hidden state.</param>
/// <param name="bias">Whether the layer has learnable biases.</param>
/// <param name="nonlinearity">tanh or ReLU.</param>
/// <param name="dtype">Float32 by default.</param>
/// <param name="generator">The generator that draws the initial weights; <see cref="Generator.Default"/> by default.</param>
public sealed class RNNCell(int inputSize, int hiddenSize, bool bias = true, Nonlinearity nonlinearity = Nonlinearity.Tanh,
    DType dtype = DType.Float32, Generator? generator = null)
    : RecurrentCell<Tensor, Tensor?>(inputSize, hiddenSize, 1, bias, dtype, generator)
{
    private readonly bool _isTanh = IsTanh("RNNCell", nonlinearity);

    /// <inheritdoc/>
    [return: Dims("... hidden")]
    protected override Tensor Forward([Dims("... features")] Tensor input, [Dims("... hidden")] Tensor? state)
    {
        Tensor h = state ?? ZeroState(input);
        return _isTanh
            ? input.RnnTanhCell(h, WeightIh, WeightHh, BiasIh, BiasHh)
            : input.RnnReluCell(h, WeightIh, WeightHh, BiasIh, BiasHh);
    }

    private protected override string Arguments => base.Arguments + (_isTanh ? "" : ", nonlinearity=relu");

    internal static bool IsTanh(string layer, Nonlinearity nonlinearity) => nonlinearity switch
    {
        Nonlinearity.Tanh => true,
        Nonlinearity.Relu => false,
        _ => throw new ValueException($"{layer}: the nonlinearity is {nonlinearity} and must be Tanh or Relu"),
    };
}

/// <summary>Computes a step of a gated recurrent unit (torch.nn.GRUCell; Cho et al. 2014): [N, in] and [N, hidden] → [N, hidden].</summary>
/// <param name="inputSize">The number of features of the input.</param>
/// <param name="hiddenSize">The number of features of the hidden state.</param>
/// <param name="bias">Whether the layer has learnable biases.</param>
/// <param name="dtype">Float32 by default.</param>
/// <param name="generator">The generator that draws the initial weights; <see cref="Generator.Default"/> by default.</param>
public sealed class GRUCell(int inputSize, int hiddenSize, bool bias = true, DType dtype = DType.Float32, Generator? generator = null)
    : RecurrentCell<Tensor, Tensor?>(inputSize, hiddenSize, 3, bias, dtype, generator)
{
    /// <inheritdoc/>
    [return: Dims("... hidden")]
    protected override Tensor Forward([Dims("... features")] Tensor input, [Dims("... hidden")] Tensor? state) =>
        input.GruCell(state ?? ZeroState(input), WeightIh, WeightHh, BiasIh, BiasHh);
}

/// <summary>
/// Computes a step of a long short-term memory cell (torch.nn.LSTMCell; Hochreiter and Schmidhuber 1997): [N, in] and the states h, c, each [N,
/// hidden], → new h, c.
/// </summary>
/// <param name="inputSize">The number of features of the input.</param>
/// <param name="hiddenSize">The number of features of the hidden state.</param>
/// <param name="bias">Whether the layer has learnable biases.</param>
/// <param name="dtype">Float32 by default.</param>
/// <param name="generator">The generator that draws the initial weights; <see cref="Generator.Default"/> by default.</param>
public sealed class LSTMCell(int inputSize, int hiddenSize, bool bias = true, DType dtype = DType.Float32, Generator? generator = null)
    : RecurrentCell<(Tensor H, Tensor C), (Tensor H, Tensor C)?>(inputSize, hiddenSize, 4, bias, dtype, generator)
{
    /// <inheritdoc/>
    protected override (Tensor H, Tensor C) Forward([Dims("... features")] Tensor input, (Tensor H, Tensor C)? state)
    {
        (Tensor h, Tensor c) = state ?? (ZeroState(input), ZeroState(input));
        return input.LstmCell(h, c, WeightIh, WeightHh, BiasIh, BiasHh);
    }
}
