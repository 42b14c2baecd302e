using MiniTorch.Nn;

namespace MiniTorch.Tests.Layers;

/// <summary>Layers and initialisers in Float32: the same seed gives PyTorch 1.13.1's weights, masks and outputs.</summary>
public class LayerValueTests
{
    internal static void ShouldBeNear(Tensor actual, double[] expected, double tolerance = 1e-6)
    {
        double[] values = actual.Detach().ToArray<double>();
        values.Length.ShouldBe(expected.Length);
        for (int i = 0; i < values.Length; i++) values[i].ShouldBe(expected[i], tolerance * Math.Max(1, Math.Abs(expected[i])), $"element {i}");
    }

    // torch.manual_seed(0); l = torch.nn.Linear(3, 2); l.weight, l.bias, l(torch.tensor([[1., 2., 3.]]))
    [Test]
    public void Linear_with_a_seed_has_PyTorchs_weights()
    {
        Generator.ManualSeed(0);
        var layer = new Linear(3, 2);
        ShouldBeNear(layer.Weight, [-0.004322517663240433, 0.3097158372402191, -0.4751853346824646, -0.4248946011066437, -0.2223689705133438,
            0.15482072532176971], 1e-7);
        ShouldBeNear(layer.Bias!, [-0.011439144611358643, 0.45777493715286255], 1e-7);
        ShouldBeNear(layer.Call(Tensor.From(new float[,] { { 1, 2, 3 } })), [-0.8218859434127808, 0.0526045560836792]);
    }

    // torch.manual_seed(5); l = torch.nn.Linear(4, 5); l.weight.flatten()[:3], l.bias
    [Test]
    public void Linear_draws_from_its_own_generator()
    {
        Generator.ManualSeed(99);
        var layer = new Linear(4, 5, generator: new Generator(5));
        ShouldBeNear(layer.Weight.Reshape(-1)[..3], [0.33025187253952026, -0.37388908863067627, 0.4074696898460388], 1e-7);
        ShouldBeNear(layer.Bias!, [0.16976481676101685, -0.23852688074111938, -0.45928478240966797, 0.28503578901290894, 0.4751613140106201], 1e-7);
    }

    // torch.manual_seed(3); torch.nn.functional.dropout(torch.ones(10), 0.3)
    [Test]
    public void Dropout_drops_what_PyTorch_drops_and_only_while_training()
    {
        var layer = new Dropout(0.3, new Generator(3));
        ShouldBeNear(layer.Call(Tensor.Ones([10])),
            [1.4285714626, 1.4285714626, 0, 1.4285714626, 0, 1.4285714626, 1.4285714626, 1.4285714626, 1.4285714626, 0]);
        layer.Eval();
        Tensor x = Tensor.Ones([10]);
        layer.Call(x).ShouldBeSameAs(x);
        new Dropout(1).Call(x).ToArray<float>().ShouldAllBe(value => value == 0);
        Should.Throw<ValueException>(() => new Dropout(1.5)).Message.ShouldBe("Dropout: the probability 1.5 is not in [0, 1]");
    }

    // torch.manual_seed(0); torch.nn.init.orthogonal_(torch.empty(3, 2)); torch.nn.init.kaiming_normal_(torch.empty(2, 3, 2), a=0.1, mode='fan_out')
    [Test]
    public void Initialisers_give_PyTorchs_numbers()
    {
        var rng = new Generator(0);
        ShouldBeNear(Init.Orthogonal(Tensor.Zeros([3, 2]), generator: rng),
            [0.5349525213241577, -0.16993014514446259, -0.7563608288764954, 0.3401838541030884, -0.3764890134334564, -0.9248777627944946]);
        ShouldBeNear(Init.KaimingNormal(Tensor.Zeros([2, 3, 2]), 0.1, Init.Fan.Out, generator: rng),
            [0.2837938368320465, 0.5896332859992981, -0.5060678720474243, -0.28379151225090027, -0.41979116201400757, 0.12808042764663696,
             -0.6027541160583496, 0.7743824124336243, -0.7536848187446594, 0.0863322913646698, -0.3984595835208893, 0.26252254843711853]);
        Should.Throw<ShapeException>(() => Init.XavierUniform(Tensor.Zeros([3]))).Message.ShouldContain("[out, in, …]");
        Should.Throw<DTypeException>(() => Init.Uniform(Tensor.Arange(3))).Message.ShouldContain("Int64");
        Should.Throw<ValueException>(() => Init.Gain((Nonlinearity)99)).Message.ShouldContain("99 is not a known nonlinearity; use Tanh, Relu");
    }

    [Test]
    public void Rms_norm_divides_by_the_root_mean_square()
    {
        Tensor x = Tensor.Randn([2, 3], new Generator(1));
        new RMSNorm(3, eps: 0).Call(x).AllClose(x / x.Pow(2).Mean(1, keepDim: true).Sqrt()).ShouldBeTrue();
    }
}
