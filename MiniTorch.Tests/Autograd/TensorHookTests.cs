using MiniTorch.Nn;

namespace MiniTorch.Tests.Differentiation;

public class TensorHookTests
{
    private static Tensor Leaf(params double[] values) => Tensor.From(values).RequireGrad();

    [Test]
    public void Hook_of_a_leaf_sees_the_complete_gradient_and_replaces_it()
    {
        Tensor x = Leaf(1, 2);
        var seen = new List<double[]>();
        using (x.RegisterHook(gradient =>
        {
            seen.Add(gradient.ToArray<double>());
            return gradient * 10;
        })) (x * x + x.Sin() + x).Sum().Backward();
        double[] expected = [2 + Math.Cos(1) + 1, 4 + Math.Cos(2) + 1];
        seen.Count.ShouldBe(1);
        seen[0].ShouldBe(expected, 1e-12);
        x.Grad!.ToArray<double>().ShouldBe(expected.Select(value => 10 * value), 1e-11);
        x.Sum().Backward();
        seen.Count.ShouldBe(1, "the hook is disposed of");
    }

    [Test]
    public void Hook_of_a_result_changes_what_flows_to_its_inputs()
    {
        Tensor x = Leaf(3), y = x * x;
        y.RetainGrad();
        using IDisposable handle = y.RegisterHook(gradient => gradient * 2);
        using IDisposable other = y.RegisterHook(gradient => gradient + 1);
        using IDisposable watch = y.RegisterHook(_ => null);
        (y * 5 + y).Sum().Backward();
        y.Grad!.Item<double>().ShouldBe((6 * 2) + 1, "a retained gradient is the replaced one");
        x.Grad!.Item<double>().ShouldBe(13 * 2 * 3);
    }

    [Test]
    public void Grad_returns_replaced_gradients_of_leaves_and_results()
    {
        Tensor x = Leaf(3), y = x.Exp();
        using IDisposable ofLeaf = x.RegisterHook(gradient => gradient * 2);
        using IDisposable ofResult = y.RegisterHook(gradient => gradient * 3);
        Tensor[] gradients = Autograd.Grad((y * y).Sum(), [x, y]);
        gradients[1].Item<double>().ShouldBe(3 * 2 * Math.Exp(3), 1e-9);
        gradients[0].Item<double>().ShouldBe(2 * 3 * 2 * Math.Exp(6), 1e-8);
        x.Grad.ShouldBeNull();
    }

    [TestCase(true)]
    [TestCase(false)]
    public void Hook_with_createGraph_is_differentiated(bool isLeaf)
    {
        // dx³ = 3x², squared by the hook: 9x⁴; its derivative is 36x³.
        Tensor x = Leaf(2), hooked = isLeaf ? x : x * 1;
        using IDisposable handle = hooked.RegisterHook(gradient => gradient * gradient);
        Tensor first = Autograd.Grad((hooked * hooked * hooked).Sum(), [x], createGraph: true)[0];
        first.Item<double>().ShouldBe(144);
        handle.Dispose();
        Autograd.Grad(first.Sum(), [x])[0].Item<double>().ShouldBe(288);
    }

    [Test]
    public void Hook_on_one_output_of_several_sees_only_its_gradient()
    {
        Tensor x = Leaf(3, 1, 2);
        (Tensor values, _) = x.Sort(0);
        Tensor[] parts = x.Split(1, 0).ToArray();
        using IDisposable handle = parts[1].RegisterHook(gradient => gradient * 100);
        (parts[0] + (parts[1] * 2) + values.Sum()).Sum().Backward();
        x.Grad!.ToArray<double>().ShouldBe([2d, 201, 1]);
    }

    [Test]
    public void Hook_that_returns_another_shape_or_dtype_or_writes_is_an_error()
    {
        Tensor x = Leaf(1, 2);
        Throws<ShapeException>(gradient => gradient.Sum()).ShouldContain("the hook returned a gradient of shape [] for a tensor of shape [2]");
        Throws<DTypeException>(gradient => gradient.To(DType.Float32)).ShouldContain("gradient of Float32 for a tensor of Float64");
        Throws<GraphException>(gradient => gradient.MulInPlace(2)).ShouldContain("return a new tensor");
        Should.Throw<GraphException>(() => x.Detach().RegisterHook(_ => null)).Message.ShouldContain("does not require a gradient");
        Should.Throw<GraphException>(() => (x * 2).RegisterPostAccumulateGradHook(_ => { })).Message.ShouldContain("use RegisterHook");
        x.Sum().Backward();
        x.Grad!.ToArray<double>().ShouldBe([1d, 1]);

        string Throws<T>(Func<Tensor, Tensor?> hook) where T : Exception
        {
            using IDisposable handle = x.RegisterHook(hook);
            return Should.Throw<T>(() => (x * 3).Sum().Backward()).Message;
        }
    }

