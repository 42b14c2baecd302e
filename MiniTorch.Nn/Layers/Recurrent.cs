using MiniTorch.Kernels;
using MiniTorch.Ops;

namespace MiniTorch.Nn;

/// <summary>
/// Base class of recurrent layers. The input is a sequence [T, N, in], [N, T, in] with batchFirst, or [T, in] without a batch. The output holds the
/// state of the last layer at every step, with both directions concatenated; the final states are [layers · directions, N, hidden].
/// </summary>
/// <remarks>
/// Sequences of different lengths are padded to one tensor (<see cref="Functional.PadSequence"/>) and passed with their lengths, Int64 [N]. The
/// layer computes what PyTorch computes for a packed sequence: the state of a row is that of its last valid step, the backward direction begins
/// there, the output is 0 at padded steps, and what stands there has no influence.
/// </remarks>
/// <typeparam name="TState">The type of the final states.</typeparam>
/// <typeparam name="TOptionalState">The type of the initial states; null for zeros.</typeparam>
public abstract class RecurrentBase<TState, TOptionalState> : Module<Tensor, TOptionalState, Tensor?, (Tensor Output, TState State)>
{
    [Name("")]
    private readonly OrderedDictionary<string, Parameter> _parameters = [];
    private readonly CellWeights[] _weights;
    private readonly CellKind _cell;
    private readonly int _hiddenSize, _outputSize, _layers, _directions;
    private readonly bool _batchFirst;
    private readonly double _dropout;
    private readonly Generator? _generator;

    private protected RecurrentBase(int inputSize, int hiddenSize, int numLayers, CellKind cell, bool bias, bool batchFirst, double dropout,
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
        _cell = cell;
        (_hiddenSize, _layers, _directions, _batchFirst, _dropout, _generator) =
            (hiddenSize, numLayers, bidirectional ? 2 : 1, batchFirst, dropout, generator);
        _weights = new CellWeights[numLayers * _directions];
        for (int i = 0; i < _weights.Length; i++)
        {
            int layer = i / _directions;
            _weights[i] = new CellWeights(layer == 0 ? inputSize : _outputSize * _directions, hiddenSize, RecurrentShape.GatesOf(cell), bias,
                dtype, generator, projSize);
            foreach ((string name, Parameter value) in _weights[i].Named($"_l{layer}{(i % _directions == 1 ? "_reverse" : "")}"))
                _parameters[name] = value;
        }
    }

    /// <summary>Runs over a sequence with initial states of zeros.</summary>
    public (Tensor Output, TState State) Call(Tensor input) => base.Call(input, default!, null);

    /// <summary>Runs over a sequence.</summary>
    /// <param name="input">[T, N, in], [N, T, in] with batchFirst, or [T, in].</param>
    /// <param name="state">The initial states; null for zeros.</param>
    /// <param name="lengths">The number of valid steps of each row, Int64 [N], each from 1 to T; null if all steps are valid.</param>
    /// <exception cref="ShapeException">A shape does not fit the layer.</exception>
    /// <exception cref="ValueException">A length is not from 1 to T.</exception>
    /// <exception cref="DTypeException">The lengths are not Int64, or another dtype differs from the weights'.</exception>
    public new (Tensor Output, TState State) Call(Tensor input, TOptionalState state = default!, Tensor? lengths = null) =>
        base.Call(input, state, lengths);

    internal override int OptionalInputs => 2;

    private int StateCount => _cell == CellKind.Lstm ? 2 : 1;

