using System.Collections.Concurrent;
using MiniTorch.Kernels;

namespace MiniTorch.Ops;

/// <summary>A traced chain of element-wise operations in one pass over memory, and its gradients in another. Its inputs have one shape.</summary>
/// <param name="Calls">The operations in order, and so its definition; the last one's result is the chain's.</param>
/// <param name="Leaves">The number of inputs.</param>
/// <param name="Real">The real numbers that it computes with.</param>
internal sealed record FusedElementwise(FusedCall[] Calls, int Leaves, DType Real) : FusedOp
{
    internal override bool CanReuseTemporaries => true;

    /// <summary>The most leaves for which a gradient of each, the leaves and the cotangent can be operands of one loop.</summary>
    public const int MaxLeaves = (LoopPlan.MaxOperands - 1) / 2;

    private readonly FusedLoops _value = Fused(new ElementwiseProgram(Leaves, [.. Steps(Calls, Leaves)], [Leaves + Calls.Length - 1]));
    private readonly ConcurrentDictionary<int, Gradient> _gradients = new();

    public override string Name => "Fuse";

    protected internal override bool IsDifferentiable => Calls[^1].Op.IsDifferentiable;

    /// <summary>Whether these calls are this program.</summary>
    public bool Is(FusedCall[] calls, int leaves, DType real) => leaves == Leaves && real == Real && Calls.AsSpan().SequenceEqual(calls);

    public bool Equals(FusedElementwise? other) => other is not null && Is(other.Calls, other.Leaves, other.Real);

    public override int GetHashCode() => Calls.Aggregate(HashCode.Combine(Leaves, Real), HashCode.Combine);

    public override Tensor Definition(ReadOnlySpan<Tensor> inputs)
    {
        var results = new List<Tensor>();
        foreach (FusedCall call in Calls)
        {
            int[] arguments = call.Arguments;
            var values = new Tensor[arguments.Length];
            for (int i = 0; i < values.Length; i++)
            {
                values[i] = arguments[i] < 0 ? inputs[~arguments[i]] : results[arguments[i]];
                if ((call.Converted >> i & 1) != 0) values[i] = values[i].To(Real);
            }
            using ModeScope recording = EngineMode.Record(call.IsRecorded && EngineMode.Enabled);
            results.Add(call.Op.Apply(values));
        }
        return results[^1];
    }

    protected internal override Tensor Compute(ReadOnlySpan<Tensor> inputs)
    {
        Tensor output = Tensor.Empty(inputs[0].Shape, IsDifferentiable ? Real : DType.Bool);
        Run(_value, Real, [output, .. inputs]);
        return output;
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
        operands.Add(cotangent);
        if (gradient.Loops.Outputs > 0) Run(gradient.Loops, cotangent.DType, [.. operands]);
        for (int i = 0; i < Leaves; i++)
            if (gradient.OperandOf[i] is { } operand) gradients[i] = operands[operand];
    }

    private static FusedLoops Fused(ElementwiseProgram program) => new(FunctionTreeBuilder.Grow(program));

    /// <summary>The calls as steps whose results are numbered from <paramref name="first"/> on.</summary>
    private static IEnumerable<ElementwiseStep> Steps(IEnumerable<FusedCall> calls, int first) =>
        calls.Select(call => new ElementwiseStep(((IElementwiseOp)call.Op).Forward, [.. call.Arguments.Select(argument => Number(argument, first))]));

    private static int Number(int value, int first) => value < 0 ? ~value : first + value;

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

    /// <summary>The chain rule through the calls from the last to the first: a program of the leaves and the cotangent.</summary>
    private sealed class Gradient
    {
        public Gradient(FusedElementwise chain, int needed)
        {
            int cotangent = chain.Leaves, first = chain.Leaves + 1;
            List<ElementwiseStep> steps = [.. Steps(chain.Calls, first)];
            var gathered = new int?[first + chain.Calls.Length];
            var flows = new bool[gathered.Length]; // whether a needed leaf's gradient comes through a value
            for (int i = 0; i < chain.Leaves; i++) flows[i] = (needed >> i & 1) != 0;
            for (int i = 0; i < chain.Calls.Length; i++)
                flows[first + i] = chain.Calls[i].IsRecorded && chain.Calls[i].Op.IsDifferentiable
                    && steps[i].Arguments.Any(argument => flows[argument]);

            gathered[^1] = cotangent;
            for (int i = chain.Calls.Length - 1; i >= 0; i--)
            {
                if (gathered[first + i] is not { } g || !flows[first + i]) continue;
                var op = (IElementwiseOp)chain.Calls[i].Op;
                int[] arguments = steps[i].Arguments;
                for (int k = 0; k < arguments.Length; k++)
                {
                    if (!flows[arguments[k]]) continue;
                    int share = op.IdentityGradInputs.HasInput(k) ? g : Append(op.Backward(k), Read(op.BackwardReads(k), g, arguments, first + i));
                    gathered[arguments[k]] = gathered[arguments[k]] is { } sum ? Append(new LoopFunction<BinaryForward<Add>>(default), [sum, share])
                        : share;
                }
            }

            List<int> outputs = [.. gathered[..chain.Leaves].Where(value => value > cotangent).Select(value => value!.Value).Distinct()];
            Loops = Fused(new ElementwiseProgram(first, steps, outputs));
            OperandOf = [.. gathered[..chain.Leaves]
                .Select(value => value == cotangent ? outputs.Count + cotangent : value is { } at ? outputs.IndexOf(at) : default(int?))];

            int Append(LoopFunction function, int[] arguments)
            {
                steps.Add(new ElementwiseStep(function, arguments));
                return first + steps.Count - 1;
            }
        }

        /// <summary>Its operands are the gradients that have to be computed, the leaves, and the cotangent.</summary>
        public FusedLoops Loops { get; }

        /// <summary>The operand that is a leaf's gradient; null where none flows.</summary>
        public int?[] OperandOf { get; }

        private static int[] Read(Reads reads, int g, int[] arguments, int result) =>
            [g, .. arguments.Select((argument, k) => reads.HasInput(k) ? argument : -1), (reads & Reads.Output) != 0 ? result : -1];
    }
}
