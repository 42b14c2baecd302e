using System.Text.Json;
using MiniTorch.Nn;
using MiniTorch.Optim;
using MiniTorch.Tests.Conformance;

namespace MiniTorch.Tests.Optim;

/// <summary>Every row of grad_clip.json.</summary>
[Category("Conformance")]
public class GradClipConformanceTests
{
    private const double Tolerance = 1e-12;

    private static readonly JsonSerializerOptions s_json = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    public sealed record Row(string Id, string Function, JsonElement Config, ReferenceTensor[] GradsIn, double? TotalNorm,
        ReferenceTensor[] GradsOut);

    private static IEnumerable<TestCaseData> Rows() =>
        from text in ConformanceFiles.Read("grad_clip.json")
        from row in JsonSerializer.Deserialize<Row[]>(text, s_json)!
        select new TestCaseData(row).SetName(row.Id);

    [TestCaseSource(nameof(Rows))]
    public void Clipped_gradients_equal_the_reference(Row row)
    {
        var config = new OptimConfig(row.Config);
        Parameter[] parameters = [.. row.GradsIn.Select(gradient => new Parameter(gradient.ToTensor()) { Grad = gradient.ToTensor() })];
        switch (row.Function)
        {
            case "clip_grad_norm_":
                double total = ClipGrad.Norm(parameters, config.Number("max_norm", 0), config.Number("norm_type", 2)).Item<double>();
                Math.Abs(total - row.TotalNorm!.Value).ShouldBeLessThanOrEqualTo(Tolerance * row.TotalNorm.Value);
                break;
            case "clip_grad_value_":
                ClipGrad.Value(parameters, config.Number("clip_value", 0));
                break;
            default:
                throw new NotSupportedException($"unknown function {row.Function}");
        }
        config.ShouldBeUsedUp();
        foreach ((Parameter parameter, ReferenceTensor expected) in parameters.Zip(row.GradsOut))
        {
            parameter.Grad!.Shape.ShouldBe((Shape)expected.Shape);
            double[] actual = parameter.Grad.ToArray<double>();
            for (int i = 0; i < actual.Length; i++)
                Math.Abs(actual[i] - expected.Data[i])
                    .ShouldBeLessThanOrEqualTo(Tolerance * Math.Abs(expected.Data[i]), $"{expected.Name}, element {i}");
        }
    }
}
