using System.Runtime.CompilerServices;
using MiniTorch.Nn;

namespace MiniTorch.Tests.Nn;

/// <summary>
/// Layers against PyTorch 1.13.1. Each line of Python was run after torch.manual_seed(0) with seq(*s) = torch.sin(torch.arange(n, dtype=float32)).reshape(s);
/// noted are the last element of every parameter, and of every output Σ cos(i)·element i in float64.
/// </summary>
public class TorchLayerTests
{
    private const double Tolerance = 2e-6;

    private static Tensor Seq(params int[] shape) => Tensor.From([.. Enumerable.Range(0, shape.Aggregate(1, (a, b) => a * b)).Select(i => (float)Math.Sin(i))], shape);

    private static TModule Seeded<TModule>(Func<TModule> make) where TModule : Module
    {
        Generator.ManualSeed(0);
        return make();
    }

    private static void ShouldGive(Module module, double[] parameters, object? output, double[] fingerprints)
    {
        module.Parameters().Select(p => p.ToArray<double>()[^1]).ShouldBe(parameters, 1e-7);
        Tensors(output).Select(t => t.ToArray<double>().Select((value, i) => value * Math.Cos(i)).Sum()).ShouldBe(fingerprints, Tolerance);
    }

    private static IEnumerable<Tensor> Tensors(object? output) => output switch
    {
        Tensor tensor => [tensor],
        ITuple tuple => Enumerable.Range(0, tuple.Length).SelectMany(i => Tensors(tuple[i])),
        _ => [],
    };

    // nn.Conv1d(4,6,3,stride=2,padding=1,dilation=2,groups=2)(seq(2,4,9))
    // nn.Conv2d(3,4,(3,2),stride=(2,1),padding=1)(seq(2,3,6,5))
    // nn.ConvTranspose2d(3,4,3,stride=2,padding=1,output_padding=1)(seq(2,3,4,5))
    [Test]
    public void Convolutions()
    {
        Conv1d one = Seeded(() => new Conv1d(4, 6, 3, stride: 2, padding: 1, dilation: 2, groups: 2));
        ShouldGive(one, [-0.382349432, -0.209302172], one.Call(Seq(2, 4, 9)), [-0.800585708]);
        Conv2d two = Seeded(() => new Conv2d(3, 4, (3, 2), stride: (2, 1), padding: 1));
        ShouldGive(two, [-0.0863777474, 0.20797348], two.Call(Seq(2, 3, 6, 5)), [0.33855151]);
        ConvTranspose2d transposed = Seeded(() => new ConvTranspose2d(3, 4, 3, stride: 2, padding: 1, outputPadding: 1));
        ShouldGive(transposed, [-0.128559455, 0.098896265], transposed.Call(Seq(2, 3, 4, 5)), [-0.247644413]);
    }

    // nn.Bilinear(3,4,2)(seq(5,3), seq(5,4)); nn.Embedding(6,3,padding_idx=-1)(torch.tensor([[0,5],[2,1]]))
    [Test]
    public void Bilinear_and_embedding()
    {
        Bilinear bilinear = Seeded(() => new Bilinear(3, 4, 2));
        ShouldGive(bilinear, [0.432037979, 0.0610917993], bilinear.Call(Seq(5, 3), Seq(5, 4)), [0.274495078]);
        Embedding embedding = Seeded(() => new Embedding(6, 3, paddingIdx: -1));
        Tensor y = embedding.Call(Tensor.From(new long[,] { { 0, 5 }, { 2, 1 } }));
        ShouldGive(embedding, [0], y, [-2.21550022]);
        y.Sum().Backward();
        embedding.Weight.Grad!.Sum(1).ToArray<float>().ShouldBe([3f, 3, 3, 0, 0, 0]);
    }

    // nn.LayerNorm([2,3])(seq(4,2,3)); nn.GroupNorm(2,4)(seq(2,4,3)); nn.PReLU(3)(seq(2,3,4)); nn.AdaptiveAvgPool1d(3)(seq(1,2,7))
    [Test]
    public void Norms_and_others()
    {
        ShouldGive(new LayerNorm([2, 3]), [1, 0], new LayerNorm([2, 3]).Call(Seq(4, 2, 3)), [0.677561306]);
        ShouldGive(new GroupNorm(2, 4), [1, 0], new GroupNorm(2, 4).Call(Seq(2, 4, 3)), [0.677561306]);
        ShouldGive(new PReLU(3), [0.25], new PReLU(3).Call(Seq(2, 3, 4)), [0.11203207]);
        ShouldGive(new AdaptiveAvgPool1d(3), [], new AdaptiveAvgPool1d(3).Call(Seq(1, 2, 7)), [0.374997835]);
        Tensor x = Seq(2, 3);
        new RMSNorm(3, eps: 0).Call(x).AllClose(x / x.Pow(2).Mean(1, keepDim: true).Sqrt()).ShouldBeTrue();
    }

