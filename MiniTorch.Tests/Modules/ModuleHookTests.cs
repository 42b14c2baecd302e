using MiniTorch.Nn;

namespace MiniTorch.Tests.Modules;

public class ModuleHookTests
{
    [Test]
    public void Hooks_see_calls_until_they_are_disposed_of()
    {
        var layer = new Linear(2, 3);
        var log = new List<string>();
        IDisposable before = layer.RegisterForwardPreHook((_, inputs) => log.Add($"in {((Tensor)inputs[0]!).Shape}"));
        using (layer.RegisterForwardHook((_, _, output) => log.Add($"out {((Tensor)output!).Shape}"))) layer.Call(Tensor.Zeros([1, 2]));
        before.Dispose();
        layer.Call(Tensor.Zeros([1, 2]));
        log.ShouldBe(["in [1, 2]", "out [1, 3]"]);
    }

    [Test]
    public void Backward_hooks_see_the_outputs_gradient()
    {
        var layer = new Linear(2, 3);
        Tensor? seen = null;
        using (layer.RegisterBackwardHook((_, gradient) => seen = gradient)) (layer.Call(Tensor.Ones([1, 2])) * 5).Sum().Backward();
        seen!.ToArray<float>().ShouldBe([5f, 5, 5]);
        layer.Bias!.Grad!.ToArray<float>().ShouldBe([5f, 5, 5]);
        seen = null;
        layer.Call(Tensor.Ones([1, 2])).Sum().Backward();
        seen.ShouldBeNull();
    }

    [Test]
    public void Backward_hook_on_a_module_with_several_outputs_is_an_error()
    {
        var layer = new RNN(2, 2);
        using (layer.RegisterBackwardHook((_, _) => { }))
            Should.Throw<ValueException>(() => layer.Call(Tensor.Ones([1, 1, 2])))
                .Message.ShouldContain("RNN: a backward hook needs a module that returns one tensor");
        layer.Call(Tensor.Ones([1, 1, 2])).Output.Shape.ShouldBe([1, 1, 2]);
    }

    [Test]
    public void Replaced_inputs_output_and_gradient_are_what_the_model_uses()
    {
        var layer = new Linear(2, 1, bias: false, dtype: DType.Float64);
        using (Autograd.NoGrad()) layer.Weight.CopyInPlace(Tensor.From(new[,] { { 3d, 5 } }));
        Tensor x = Tensor.From(new[,] { { 1d, 1 } }).RequireGrad();
        using IDisposable inputs = layer.ReplaceInputs((_, given) => [(Tensor)given[0]! * 2]);
        using IDisposable output = layer.ReplaceOutput((_, given, result) => (Tensor)result! + ((Tensor)given[0]!).Sum());
        using IDisposable gradient = layer.ReplaceGradient((_, given) => given * 10);
        using IDisposable watch = layer.RegisterForwardHook((_, given, result) => ((Tensor)result!).Item<double>().ShouldBe(16 + 4));
        Tensor y = layer.Call(x);
        y.Item<double>().ShouldBe(20);
        y.Sum().Backward();
        x.Grad!.ToArray<double>().ShouldBe([10 * 2 * (3 + 1d), 10 * 2 * (5 + 1)]);
        layer.Weight.Grad!.ToArray<double>().ShouldBe([20d, 20]);
    }

    [Test]
    public void Replacements_of_several_inputs_keep_their_order_and_types()
    {
        var layer = new Bilinear(1, 1, 1, bias: false);
        using (Autograd.NoGrad()) layer.Weight.FillInPlace(1);
        using (layer.ReplaceInputs((_, given) => [given[1], (Tensor)given[1]! * 4]))
            layer.Call(Tensor.Full([1, 1], 2f), Tensor.Full([1, 1], 3f)).Item<float>().ShouldBe(3 * 12);
        using (layer.ReplaceInputs((_, given) => [given[0]]))
            Should.Throw<ValueException>(() => layer.Call(Tensor.Ones([1, 1]), Tensor.Ones([1, 1])))
                .Message.ShouldContain("returned 1 inputs, and Forward takes 2");
        using (layer.ReplaceInputs((_, given) => [given[0], "text"]))
            Should.Throw<ValueException>(() => layer.Call(Tensor.Ones([1, 1]), Tensor.Ones([1, 1]))).Message
                .ShouldContain("input 1 must be a Tensor, not String");
        using (layer.ReplaceOutput((_, _, _) => 7))
            Should.Throw<ValueException>(() => layer.Call(Tensor.Ones([1, 1]), Tensor.Ones([1, 1]))).Message
                .ShouldContain("a forward hook returned a Int32; the output must be a Tensor");
        var linear = new Linear(2, 1);
        using (linear.ReplaceInputs((_, given) => [Tensor.Ones([1, 5])]))
            Should.Throw<MiniTorchException>(() => linear.Call(Tensor.Ones([1, 2]))).Message.ShouldContain("[1, 5]");
    }

    [Test]
    public void Replacement_that_makes_the_input_fit_is_checked_afterwards()
    {
        var layer = new Conv1d(1, 1, 1);
        using (layer.ReplaceInputs((_, given) => [((Tensor)given[0]!).Reshape(1, 1, -1)])) layer.Call(Tensor.Ones([5])).Shape.ShouldBe([1, 1, 5]);
    }

    [Test]
    public void Gradient_replacement_of_another_shape_is_an_error()
    {
        var layer = new Linear(2, 3);
        using (layer.ReplaceGradient((_, given) => given.Sum()))
            Should.Throw<ShapeException>(() => layer.Call(Tensor.Ones([1, 2])).Sum().Backward()).Message.ShouldContain("Linear.ReplaceGradient");
    }
}