    /// <summary>Runs all layers. Each state is [layers · directions, N, hidden]; null for zeros.</summary>
    private protected (Tensor Output, Tensor[] States) Run(Tensor input, Tensor[]? states, Tensor? lengths)
    {
        if (input.Rank == 2)
        {
            int batch = _batchFirst ? 0 : 1;
            Tensor[]? starts = states is null ? null : [.. states.Select(state => state.Unsqueeze(1))];
            (Tensor output, Tensor[] ends) = Run(input.Unsqueeze(batch), starts, lengths?.Unsqueeze(0));
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

        ValidSteps? valid = lengths is null ? null : new ValidSteps(GetType().Name, lengths, sequence.Shape[0], sequence.Shape[1]);
        if (valid is not null) sequence = valid.Cleared(sequence); // a NaN in the padding must not reach a gradient

        var last = new List<Tensor[]>();
        for (int layer = 0; layer < _layers; layer++)
        {
            var outputs = new Tensor[_directions];
            for (int direction = 0; direction < _directions; direction++)
            {
                int index = last.Count;
                (outputs[direction], Tensor[] final) = Sweep(sequence, [.. states.Select(state => state[index])], _weights[index], direction == 1,
                    valid);
                last.Add(final);
            }
            sequence = _directions == 1 ? outputs[0] : Tensor.Cat(outputs, 2);
            if (layer == _layers - 1 || !Training || _dropout == 0) continue;
            sequence = valid is null ? Functional.Dropout(sequence, _dropout, generator: _generator)
                : valid.Each(sequence, steps => Functional.Dropout(steps, _dropout, generator: _generator));
        }
        return (_batchFirst ? sequence.Transpose(0, 1) : sequence,
            [.. Enumerable.Range(0, StateCount).Select(i => Tensor.Stack(last.Select(state => state[i]).ToArray()))]);
    }

    private (Tensor Output, Tensor[] Final) Sweep(Tensor sequence, Tensor[] states, CellWeights weights, bool backwards, ValidSteps? valid)
    {
        var outputs = new Tensor[sequence.Shape[0]];
        if (outputs.Length == 0) throw new ShapeException($"{GetType().Name}: the sequence has no steps, shape {sequence.Shape}");
        if (valid is null && weights.Hr is null)
        {
            Tensor[] all = RecurrentSweep.Of(_cell, backwards, sequence, weights.Ih, weights.Hh, states, weights.BiasIh, weights.BiasHh);
            return (all[0], Array.ConvertAll(all, state => state[backwards ? 0 : -1]));
        }
        Tensor? projected = valid is null ? Project(sequence) : null; // padded steps may hold anything
        for (int i = 0; i < outputs.Length; i++)
        {
            int step = backwards ? outputs.Length - 1 - i : i;
            states = projected is not null ? Step(projected[step]) : valid!.Next(step, states, () => Step(Project(sequence[step])));
            outputs[step] = states[0];
        }
        Tensor output = Tensor.Stack(outputs);
        return (valid?.Cleared(output) ?? output, states);

        Tensor Project(Tensor x) => Ops.Linear.Of(x, weights.Ih, weights.BiasIh, GetType().Name);

        Tensor[] Step(Tensor projected)
        {
            Tensor[] next = RecurrentSweep.Step(_cell, projected, states, weights.Hh, weights.BiasHh);
            return weights.Hr is null ? next : [next[0].Linear(weights.Hr), .. next[1..]];
        }
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
    : RecurrentBase<Tensor, Tensor?>(inputSize, hiddenSize, numLayers,
        RNNCell.IsTanh("RNN", nonlinearity) ? CellKind.RnnTanh : CellKind.RnnRelu, bias, batchFirst, dropout, bidirectional, dtype, generator)
{
    /// <inheritdoc/>
    protected override (Tensor Output, Tensor State) Forward([Dims("...sequence features")] Tensor input,
        [Dims("layers ...batch hidden")] Tensor? state, [Dims("...batch")] Tensor? lengths)
    {
        (Tensor output, Tensor[] states) = Run(input, state is null ? null : [state], lengths);
        return (output, states[0]);
    }
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
    : RecurrentBase<Tensor, Tensor?>(inputSize, hiddenSize, numLayers, CellKind.Gru, bias, batchFirst, dropout, bidirectional, dtype, generator)
{
    /// <inheritdoc/>
    protected override (Tensor Output, Tensor State) Forward([Dims("...sequence features")] Tensor input,
        [Dims("layers ...batch hidden")] Tensor? state, [Dims("...batch")] Tensor? lengths)
    {
        (Tensor output, Tensor[] states) = Run(input, state is null ? null : [state], lengths);
        return (output, states[0]);
    }
}

/// <summary>Long short-term memory (torch.nn.LSTM; Hochreiter and Schmidhuber 1997); see <see cref="LSTMCell"/>.</summary>
/// <example><code>
/// Tensor x = Tensor.Randn([2, 5, 32]); // 2 sequences of 5 vectors
/// var lstm = new LSTM(inputSize: 32, hiddenSize: 64, batchFirst: true);
/// var (output, (h, c)) = lstm.Call(x);
/// Console.WriteLine($"{output.Shape} {h.Shape} {c.Shape}"); // [2, 5, 64] [1, 2, 64] [1, 2, 64]
///
/// Tensor[] sentences = [Tensor.Randn([7, 32]), Tensor.Randn([4, 32])];
/// var (padded, lengths) = Functional.PadSequence(sentences, batchFirst: true);
/// (output, (h, c)) = lstm.Call(padded, lengths: lengths); // h[0] has the state of each sentence's own last step
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
    (Tensor H, Tensor C)?>(inputSize, hiddenSize, numLayers, CellKind.Lstm, bias, batchFirst, dropout, bidirectional, dtype, generator, projSize)
{
    /// <inheritdoc/>
    protected override (Tensor Output, (Tensor H, Tensor C) State) Forward([Dims("...sequence features")] Tensor input,
        (Tensor H, Tensor C)? state, [Dims("...batch")] Tensor? lengths)
    {
        (Tensor output, Tensor[] states) = Run(input, state is var (h, c) ? [h, c] : null, lengths);
        return (output, (states[0], states[1]));
    }
}
