using System.Text.Json;
using MiniTorch.Nn;

namespace MiniTorch.Tests.Conformance;

/// <summary>ONNX's own cases of losses and of what they are made of; read where MINITORCH_CONFORMANCE names a folder that has them.</summary>
[Category("Conformance")]
public class OnnxConformanceTests
{
    public sealed record Row(string Name, string OpType, JsonElement Attributes, RowTensor[] Inputs, RowTensor[] Outputs)
    {
        public T Attribute<T>(string name, T otherwise) =>
            Attributes.TryGetProperty(name, out JsonElement value) ? value.Deserialize<T>(OpRow.Json)! : otherwise;

        public Reduction Reduction => Enum.Parse<Reduction>(Attribute("reduction", "mean"), ignoreCase: true);
    }

    static IEnumerable<TestCaseData> Rows() =>
        from text in ConformanceFiles.Read("*.json")
        from row in Parse(text)
        select new TestCaseData(row).SetName(row.Name);

    [TestCaseSource(nameof(Rows))]
    public void An_operator_gives_what_ONNX_gives(Row row)
    {
        Tensor[] inputs = [.. row.Inputs.Select(input => input.ToTensor())];
        Tensor[] outputs = Run(row, inputs);
        for (int i = 0; i < outputs.Length; i++)
        {
            outputs[i].Shape.ToArray().ShouldBe(row.Outputs[i].Shape);
            double[] got = outputs[i].ToArray<double>(), want = row.Outputs[i].Data;
            for (int k = 0; k < want.Length; k++)
            {
                bool agrees = got[k].Equals(want[k]) || Math.Abs(got[k] - want[k]) <= 1e-6 + 1e-5 * Math.Abs(want[k]);
                agrees.ShouldBeTrue($"output {i}, element {k}: {got[k]:R}, and ONNX has {want[k]:R}");
            }
        }
    }

    static Tensor[] Run(Row row, Tensor[] inputs)
    {
        Tensor x = inputs[0];
        Tensor? weight = inputs.Length > 2 ? inputs[2] : null;
        long ignored = row.Attribute("ignore_index", -100L);
        switch (row.OpType)
        {
            case "SoftmaxCrossEntropyLoss":
                Tensor loss = Functional.CrossEntropy(x, inputs[1], weight, ignored, row.Reduction);
                return row.Outputs.Length == 1 ? [loss] : [loss, x.LogSoftmax(1)];
            case "NegativeLogLikelihoodLoss": return [Functional.NLLLoss(x, inputs[1], weight, ignored, row.Reduction)];
            case "Softmax": return [x.Softmax(row.Attribute("axis", -1))];
            case "LogSoftmax": return [x.LogSoftmax(row.Attribute("axis", -1))];
            case "ReduceLogSumExp": return [x.LogSumExp(inputs[1].ToArray<int>(), row.Attribute("keepdims", 1) == 1)];
            case "GatherElements":
                int axis = row.Attribute("axis", 0);
                // ONNX counts from the end too, PyTorch does not
                return [x.Gather(axis, Tensor.Where(inputs[1] < 0, inputs[1] + x.Shape[axis], inputs[1]))];
            default: throw new NotSupportedException($"no call for {row.OpType}");
        }
    }

    static Row[] Parse(string text)
    {
        using var document = JsonDocument.Parse(text);
        JsonElement root = document.RootElement;
        bool isOnnx = root.ValueKind == JsonValueKind.Array && root.GetArrayLength() > 0
            && root[0].ValueKind == JsonValueKind.Object && root[0].TryGetProperty("op_type", out _);
        return isOnnx ? root.Deserialize<Row[]>(OpRow.Json)! : [];
    }
}
