using System.Collections.Concurrent;
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
            Tensor[] values = call.Operands(inputs, results, Real);
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

    /// <summary>The program of the result and of everything that is kept.</summary>
    private sealed class Value
    {
        public Value(FusedCall[] calls, RowInput[] inputs, RowInput?[] kept)
        {
            var builder = new ProgramBuilder([.. inputs.Select(input => input != RowInput.Elements)]);
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

    /// <summary>The program of the gradients.</summary>
    private sealed class Gradient
    {
        public Gradient(FusedRows chain, int needed)
        {
            var rule = new ChainRule(chain.Calls, chain.Inputs, chain._keptOf, chain.IsPerRow, needed);
            (List<int> inputs, List<int> outputs) = ([], []);
            for (int input = 0; input < chain.Inputs.Length; input++)
            {
                if (rule.Gradient(input) is not { } value) continue;
                bool isPerRow = chain.Inputs[input] != RowInput.Elements;
                bool isNew = value >= rule.Kinds.Length && !outputs.Contains(value) && rule.Builder.IsPerRow(value) == isPerRow;
                inputs.Add(input);
                outputs.Add(isNew ? value : rule.Builder.Copy(value, isPerRow));
            }
            Outputs = [.. inputs];
            Loops = new RowLoops(rule.Program(outputs), rule.Kinds);
        }

        /// <summary>Its operands are the gradients, the inputs, what the forward pass kept, and the cotangent.</summary>
        public RowLoops Loops { get; }

        /// <summary>The inputs that get a gradient.</summary>
        public int[] Outputs { get; }
    }
}
