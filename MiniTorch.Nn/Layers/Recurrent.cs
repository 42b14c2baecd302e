namespace MiniTorch.Nn;

/// <summary>
/// Base class of recurrent layers. The input is a sequence [T, N, in], [N, T, in] with batchFirst, or [T, in] without a batch. The output holds the
/// state of the last layer at every step, with both directions concatenated; the final states are [layers · directions, N, hidden].
/// </summary>
/// <typeparam name="TState">The type of the final states.</typeparam>
/// <typeparam name="TOptionalState">The type of the initial states; null for zeros.</typeparam>
public abstract class RecurrentBase<TState, TOptionalState> : Module<Tensor, TOptionalState, (Tensor Output, TState State)>
{
    [Name("")]
    private readonly OrderedDictionary<string, Parameter> _parameters = [];
    private readonly CellWeights[] _weights;
    private readonly int _hiddenSize, _outputSize, _layers, _directions;
    private readonly bool _batchFirst;
    private readonly double _dropout;
    private readonly Generator? _generator;

    private protected RecurrentBase(int inputSize, int hiddenSize, int numLayers, int gates, bool bias, bool batchFirst, double dropout,
        bool bidirectional, DType dtype, Generator? generator,
        int projSize = 0)
    {
        if (inputSize < 1 || hiddenSize < 1 || numLayers < 1)
            throw new ValueException($"{GetType().Name}: inputSize is {inputSize}, hiddenSize {hiddenSize} and numLayers {numLayers}; all must be "
                + "1 or more");
        if (!(dropout is >= 0 and <= 1))
            throw new ValueException(FormattableString.Invariant($"{GetType().Name}: the probability {dropout} is not in [0, 1]"));
        if (projSize < 0 || projSize >= hiddenSize)
            throw new ValueException($"{GetType().Name}: projSize is {projSize}; it must be less than hiddenSize {hiddenSize}, or 0 for no "
                + "projection");
        _outputSize = projSize > 0 ? projSize : hiddenSize;
        (_hiddenSize, _layers, _directions, _batchFirst, _dropout, _generator) =
            (hiddenSize, numLayers, bidirectional ? 2 : 1, batchFirst, dropout, generator);
        _weights = new CellWeights[numLayers * _directions];
        for (int i = 0; i < _weights.Length; i++)
        {
            int layer = i / _directions;
            _weights[i] = new CellWeights(layer == 0 ? inputSize : _outputSize * _directions, hiddenSize, gates, bias, dtype, generator, projSize);
            foreach ((string name, Parameter value) in _weights[i].Named($"_l{layer}{(i % _directions == 1 ? "_reverse" : "")}"))
                _parameters[name] = value;
        }
    }

    /// <summary>Runs over a sequence with initial states of zeros.</summary>
    public (Tensor Output, TState State) Call(Tensor input) => Call(input, default!);

    internal override int OptionalInputs => 1;

    /// <summary>The number of tensors in the state.</summary>
    private protected abstract int StateCount { get; }

    /// <summary>Computes one step of one cell; returns the new states, the output first.</summary>
    private protected abstract Tensor[] StepCell(Tensor input, Tensor[] states, CellWeights weights);

