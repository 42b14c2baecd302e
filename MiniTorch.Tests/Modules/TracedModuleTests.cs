using MiniTorch.Nn;

namespace MiniTorch.Tests.Modules;

/// <summary>While calls are traced, whatever happens inside a module is told with its path.</summary>
internal sealed class TracedModuleTests
{
    [Test]
    public void The_first_value_that_is_not_finite_is_told_with_the_modules_path_forward_and_backward()
    {
        using ModeScope scope = Autograd.DetectAnomaly();
        var model = new Sequential(new Linear(2, 2), new Shifted());
        Tensor x = Tensor.Ones([3, 2]);
        // As a tail call, this line would not be on the stack in optimized code.
        string forward = Should.Throw<ValueException>(() => { _ = model.Call(x * -1e9); }).Message;
        forward.ShouldStartWith("Sequential.1.root: Log: produced the first value that is not finite: output [");
        forward.ShouldContain("called at TracedModuleTests.cs:");

        model = new Sequential(new SquareRoot(), new Identity());
        Tensor zero = Tensor.Zeros([3, 2], requiresGrad: true), loss = model.Call(zero).Sum();
        string backward = Should.Throw<ValueException>(() => loss.Backward()).Message;
        backward.ShouldStartWith("Sqrt backward: produced the first gradient that is not finite");
        backward.ShouldContain(" in Sequential.0.");
    }

    [Test]
    public void After_an_error_inside_a_module_paths_are_right_again()
    {
        using ModeScope scope = Autograd.DetectAnomaly();
        var model = new Sequential(new Linear(2, 2), new SquareRoot());
        Should.Throw<ShapeException>(() => model.Call(Tensor.Ones([1, 5])));
        Should.Throw<InvalidOperationException>(() => new Failing().Call(Tensor.Ones([1])));
        Trace.Module.ShouldBeNull();
        Tensor zero = Tensor.Zeros([1, 2], requiresGrad: true), loss = new SquareRoot().Call(zero).Sum();
        Should.Throw<ValueException>(() => loss.Backward()).Message.ShouldContain(" in SquareRoot.");
    }

    [Test]
    public void Nothing_is_kept_when_calls_are_not_traced()
    {
        new Sequential(new Linear(2, 2)).Call(Tensor.Ones([1, 2]));
        Trace.Module.ShouldBeNull();
    }

    private sealed class Shifted : Module<Tensor, Tensor>
    {
        private readonly Root _root = new();

        protected override Tensor Forward(Tensor input) => _root.Call(input);
    }

    private sealed class Root : Module<Tensor, Tensor>
    {
        protected override Tensor Forward(Tensor input) => (input * 0).Log();
    }

    private sealed class SquareRoot : Module<Tensor, Tensor>
    {
        protected override Tensor Forward(Tensor input) => input.Sqrt();
    }

    private sealed class Failing : Module<Tensor, Tensor>
    {
        protected override Tensor Forward(Tensor input) => throw new InvalidOperationException("no");
    }
}
