using MiniTorch.Nn;
using MiniTorch.Optim;

namespace MiniTorch.Tests.Layers;

/// <summary>A layer that takes its number of input features from the first input.</summary>
public class LazyLinearTests
{
    private const string Missing = "has no parameters before its first call, which tells the number of input features; call the model once before "
        + "you create an optimizer or use its parameters or state";

    /// <summary>A layer after a call with so many features.</summary>
    internal static LazyLinear Called(LazyLinear layer, int features)
    {
        layer.Call(Tensor.Zeros([1, features]));
        return layer;
    }

    // Linear's weights are PyTorch's, and PyTorch draws those of both in the same order.
    [Test]
    public void LazyLinear_after_its_first_call_is_the_Linear_of_the_same_seed()
    {
        LazyLinear lazy = Called(new LazyLinear(3, generator: new Generator(5)), 4);
        var linear = new Linear(4, 3, generator: new Generator(5));
        lazy.Weight!.ToArray<float>().ShouldBe(linear.Weight.ToArray<float>());
        lazy.Bias!.ToArray<float>().ShouldBe(linear.Bias!.ToArray<float>());
        lazy.StateDict().Keys.ShouldBe(linear.StateDict().Keys);
        lazy.ToString().ShouldBe(linear.ToString());
        new LazyLinear(3, bias: false).ToString().ShouldBe("LazyLinear(in_features=0, out_features=3, bias=False)");
    }

    [Test]
    public void Optimizers_and_states_before_the_first_call_are_errors_that_name_the_layer()
    {
        var model = new Sequential(new Linear(2, 4), new LazyLinear(3));
        Action[] calls =
        [
            () => _ = new SGD(model.Parameters(), lr: 0.1), () => model.StateDict(), () => model.NamedParameters(), () => model.To(DType.Float64),
            () => model.LoadStateDict(new Dictionary<string, Tensor>(), strict: false), () => model.RequireGrad(false),
            () => new LazyLinear(2).Parameters(),
        ];
        foreach (Action call in calls)
            Should.Throw<ValueException>(call).Message.ShouldBeOneOf($"LazyLinear: 1 {Missing}", $"LazyLinear: the layer {Missing}");
        model.Train().Eval().NamedModules().Count.ShouldBe(3);
        model.ToString().ShouldContain("(1): LazyLinear(in_features=0, out_features=3, bias=True)");

        using (Autograd.NoGrad()) model.Call(Tensor.Zeros([1, 2]));
        model.Parameters().Count.ShouldBe(4);
        model.LoadStateDict(model.StateDict(clone: true)).ToString().ShouldBe("<All keys matched successfully>");
    }

    [Test]
    public void First_calls_of_many_threads_use_the_same_weights()
    {
        var layer = new LazyLinear(16);
        Tensor x = Tensor.Ones([1, 64]);
        var outputs = new float[8][];
        Parallel.For(0, outputs.Length, i => outputs[i] = layer.Call(x).ToArray<float>());
        foreach (float[] output in outputs) output.ShouldBe(outputs[0]);
    }
}
