using System.Text.Json;
using MiniTorch.Nn;
using MiniTorch.Tests.Modules;

namespace MiniTorch.Tests.Layers;

/// <summary>
/// Every layer beside PyTorch's: arguments and their defaults, initial weights, outputs, running values and gradients (data/layers.py made the rows).
/// </summary>
public class TorchRowTests
{
    private const double Tolerance = 1e-10;

    internal static readonly LayerFile File = LayerFile.Read();

    /// <summary>Arguments that PyTorch 1.13 does not have, or whose default differs, and why.</summary>
    private static readonly Dictionary<string, string> Deviations = new()
    {
        ["LayerNorm.bias"] = "PyTorch has it since 2.1",
        ["Softmax.dim"] = "PyTorch guesses it where it is left out, and warns",
        ["LogSoftmax.dim"] = "as Softmax",
        ["Softmin.dim"] = "as Softmax",
        ["Upsample.recompute_scale_factor"] = "the factor is used as it is given, PyTorch's default",
        ["TransformerEncoderLayer.bias"] = "PyTorch has it since 2.1",
        ["TransformerDecoderLayer.bias"] = "PyTorch has it since 2.1",
        ["ConvTranspose2d.padding_mode"] = "PyTorch takes zeros alone",
    };

    private static IEnumerable<TestCaseData> Rows => File.Rows.Select(row => new TestCaseData(row).SetArgDisplayNames(row.Id));

    private static IEnumerable<TestCaseData> Texts =>
        TextFile.Instance.Rows.Select(row => new TestCaseData(row).SetArgDisplayNames(row.Text.ReplaceLineEndings(" ")));

    private static IEnumerable<string> Layers => File.Signatures.Keys;

    [TestCaseSource(nameof(Layers))]
    public void A_layer_has_PyTorchs_arguments_in_their_order_with_their_defaults(string layer)
    {
        var ours = LayerConstructor.Arguments(layer).Where(parameter => !Deviations.ContainsKey($"{layer}.{LayerConstructor.Name(parameter)}"))
            .ToList();
        JsonElement[][] theirs = [.. File.Signatures[layer].Where(argument => !Deviations.ContainsKey($"{layer}.{argument[0].GetString()}"))];
        ours.Select(LayerConstructor.Name).ShouldBe(theirs.Select(argument => argument[0].GetString()!));
        foreach (var (parameter, argument) in ours.Zip(theirs))
        {
            parameter.HasDefaultValue.ShouldBe(argument.Length == 2, LayerConstructor.Name(parameter));
            if (argument.Length < 2) continue;
            // A stride or dilation of 1 is written as null where it is a Pair, which cannot be a constant.
            object? expected = LayerConstructor.Value(argument[1], parameter.ParameterType), actual = LayerConstructor.Default(parameter);
            if (expected is Pair { Height: 1, Width: 1 } && actual is null or Pair { Height: 0 }) continue;
            actual.ShouldBe(expected, LayerConstructor.Name(parameter));
        }
    }

    [TestCaseSource(nameof(Rows))]
    public void A_layer_computes_and_learns_as_PyTorchs(TorchRow row)
    {
        Generator.ManualSeed(0);
        Module layer = LayerConstructor.Make(row.Layer, row.Args, DType.Float64);
        ShouldBe(layer.StateDict(), row.Initial);
        object?[] inputs = Inputs(row);
        Tensor[] leaves = [.. inputs.SelectMany(ModelCase.Tensors).Where(tensor => tensor.DType == DType.Float64)];
        foreach (Tensor leaf in leaves) leaf.RequiresGrad = true;
        if (row.Mode == "eval after a call") layer.CallAny(inputs);
        layer.Train(row.Mode == "train");

        Tensor[] outputs = [.. ModelCase.Tensors(layer.CallAny(inputs))];
        outputs.Length.ShouldBe(row.Outputs.Length);
        for (int i = 0; i < outputs.Length; i++) ShouldBe(outputs[i], row.Outputs[i], $"output {i}");
        ShouldBe(layer.StateDict(), row.State);

        outputs.Select(output => (output.Reshape(-1) * Tensor.Arange((int)output.ElementCount, dtype: DType.Float64).Cos()).Sum())
            .Aggregate((a, b) => a + b).Backward();
        for (int i = 0; i < leaves.Length; i++)
            ShouldBe(leaves[i].Grad ?? Tensor.ZerosLike(leaves[i]), row.InputGradients[i], $"the gradient of input {i}");
        ShouldBe(layer.NamedParameters().Where(parameter => parameter.Value.Grad is not null)
            .ToDictionary(parameter => parameter.Name, parameter => parameter.Value.Grad!), row.Gradients);
    }

    [TestCaseSource(nameof(Texts))]
    public void A_layer_is_printed_as_PyTorch_prints_it(TextRow row) =>
        LayerConstructor.Make(row.Layer, row.Args, DType.Float32).ToString().ShouldBe(row.Text);

    private static object? Input(JsonElement written) => written.ValueKind switch
    {
        JsonValueKind.Null => null,
        JsonValueKind.Array => (LayerFile.Tensor(written[0]), LayerFile.Tensor(written[1])),
        _ => LayerFile.Tensor(written),
    };

    private static object?[] Inputs(TorchRow row)
    {
        object?[] inputs = [.. row.Inputs.Select(Input)];
        if (row.Options.Count == 0) return inputs;
        if (row.Options.TryGetValue("lengths", out JsonElement lengths)) return [inputs[0], inputs.ElementAtOrDefault(1), LayerFile.Tensor(lengths)];
        AttentionOptions own = new()
        {
            AttnMask = Given("attn_mask", "src_mask", "mask", "tgt_mask"),
            KeyPaddingMask = Given("key_padding_mask", "src_key_padding_mask", "tgt_key_padding_mask"),
            NeedWeights = !row.Options.TryGetValue("need_weights", out JsonElement need) || need.GetBoolean(),
            AverageAttnWeights = !row.Options.TryGetValue("average_attn_weights", out JsonElement average) || average.GetBoolean(),
        };
        AttentionOptions memory = new() { AttnMask = Given("memory_mask"), KeyPaddingMask = Given("memory_key_padding_mask") };
        return row.Layer.StartsWith("TransformerDecoder", StringComparison.Ordinal) ? [.. inputs, own, memory] : [.. inputs, own];

        Tensor? Given(params string[] names) =>
            names.Where(row.Options.ContainsKey).Select(name => LayerFile.Tensor(row.Options[name])).FirstOrDefault();
    }

    private static void ShouldBe(IReadOnlyDictionary<string, Tensor> actual, Dictionary<string, JsonElement> expected)
    {
        actual.Keys.ShouldBe(expected.Keys);
        foreach ((string name, Tensor value) in actual) ShouldBe(value, expected[name], name);
    }

    private static void ShouldBe(Tensor actual, JsonElement expected, string name)
    {
        Tensor tensor = LayerFile.Tensor(expected);
        actual.Shape.ShouldBe(tensor.Shape, name);
        actual.DType.ShouldBe(tensor.DType, name);
        actual.Detach().ToArray<double>().ShouldBe(tensor.ToArray<double>(), Tolerance, name);
    }
}
