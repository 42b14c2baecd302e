using System.Collections.Concurrent;
using MiniTorch.Kernels;

namespace MiniTorch.Ops;

/// <summary>
/// A traced chain of element-wise operations in one pass over memory, and its gradients in another. Its inputs have one shape. Its hidden outputs
/// are, on demand, the results that derivatives read, such as exponentials.
/// </summary>
/// <param name="Calls">The operations in order, and so its definition; the last one's result is the chain's.</param>
/// <param name="Leaves">The number of inputs.</param>
/// <param name="Real">The real numbers that it computes with.</param>
/// <param name="KeepsElements">Whether results that derivatives read are kept for the gradient instead of computed again.</param>
internal sealed record FusedElementwise(FusedCall[] Calls, int Leaves, DType Real, bool KeepsElements) : FusedOp
{
    internal override bool CanReuseTemporaries => true;

    /// <summary>The most leaves for which a gradient of each, the leaves and the cotangent can be operands of one loop.</summary>
    public const int MaxLeaves = (LoopPlan.MaxOperands - 1) / 2;

    private readonly int[] _kept = Kept(Calls, KeepsElements);
    private readonly FusedLoops _value = Value(Calls, Leaves, Kept(Calls, KeepsElements));
    private readonly ConcurrentDictionary<int, Gradient> _gradients = new();

    public override string Name => "Fuse";

    internal override int HiddenOutputs => _kept.Length;

    protected internal override Reads Reads => Reads.Inputs | (HiddenOutputs > 0 ? Reads.Output : Reads.None);

    protected internal override bool IsDifferentiable => Calls[^1].Op.IsDifferentiable;

    /// <summary>Whether a loop has operands for the leaves, their gradients, what is kept and the cotangent.</summary>
    public static bool CanKeep(FusedCall[] calls, int leaves) => (2 * leaves) + Kept(calls, true).Length + 1 <= LoopPlan.MaxOperands;

    /// <summary>Whether these calls are this program.</summary>
    public bool Is(FusedCall[] calls, int leaves, DType real, bool keepsElements) =>
        leaves == Leaves && real == Real && keepsElements == KeepsElements && Calls.AsSpan().SequenceEqual(calls);

    public bool Equals(FusedElementwise? other) => other is not null && Is(other.Calls, other.Leaves, other.Real, other.KeepsElements);

    public override int GetHashCode() => Calls.Aggregate(HashCode.Combine(Leaves, Real), HashCode.Combine);

    public override Tensor Definition(ReadOnlySpan<Tensor> inputs)
    {
        var results = new List<Tensor>();
        foreach (FusedCall call in Calls)
        {
            using ModeScope recording = EngineMode.Record(call.IsRecorded && EngineMode.Enabled);
            results.Add(call.Op.Apply(call.Operands(inputs, results, Real)));
        }
        return results[^1];
    }

    protected internal override Tensor Compute(ReadOnlySpan<Tensor> inputs) => ComputeAll(inputs)[0];

    protected internal override Tensor[] ComputeAll(ReadOnlySpan<Tensor> inputs)
    {
        var outputs = new Tensor[1 + HiddenOutputs];
        for (int i = 0; i < outputs.Length; i++) outputs[i] = Tensor.Empty(inputs[0].Shape, IsDifferentiable ? Real : DType.Bool);
        Run(_value, Real, [.. outputs, .. inputs]);
        return outputs;
    }

    protected override void KernelVjp(OpContext call, Tensor cotangent, Span<Tensor?> gradients)
    {
        int needed = 0;
        for (int i = 0; i < Leaves; i++)
            if (call.Needs(i)) needed |= 1 << i;
        Gradient gradient = _gradients.GetOrAdd(needed, static (needed, chain) => new Gradient(chain, needed), this);
        var operands = new List<Tensor>();
        for (int i = 0; i < gradient.Loops.Outputs; i++) operands.Add(Tensor.Empty(cotangent.Shape, cotangent.DType));
        for (int i = 0; i < Leaves; i++) operands.Add(call.Input(i));
        for (int i = 1; i <= HiddenOutputs; i++) operands.Add(call.OutputAt(i));
        operands.Add(cotangent);
        if (gradient.Loops.Outputs > 0) Run(gradient.Loops, cotangent.DType, [.. operands]);
        for (int i = 0; i < Leaves; i++)
            if (gradient.OperandOf[i] is { } operand) gradients[i] = operands[operand];
    }

    /// <summary>The calls whose results are kept; the last one's belongs to the user.</summary>
    private static int[] Kept(FusedCall[] calls, bool keepsElements) =>
        keepsElements ? [.. Enumerable.Range(0, calls.Length - 1).Where(i => calls[i].ReadsOutput)] : [];

    private static FusedLoops Value(FusedCall[] calls, int leaves, int[] kept)
    {
        IEnumerable<ElementwiseStep> steps = calls.Select(call => new ElementwiseStep(((IElementwiseOp)call.Op).Forward,
            [.. call.Arguments.Select(argument => argument < 0 ? ~argument : leaves + argument)]));
        return Fused(new ElementwiseProgram(leaves, [.. steps], [leaves + calls.Length - 1, .. kept.Select(call => leaves + call)]));
    }

    private static FusedLoops Fused(ElementwiseProgram program) => new(FunctionTreeBuilder.Grow(program));

    private static unsafe void Run(FusedLoops loops, DType real, Tensor[] operands) => PinnedTensors.Run(operands, data =>
    {
        ReadOnlySpan<int> sizes = operands[0].Shape.Span;
        long* scratch = stackalloc long[LoopPlan.ScratchSize(sizes.Length)];
        var plan = new LoopPlan(sizes, scratch);
        if (plan.Count == 0) return;
        for (int i = 0; i < operands.Length; i++) plan.Add(new Operand(data[i], operands[i].DType, operands[i].Layout.Strides), sizes, null);
        plan.Simplify();
        if (real == DType.Float32) loops.Run<float>(plan);
        else loops.Run<double>(plan);
    });

    /// <summary>The program of the gradients.</summary>
    private sealed class Gradient
    {
        public Gradient(FusedElementwise chain, int needed)
        {
            int leaves = chain.Leaves;
            var rule = new ChainRule(chain.Calls, [.. Enumerable.Repeat(RowInput.Elements, leaves)],
                [.. chain.Calls.Select((_, i) => chain._kept.Contains(i) ? RowInput.Elements : default(RowInput?))], isPerRow: false, needed);
            int cotangent = rule.Cotangent;
            int?[] gradients = [.. Enumerable.Range(0, leaves).Select(rule.Gradient)];
            List<int> outputs = [.. gradients.Where(value => value > cotangent).Select(value => value!.Value).Distinct()];
            Loops = Fused(rule.Program(outputs));
            OperandOf = [.. gradients
                .Select(value => value == cotangent ? outputs.Count + cotangent : value is { } at ? outputs.IndexOf(at) : default(int?))];
        }

        /// <summary>Its operands are the gradients that have to be computed, the leaves, what was kept, and the cotangent.</summary>
        public FusedLoops Loops { get; }

        /// <summary>The operand that is a leaf's gradient; null where none flows.</summary>
        public int?[] OperandOf { get; }
    }
}
