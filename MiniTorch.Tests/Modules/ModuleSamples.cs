using MiniTorch.Nn;
using MiniTorch.Tests.Losses;
using static MiniTorch.Tests.OpSamples;

namespace MiniTorch.Tests.Modules;

/// <summary>A module with inputs at which it is smooth.</summary>
public sealed record ModuleSample(string Name, Module Model, Tensor[] Inputs)
{
    public static ModuleSample Of(Module model, params SampleInput[] inputs) => new(model.GetType().Name, model, OpRow.Make(inputs));

    /// <summary>A module that takes more than differentiable tensors.</summary>
    public static ModuleSample Of<TModule>(TModule module, Func<TModule, Tensor, Tensor> call, SampleInput input) where TModule : Module =>
        new(typeof(TModule).Name, new Calls<TModule>(module, call), OpRow.Make([input]));

    private sealed class Calls<TModule>(TModule module, Func<TModule, Tensor, Tensor> call) : Module<Tensor, Tensor> where TModule : Module
    {
        protected override Tensor Forward(Tensor input) => call(module, input);
    }
}

/// <summary>Every module of the library, small: layers and losses, with parameters from a fixed seed.</summary>
/// <remarks>Losses are in <see cref="LossSamples"/>.</remarks>
static class ModuleSamples
{
    static readonly Generator Rng = new(11);
    static readonly Tensor Classes = Tensor.From(new long[] { 2, 0 });
    static readonly SampleInput Matrix = Reals.Of(2, 3), Image = Reals.Of(2, 2, 4, 3), Signal = Reals.Of(2, 2, 5), Sequence = Reals.Of(3, 2, 4);

    public static IReadOnlyList<ModuleSample> All { get; } = [.. Activations(), .. Layers(), .. Recurrent(), .. Containers(), .. LossSamples.All.SelectMany(row => row.Samples)];

    static IEnumerable<ModuleSample> Activations() =>
    [
        ModuleSample.Of(new ReLU(), Matrix), ModuleSample.Of(new ReLU6(), Matrix), ModuleSample.Of(new LeakyReLU(), Matrix), ModuleSample.Of(new ELU(), Matrix), ModuleSample.Of(new CELU(1.5), Matrix),
        ModuleSample.Of(new SELU(), Matrix), ModuleSample.Of(new GELU(), Matrix), ModuleSample.Of(new SiLU(), Matrix), ModuleSample.Of(new Mish(), Matrix), ModuleSample.Of(new Tanh(), Matrix),
        ModuleSample.Of(new Sigmoid(), Matrix), ModuleSample.Of(new LogSigmoid(), Matrix), ModuleSample.Of(new Softplus(2), Matrix), ModuleSample.Of(new Softsign(), Matrix), ModuleSample.Of(new Hardtanh(), Matrix),
        ModuleSample.Of(new Hardsigmoid(), Matrix), ModuleSample.Of(new Hardswish(), Matrix), ModuleSample.Of(new Hardshrink(), Matrix), ModuleSample.Of(new Softshrink(), Matrix), ModuleSample.Of(new Tanhshrink(), Matrix),
        ModuleSample.Of(new Threshold(0.2, 3), Matrix), ModuleSample.Of(new PReLU(3), Matrix), ModuleSample.Of(new Softmax(1), Matrix), ModuleSample.Of(new LogSoftmax(1), Matrix), ModuleSample.Of(new Softmin(1), Matrix),
        ModuleSample.Of(new GLU(), Reals.Of(2, 4)), ModuleSample.Of(new Identity(), Matrix), ModuleSample.Of(new Flatten(), Signal), ModuleSample.Of(new Dropout().Eval(), Matrix),
    ];

    static IEnumerable<ModuleSample> Layers() =>
    [
        ModuleSample.Of(new Linear(3, 2, generator: Rng), Matrix), ModuleSample.Of(new Bilinear(3, 2, 2, generator: Rng), Matrix, Reals.Of(2, 2)), ModuleSample.Of(new Embedding(4, 3, generator: Rng), Classes),
        ModuleSample.Of(new Conv1d(2, 2, 3, padding: 1, generator: Rng), Signal), ModuleSample.Of(new Conv2d(2, 2, 2, stride: (2, 1), generator: Rng), Image),
        ModuleSample.Of(new ConvTranspose2d(2, 1, 2, stride: 2, generator: Rng), Image),
        ModuleSample.Of(new MaxPool1d(2), Signal), ModuleSample.Of(new MaxPool2d(2), Image), ModuleSample.Of(new AvgPool1d(2), Signal), ModuleSample.Of(new AvgPool2d(2, padding: 1), Image),
        ModuleSample.Of(new AdaptiveAvgPool1d(2), Signal), ModuleSample.Of(new AdaptiveAvgPool2d(2), Image),
        ModuleSample.Of(new LayerNorm([3]), Matrix), ModuleSample.Of(new RMSNorm([3]), Matrix), ModuleSample.Of(new GroupNorm(2, 4), Reals.Of(2, 4, 2)),
        ModuleSample.Of(new BatchNorm1d(3), Reals.Of(4, 3)), ModuleSample.Of(new BatchNorm2d(2).Eval(), Image),
        ModuleSample.Of(new MultiheadAttention(4, 2, generator: Rng), Sequence, Reals.Of(2, 2, 4), Reals.Of(2, 2, 4)),
        ModuleSample.Of(new TransformerEncoderLayer(4, 2, 3, dropout: 0, activation: TransformerActivation.Gelu, generator: Rng), Sequence),
    ];

    static IEnumerable<ModuleSample> Recurrent() =>
    [
        ModuleSample.Of(new RNN(4, 2, generator: Rng), Sequence), ModuleSample.Of(new GRU(4, 2, generator: Rng), Sequence, Reals.Of(1, 2, 2)), ModuleSample.Of(new LSTM(4, 2, bidirectional: true, generator: Rng), Sequence),
        ModuleSample.Of(new RNNCell(3, 2, generator: Rng), Matrix), ModuleSample.Of(new GRUCell(3, 2, generator: Rng), Matrix, Reals.Of(2, 2)), ModuleSample.Of(new LSTMCell(3, 2, generator: Rng), Matrix),
    ];

    static IEnumerable<ModuleSample> Containers() =>
    [
        ModuleSample.Of(new Sequential(new Linear(3, 2, generator: Rng), new Tanh()), Matrix), ModuleSample.Of(new Branches(), Matrix),
    ];

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
