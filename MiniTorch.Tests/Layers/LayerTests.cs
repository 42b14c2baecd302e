using MiniTorch.Nn;

namespace MiniTorch.Tests.Layers;

/// <summary>Layers against PyTorch 1.13.1: the same seed gives the same weights and outputs.</summary>
public class LayerTests
{
    internal static void ShouldBeNear(Tensor actual, double[] expected, double tolerance = 1e-6)
    {
        double[] values = actual.Detach().ToArray<double>();
        values.Length.ShouldBe(expected.Length);
        for (int i = 0; i < values.Length; i++) values[i].ShouldBe(expected[i], tolerance * Math.Max(1, Math.Abs(expected[i])), $"element {i}");
    }

    // torch.manual_seed(0); l = torch.nn.Linear(3, 2); l.weight, l.bias, l(torch.tensor([[1., 2., 3.]]))
    [Test]
    public void Linear_has_PyTorchs_weights()
    {
        Generator.ManualSeed(0);
        var layer = new Linear(3, 2);
        ShouldBeNear(layer.Weight, [-0.004322517663240433, 0.3097158372402191, -0.4751853346824646, -0.4248946011066437, -0.2223689705133438, 0.15482072532176971], 1e-7);
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
        ShouldBeNear(layer.Call(Tensor.Ones([10])), [1.4285714626, 1.4285714626, 0, 1.4285714626, 0, 1.4285714626, 1.4285714626, 1.4285714626, 1.4285714626, 0]);
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
    }

    [Test]
    public void Sequential_runs_its_modules_in_order()
    {
        var model = new Sequential { new Flatten(), new Linear(4, 3), new Tanh(), new Sigmoid(), new ReLU(), new Identity() };
        model.Call(Tensor.Zeros([5, 2, 2])).Shape.ShouldBe([5, 3]);
        model.Count.ShouldBe(6);
        model[1].ShouldBeOfType<Linear>().ToString().ShouldBe("Linear(in_features=4, out_features=3, bias=True)");
    }

    [Test]
    public void Gradients_of_composed_layers_are_right()
    {
        GradCheck.RunModule(new LSTM(2, 3, bidirectional: true, generator: new Generator(1)), [Tensor.Randn([3, 2, 2], new Generator(2))]).ThrowIfFailed();
        GradCheck.RunModule(new GRU(2, 3, generator: new Generator(1)), [Tensor.Randn([3, 2, 2], new Generator(2))]).ThrowIfFailed();
        GradCheck.RunModule(new TransformerEncoderLayer(4, 2, 6, dropout: 0, TransformerActivation.Gelu, generator: new Generator(1)), [Tensor.Randn([3, 2, 4], new Generator(2))]).ThrowIfFailed();
        GradCheck.RunModule(new Bilinear(2, 3, 2, generator: new Generator(1)), [Tensor.Randn([2, 2], new Generator(2)), Tensor.Randn([2, 3], new Generator(3))]).ThrowIfFailed();
    }

    [Test]
    public void Lists_and_dictionaries_name_their_modules_by_key_alone()
    {
        var list = new ModuleList<Linear>(new Linear(1, 1, bias: false), new Linear(1, 1, bias: false));
        list.StateDict().Keys.ShouldBe(["0.weight", "1.weight"]);
        var dictionary = new ModuleDict<Module> { ["left"] = list, ["right"] = new Linear(1, 1) };
        dictionary.StateDict().Keys.ShouldBe(["left.0.weight", "left.1.weight", "right.weight", "right.bias"]);
        Should.Throw<ValueException>(() => dictionary["a.b"] = list).Message.ShouldContain("dot");
        Should.Throw<ValueException>(() => dictionary["up"]).Message.ShouldContain("there are left, right");
    }

