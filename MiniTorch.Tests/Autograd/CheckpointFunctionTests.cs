using MiniTorch.Nn;

namespace MiniTorch.Tests.Differentiation;

[NonParallelizable]
public class CheckpointFunctionTests
{
    private static Sequential Block(int seed) =>
        new(new Linear(6, 6, generator: new Generator(seed)), new BatchNorm1d(6), new Dropout(0.4), new Tanh());

    private static Tensor Number(double value) => Tensor.Full([], value, DType.Float64);

    private static (Tensor[] Gradients, byte[] Random, Sequential[] Blocks, Tensor Loss) Train(bool checkpoint, bool throughGrad)
    {
        Generator.ManualSeed(5);
        Sequential[] blocks = [Block(1), Block(2), Block(3)];
        Tensor input = Tensor.Randn([5, 6], new Generator(7)).RequireGrad(), x = input;
        foreach (Sequential block in blocks) x = checkpoint ? Autograd.Checkpoint(block.Call, x) : block.Call(x);
        Tensor loss = (x * x).Sum() + Functional.Dropout(x, 0.5, true).Sum();
        Tensor[] leaves = [input, .. blocks.SelectMany(block => block.Parameters())];
        if (throughGrad) return (Autograd.Grad(loss, leaves), Generator.Default.GetState(), blocks, loss);
        loss.Backward();
        return ([.. leaves.Select(leaf => leaf.Grad!)], Generator.Default.GetState(), blocks, loss);
    }

    [TestCase(false)]
    [TestCase(true)]
    public void Checkpointed_blocks_have_the_bits_of_plain_ones(bool throughGrad)
    {
        var (plain, random, blocks, loss) = Train(false, throughGrad);
        var (checkpointed, randomAfter, blocksAfter, lossAfter) = Train(true, throughGrad);
        lossAfter.Item<float>().ShouldBe(loss.Item<float>());
        randomAfter.ShouldBe(random, "the generator ends where one call leaves it");
        for (int i = 0; i < plain.Length; i++) checkpointed[i].ToArray<float>().ShouldBe(plain[i].ToArray<float>());
        foreach ((Sequential a, Sequential b) in blocks.Zip(blocksAfter))
            foreach (((_, Tensor first), (_, Tensor second)) in a.NamedBuffers().Zip(b.NamedBuffers()))
                second.ToArray<double>().ShouldBe(first.ToArray<double>(), "statistics are updated once");
    }

    [TestCase(1)]
    [TestCase(2)]
    public void Gradient_check_of_a_nested_checkpoint_passes(int order)
    {
        Tensor scale = Number(0.7).RequireGrad();
        GradCheck.Run(x => Autograd.Checkpoint(Outer, x).Sum(), Tensor.Randn([4], new Generator(0), DType.Float64),
            new GradCheckOptions { Order = order }).ThrowIfFailed();

        Tensor Outer(Tensor x)
        {
            Tensor y = x.Sin() * scale;
            Tensor z = Autograd.Checkpoint((a, b) => (a.Exp() * b).Tanh(), y, x);
            return z * y + Autograd.Checkpoint(a => a * a.Cos(), z);
        }
    }

    [Test]
    public void Derivative_of_a_gradient_inside_a_checkpoint_agrees_with_a_plain_one()
    {
        Tensor x = Number(1.3).RequireGrad();
        Tensor[] results = [Penalty(x), Autograd.Checkpoint(Penalty, x)];
        double[] gradients = [.. results.Select(result => Autograd.Grad(result, [x])[0].Item<double>())];
        results[1].Item<double>().ShouldBe(results[0].Item<double>());
        gradients[1].ShouldBe(gradients[0]);

        static Tensor Penalty(Tensor x) => Autograd.Grad((x.Exp() * x.Sin()).Sum(), [x], createGraph: true)[0].Square() * x.Exp();
    }

    [Test]
    public void Several_inputs_and_outputs_keep_their_gradients()
    {
        Tensor a = Number(2).RequireGrad(), b = Number(3).RequireGrad();
        (Tensor product, Tensor[] more) = Autograd.Checkpoint((x, y) => (x * y, new[] { x.Exp(), (x * x) / y }), a, b);
        (product * more[1] + more[0]).Backward(retainGraph: true);
        a.Grad!.Item<double>().ShouldBe((3 * 4) + Math.Exp(2), 1e-9); // x³ + eˣ
        b.Grad!.Item<double>().ShouldBe(0, 1e-12);
        more[0].Backward();
        a.Grad!.Item<double>().ShouldBe((3 * 4) + (2 * Math.Exp(2)), 1e-9);
    }

    [Test]
    public void Under_NoGrad_the_function_is_called_once()
    {
        int calls = 0;
        Tensor x = Number(1).RequireGrad();
        using (Autograd.NoGrad()) Autograd.Checkpoint(Count, x).RequiresGrad.ShouldBeFalse();
        calls.ShouldBe(1);
        Tensor y = Autograd.Checkpoint(Count, x);
        y.Backward();
        calls.ShouldBe(3);
        Should.Throw<GraphException>(() => y.Backward()).Message.ShouldContain("retainGraph: true");

        Tensor Count(Tensor value)
        {
            Autograd.IsRecomputing.ShouldBe(calls++ == 2);
            return value.Exp();
        }
    }

