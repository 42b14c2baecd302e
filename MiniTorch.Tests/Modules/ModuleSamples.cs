using MiniTorch.Nn;
using static MiniTorch.Tests.OpSamples;

namespace MiniTorch.Tests.Modules;

/// <summary>A module with inputs at which it is smooth.</summary>
public sealed record ModuleSample(string Name, Module Model, Tensor[] Inputs);

/// <summary>Every module of the library, small: layers and losses, with parameters from a fixed seed.</summary>
/// <remarks>To add a module, add a line. What is no differentiable tensor (labels, options) stands in a lambda: <c>Of(module, (m, x) => m.Call(x, labels))</c>.</remarks>
static class ModuleSamples
{
    static readonly Generator Rng = new(11);
    static readonly Tensor Classes = Tensor.From(new long[] { 2, 0 }), Signs = Tensor.From(new double[,] { { 1, -1, 1 }, { -1, -1, 1 } });
    static readonly SampleInput Matrix = Reals.Of(2, 3), Image = Reals.Of(2, 2, 4, 3), Signal = Reals.Of(2, 2, 5), Sequence = Reals.Of(3, 2, 4);

    public static IReadOnlyList<ModuleSample> All { get; } = [.. Activations(), .. Layers(), .. Recurrent(), .. Containers(), .. ElementLosses(), .. ClassLosses(), .. DistanceLosses()];

    static IEnumerable<ModuleSample> Activations() =>
    [
        Sample(new ReLU(), Matrix), Sample(new ReLU6(), Matrix), Sample(new LeakyReLU(), Matrix), Sample(new ELU(), Matrix), Sample(new CELU(1.5), Matrix),
        Sample(new SELU(), Matrix), Sample(new GELU(), Matrix), Sample(new SiLU(), Matrix), Sample(new Mish(), Matrix), Sample(new Tanh(), Matrix),
        Sample(new Sigmoid(), Matrix), Sample(new LogSigmoid(), Matrix), Sample(new Softplus(2), Matrix), Sample(new Softsign(), Matrix), Sample(new Hardtanh(), Matrix),
        Sample(new Hardsigmoid(), Matrix), Sample(new Hardswish(), Matrix), Sample(new Hardshrink(), Matrix), Sample(new Softshrink(), Matrix), Sample(new Tanhshrink(), Matrix),
        Sample(new Threshold(0.2, 3), Matrix), Sample(new PReLU(3), Matrix), Sample(new Softmax(1), Matrix), Sample(new LogSoftmax(1), Matrix), Sample(new Softmin(1), Matrix),
        Sample(new GLU(), Reals.Of(2, 4)), Sample(new Identity(), Matrix), Sample(new Flatten(), Signal), Sample(new Dropout().Eval(), Matrix),
    ];

    static IEnumerable<ModuleSample> Layers() =>
    [
        Sample(new Linear(3, 2, generator: Rng), Matrix), Sample(new Bilinear(3, 2, 2, generator: Rng), Matrix, Reals.Of(2, 2)), Sample(new Embedding(4, 3, generator: Rng), Classes),
        Sample(new Conv1d(2, 2, 3, padding: 1, generator: Rng), Signal), Sample(new Conv2d(2, 2, 2, stride: (2, 1), generator: Rng), Image),
        Sample(new ConvTranspose2d(2, 1, 2, stride: 2, generator: Rng), Image),
        Sample(new MaxPool1d(2), Signal), Sample(new MaxPool2d(2), Image), Sample(new AvgPool1d(2), Signal), Sample(new AvgPool2d(2, padding: 1), Image),
        Sample(new AdaptiveAvgPool1d(2), Signal), Sample(new AdaptiveAvgPool2d(2), Image),
        Sample(new LayerNorm([3]), Matrix), Sample(new RMSNorm([3]), Matrix), Sample(new GroupNorm(2, 4), Reals.Of(2, 4, 2)),
        Sample(new BatchNorm1d(3), Reals.Of(4, 3)), Sample(new BatchNorm2d(2).Eval(), Image),
        Sample(new MultiheadAttention(4, 2, generator: Rng), Sequence, Reals.Of(2, 2, 4), Reals.Of(2, 2, 4)),
        Sample(new TransformerEncoderLayer(4, 2, 3, dropout: 0, activation: TransformerActivation.Gelu, generator: Rng), Sequence),
    ];

    static IEnumerable<ModuleSample> Recurrent() =>
    [
        Sample(new RNN(4, 2, generator: Rng), Sequence), Sample(new GRU(4, 2, generator: Rng), Sequence, Reals.Of(1, 2, 2)), Sample(new LSTM(4, 2, bidirectional: true, generator: Rng), Sequence),
        Sample(new RNNCell(3, 2, generator: Rng), Matrix), Sample(new GRUCell(3, 2, generator: Rng), Matrix, Reals.Of(2, 2)), Sample(new LSTMCell(3, 2, generator: Rng), Matrix),
    ];