    [Test]
    public void Hook_sees_the_gradient_of_the_value_before_a_write_in_place()
    {
        Tensor x = Leaf(2), y = x * 1;
        double seen = 0;
        using IDisposable handle = y.RegisterHook(gradient =>
        {
            seen = gradient.Item<double>();
            return null;
        });
        y.MulInPlace(3);
        y.Sum().Backward();
        seen.ShouldBe(3);
    }

    [Test]
    public void Accumulated_hook_runs_when_the_leaf_is_complete_and_before_lower_operations()
    {
        Tensor first = Leaf(2), second = Leaf(3);
        var order = new List<string>();
        using IDisposable ofFirst = first.RegisterPostAccumulateGradHook(leaf => order.Add($"first {leaf.Grad!.Item<double>():F9}"));
        using IDisposable ofSecond = second.RegisterPostAccumulateGradHook(leaf =>
        {
            order.Add($"second {leaf.Grad!.Item<double>():F9}");
            leaf.Grad = null;
        });
        Tensor inner = first * first;
        using IDisposable ofInner = inner.RegisterHook(_ =>
        {
            order.Add("inner");
            return null;
        });
        (inner.Sin() * second * second).Sum().Backward();
        order.ShouldBe([$"second {6 * Math.Sin(4):F9}", "inner", $"first {36 * Math.Cos(4):F9}"]);
        second.Grad.ShouldBeNull();
        Autograd.Grad((first * second).Sum(), [first]);
        order.Count.ShouldBe(3, "Grad accumulates nothing");
    }

    [Test]
    public void Optimiser_that_steps_in_accumulated_hooks_trains_as_one_that_steps_afterwards()
    {
        (Sequential fused, Sequential plain) = (Model(), Model());
        var handles = new List<IDisposable>();
        foreach (Parameter parameter in fused.Parameters())
        {
            var own = new MiniTorch.Optim.SGD([parameter], lr: 0.1, momentum: 0.9);
            handles.Add(parameter.RegisterPostAccumulateGradHook(_ =>
            {
                own.Step();
                own.ZeroGrad();
            }));
        }
        var optimizer = new MiniTorch.Optim.SGD(plain.Parameters(), lr: 0.1, momentum: 0.9);
        Tensor x = Tensor.Randn([8, 3], new Generator(1));
        for (int step = 0; step < 3; step++)
        {
            fused.Call(x).Square().Mean().Backward();
            plain.Call(x).Square().Mean().Backward();
            optimizer.Step();
            optimizer.ZeroGrad();
        }
        foreach ((Parameter a, Parameter b) in fused.Parameters().Zip(plain.Parameters()))
        {
            a.Grad.ShouldBeNull();
            a.ToArray<float>().ShouldBe(b.ToArray<float>());
        }
        handles.ForEach(handle => handle.Dispose());

        static Sequential Model()
        {
            var generator = new Generator(0);
            return new(new Linear(3, 4, generator: generator), new Tanh(), new Linear(4, 2, generator: generator));
        }
    }

    [Test]
    public void Gradient_check_through_identity_hooks_passes_to_second_order()
    {
        Tensor x = Tensor.Randn([4], new Generator(0), DType.Float64);
        GradCheck.Run(y =>
        {
            Tensor z = y.Tanh();
            z.RegisterHook(gradient => gradient * 1);
            return (z * z).Sum();
        }, x, new GradCheckOptions { Order = 2 }).ThrowIfFailed();
    }

    [Test]
    public void Threads_that_share_a_hooked_leaf_each_call_the_hook()
    {
        Tensor x = Leaf(1);
        int calls = 0;
        using IDisposable handle = x.RegisterHook(gradient =>
        {
            Interlocked.Increment(ref calls);
            return gradient * 2;
        });
        Parallel.For(0, 32, _ => (x * 3).Sum().Backward());
        calls.ShouldBe(32);
        x.Grad!.Item<double>().ShouldBe(32 * 6);
    }
}