    /// <summary>Runs all layers. Each state is [layers · directions, N, hidden]; null for zeros.</summary>
    private protected (Tensor Output, Tensor[] States) Run(Tensor input, Tensor[]? states)
    {
        if (input.Rank == 2)
        {
            int batch = _batchFirst ? 0 : 1;
            (Tensor output, Tensor[] ends) = Run(input.Unsqueeze(batch), states is null ? null : [.. states.Select(state => state.Unsqueeze(1))]);
            return (output.Squeeze(batch), [.. ends.Select(state => state.Squeeze(1))]);
        }
        if (input.Rank != 3 || input.Shape[2] != _weights[0].Ih.Shape[1])
            throw new ShapeException($"{GetType().Name}: the input must be {(_batchFirst ? "[batch, steps" : "[steps, batch")}, "
                + $"{_weights[0].Ih.Shape[1]}], but has shape {input.Shape}");
        Tensor sequence = _batchFirst ? input.Transpose(0, 1) : input;
        // State 0 is the output; only it is projected.
        Shape[] shapes = [.. Enumerable.Range(0, StateCount)
            .Select(i => Shape.Create([_weights.Length, sequence.Shape[1], i == 0 ? _outputSize : _hiddenSize]))];
        states ??= [.. shapes.Select(shape => Tensor.Zeros(shape, input.DType))];
        for (int i = 0; i < states.Length; i++)
            if (states[i].Shape != shapes[i])
                throw new ShapeException($"{GetType().Name}: the initial state must be {shapes[i]} (layers · directions, batch, hidden), but has "
                    + $"shape {states[i].Shape}");

        var last = new List<Tensor[]>();
        for (int layer = 0; layer < _layers; layer++)
        {
            var outputs = new Tensor[_directions];
            for (int direction = 0; direction < _directions; direction++)
            {
                int index = last.Count;
                (outputs[direction], Tensor[] final) = Sweep(sequence, [.. states.Select(state => state[index])], _weights[index], direction == 1);
                last.Add(final);
            }
            sequence = _directions == 1 ? outputs[0] : Tensor.Cat(outputs, 2);
            if (layer < _layers - 1) sequence = Functional.Dropout(sequence, _dropout, Training, _generator);
        }
        return (_batchFirst ? sequence.Transpose(0, 1) : sequence,
            [.. Enumerable.Range(0, StateCount).Select(i => Tensor.Stack(last.Select(state => state[i]).ToArray()))]);
    }

    private (Tensor Output, Tensor[] Final) Sweep(Tensor sequence, Tensor[] states, CellWeights weights, bool backwards)
    {
        var outputs = new Tensor[sequence.Shape[0]];
        if (outputs.Length == 0) throw new ShapeException($"{GetType().Name}: the sequence has no steps, shape {sequence.Shape}");
        for (int i = 0; i < outputs.Length; i++)
        {
            int step = backwards ? outputs.Length - 1 - i : i;
            states = StepCell(sequence[step], states, weights);
            outputs[step] = states[0];
        }
        return (Tensor.Stack(outputs), states);
    }

    private protected override string Arguments =>
        $"{_weights[0].Ih.Shape[1]}, {_hiddenSize}" + (_outputSize == _hiddenSize ? "" : $", proj_size={_outputSize}")
            + (_layers == 1 ? "" : $", num_layers={_layers}")
        + (_weights[0].BiasIh is null ? ", bias=False" : "") + (_batchFirst ? ", batch_first=True" : "")
        + (_dropout == 0 ? "" : $", dropout={PythonText.Of(_dropout)}")
        + (_directions == 1 ? "" : ", bidirectional=True");
}

/// <summary>A plain (Elman) recurrent network (torch.nn.RNN): h′ = tanh(W_ih·x + b_ih + W_hh·h + b_hh), or with ReLU.</summary>
/// <param name="inputSize">The number of features of the input.</param>
/// <param name="hiddenSize">The number of features of the hidden state.</param>
/// <param name="numLayers">The number of layers; each one processes the outputs of the one before.</param>
/// <param name="nonlinearity">tanh or ReLU.</param>
/// <param name="bias">Whether the layer has learnable biases.</param>
/// <param name="batchFirst">Whether sequences are [N, T, in] instead of [T, N, in].</param>
/// <param name="dropout">The dropout probability between layers in training mode.</param>
/// <param name="bidirectional">Whether each layer also runs backward in time.</param>
/// <param name="dtype">Float32 by default.</param>
/// <param name="generator">The generator that draws the initial weights and the dropout masks; <see cref="Generator.Default"/> by default.</param>
public sealed class RNN(int inputSize, int hiddenSize, int numLayers = 1, Nonlinearity nonlinearity = Nonlinearity.Tanh, bool bias = true,
    bool batchFirst = false, double dropout = 0,
    bool bidirectional = false, DType dtype = DType.Float32, Generator? generator = null)
    : RecurrentBase<Tensor, Tensor?>(inputSize, hiddenSize, numLayers, 1, bias, batchFirst, dropout, bidirectional, dtype, generator)
{
    private readonly bool _isTanh = RNNCell.IsTanh("RNN", nonlinearity);

    private protected override int StateCount => 1;

    /// <inheritdoc/>
    protected override (Tensor Output, Tensor State) Forward([Dims("...sequence features")] Tensor input,
        [Dims("layers ...batch hidden")] Tensor? state)
    {
        (Tensor output, Tensor[] states) = Run(input, state is null ? null : [state]);
        return (output, states[0]);
    }

    private protected override Tensor[] StepCell(Tensor input, Tensor[] states, CellWeights weights) =>
        [_isTanh
            ? input.RnnTanhCell(states[0], weights.Ih, weights.Hh, weights.BiasIh, weights.BiasHh)
            : input.RnnReluCell(states[0], weights.Ih, weights.Hh, weights.BiasIh, weights.BiasHh)];
}

/// <summary>Gated recurrent units (torch.nn.GRU; Cho et al. 2014); see <see cref="GRUCell"/>.</summary>
/// <param name="inputSize">The number of features of the input.</param>
/// <param name="hiddenSize">The number of features of the hidden state.</param>
/// <param name="numLayers">The number of layers; each one processes the outputs of the one before.</param>
/// <param name="bias">Whether the layer has learnable biases.</param>
/// <param name="batchFirst">Whether sequences are [N, T, in] instead of [T, N, in].</param>
/// <param name="dropout">The dropout probability between layers in training mode.</param>
/// <param name="bidirectional">Whether each layer also runs backward in time.</param>
/// <param name="dtype">Float32 by default.</param>
/// <param name="generator">The generator that draws the initial weights and the dropout masks; <see cref="Generator.Default"/> by default.</param>
public sealed class GRU(int inputSize, int hiddenSize, int numLayers = 1, bool bias = true, bool batchFirst = false, double dropout = 0,
    bool bidirectional = false,
    DType dtype = DType.Float32, Generator? generator = null)
    : RecurrentBase<Tensor, Tensor?>(inputSize, hiddenSize, numLayers, 3, bias, batchFirst, dropout, bidirectional, dtype, generator)
{
    private protected override int StateCount => 1;

    /// <inheritdoc/>
    protected override (Tensor Output, Tensor State) Forward([Dims("...sequence features")] Tensor input,
        [Dims("layers ...batch hidden")] Tensor? state)
    {
        (Tensor output, Tensor[] states) = Run(input, state is null ? null : [state]);
        return (output, states[0]);
    }

    private protected override Tensor[] StepCell(Tensor input, Tensor[] states, CellWeights weights) =>
        [input.GruCell(states[0], weights.Ih, weights.Hh, weights.BiasIh, weights.BiasHh)];
}

/// <summary>Long short-term memory (torch.nn.LSTM; Hochreiter and Schmidhuber 1997); see <see cref="LSTMCell"/>.</summary>
/// <example><code>
/// var lstm = new LSTM(inputSize: 32, hiddenSize: 64, batchFirst: true);
/// var (output, (h, c)) = lstm.Call(x); // [N, T, 32] → [N, T, 64]; h and c are [1, N, 64]
/// </code></example>
/// <param name="inputSize">The number of features of the input.</param>
/// <param name="hiddenSize">The number of features of the hidden state.</param>
/// <param name="numLayers">The number of layers; each one processes the outputs of the one before.</param>
/// <param name="bias">Whether the layer has learnable biases.</param>
/// <param name="batchFirst">Whether sequences are [N, T, in] instead of [T, N, in].</param>
/// <param name="dropout">The dropout probability between layers in training mode.</param>
/// <param name="bidirectional">Whether each layer also runs backward in time.</param>
/// <param name="projSize">The number of features that each h is projected to, less than hiddenSize; 0 for no projection (Sak et al. 2014).</param>
/// <param name="dtype">Float32 by default.</param>
/// <param name="generator">The generator that draws the initial weights and the dropout masks; <see cref="Generator.Default"/> by default.</param>
public sealed class LSTM(int inputSize, int hiddenSize, int numLayers = 1, bool bias = true, bool batchFirst = false, double dropout = 0,
    bool bidirectional = false, int projSize = 0,
    DType dtype = DType.Float32, Generator? generator = null)
    : RecurrentBase<(Tensor H, Tensor C),
    (Tensor H, Tensor C)?>(inputSize, hiddenSize, numLayers, 4, bias, batchFirst, dropout, bidirectional, dtype, generator, projSize)
{
    private protected override int StateCount => 2;

    /// <inheritdoc/>
    protected override (Tensor Output, (Tensor H, Tensor C) State) Forward([Dims("...sequence features")] Tensor input, (Tensor H, Tensor C)? state)
    {
        (Tensor output, Tensor[] states) = Run(input, state is var (h, c) ? [h, c] : null);
        return (output, (states[0], states[1]));
    }

    private protected override Tensor[] StepCell(Tensor input, Tensor[] states, CellWeights weights)
    {
        (Tensor h, Tensor c) = input.LstmCell(states[0], states[1], weights.Ih, weights.Hh, weights.BiasIh, weights.BiasHh);
        return [weights.Hr is null ? h : h.Linear(weights.Hr), c];
    }
}