    [Test]
    public void Misuse_is_explained()
    {
        Should.Throw<ValueException>(() => new Conv2d(3, 4, 3, groups: 2)).Message.ShouldBe("Conv2d: 3 input and 4 output channels are not divisible by 2 groups");
        Should.Throw<ValueException>(() => new GroupNorm(3, 4)).Message.ShouldBe("GroupNorm: numChannels 4 is not divisible by numGroups 3; choose a number of groups that divides it");
        Should.Throw<ValueException>(() => new Embedding(4, 2, paddingIdx: 4)).Message.ShouldContain("paddingIdx 4 is out of range for 4 vectors");
        Should.Throw<ValueException>(() => new LSTM(0, 2)).Message.ShouldContain("1 or more");
        Should.Throw<ValueException>(() => new GRU(1, 2, dropout: 2)).Message.ShouldContain("not in [0, 1]");
        Should.Throw<ValueException>(() => new LSTM(3, 4, projSize: 4)).Message.ShouldBe("LSTM: projSize is 4; it must be less than hiddenSize 4, or 0 for no projection");
        Should.Throw<ValueException>(() => new Conv1d(1, 1, 3, stride: 2, padding: ConvPadding.Same)).Message.ShouldBe("Conv1d: ConvPadding.Same needs a stride of 1, not (1, 2)");
        Should.Throw<ValueException>(() => new Conv2d(1, 1, (3, 0))).Message.ShouldBe("Conv2d: the kernel size is [3, 0]; all sizes must be 1 or more");
        Should.Throw<ValueException>(() => new Conv2d(1, 1, 3, padding: -1)).Message.ShouldContain("0 or more");
        Should.Throw<ValueException>(() => new Conv1d(1, 1, 3, padding: (1, 2))).Message.ShouldContain("pass one number");
        Should.Throw<ShapeException>(() => new Conv1d(1, 1, 3, padding: 4, paddingMode: PaddingMode.Reflect).Call(Tensor.Zeros([1, 1, 4]))).Message.ShouldContain("reflect cannot add 4 elements to the 4");
        Should.Throw<ValueException>(() => new Embedding(4, 2, maxNorm: 0)).Message.ShouldContain("must be positive");
        Should.Throw<ValueException>(() => new Embedding(-1, 2)).Message.ShouldContain("0 or more");
        Should.Throw<ValueException>(() => new MultiheadAttention(8, 3)).Message.ShouldContain("embedDim 8 is not divisible by 3 heads");
        Should.Throw<ValueException>(() => new MultiheadAttention(8, 2, kdim: 0)).Message.ShouldContain("1 or more");
        Should.Throw<ShapeException>(() => new MultiheadAttention(8, 2, vdim: 3).Call(Tensor.Zeros([1, 1, 8]), Tensor.Zeros([1, 1, 8]), Tensor.Zeros([1, 1, 8])))
            .Message.ShouldContain("[steps, batch, 3], or all without a batch, but the value has shape [1, 1, 8]");
        Should.Throw<ShapeException>(() => new RNN(3, 4, 2, bidirectional: true).Call(Tensor.Zeros([5, 2, 3]), Tensor.Zeros([1, 2, 4]))).Message.ShouldContain("[4, 2, 4] (layers · directions, batch, hidden)");
        Should.Throw<ShapeException>(() => new RNN(3, 4).Call(Tensor.Zeros([5, 2, 4]))).Message.ShouldContain("[steps, batch, 3]");
        Should.Throw<ShapeException>(() => new BatchNorm2d(2).Call(Tensor.Zeros([3, 2]))).Message.ShouldBe("BatchNorm2d: an input of 2 dimensions is not accepted, shape [3, 2]");
        Should.Throw<ValueException>(() => Init.Gain("gelu")).Message.ShouldContain("'gelu' is not a known nonlinearity");
        Should.Throw<ValueException>(() => Tensor.Zeros([4, 4]).AvgPool2d(2, divisorOverride: 0)).Message.ShouldContain("must not be 0");
    }

