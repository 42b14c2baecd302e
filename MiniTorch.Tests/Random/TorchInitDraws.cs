using System.Text.Json;
using MiniTorch.Nn;
using MiniTorch.Tests.Conformance;
using MiniTorch.Tests.Layers;

namespace MiniTorch.Tests.RandomNumbers;

/// <summary>Evaluates the torch.nn calls of rng.json with the layers and initialisers themselves.</summary>
sealed class TorchInitDraws(Generator generator, DType dtype)
{
    /// <summary>The parameters that the call makes, in order.</summary>
    public IEnumerable<double[]> Evaluate(string text) => text.Split(" with w = ") is [var init, var made]
        ? [Filled(PythonCall.Parse(init), PythonCall.Parse(made)).ToArray<double>()]
        : Parameters(PythonCall.ParseStart(text, out _)).Select(parameter => parameter.ToArray<double>());

    IEnumerable<Parameter> Parameters(PythonCall call)
    {
        string layer = call.Name["nn.".Length..];
        if (layer == "Sequential") return [.. call.Arguments.SelectMany(argument => Parameters((PythonCall)argument!))];
        IEnumerable<string> names = LayerConstructor.Arguments(layer).Select(LayerConstructor.Name);
        var args = names.Zip(call.Arguments).Concat(call.Options.Where(option => option.Key != "dtype").Select(option => (option.Key, option.Value)));
        return LayerConstructor.Make(layer, args.ToDictionary(arg => arg.Item1, arg => JsonSerializer.SerializeToElement(arg.Item2)), dtype,
            generator).Parameters();
    }

    Tensor Filled(PythonCall call, PythonCall made)
    {
        Tensor w = Tensor.Zeros([.. made.Arguments.SelectMany(PythonValue.Reals).Select(size => (int)size)], dtype);
        double a = call.Real("a", 0), gain = call.Real("gain", 1);
        Init.Fan mode = call.Options.GetValueOrDefault("mode") is "fan_out" ? Init.Fan.Out : Init.Fan.In;
        string name = (string)call.Options.GetValueOrDefault("nonlinearity", "leaky_relu")!;
        Nonlinearity nonlinearity = Enum.Parse<Nonlinearity>(name.Replace("_", "", StringComparison.Ordinal), ignoreCase: true);
        return call.Name["nn.init.".Length..] switch
        {
            "kaiming_uniform_" => Init.KaimingUniform(w, a, mode, nonlinearity, generator),
            "kaiming_normal_" => Init.KaimingNormal(w, a, mode, nonlinearity, generator),
            "xavier_uniform_" => Init.XavierUniform(w, gain, generator),
            "xavier_normal_" => Init.XavierNormal(w, gain, generator),
            "orthogonal_" => Init.Orthogonal(w, gain, generator),
            "trunc_normal_" => Init.TruncatedNormal(w, call.Real("mean", 0), call.Real("std", 1), call.Real("a", -2), call.Real("b", 2), generator),
            _ => throw new NotSupportedException($"unknown init function {call.Name}"),
        };
    }
}
