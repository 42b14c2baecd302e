using MiniTorch.Kernels;
using MiniTorch.Ops;

namespace MiniTorch.Tests.Kernels;

/// <summary>Programs as loops: step by step, as where no code can be made at run time, and grown together.</summary>
public sealed unsafe class FusedLoopsTests
{
    static ElementwiseStep Unary<K>(K kernel, int x) where K : struct, IUnaryFunction => new(new LoopFunction<UnaryForward<K>>(new(kernel)), [x]);

    static ElementwiseStep Binary<K>(K kernel, int a, int b) where K : struct, IBinaryFunction =>
        new(new LoopFunction<BinaryForward<K>>(new(kernel)), [a, b]);

    // (2a + b) · tanh(2a + b), and 1 − (2a + b); the chain rule of a product that reads one factor; a step that nothing reads.
    static ElementwiseProgram Program() => new(2,
    [
        Unary(new MultiplyScalar(2), 0), Binary(new Add(), 2, 1), Unary(new Tanh(), 3), Unary(new Exp(), 3), Binary(new Multiply(), 3, 4),
            Unary(new SubtractFromScalar(1), 3),
        new(new LoopFunction<BinaryBackwardA<Multiply>>(default), [6, -1, 0, -1]),
    ], [8, 7]);

    [Test]
    public void Loops_give_the_same_bits_grown_together_or_one_by_one([Values(1, 15, 16, 1023, 1025, 70_000)] int count)
    {
        float[] a = new float[count], b = new float[count];
        for (int i = 0; i < count; i++) (a[i], b[i]) = ((i % 37 - 18) / 9f, (i % 11 - 5) / 3f);
        (float[] first, float[] second) = Run(Program(), a, b);
        (float[], float[]) grown = Run(FunctionTreeBuilder.Grow(Program()), a, b);
        grown.Item1.ShouldBe(first);
        grown.Item2.ShouldBe(second);
        for (int i = 0; i < count; i += 7)
        {
            double s = 2.0 * a[i] + b[i];
            first[i].ShouldBe((float)(s * Math.Tanh(s) * a[i]), 1e-4f);
            second[i].ShouldBe((float)(1 - s), 1e-6f);
        }
    }

    [Test]
    public void Steps_that_are_read_once_or_are_cheap_become_part_of_their_readers()
    {
        Program().Steps.Count.ShouldBe(6); // exp is read by nobody
        FunctionTreeBuilder.Grow(Program()).Steps.Count.ShouldBe(2); // both compute 2a + b
        var shared = new ElementwiseProgram(1, [Unary(new Exp(), 0), Binary(new Multiply(), 0, 1), Binary(new Add(), 1, 2)], [3]);
        FunctionTreeBuilder.Grow(shared).Steps.Count.ShouldBe(2); // an exponential that two steps read stays
    }

    [Test]
    public void Slots_are_reused()
    {
        ElementwiseStep[] chain = [.. Enumerable.Range(0, 50).Select(i => Unary(new AddScalar(1), i))];
        new FusedLoops(new ElementwiseProgram(1, chain, [50])).Slots.ShouldBe(1);
    }

    static (float[], float[]) Run(ElementwiseProgram program, float[] a, float[] b)
    {
        (float[] first, float[] second) = (new float[a.Length], new float[a.Length]);
        int[] sizes = [a.Length];
        long[] strides = [1];
        fixed (float* p = first, q = second, x = a, y = b)
        {
            long* scratch = stackalloc long[LoopPlan.ScratchSize(1)];
            var plan = new LoopPlan(sizes, scratch);
            foreach (nint operand in (ReadOnlySpan<nint>)[(nint)p, (nint)q, (nint)x, (nint)y])
                plan.Add(new Operand((void*)operand, DType.Float32, strides), sizes, null);
            plan.Simplify();
            new FusedLoops(program).Run<float>(plan);
        }
        return (first, second);
    }
}
