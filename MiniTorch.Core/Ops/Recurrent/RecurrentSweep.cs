using MiniTorch.Kernels;

namespace MiniTorch.Ops;

/// <summary>
/// A recurrent layer in one direction over a sequence (torch.rnn_tanh, rnn_relu, gru and lstm). Inputs: x [steps, rows, in], W_ih [gates · hidden,
/// in], W_hh [gates · hidden, hidden], the initial states [rows, hidden], which are h and maybe c, and the biases b_ih and b_hh, or none. Outputs:
/// the states of all steps, [steps, rows, hidden] each.
/// </summary>
/// <remarks>
/// The gates' sums of all steps are one product with W_ih, to which each step adds its product with W_hh. What a step keeps for its derivative lies
/// in the same memory, and in the end the gradient of the sums; its products with x and with the states are the gradients of the weights.
/// </remarks>
internal sealed record RecurrentSweep(CellKind Cell, bool IsBackwards, bool KeepsGates) : FusedOp
{
    private const int FirstState = 3;

    internal override bool CanReuseTemporaries => true;

    internal override int HiddenOutputs => KeepsGates && HasGates ? 1 : 0;

    protected internal override Reads Reads => Reads.Inputs | Reads.Output;

    public override string Name => Cell switch { CellKind.Gru => "GRU", CellKind.Lstm => "LSTM", _ => "RNN" };

    private int States => Cell == CellKind.Lstm ? 2 : 1;

    // The output of a plain network is all that its derivative reads.
    private bool HasGates => Cell is CellKind.Gru or CellKind.Lstm;

    /// <summary>Checks the arguments and returns the states of all steps.</summary>
    public static Tensor[] Of(CellKind cell, bool isBackwards, Tensor x, Tensor weightIh, Tensor weightHh, Tensor[] states, Tensor? biasIh,
        Tensor? biasHh)
    {
        var sweep = new RecurrentSweep(cell, isBackwards, KeepsGates: false);
        Linear.Check(sweep.Name, x, weightIh, biasIh);
        Linear.Check(sweep.Name, states[0], weightHh, biasHh, "state");
        foreach (Tensor state in states)
            if (state.DType != x.DType)
                throw new DTypeException($"{sweep.Name}: a state is {state.DType} and the input {x.DType}; convert one with To");
        Tensor[] inputs = biasIh is null || biasHh is null ? [x, weightIh, weightHh, .. states] : [x, weightIh, weightHh, .. states, biasIh, biasHh];
        return (sweep with { KeepsGates = EngineMode.Enabled && Array.Exists(inputs, input => input.RequiresGrad) }).ApplyAll(inputs);
    }

    /// <summary>A step of a cell from W_ih x + b_ih: returns the new states.</summary>
    public static Tensor[] Step(CellKind cell, Tensor projected, Tensor[] states, Tensor weightHh, Tensor? biasHh)
    {
        if (cell == CellKind.Gru) return [projected.GruStep(states[0], weightHh, biasHh)];
        if (cell != CellKind.Lstm)
        {
            Tensor sum = projected.Plus("RNN", states[0], weightHh, biasHh);
            return [cell == CellKind.RnnTanh ? sum.Tanh() : sum.Relu()];
        }
        (Tensor h, Tensor c) = projected.LstmStep(states[0], states[1], weightHh, biasHh);
        return [h, c];
    }

    public override Tensor Definition(ReadOnlySpan<Tensor> inputs) => Definitions(inputs)[0];

    public override Tensor[] Definitions(ReadOnlySpan<Tensor> inputs)
    {
        (Tensor? biasIh, Tensor? biasHh) = BiasesOf(inputs);
        Tensor projected = Linear.Of(inputs[0], inputs[1], biasIh, Name);
        Tensor[] states = inputs.Slice(FirstState, States).ToArray();
        var steps = new Tensor[projected.Shape[0]][];
        for (int i = 0; i < steps.Length; i++)
        {
            int step = IsBackwards ? steps.Length - 1 - i : i;
            steps[step] = states = Step(Cell, projected[step], states, inputs[2], biasHh);
        }
        return [.. Enumerable.Range(0, States).Select(state => Tensor.Stack(Array.ConvertAll(steps, step => step[state])))];
    }

    protected internal override Tensor Compute(ReadOnlySpan<Tensor> inputs) => ComputeAll(inputs)[0];

    protected internal override Tensor[] ComputeAll(ReadOnlySpan<Tensor> inputs)
    {
        Shape outputs = inputs[0].Shape.With(2, inputs[2].Shape[1]), kept = outputs.With(2, RecurrentShape.KeptOf(Cell) * outputs[2]);
        Tensor h = Tensor.Empty(outputs, inputs[0].DType);
        Tensor? c = States == 2 ? Tensor.Empty(outputs, h.DType) : null;
        if (HiddenOutputs == 0 && HasGates)
        {
            using var buffer = new TemporaryTensor(kept, h.DType);
            Sweep(inputs, buffer.Tensor, h, c);
            return c is null ? [h] : [h, c];
        }
        Tensor gates = HasGates ? Tensor.Empty(kept, h.DType) : h;
        Sweep(inputs, gates, h, c);
        return !HasGates ? [h] : c is null ? [h, gates] : [h, c, gates];
    }

