using MiniTorch.Nn;
using MiniTorch.Tests.Layers;
using MiniTorch.Tests.Losses;

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

/// <summary>Every module of the library: the layers of <see cref="LayerSamples"/>, the losses of <see cref="LossSamples"/>, and containers.</summary>
static class ModuleSamples
{
    public static IReadOnlyList<ModuleSample> All { get; } =
        [.. LayerSamples.All.SelectMany(Layer), ModuleSample.Of(new Branches(), OpSamples.Reals.Of(2, 3)),
            .. LossSamples.All.SelectMany(row => row.Samples)];

    // Three rows: of two, a batch normalisation has no gradient.
    static IEnumerable<ModuleSample> Layer(LayerRow row) =>
        from test in row.Cases.Where(test => test.IsDifferentiable)
        from trains in row.InTraining == "" ? (bool[])[true] : row.IsRandomInTraining ? [false] : [true, false]
        select new ModuleSample(trains ? test.Name : $"{test.Name} in evaluation", test.Model().Train(trains), test.Input(3));

    /// <summary>Modules in a list and in a dictionary.</summary>
    sealed class Branches : Module<Tensor, Tensor>
    {
        static readonly Generator s_generator = new(11);
        readonly ModuleList<Linear> _layers = new([new Linear(3, 3, generator: s_generator), new Linear(3, 2, generator: s_generator)]);
        readonly ModuleDict<Linear> _heads =
            new() { ["left"] = new Linear(2, 1, generator: s_generator), ["right"] = new Linear(2, 1, generator: s_generator) };

        protected override Tensor Forward(Tensor input)
        {
            Tensor x = _layers.Aggregate(input, (x, layer) => layer.Call(x).Tanh());
            return _heads["left"].Call(x) * _heads["right"].Call(x);
        }
    }
}
