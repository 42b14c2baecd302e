using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using MiniTorch.Kernels;

namespace MiniTorch.Ops;

/// <summary>
/// A traced chain of element-wise operations with sums, extrema and picked elements along the last dimension: one pass over each row forward, one for
/// all gradients. Its hidden outputs are what was reduced, so that the gradient does not reduce it again, and on demand the results that derivatives
/// read, such as exponentials.
/// </summary>
/// <param name="Calls">The operations in order; the last one's result is the chain's.</param>
/// <param name="Inputs">What each input has: the whole shape, one number for each row, or one index for each row.</param>
/// <param name="Real">The real numbers that it computes with.</param>
/// <param name="KeepsElements">Whether results that derivatives read are kept for the gradient instead of computed again.</param>
internal sealed record FusedRows(FusedCall[] Calls, RowInput[] Inputs, DType Real, bool KeepsElements) : FusedOp
{
    private readonly ConcurrentDictionary<int, Gradient> _gradients = new();
    private readonly RowInput?[] _keptOf = Kept(Calls, Inputs, KeepsElements);
    private readonly RowInput[] _kept = [.. Kept(Calls, Inputs, KeepsElements).OfType<RowInput>()];
    private readonly Value _value = new(Calls, Inputs, Kept(Calls, Inputs, KeepsElements));

    internal override bool CanReuseTemporaries => true;

    public override string Name => "Fuse";

    internal override int HiddenOutputs => _kept.Length;

    protected internal override Reads Reads => Reads.Inputs | (HiddenOutputs > 0 ? Reads.Output : Reads.None);

    /// <summary>Whether the result has one number for each row.</summary>
    public bool IsPerRow => _value.IsPerRow;

    /// <summary>Whether a loop has operands for the inputs, their gradients, what is kept and the cotangent.</summary>
    public static bool Fits(FusedCall[] calls, int inputs) =>
        (2 * inputs) + calls.Count(call => IsReduction(call.Op) || call.ReadsOutput) + 1 <= LoopPlan.MaxOperands;

    public bool Is(FusedCall[] calls, RowInput[] inputs, DType real, bool keepsElements) =>
        real == Real && keepsElements == KeepsElements && Inputs.AsSpan().SequenceEqual(inputs) && Calls.AsSpan().SequenceEqual(calls);

    public bool Equals(FusedRows? other) => other is not null && Is(other.Calls, other.Inputs, other.Real, other.KeepsElements);

    public override int GetHashCode() => Calls.Aggregate(HashCode.Combine(Inputs.Length, Real), HashCode.Combine);

    public override Tensor Definition(ReadOnlySpan<Tensor> inputs)
    {
        Shape whole = Whole(inputs);
        var results = new List<Tensor>();
        foreach (FusedCall call in Calls)
        {
            var values = new Tensor[call.Arguments.Length];
            for (int i = 0; i < values.Length; i++)
            {
                values[i] = call.Arguments[i] is < 0 and var input ? inputs[~input] : results[call.Arguments[i]];
                if ((call.Converted >> i & 1) != 0) values[i] = values[i].To(Real);
            }
            using ModeScope recording = EngineMode.Record(call.IsRecorded && EngineMode.Enabled);
            results.Add(call.Op switch
            {
                Ops.Sum => new Sum(1UL << (whole.Rank - 1), true).Apply(values[0].ExpandTo(whole)),
                AmaxOrAmin or Gather => call.Op.ApplyAll([values[0].ExpandTo(whole), .. values[1..]])[0],
                _ => call.Op.Apply(values),
            });
        }
        return results[^1];
    }

    protected internal override Tensor Compute(ReadOnlySpan<Tensor> inputs) => ComputeAll(inputs)[0];

    protected internal override Tensor[] ComputeAll(ReadOnlySpan<Tensor> inputs)
    {
        Shape whole = Whole(inputs), kept = Kept(whole);
        var outputs = new Tensor[1 + HiddenOutputs];
        for (int i = 0; i < outputs.Length; i++) outputs[i] = Tensor.Empty((i == 0 ? IsPerRow : _kept[i - 1] == RowInput.Value) ? kept : whole, Real);
        Run(_value.Loops, [.. outputs, .. inputs], whole);
        return outputs;
    }