    private void Sweep(ReadOnlySpan<Tensor> inputs, Tensor gates, Tensor h, Tensor? c)
    {
        using ModeScope mode = EngineMode.Record(false);
        (Tensor weightIh, int hidden, Tensor flat) = (inputs[1], h.Shape[2], Rows(gates));
        (Tensor? biasIh, Tensor? biasHh) = BiasesOf(inputs);
        Tensor bias = biasIh is null || biasHh is null ? Tensor.Zeros([gates.Shape[2]], h.DType)
            : Cell == CellKind.Gru ? Tensor.Cat([biasIh[..(2 * hidden)] + biasHh[..(2 * hidden)], biasIh[(2 * hidden)..], biasHh[(2 * hidden)..]])
            : biasIh + biasHh;
        MatMul.Into(flat[.., ..weightIh.Shape[0]], Rows(inputs[0]), weightIh, accumulate: false, isTransposed: true);
        Run(isForward: true, gates, Copies.RowMajor(inputs[2]), Copies.RowMajor(inputs[3]), States == 2 ? Copies.RowMajor(inputs[4]) : null, h, c,
            bias);
    }

    protected override void KernelVjp(OpContext call, Tensor cotangent, Span<Tensor?> gradients) => KernelVjpAll(call, [cotangent], gradients);

    protected override void KernelVjpAll(OpContext call, ReadOnlySpan<Tensor?> cotangents, Span<Tensor?> gradients)
    {
        var inputs = new Tensor[call.InputCount];
        for (int i = 0; i < inputs.Length; i++) inputs[i] = call.Input(i);
        (Tensor x, Tensor weightIh, Tensor h0, Tensor h) = (inputs[0], inputs[1], Copies.RowMajor(inputs[FirstState]), call.OutputAt(0));
        Tensor? c0 = States == 2 ? Copies.RowMajor(inputs[FirstState + 1]) : null, c = States == 2 ? call.OutputAt(1) : null;
        Tensor gates = !HasGates ? Tensor.Empty(h.Shape, h.DType)
            : (KeepsGates ? call.TakeOutput(States) : null) ?? (this with { KeepsGates = true }).ComputeAll(inputs)[^1];
        Tensor ofH0 = Tensor.Zeros(h0.Shape, h.DType);
        Tensor? ofC0 = c0 is null ? null : Tensor.Zeros(h0.Shape, h.DType);
        Run(isForward: false, gates, Copies.RowMajor(inputs[2]), h0, c0, h, c, Given(cotangents[0]), c is null ? null : Given(cotangents[1]),
            ofH0, ofC0);

        Tensor flat = Rows(gates), sums = flat[.., ..weightIh.Shape[0]];
        if (call.Needs(0)) gradients[0] = sums.MatMul(weightIh).Reshape(x.Shape);
        if (call.Needs(1)) gradients[1] = sums.Transpose(0, 1).MatMul(Rows(x));
        if (call.Needs(2)) gradients[2] = OfWeightHh(flat, Rows(h), h0);
        if (call.Needs(FirstState)) gradients[FirstState] = ofH0;
        if (c is not null && call.Needs(FirstState + 1)) gradients[FirstState + 1] = ofC0;
        int bias = FirstState + States, both = (int)Sizes(h).JointColumns;
        if (bias == inputs.Length || !(call.Needs(bias) || call.Needs(bias + 1))) return;
        Tensor ofBias = flat.Sum(0);
        if (call.Needs(bias)) gradients[bias] = ofBias[..weightIh.Shape[0]].Clone();
        if (!call.Needs(bias + 1)) return;
        gradients[bias + 1] = Cell == CellKind.Gru ? Tensor.Cat([ofBias[..both], ofBias[(3 * h0.Shape[1])..]]) : ofBias;

        static Tensor? Given(Tensor? cotangent) => cotangent is null ? null : Copies.RowMajor(cotangent);
    }

    /// <summary>The gradient of W_hh: one product of the gates' gradients and the states before each step, of which the first are given.</summary>
    private Tensor OfWeightHh(Tensor gates, Tensor h, Tensor h0)
    {
        (int rows, int hidden) = (h0.Shape[0], h0.Shape[1]);
        (Range later, Range before, Range first) = IsBackwards ? (..^rows, rows.., ^rows..) : (rows.., ..^rows, ..rows);
        Tensor result = Tensor.Empty([RecurrentShape.GatesOf(Cell) * hidden, hidden], h.DType);
        if (Cell == CellKind.Gru)
        {
            Add(result[..(2 * hidden)], gates[.., ..(2 * hidden)]);
            Add(result[(2 * hidden)..], gates[.., (3 * hidden)..]);
        }
        else Add(result, gates);
        return result;

        void Add(Tensor part, Tensor of)
        {
            MatMul.Into(part, of[later].Transpose(0, 1), h[before], accumulate: false);
            MatMul.Into(part, of[first].Transpose(0, 1), h0, accumulate: true);
        }
    }

    private RecurrentShape Sizes(Tensor h) => new(Cell, IsBackwards, h.Shape[0], h.Shape[1], h.Shape[2]);

    private unsafe void Run(bool isForward, params Tensor?[] tensors)
    {
        RecurrentShape shape = Sizes(tensors[4]!);
        bool isFloat = tensors[0]!.DType == DType.Float32;
        PinnedTensors.Run(tensors, data =>
        {
            if (isForward && isFloat) RecurrentKernel.Forward<float>(shape, data);
            else if (isForward) RecurrentKernel.Forward<double>(shape, data);
            else if (isFloat) RecurrentKernel.Backward<float>(shape, data);
            else RecurrentKernel.Backward<double>(shape, data);
        });
    }

    private static Tensor Rows(Tensor x) => x.Reshape(Shape.Size((long)x.Shape[0] * x.Shape[1], "Reshape"), x.Shape[2]);

    private (Tensor? Ih, Tensor? Hh) BiasesOf(ReadOnlySpan<Tensor> inputs)
    {
        int first = FirstState + States;
        return inputs.Length == first ? (null, null) : (inputs[first], inputs[first + 1]);
    }
}
