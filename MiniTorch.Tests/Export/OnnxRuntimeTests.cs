using System.Text.Json;
using MiniTorch.IO;
using MiniTorch.Nn;
using MiniTorch.Tests.IO;

namespace MiniTorch.Tests.Export;

/// <summary>Exported models in ONNX Runtime, for several batch sizes.</summary>
public class OnnxRuntimeTests
{
    private static readonly int[] s_batches = [1, 4, 9];
    private static IReadOnlyDictionary<string, JsonElement> s_results = new Dictionary<string, JsonElement>();

    private static IEnumerable<TestCaseData> Cases() => OnnxCases.All().Select(model => new TestCaseData(model).SetArgDisplayNames(model.Name));

    [OneTimeSetUp]
    public static void RunAllModels()
    {
        OnnxRuntime.Require();
        using var folder = new TemporaryFolder();
        var jobs = new List<OnnxRuntime.Job>();
        foreach ((int i, OnnxCase test) in OnnxCases.All().Index())
        {
            string path = folder[$"{i}.onnx"];
            Onnx.Export(test.Model(), test.Input(1), path, test.BatchDim);
            foreach (int rows in s_batches) jobs.Add(new(JobName(test, rows), path, [.. test.Input(rows).Select((input, n) => Describe(input, test.Input(1).Length == 1 ? "input" : $"input_{n}"))]));
        }
        s_results = OnnxRuntime.Run(jobs);
    }

    [TestCaseSource(nameof(Cases))]
    public void ONNX_Runtime_computes_the_same_for_every_batch_size(object model)
    {
        var test = (OnnxCase)model;
        Module module = test.Model();
        foreach (int rows in s_batches)
        {
            JsonElement result = s_results[JobName(test, rows)];
            result.ValueKind.ShouldBe(JsonValueKind.Array, $"batch of {rows}: {result}");
            OnnxRuntime.Output[] outputs = result.Deserialize<OnnxRuntime.Output[]>(JsonSerializerOptions.Web)!;
            Tensor[] expected = OnnxCase.Outputs(module, test.Input(rows));
            for (int i = 0; i < expected.Length; i++) OnnxCase.ShouldAgree(outputs[i].Dims, outputs[i].Data, expected[i]);
        }
    }

    private static string JobName(OnnxCase test, int rows) => $"{test.Name} of {rows}";

    private static OnnxRuntime.Input Describe(Tensor input, string name) => new(name, input.DType.ToString().ToLowerInvariant(), input.Shape.ToArray(), input.ToArray<double>());
}
