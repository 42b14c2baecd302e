using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;
using MiniTorch.IO;
using MiniTorch.Nn;
using MiniTorch.Tests.Files;
using MiniTorch.Tests.Modules;

namespace MiniTorch.Tests.Export;

/// <summary>Exported models in ONNX Runtime, for several batch sizes.</summary>
public class OnnxRuntimeTests
{
    private static readonly int[] s_batches = [1, 4, 9];

    private static IEnumerable<TestCaseData> Cases() => OnnxCases.All().Select(model => new TestCaseData(model).SetArgDisplayNames(model.Name));

    [TestCaseSource(nameof(Cases))]
    public void ONNX_Runtime_computes_the_same_for_every_batch_size(ModelCase test)
    {
        Module module = test.Model();
        using var folder = new TemporaryFolder();
        string path = folder["model.onnx"];
        Onnx.Export(test.Model(), test.Input(1), path, test.BatchDim);
        using var options = new SessionOptions { IntraOpNumThreads = 1 };
        using var session = new InferenceSession(path, options);
        foreach (int rows in s_batches)
        {
            Tensor[] inputs = test.Input(rows), expected = ModelCase.Evaluated(module, inputs);
            using IDisposableReadOnlyCollection<DisposableNamedOnnxValue> outputs = session.Run([.. inputs.Select(Named)], session.OutputNames);
            outputs.Count.ShouldBe(expected.Length);
            foreach ((int i, DisposableNamedOnnxValue output) in outputs.Index())
            {
                (int[] shape, double[] values) = Read(output);
                OnnxCases.ShouldAgree(shape, values, expected[i]);
            }

            NamedOnnxValue Named(Tensor x, int i)
            {
                string name = inputs.Length == 1 ? "input" : $"input_{i}";
                int[] shape = x.Shape.ToArray();
                return x.DType switch
                {
                    DType.Float32 => NamedOnnxValue.CreateFromTensor(name, new DenseTensor<float>(x.ToArray<float>(), shape)),
                    DType.Float64 => NamedOnnxValue.CreateFromTensor(name, new DenseTensor<double>(x.ToArray<double>(), shape)),
                    _ => NamedOnnxValue.CreateFromTensor(name, new DenseTensor<long>(x.ToArray<long>(), shape)),
                };
            }
        }
    }

    private static (int[] Shape, double[] Values) Read(DisposableNamedOnnxValue output) => output.Value switch
    {
        Tensor<float> x => (x.Dimensions.ToArray(), [.. x.Select(value => (double)value)]),
        Tensor<double> x => (x.Dimensions.ToArray(), [.. x]),
        Tensor<long> x => (x.Dimensions.ToArray(), [.. x.Select(value => (double)value)]),
        Tensor<bool> x => (x.Dimensions.ToArray(), [.. x.Select(value => value ? 1.0 : 0)]),
        var other => throw new NotSupportedException($"{output.Name} is a {other.GetType().Name}"),
    };
}