    // m = nn.BatchNorm1d(3,momentum=None); m(seq(4,3)); m(seq(4,3)*2+1); then m.eval()(seq(4,3)).sum(), the sum of its squares
    // m = nn.BatchNorm2d(2); m(seq(3,2,2,2))
    [Test]
    public void Batch_normalisation_keeps_running_values()
    {
        var one = new BatchNorm1d(3, momentum: null);
        one.Call(Seq(4, 3));
        one.Call(Seq(4, 3) * 2 + 1);
        one.StateDict().Keys.ShouldBe(["weight", "bias", "running_mean", "running_var", "num_batches_tracked"]);
        LayerTests.ShouldBeNear(one.RunningMean!, [0.6026836633682251, 0.5741126537322998, 0.477402925491333]);
        LayerTests.ShouldBeNear(one.RunningVar!, [0.2075706422328949, 1.6655408143997192, 3.1035499572753906]);
        one.NumBatchesTracked!.Item<long>().ShouldBe(2);
        one.Eval();
        Tensor y = one.Call(Seq(4, 3));
        LayerTests.ShouldBeNear(y.Sum(), [-7.4346694722771645], 1e-5);
        LayerTests.ShouldBeNear(y.Pow(2).Sum(), [10.073243206916613], 1e-5);
        one.NumBatchesTracked.Item<long>().ShouldBe(2);

        var two = new BatchNorm2d(2);
        two.Call(Seq(3, 2, 2, 2));
        LayerTests.ShouldBeNear(two.RunningMean!, [-0.0008421425591222942, 0.009007190354168415]);
        LayerTests.ShouldBeNear(two.RunningVar!, [0.950838029384613, 0.9547535181045532]);
        Should.Throw<ShapeException>(() => two.Call(Seq(3, 2))).Message.ShouldBe("BatchNorm2d: does not take 2 dimensions, shape [3, 2]");
    }

    // nn.RNNCell(3,4)(seq(2,3)); nn.GRUCell(3,4)(seq(2,3), seq(2,4)); nn.LSTMCell(3,4)(seq(2,3))
    [Test]
    public void Recurrent_cells()
    {
        RNNCell rnn = Seeded(() => new RNNCell(3, 4));
        rnn.StateDict().Keys.ShouldBe(["weight_ih", "weight_hh", "bias_ih", "bias_hh"]);
        ShouldGive(rnn, [-0.0982826948, -0.46383518, 0.432000399, -0.468280494], rnn.Call(Seq(2, 3)), [-0.84150289]);
        GRUCell gru = Seeded(() => new GRUCell(3, 4));
        ShouldGive(gru, [-0.468280494, -0.498763978, -0.32434845, -0.385678351], gru.Call(Seq(2, 3), Seq(2, 4)), [0.756796024]);
        LSTMCell lstm = Seeded(() => new LSTMCell(3, 4));
        ShouldGive(lstm, [0.293160617, 0.296688795, -0.243556678, -0.0361608267], lstm.Call(Seq(2, 3)), [0.194921827, 0.511916738]);
    }

    // nn.RNN(3,4,2,nonlinearity='relu',bidirectional=True)(seq(5,2,3))
    [Test]
    public void Rnn_of_two_layers_and_directions()
    {
        RNN rnn = Seeded(() => new RNN(3, 4, 2, Nonlinearity.Relu, bidirectional: true));
        rnn.StateDict().Keys.ShouldBe(
            ["weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0", "weight_ih_l0_reverse", "weight_hh_l0_reverse", "bias_ih_l0_reverse", "bias_hh_l0_reverse",
             "weight_ih_l1", "weight_hh_l1", "bias_ih_l1", "bias_hh_l1", "weight_ih_l1_reverse", "weight_hh_l1_reverse", "bias_ih_l1_reverse", "bias_hh_l1_reverse"]);
        ShouldGive(rnn,
            [-0.0982826948, -0.46383518, 0.432000399, -0.468280494, 0.293160617, 0.151053548, 0.115852356, -0.18323487,
             -0.125842392, 0.118587136, 0.236594498, -0.243556678, -0.202736318, 0.316348672, -0.404047608, 0.139572263],
            rnn.Call(Seq(5, 2, 3)), [0.0222821782, 1.07837598]);
        Should.Throw<ShapeException>(() => rnn.Call(Seq(5, 2, 4))).Message.ShouldContain("[steps, batch, 3]");
        Should.Throw<ShapeException>(() => rnn.Call(Seq(5, 2, 3), Seq(1, 2, 4))).Message.ShouldContain("[4, 2, 4] (layers · directions, batch, hidden)");
    }

