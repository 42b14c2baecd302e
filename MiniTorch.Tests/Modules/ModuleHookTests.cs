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
}