    static IEnumerable<ModuleSample> Containers() =>
    [
        Sample(new Sequential(new Linear(3, 2, generator: Rng), new Tanh()), Matrix), Sample(new Branches(), Matrix),
    ];

    static IEnumerable<ModuleSample> ElementLosses() =>
    [
        Sample(new MSELoss(), Matrix, Matrix), Sample(new L1Loss(), Matrix, Matrix), Sample(new SmoothL1Loss(beta: 0.7), Matrix, Matrix), Sample(new HuberLoss(delta: 0.7), Matrix, Matrix),
        Sample(new GaussianNLLLoss(full: true), Matrix, Matrix, Positive.Of(2, 3)), Sample(new PoissonNLLLoss(), Matrix, Positive.Of(2, 3)),
        Sample(new BCELoss(), Probability.Of(2, 3), Probability.Of(2, 3)), Sample(new BCEWithLogitsLoss(), Matrix, Probability.Of(2, 3)), Sample(new KLDivLoss(), Matrix, Probability.Of(2, 3)),
        Sample(new SigmoidFocalLoss(), Matrix, Probability.Of(2, 3)), Sample(new DiceLoss(), Probability.Of(2, 3), Probability.Of(2, 3)),
        Sample(new SoftMarginLoss(), Matrix, Matrix), Sample(new MultiLabelSoftMarginLoss(), Matrix, Probability.Of(2, 3)),
        Of(new HingeEmbeddingLoss(0.3), (loss, x) => loss.Call(x, Signs), Matrix),
    ];

    static IEnumerable<ModuleSample> ClassLosses()
    {
        Tensor other = Tensor.Randn([2, 3], Rng, DType.Float64), labels = Tensor.From(new long[,] { { 1, -1, 0 }, { 0, 2, -1 } });
        var ctc = new CtcTargets(Tensor.From(new long[,] { { 1, 2 } }), [4], [2]);
        return
        [
            Sample(new CrossEntropyLoss(labelSmoothing: 0.1), Matrix, Classes), Sample(new NLLLoss(), Matrix, Classes), Sample(new SoftmaxFocalLoss(), Matrix, Classes),
            Sample(new Poly1CrossEntropyLoss(), Matrix, Classes), Sample(new MultiMarginLoss(2), Matrix, Classes), Sample(new MultiLabelMarginLoss(), Matrix, labels),
            Of(new CTCLoss(), (loss, x) => loss.Call(x.LogSoftmax(-1), ctc), Reals.Of(4, 1, 3)),
            Of(new LinearCrossEntropyLoss(), (loss, x) => loss.Call(x, new LinearCrossEntropyInputs(other, Tensor.From(new long[] { 1, 0 }))), Matrix),
        ];
    }

    static IEnumerable<ModuleSample> DistanceLosses()
    {
        Tensor rows = Signs[.., 0];
        return
        [
            Sample(new TripletMarginLoss(), Matrix, Matrix, Matrix),
            Sample(new TripletMarginWithDistanceLoss((a, b) => (a - b).Square().Sum(-1), margin: 100), Matrix, Matrix, Matrix),
            Of(new MarginRankingLoss(0.1), (loss, x) => loss.Call(x, -x.Sin(), Signs), Matrix),
            Of(new CosineEmbeddingLoss(-0.9), (loss, x) => loss.Call(x, x.Sin() + 1, rows), Matrix),
        ];
    }

    static ModuleSample Sample(Module model, params SampleInput[] inputs) => new(model.GetType().Name, model, OpRow.Make(inputs));

    static ModuleSample Of<TModule>(TModule module, Func<TModule, Tensor, Tensor> call, SampleInput input) where TModule : Module =>
        new(typeof(TModule).Name, new Calls<TModule>(module, call), OpRow.Make([input]));

    sealed class Calls<TModule>(TModule module, Func<TModule, Tensor, Tensor> call) : Module<Tensor, Tensor> where TModule : Module
    {
        protected override Tensor Forward(Tensor input) => call(module, input);
    }

    /// <summary>Modules in a list and in a dictionary.</summary>
    sealed class Branches : Module<Tensor, Tensor>
    {
        readonly ModuleList<Linear> _layers = new([new Linear(3, 3, generator: Rng), new Linear(3, 2, generator: Rng)]);
        readonly ModuleDict<Linear> _heads = new() { ["left"] = new Linear(2, 1, generator: Rng), ["right"] = new Linear(2, 1, generator: Rng) };

        protected override Tensor Forward(Tensor input)
        {
            Tensor x = _layers.Aggregate(input, (x, layer) => layer.Call(x).Tanh());
            return _heads["left"].Call(x) * _heads["right"].Call(x);
        }
    }
}