    protected override void KernelVjp(OpContext call, Tensor cotangent, Span<Tensor?> gradients)
    {
        int needed = 0;
        var inputs = new Tensor[Inputs.Length];
        for (int i = 0; i < Inputs.Length; i++)
        {
            if (call.Needs(i)) needed |= 1 << i;
            inputs[i] = call.Input(i);
        }
        Gradient gradient = _gradients.GetOrAdd(needed, static (needed, chain) => new Gradient(chain, needed), this);
        if (gradient.Outputs.Length == 0) return;
        Shape whole = Whole(inputs), kept = Kept(whole);
        var operands = new List<Tensor>();
        foreach (int input in gradient.Outputs) operands.Add(Tensor.Empty(Inputs[input] == RowInput.Elements ? whole : kept, Real));
        operands.AddRange(inputs);
        for (int i = 1; i <= HiddenOutputs; i++) operands.Add(call.OutputAt(i));
        operands.Add(cotangent);
        Run(gradient.Loops, [.. operands], whole);
        for (int i = 0; i < gradient.Outputs.Length; i++) gradients[gradient.Outputs[i]] = operands[i];
    }

    private static bool IsReduction(Op op) => op is Ops.Sum or AmaxOrAmin or Gather;

    /// <summary>For each call what its hidden output has; null for a call whose result is not kept.</summary>
    private static RowInput?[] Kept(FusedCall[] calls, RowInput[] inputs, bool keepsElements)
    {
        var isPerRow = new bool[calls.Length];
        var kept = new RowInput?[calls.Length];
        for (int i = 0; i < calls.Length; i++)
        {
            FusedCall call = calls[i];
            isPerRow[i] = IsReduction(call.Op)
                || call.Arguments.All(argument => argument < 0 ? inputs[~argument] != RowInput.Elements : isPerRow[argument]);
            kept[i] = IsReduction(call.Op) ? RowInput.Value : keepsElements && !isPerRow[i] && call.ReadsOutput ? RowInput.Elements : null;
        }
        return kept;
    }

    /// <summary>The shape whose rows the program runs over; an input of elements has it.</summary>
    private Shape Whole(ReadOnlySpan<Tensor> inputs) => inputs[Array.IndexOf(Inputs, RowInput.Elements)].Shape;

    private static Shape Kept(Shape whole) => ReductionArguments.Kept(whole, 1UL << (whole.Rank - 1));

    private unsafe void Run(RowLoops loops, Tensor[] operands, Shape whole) => PinnedTensors.Run(operands, data =>
    {
        int last = whole.Rank - 1;
        ReadOnlySpan<int> sizes = whole.Span[..last];
        long* scratch = stackalloc long[LoopPlan.ScratchSize(last)], strides = stackalloc long[operands.Length];
        var plan = new LoopPlan(sizes, scratch);
        for (int i = 0; i < operands.Length; i++)
        {
            plan.Add(new Operand(data[i], operands[i].DType, operands[i].Layout.Strides.AsSpan(0, last)), sizes, null);
            strides[i] = operands[i].Layout.Strides[last] * operands[i].DType.Size();
        }
        plan.Simplify();
        if (Real == DType.Float32) loops.Run<float>(plan, strides, whole[last]);
        else loops.Run<double>(plan, strides, whole[last]);
    });

    /// <summary>Builds a program step by step; values are numbered: the inputs, then the steps' results.</summary>
    private sealed class Builder(bool[] inputsArePerRow)
    {
        private readonly List<bool> _isPerRow = [.. inputsArePerRow];
        private readonly Dictionary<(int Value, int Index), int> _picked = [];

        public List<ElementwiseStep> Steps { get; } = [];

        public bool IsPerRow(int value) => _isPerRow[value];

        public int Map(LoopFunction function, int[] arguments, bool? isPerRow = null, int[]? placed = null) =>
            Add(new ElementwiseStep(function, arguments)
            {
                IsPerRow = isPerRow ?? arguments.All(argument => argument < 0 || _isPerRow[argument]),
                Others = placed ?? [],
            });

        /// <summary>The value as a new step for each row or for each element.</summary>
        public int Copy(int value, bool isPerRow, int[]? placed = null) => Map(new LoopFunction<First>(default), [value], isPerRow, placed);

