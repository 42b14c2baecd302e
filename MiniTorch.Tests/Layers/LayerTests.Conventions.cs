using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text;
using MiniTorch.Nn;
using MiniTorch.Tests.Docs;
using MiniTorch.Tests.Modules;
using Module = MiniTorch.Nn.Module;

namespace MiniTorch.Tests.Layers;

/// <summary>Every layer has a row, and every row all that the checks need; the guide's table is the rows'.</summary>
public sealed partial class LayerTests
{
    /// <summary>Layers that PyTorch 1.13 does not have, whose arguments are modules, or whose weights come with the first call.</summary>
    private static readonly string[] s_withoutReference = ["RMSNorm", "Sequential", "LazyLinear"];

    private static IEnumerable<Type> Layers =>
        typeof(Module).Assembly.GetExportedTypes().Where(type => type.IsSubclassOf(typeof(Module)) && !type.IsAbstract
            && !type.IsGenericType && !type.IsSubclassOf(typeof(Parametrization)) && !type.Name.EndsWith("Loss", StringComparison.Ordinal));

    [TestCaseSource(nameof(Layers))]
    public void Every_layer_has_one_complete_row(Type layer)
    {
        LayerRow row = LayerSamples.All.Where(row => row.Layer == layer).ShouldHaveSingleItem($"add a row for {layer.Name} to LayerSamples");
        row.Cases.ShouldNotBeEmpty($"{layer.Name} needs Case(…)");
        row.Cases.ShouldContain(test => test.Exports, $"{layer.Name} needs a case that is exported");
        bool isMadeOfSizes = ConstructorArgument.Of(layer).Any(argument => argument.IsRequired && argument.Name != "modules");
        if (isMadeOfSizes && row.Rank != (0, LayerRow.AnyRank)) row.Misuses.ShouldNotBeEmpty($"{layer.Name} needs Misuse(…)");
        bool hasReference = !s_withoutReference.Contains(layer.Name);
        TorchRowTests.File.Rows.Any(torch => torch.Layer == layer.Name).ShouldBe(hasReference, $"{layer.Name} needs rows in Layers/data/layers.py");
        TextFile.Instance.Rows.Any(text => text.Layer == layer.Name).ShouldBe(hasReference, $"{layer.Name} needs texts: run Layers/data/texts.py");
    }

    [Test]
    public void The_guide_shows_the_table_as_it_is()
    {
        var text = new StringBuilder("| layer | input → output | arguments and their defaults | parameters and buffers | in training |\n| --- | "
            + "--- | --- | --- | --- |\n");
        foreach (LayerRow row in LayerSamples.All)
            text.Append("| ").AppendJoin(" | ", $"[{row.Name}](xref:MiniTorch.Nn.{row.Name})", Dims(row.Layer), Arguments(row.Layer), State(row),
                row.InTraining).Append(" |\n");
        GeneratedPage.SectionShouldBe("docs/reference/layers.md", "layers", text.ToString());
    }

    private static string Arguments(Type layer) =>
        string.Join(", ", ConstructorArgument.Of(layer).Where(argument => argument.Name is not ("dtype" or "generator"))
            .DefaultIfEmpty(new("–", null)));

    private static string State(LayerRow row) =>
        string.Join(", ", row.Cases[0].Model().StateDict().Select(entry => $"`{entry.Key}` {entry.Value.Shape}").DefaultIfEmpty("–"));

    // A layer without a pattern for its result returns a tuple, whose parts have names.
    private static string Dims(Type layer)
    {
        MethodInfo forward = layer.GetMethod("Forward", BindingFlags.Instance | BindingFlags.NonPublic)!;
        IEnumerable<string?> inputs = forward.GetParameters().Select(parameter => parameter.GetCustomAttribute<DimsAttribute>()?.Pattern)
            .Where(pattern => pattern is not null);
        ParameterInfo result = forward.ReturnParameter;
        string output = result.GetCustomAttribute<DimsAttribute>()?.Pattern is { } pattern ? $"[{pattern}]"
            : result.GetCustomAttribute<TupleElementNamesAttribute>() is { } names
                ? string.Join(", ", names.TransformNames.Take(result.ParameterType.GetGenericArguments().Length)) : "as its last module";
        return $"{string.Join(", ", inputs.Select(input => $"[{input}]"))} → {output}".Replace("|", "\\|", StringComparison.Ordinal);
    }
}