    [Test]
    public void Changed_input_changed_parameter_or_other_operations_are_errors()
    {
        var layer = new Linear(2, 2);
        Tensor x = Tensor.Ones([1, 2]);
        Tensor y = Autograd.Checkpoint(layer.Call, x).Exp();
        x.AddInPlace(1);
        Should.Throw<GraphException>(() => y.Sum().Backward()).Message.ShouldContain("was changed after the call by AddInPlace");
        y = Autograd.Checkpoint(layer.Call, x).Exp();
        using (Autograd.NoGrad()) layer.Weight.MulInPlace(2);
        Should.Throw<GraphException>(() => y.Sum().Backward()).Message.ShouldContain("an input or a parameter");
        int calls = 0;
        y = Autograd.Checkpoint(v => calls++ == 0 ? layer.Call(v).Exp() : layer.Call(v).Exp().Exp(), x);
        Should.Throw<GraphException>(() => y.Sum().Backward()).Message.ShouldContain("was Exp of shape [1, 2] instead of missing");
        var dropout = new Dropout();
        y = Autograd.Checkpoint(v => dropout.Call(layer.Call(v)).Exp(), x);
        dropout.Eval();
        Should.Throw<GraphException>(() => y.Sum().Backward()).Message.ShouldContain("Training");
    }

    [Test]
    public void Numbers_of_every_generator_are_drawn_again_without_moving_it()
    {
        var own = new Generator(3);
        Tensor x = Tensor.Ones([20], DType.Float64).RequireGrad();
        Tensor y = Autograd.Checkpoint(v =>
        {
            Tensor noise = Tensor.Randn([20], own, DType.Float64);
            return (v * noise).Exp() * Autograd.Checkpoint(w => w * Tensor.Randn([20], own, DType.Float64) * Tensor.Rand([20], DType.Float64), v);
        }, x);
        byte[] after = own.GetState();
        Tensor.Randn([3], own); // the function's numbers do not depend on where the generator is now
        byte[] later = own.GetState();
        y.Sum().Backward();
        own.GetState().ShouldBe(later);
        later.ShouldNotBe(after);
        var again = new Generator(3);
        Tensor n = Tensor.Randn([20], again, DType.Float64);
        double expected = (y.Detach() * (n + 1)).Sum().Item<double>(); // the derivative of eˣⁿ·x·m at x = 1 is y·(n + 1)
        x.Grad!.Sum().Item<double>().ShouldBe(expected, Math.Abs(expected) * 1e-12);
    }

    [Test]
    public void Hessian_product_through_a_checkpoint_is_that_of_the_plain_function()
    {
        Tensor x = Tensor.Randn([5], new Generator(0), DType.Float64), v = Tensor.Randn([5], new Generator(1), DType.Float64);
        static Tensor F(Tensor a) => (a.Sin() * a.Exp()).Tanh();
        Autograd.Hvp(a => Autograd.Checkpoint(F, a).Sum(), x, v).ToArray<double>().ShouldBe(Autograd.Hvp(a => F(a).Sum(), x, v).ToArray<double>());
        Autograd.Jvp(a => Autograd.Checkpoint(F, a), x, v).Tangent.ToArray<double>().ShouldBe(Autograd.Jvp(F, x, v).Tangent.ToArray<double>());
    }

    [TestCase(false)]
    [TestCase(true)]
    public void Checkpointed_blocks_hold_only_their_inputs(bool nested)
    {
        const int Count = 1 << 16, Blocks = 4;
        const long Bytes = Count * sizeof(float);
        long plain = Held(x =>
        {
            for (int i = 0; i < Blocks; i++) x = Block(x);
            return x;
        });
        long checkpointed = Held(x =>
        {
            for (int i = 0; i < Blocks; i++) x = nested ? Autograd.Checkpoint(Halves, x) : Autograd.Checkpoint(Block, x);
            return x;
        });
        plain.ShouldBeGreaterThanOrEqualTo(Blocks * 6 * Bytes); // each half saves an input and two outputs
        checkpointed.ShouldBeLessThanOrEqualTo((Blocks + 1) * Bytes); // the results of the blocks and a margin of one

        static Tensor Block(Tensor x) => Half(Half(x));
        static Tensor Half(Tensor x) => x.Sin().Exp().Tanh().Cos();
        static Tensor Halves(Tensor x) => Autograd.Checkpoint(Half, Autograd.Checkpoint(Half, x));

        static long Held(Func<Tensor, Tensor> function)
        {
            Tensor x = Tensor.Ones([Count], requiresGrad: true);
            long before = Rented();
            Tensor y = function(x);
            long held = Rented() - before;
            GC.KeepAlive(x);
            y.Sum().Backward();
            return held;
        }

        static long Rented()
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
            GC.Collect();
            BufferPool.SweepAtLowWater();
            return BufferPool.RentedBytes;
        }
    }
}