    // nn.GRU(3,4,2,batch_first=True,bias=False)(seq(2,5,3), seq(2,2,4))
    [Test]
    public void Gru_with_batch_first()
    {
        GRU gru = Seeded(() => new GRU(3, 4, 2, bias: false, batchFirst: true));
        ShouldGive(gru, [-0.468280494, -0.498763978, 0.106878221, -0.404047608], gru.Call(Seq(2, 5, 3), Seq(2, 2, 4)), [0.211563248, 0.674837476]);
    }

    // nn.LSTM(3,4,2,dropout=0.5,bidirectional=True)(seq(5,2,3)); nn.LSTM(3,4)(seq(5,2,3), (seq(1,2,4), seq(1,2,4)*2))
    [Test]
    public void Lstm_with_dropout_and_with_a_first_state()
    {
        LSTM deep = Seeded(() => new LSTM(3, 4, 2, dropout: 0.5, bidirectional: true));
        ShouldGive(deep,
            [0.293160617, 0.296688795, -0.243556678, -0.0361608267, 0.342112422, -0.184919417, -0.235038698, 0.147277713,
             -0.167116463, 0.240547836, -0.0543650389, 0.309130669, 0.216701269, 0.11387974, 0.42673707, 0.425620437],
            deep.Call(Seq(5, 2, 3)), [-0.264968232, -0.358478786, -0.82643644]);
        LSTM lstm = Seeded(() => new LSTM(3, 4));
        ShouldGive(lstm, [0.293160617, 0.296688795, -0.243556678, -0.0361608267], lstm.Call(Seq(5, 2, 3), (Seq(1, 2, 4), Seq(1, 2, 4) * 2)), [-0.0117997792, 0.277724438, 0.729405729]);
    }

    // nn.MultiheadAttention(8,2)(seq(3,2,8), seq(5,2,8), seq(5,2,8)*2, key_padding_mask=torch.tensor([[False]*5,[False,False,True,False,True]]))
    [Test]
    public void Attention_with_padding()
    {
        MultiheadAttention attention = Seeded(() => new MultiheadAttention(8, 2));
        attention.StateDict().Keys.ShouldBe(["in_proj_weight", "in_proj_bias", "out_proj.weight", "out_proj.bias"]);
        var options = new AttentionOptions { KeyPaddingMask = Tensor.From(new[,] { { false, false, false, false, false }, { false, false, true, false, true } }) };
        ShouldGive(attention, [0.332346708, 0, 0.106810987, 0], attention.Call(Seq(3, 2, 8), Seq(5, 2, 8), Seq(5, 2, 8) * 2, options), [-1.64689012, -0.0848374631]);
        attention.Call(Seq(3, 2, 8), Seq(5, 2, 8), Seq(5, 2, 8) * 2, options with { NeedWeights = false }).Output
            .AllClose(attention.Call(Seq(3, 2, 8), Seq(5, 2, 8), Seq(5, 2, 8) * 2, options).Output, 1e-5, 1e-6).ShouldBeTrue();
        Should.Throw<ValueException>(() => new MultiheadAttention(8, 3)).Message.ShouldContain("do not divide");
    }

    // x = seq(2,4,8); nn.MultiheadAttention(8,2,dropout=0.5,batch_first=True)(x, x, x, attn_mask=torch.ones(4,4,dtype=torch.bool).triu(1), average_attn_weights=False)
    [Test]
    public void Causal_attention_with_dropout()
    {
        MultiheadAttention attention = Seeded(() => new MultiheadAttention(8, 2, dropout: 0.5, batchFirst: true));
        Tensor x = Seq(2, 4, 8);
        ShouldGive(attention, [0.332346708, 0, 0.106810987, 0], attention.Call(x, x, x, new AttentionOptions { IsCausal = true, AverageAttnWeights = false }), [-1.22043799, -0.473337723]);
    }