        public int Reduce(StepAction action, int value) => Add(new ElementwiseStep(new LoopFunction<First>(default),
            [_isPerRow[value] ? Copy(value, false) : value])
        { Action = action, IsPerRow = true });

        /// <summary>
        /// The element at an index: that of an input, from which the maps of elements that lead to the value are computed once more.
        /// </summary>
        public int Pick(int value, int index)
        {
            if (value < 0 || _isPerRow[value]) return value;
            if (_picked.TryGetValue((value, index), out int picked)) return picked;
            picked = value >= inputsArePerRow.Length && Steps[value - inputsArePerRow.Length] is var step
                ? Map(step.Function, [.. step.Arguments.Select(argument => Pick(argument, index))], true)
                : Add(new ElementwiseStep(new LoopFunction<First>(default), [value]) { Action = StepAction.Pick, IsPerRow = true, Others = [index] });
            _picked.Add((value, index), picked);
            return picked;
        }

        private int Add(ElementwiseStep step)
        {
            Steps.Add(step);
            _isPerRow.Add(step.IsPerRow);
            return _isPerRow.Count - 1;
        }
    }

    /// <summary>The program of the result and of everything that is kept.</summary>
    private sealed class Value
    {
        public Value(FusedCall[] calls, RowInput[] inputs, RowInput?[] kept)
        {
            var builder = new Builder([.. inputs.Select(input => input != RowInput.Elements)]);
            var values = new int[calls.Length];
            var outputs = new List<int> { 0 };
            for (int i = 0; i < calls.Length; i++)
            {
                int[] arguments = [.. calls[i].Arguments.Select(argument => argument < 0 ? ~argument : values[argument])];
                values[i] = calls[i].Op switch
                {
                    Ops.Sum => builder.Reduce(StepAction.Sum, arguments[0]),
                    Amax => builder.Reduce(StepAction.Max, arguments[0]),
                    Amin => builder.Reduce(StepAction.Min, arguments[0]),
                    Gather => builder.Pick(arguments[0], arguments[1]),
                    var op => builder.Map(((IElementwiseOp)op).Forward, arguments),
                };
                if (kept[i] is not { } kind) continue;
                bool isNew = values[i] >= inputs.Length && !outputs.Contains(values[i]);
                outputs.Add(isNew ? values[i] : builder.Copy(values[i], kind == RowInput.Value));
            }
            IsPerRow = builder.IsPerRow(values[^1]);
            outputs[0] = outputs[1..].Contains(values[^1]) ? builder.Copy(values[^1], IsPerRow) : values[^1];
            Loops = new RowLoops(new ElementwiseProgram(inputs.Length, builder.Steps, outputs), inputs);
        }

        public bool IsPerRow { get; }

        /// <summary>Its operands are the result, what is kept, and the inputs.</summary>
        public RowLoops Loops { get; }
    }

    /// <summary>The chain rule through the calls from the last to the first.</summary>
    private sealed class Gradient
    {
        private readonly Builder _builder;
        private readonly int[] _values; // of the inputs and the calls
        private readonly int?[] _gathered;
        private readonly List<int>[] _placed; // pairs of a row's value and an index
        private readonly int _cotangent;