    [Test]
    public void Attention_without_weights_gives_the_same_output_from_its_fused_kernel()
    {
        var attention = new MultiheadAttention(8, 2, generator: new Generator(1));
        Tensor query = Tensor.Randn([3, 2, 8], new Generator(2)), key = Tensor.Randn([5, 2, 8], new Generator(3));
        var padded = new AttentionOptions { KeyPaddingMask = Tensor.From(new[,] { { false, false, false, false, false }, { false, false, true, false, true } }) };
        (Tensor output, Tensor? weights) = attention.Call(query, key, key, padded with { NeedWeights = false });
        weights.ShouldBeNull();
        output.AllClose(attention.Call(query, key, key, padded).Output, 1e-5, 1e-6).ShouldBeTrue();
    }

    [Test]
    public void MultiheadAttention_of_a_sequence_that_is_all_padding_gives_the_output_bias_and_no_other_gradient(
        [Values(DType.Float32, DType.Float64)] DType dtype,
        [Values] bool needsWeights, [Values] bool isPadding, [Values] bool isBool, [Values] bool dropsOut)
    {
        double tolerance = dtype == DType.Float32 ? 2e-5 : 1e-12;
        for (int steps = 1; steps <= 40; steps++)
        {
            // A dropout of 1e-9 drops nothing, and takes the path that could.
            double dropout = dropsOut ? 1e-9 : 0;
            var attention = new MultiheadAttention(4, 2, dropout, batchFirst: true, dtype: dtype, generator: new Generator(steps));
            Init.Normal(attention.OutProj.Bias!, generator: new Generator(steps));
            Tensor x = Tensor.Randn([2, steps, 4], new Generator(steps), dtype);
            Tensor isHidden = Tensor.From(new[] { false, true });
            var options = new AttentionOptions { NeedWeights = needsWeights };
            if (isPadding) options = options with { KeyPaddingMask = Mask(isHidden.Unsqueeze(1).Expand(2, steps)) };
            else options = options with { AttnMask = Mask(isHidden.Unsqueeze(1).Expand(2, 2).Reshape(4, 1, 1).Expand(4, steps, steps)) };

            (Tensor output, Tensor? weights) = attention.Call(x, x, x, options);
            weights?[1].ToArray<double>().ShouldAllBe(weight => weight == 0, $"{steps} steps");
            Tensor bias = attention.OutProj.Bias!.Detach();
            output[1].ToArray<double>().ShouldBe(bias.Expand(steps, 4).ToArray<double>());
            Tensor alone = x[..1], expected = attention.Call(alone, alone, alone, new AttentionOptions { NeedWeights = needsWeights }).Output;
            Tensor[] all = Gradients(attention, output), one = Gradients(attention, expected);
            // Rounding is relative to the terms of a gradient's sum, some of which cancel.
            for (int i = 0; i < all.Length; i++)
                all[i].AllClose(one[i], 0, tolerance * one[i].Abs().Max().Item<double>()).ShouldBeTrue($"{steps} steps, parameter {i}");

            Tensor Mask(Tensor hidden) => isBool ? hidden : Tensor.Zeros(hidden.Shape, dtype).MaskedFill(hidden, double.NegativeInfinity);
        }

        // The gradients of all parameters but the output's bias, and the gradients of their squares.
        static Tensor[] Gradients(MultiheadAttention attention, Tensor output)
        {
            Tensor[] parameters = [attention.InProjWeight!, attention.InProjBias!, attention.OutProj.Weight];
            Tensor[] once = MiniTorch.Autograd.Grad(output.Square().Sum(), parameters, createGraph: true);
            return [.. once, .. MiniTorch.Autograd.Grad(once[0].Square().Sum(), parameters.AsSpan(..2))];
        }
    }

    [Test]
    public void Rms_norm_divides_by_the_root_mean_square()
    {
        Tensor x = Tensor.Randn([2, 3], new Generator(1));
        new RMSNorm(3, eps: 0).Call(x).AllClose(x / x.Pow(2).Mean(1, keepDim: true).Sqrt()).ShouldBeTrue();
    }
}