    // nn.TransformerEncoderLayer(8,2,16,dropout=0.1)(seq(3,2,8))
    // nn.TransformerEncoderLayer(8,2,16,dropout=0.0,activation='gelu',norm_first=True,batch_first=True)(seq(2,3,8))
    [Test]
    public void Transformer_layers()
    {
        double[] parameters = [0.332346708, 0, 0.106810987, 0, -0.0844346732, 0.268479168, -0.00120568275, -0.121140838, 1, 0, 1, 0];
        TransformerEncoderLayer post = Seeded(() => new TransformerEncoderLayer(8, 2, 16, dropout: 0.1));
        post.StateDict().Keys.ShouldBe(
            ["self_attn.in_proj_weight", "self_attn.in_proj_bias", "self_attn.out_proj.weight", "self_attn.out_proj.bias", "linear1.weight", "linear1.bias",
             "linear2.weight", "linear2.bias", "norm1.weight", "norm1.bias", "norm2.weight", "norm2.bias"]);
        ShouldGive(post, parameters, post.Call(Seq(3, 2, 8)), [-1.87156023]);
        TransformerEncoderLayer pre = Seeded(() => new TransformerEncoderLayer(8, 2, 16, dropout: 0, TransformerActivation.Gelu, batchFirst: true, normFirst: true));
        ShouldGive(pre, parameters, pre.Call(Seq(2, 3, 8)), [-1.67651324]);
    }

    [Test]
    public void Gradients_of_composed_layers_are_right()
    {
        GradCheck.RunModule(new LSTM(2, 3, bidirectional: true, generator: new Generator(1)), [Seq(3, 2, 2)]).ThrowIfFailed();
        GradCheck.RunModule(new GRU(2, 3, generator: new Generator(1)), [Seq(3, 2, 2)]).ThrowIfFailed();
        GradCheck.RunModule(new TransformerEncoderLayer(4, 2, 6, dropout: 0, TransformerActivation.Gelu, generator: new Generator(1)), [Seq(3, 2, 4)]).ThrowIfFailed();
        GradCheck.RunModule(new Bilinear(2, 3, 2, generator: new Generator(1)), [Seq(2, 2), Seq(2, 3)]).ThrowIfFailed();
    }

    [Test]
    public void Every_activation_and_pool_is_its_tensor_operation()
    {
        Tensor x = Tensor.Randn([2, 4, 6], new Generator(3)), image = Tensor.Randn([1, 2, 6, 6], new Generator(3));
        (Module<Tensor, Tensor> Module, Tensor Expected)[] cases =
        [
            (new ReLU(), x.Relu()), (new ReLU6(), x.Relu6()), (new LeakyReLU(0.2), x.LeakyRelu(0.2)), (new ELU(0.5), x.Elu(0.5)), (new CELU(0.5), x.Celu(0.5)), (new SELU(), x.Selu()),
            (new GELU(), x.Gelu()), (new GELU("tanh"), x.Gelu("tanh")), (new SiLU(), x.Silu()), (new Mish(), x.Mish()), (new Tanh(), x.Tanh()), (new Sigmoid(), x.Sigmoid()),
            (new LogSigmoid(), x.LogSigmoid()), (new Softplus(2, 1), x.Softplus(2, 1)), (new Softsign(), x.Softsign()), (new Hardtanh(-0.5, 0.7), x.Hardtanh(-0.5, 0.7)),
            (new Hardsigmoid(), x.Hardsigmoid()), (new Hardswish(), x.Hardswish()), (new Hardshrink(0.3), x.Hardshrink(0.3)), (new Softshrink(0.3), x.Softshrink(0.3)),
            (new Tanhshrink(), x.Tanhshrink()), (new Threshold(0.1, 7), x.Threshold(0.1, 7)), (new Softmax(1), x.Softmax(1)), (new LogSoftmax(1), x.LogSoftmax(1)),
            (new Softmin(1), x.Softmin(1)), (new GLU(1), x.Glu(1)), (new MaxPool1d(2, 1), x.MaxPool1d(2, 1)), (new AvgPool1d(3, 2, 1), x.AvgPool1d(3, 2, 1)),
            (new MaxPool2d(2, 1, 1), image.MaxPool2d(2, 1, 1)), (new AvgPool2d((2, 3)), image.AvgPool2d((2, 3))), (new AdaptiveAvgPool2d((2, 1)), image.AdaptiveAvgPool2d((2, 1))),
        ];
        foreach ((Module<Tensor, Tensor> module, Tensor expected) in cases)
            module.Call(expected.Rank == 3 ? x : image).ToArray<float>().ShouldBe(expected.ToArray<float>(), module.GetType().Name);
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
        Should.Throw<ValueException>(() => new Conv2d(3, 4, 3, groups: 2)).Message.ShouldBe("Conv2d: 3 channels in and 4 out do not divide into 2 groups");
        Should.Throw<ValueException>(() => new Embedding(4, 2, paddingIdx: 4)).Message.ShouldContain("is not among 4 vectors");
        Should.Throw<ValueException>(() => new LSTM(0, 2)).Message.ShouldContain("1 or more");
        Should.Throw<ValueException>(() => new GRU(1, 2, dropout: 2)).Message.ShouldContain("not in [0, 1]");
    }
}