        public Gradient(FusedRows chain, int needed)
        {
            int inputs = chain.Inputs.Length, saved = inputs, calls = chain.Calls.Length;
            _cotangent = inputs + chain.HiddenOutputs;
            RowInput[] kinds = [.. chain.Inputs, .. chain._kept,
                chain.IsPerRow ? RowInput.Value : RowInput.Elements];
            _builder = new Builder([.. kinds.Select(kind => kind != RowInput.Elements)]);
            _values = new int[inputs + calls];
            _gathered = new int?[_values.Length];
            _placed = [.. _values.Select(_ => new List<int>())];
            var flows = new bool[_values.Length]; // whether a needed input's gradient comes through a value
            for (int i = 0; i < inputs; i++) (_values[i], flows[i]) = (i, (needed >> i & 1) != 0);
            for (int i = 0; i < calls; i++)
            {
                FusedCall call = chain.Calls[i];
                int[] arguments = [.. call.Arguments.Select(argument => Node(argument))];
                _values[inputs + i] = chain._keptOf[i] is not null ? saved++
                    : _builder.Map(((IElementwiseOp)call.Op).Forward, [.. arguments.Select(argument => _values[argument])]);
                flows[inputs + i] = call.IsRecorded && call.Op.IsDifferentiable && arguments.Any(argument => flows[argument]);
            }

            _gathered[^1] = _cotangent;
            for (int i = calls - 1; i >= 0; i--)
            {
                if (!flows[inputs + i] || Gathered(inputs + i) is not { } g) continue;
                int[] arguments = [.. chain.Calls[i].Arguments.Select(argument => Node(argument))];
                int x = _values[arguments[0]], y = _values[inputs + i];
                switch (chain.Calls[i].Op)
                {
                    case Ops.Sum:
                        Give(arguments[0], g, isSpread: true);
                        break;
                    case AmaxOrAmin:
                        int hits = _builder.Map(new LoopFunction<BinaryForward<Equal>>(default), [x, y], false);
                        int share = _builder.Map(new LoopFunction<BinaryForward<Divide>>(default), [g, _builder.Reduce(StepAction.Sum, hits)]);
                        Give(arguments[0], _builder.Map(new LoopFunction<BinaryForward<Multiply>>(default), [hits, share]), isSpread: true);
                        break;
                    case Gather when _builder.IsPerRow(x):
                        Give(arguments[0], g, isSpread: false);
                        break;
                    case Gather:
                        _placed[arguments[0]].AddRange(g, _values[arguments[1]]);
                        break;
                    case var op:
                        var elementwise = (IElementwiseOp)op;
                        for (int k = 0; k < arguments.Length; k++)
                        {
                            if (!flows[arguments[k]]) continue;
                            Give(arguments[k], elementwise.IdentityGradInputs.HasInput(k) ? g
                                : _builder.Map(elementwise.Backward(k), Read(elementwise.BackwardReads(k), g, arguments, y)), !_builder.IsPerRow(y));
                        }
                        break;
                }
            }

            Outputs = [.. Enumerable.Range(0, inputs).Where(i => flows[i] && (_gathered[i] is not null || _placed[i].Count > 0))];
            var outputs = new List<int>();
            foreach (int input in Outputs)
            {
                int value = Gathered(input)!.Value;
                bool isPerRow = chain.Inputs[input] != RowInput.Elements;
                bool isNew = value >= kinds.Length && !outputs.Contains(value) && _builder.IsPerRow(value) == isPerRow;
                outputs.Add(isNew ? value : _builder.Copy(value, isPerRow));
            }
            Loops = new RowLoops(new ElementwiseProgram(kinds.Length, _builder.Steps, outputs), kinds);

            int Node(int argument) => argument < 0 ? ~argument : inputs + argument;
        }

        /// <summary>Its operands are the gradients, the inputs, what the forward pass kept, and the cotangent.</summary>
        public RowLoops Loops { get; }

        /// <summary>The inputs that get a gradient.</summary>
        public int[] Outputs { get; }

        private int[] Read(Reads reads, int g, int[] arguments, int result) =>
            [g, .. arguments.Select((argument, k) => reads.HasInput(k) ? _values[argument] : -1), (reads & Reads.Output) != 0 ? result : -1];

        /// <summary>Adds to a value's gradient; the share of a row's value that every element reads is added up over the row.</summary>
        private void Give(int node, int share, bool isSpread)
        {
            if (isSpread && _builder.IsPerRow(_values[node])) share = _builder.Reduce(StepAction.Sum, share);
            _gathered[node] = _gathered[node] is { } sum ? _builder.Map(new LoopFunction<BinaryForward<Add>>(default), [sum, share]) : share;
        }

        private int? Gathered(int node)
        {
            if (_placed[node] is not { Count: > 0 } placed) return _gathered[node];
            int value = _gathered[node] is { } sum ? _builder.Copy(sum, false, [.. placed])
                : _builder.Map(new LoopFunction<Nothing>(default), [_cotangent], false, [.. placed]);
            placed.Clear();
            _gathered[node] = value;
            return value;
        }
    }
}

/// <summary>0: the gradient before anything was added to it.</summary>
internal readonly struct Nothing : ILoopFunction
{
    public static int Inputs => 1;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public R Apply<R>(R a, R b, R c, R d, R e) where R : struct, IReal<R> => R.Of(0);
}
