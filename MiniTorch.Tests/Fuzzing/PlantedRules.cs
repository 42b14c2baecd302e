using MiniTorch.Fuzz.Engine;
using MiniTorch.Kernels;

namespace MiniTorch.Tests.Fuzzing;

/// <summary>Operations that are wrong in a way that one check of the engine's fuzzer is there for.</summary>
public static class PlantedRules
{
    private static int s_calls;

    // A program runs first with as many threads as there are processors; the check with another number of threads finds what depends on it.
    internal static IEnumerable<(string Check, OpRule Rule)> All =>
    [
        ("differences", OpRule.Unary(x => new WrongRule(false).Apply(x))),
        ("forward mode", OpRule.Unary(x => new WrongRule(true).Apply(x))),
        ("definitions in place of fused kernels", OpRule.Unary(x => new WrongKernel().Apply(x))),
        (Workers.Count == 1 ? "2 threads" : "1 thread", OpRule.Unary(x => PlantedRules.DependsOnThreads(x))),
        ("contiguous copies of the inputs", OpRule.Unary(x => PlantedRules.IgnoresStrides(x))),
        ("a second run", OpRule.Unary(x => PlantedRules.DependsOnHistory(x))),
        ("ShapeException", OpRule.Unary(x => PlantedRules.Refuses(x))),
    ];

    public static Tensor DependsOnThreads(Tensor x) => x * (Workers.Count == 1 ? 1 + 1e-6 : 1);

    public static Tensor IgnoresStrides(Tensor x) => x.IsContiguous || x.Rank != 2 ? x * 1 : x.T.Contiguous().View(x.Shape);

    public static Tensor DependsOnHistory(Tensor x) => x + (1e-6 * s_calls++);

    public static Tensor Refuses(Tensor x) => x.Rank == 2 ? throw new ShapeException("no matrices today") : x * 1;

    /// <summary>A sine whose rule, or only whose tangent, lacks its sign.</summary>
    public sealed record WrongRule(bool InForwardModeAlone) : Op
    {
        protected internal override Reads Reads => Reads.Inputs;

        protected internal override Tensor Compute(ReadOnlySpan<Tensor> inputs) => inputs[0].Detach().Sin();

        protected internal override void Vjp(OpContext call, Tensor cotangent, Span<Tensor?> gradients) =>
            gradients[0] = InForwardModeAlone ? cotangent * call.Input(0).Cos() : -cotangent * call.Input(0).Cos();

        protected internal override Tensor? Jvp(OpContext call, ReadOnlySpan<Tensor?> tangents) => -tangents[0]! * call.Input(0).Cos();
    }

    /// <summary>A square whose kernel is a millionth off.</summary>
    public sealed record WrongKernel : FusedOp
    {
        public override Tensor Definition(ReadOnlySpan<Tensor> inputs) => inputs[0] * inputs[0];

        protected internal override Tensor Compute(ReadOnlySpan<Tensor> inputs) => inputs[0].Detach().Square() * (1 + 1e-6);

        protected override void KernelVjp(OpContext call, Tensor cotangent, Span<Tensor?> gradients) => gradients[0] = 2 * cotangent * call.Input(0);
    }
}
