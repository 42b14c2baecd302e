using System.Reflection;
using MiniTorch.IO;
using MiniTorch.Nn;
using MiniTorch.Tests.Files;
using MiniTorch.Tests.Layers;
using MiniTorch.Tests.Losses;
using MiniTorch.Tests.Modules;
using Module = MiniTorch.Nn.Module;

namespace MiniTorch.Tests.Export;

/// <summary>Exported files, read back and run by an interpreter of ONNX that is part of these tests.</summary>
public class OnnxExportTests
{
    private static IEnumerable<TestCaseData> Cases() => OnnxCases.All().Select(model => new TestCaseData(model).SetArgDisplayNames(model.Name));

    [TestCaseSource(nameof(Cases))]
    public void An_exported_model_computes_the_same_for_every_batch_size(ModelCase test)
    {
        using var folder = new TemporaryFolder();
        string path = folder["model.onnx"];
        Module module = test.Model();
        Onnx.Export(module, test.Input(1), path, test.BatchDim);
        var file = new OnnxModel(path);
        foreach (int rows in (int[])[1, 2, 7])
        {
            Tensor[] inputs = test.Input(rows), expected = ModelCase.Evaluated(module, inputs);
            IReadOnlyDictionary<string, Tensor> outputs =
                OnnxInterpreter.Run(file, file.Inputs.Zip(inputs).ToDictionary(pair => pair.First.Name, pair => pair.Second));
            for (int i = 0; i < expected.Length; i++)
            {
                Tensor output = outputs[file.Outputs[i].Name];
                OnnxCases.ShouldAgree(output.Shape.ToArray(), output.ToArray<double>(), expected[i]);
            }
        }
    }

    // Losses of rows, because a mean over a batch of any size is no constant factor in a graph; those whose row has a module of tensors only.
    private static IEnumerable<TestCaseData> Losses() =>
        from row in LossSamples.All
        from sample in row.Samples
        where sample.Model.GetType() == row.Module
        select new TestCaseData(row, sample.Inputs).SetArgDisplayNames(row.Name);

    [TestCaseSource(nameof(Losses))]
    public void A_loss_computes_the_same_when_exported_or_names_why_it_cannot_be(LossRow row, Tensor[] samples)
    {
        using var folder = new TemporaryFolder();
        Tensor[] inputs = [.. samples.Select(input => input.DType.IsFloat() ? input.To(DType.Float32) : input)];
        ConstructorInfo constructor = row.Module!.GetConstructors()[0];
        var loss = (Module)constructor.Invoke([.. constructor.GetParameters()
            .Select(parameter => parameter.ParameterType == typeof(Reduction) ? Reduction.None : LayerConstructor.Default(parameter))]);
        if (row.NotExported is { } reason)
        {
            Should.Throw<MiniTorchException>(() => Onnx.Export(loss, inputs, folder["loss.onnx"])).Message.ShouldContain(reason);
            return;
        }
        Onnx.Export(loss, inputs, folder["loss.onnx"]);
        var file = new OnnxModel(folder["loss.onnx"]);
        foreach (int rows in (int[])[1, 2, 5])
        {
            Tensor[] batch = [.. inputs.Select(input => input.IndexSelect(0, Tensor.Arange(rows).Remainder(input.Shape[0])))];
            Tensor expected = ModelCase.Evaluated(loss, batch)[0];
            IReadOnlyDictionary<string, Tensor> outputs =
                OnnxInterpreter.Run(file, file.Inputs.Zip(batch).ToDictionary(pair => pair.First.Name, pair => pair.Second));
            Tensor output = outputs[file.Outputs[0].Name];
            OnnxCases.ShouldAgree(output.Shape.ToArray(), output.ToArray<double>(), expected);
        }
    }

    [Test]
    public void Parameters_and_buffers_keep_the_names_and_values_of_the_state()
    {
        using var folder = new TemporaryFolder();
        var model = new Sequential(new Conv2d(1, 2, 3), new BatchNorm2d(2), new Flatten(), new Linear(8, 3));
        Onnx.Export(model, Tensor.Zeros([1, 1, 4, 4]), folder["model.onnx"]);
        IReadOnlyDictionary<string, Tensor> initializers = new OnnxModel(folder["model.onnx"]).Initializers;
        OrderedDictionary<string, Tensor> state = model.StateDict();
        foreach ((string name, Tensor value) in state.Where(entry => entry.Key != "1.num_batches_tracked"))
            initializers[name].ToArray<float>().ShouldBe(value.ToArray<float>());
        initializers.Keys.ShouldNotContain("1.num_batches_tracked"); // evaluation does not read it
    }

    [Test]
    public void The_file_says_opset_17_and_a_named_batch()
    {
        using var folder = new TemporaryFolder();
        Onnx.Export(new Sequential(new Linear(4, 3)), Tensor.Zeros([1, 4]), folder["model.onnx"]);
        var file = new OnnxModel(folder["model.onnx"]);
        (file.Opset, file.IrVersion).ShouldBe((17, 8));
        file.Inputs.Single().ShouldSatisfyAllConditions(port => port.Name.ShouldBe("input"), port => port.Type.ShouldBe(1),
            port => port.Sizes.ShouldBe(["batch", "4"]));
        file.Outputs.Single().ShouldSatisfyAllConditions(port => port.Name.ShouldBe("output"), port => port.Sizes.ShouldBe(["batch", "3"]));
        file.Nodes.Select(node => node.Name).ShouldBe(["Sequential.0/Gemm", "output"]);
    }

    [Test]
    public void A_bias_is_broadcast_by_its_operator_and_not_expanded()
    {
        using var folder = new TemporaryFolder();
        Onnx.Export(new BatchNorm1d(4), Tensor.Zeros([1, 4, 3]), folder["model.onnx"]);
        new OnnxModel(folder["model.onnx"]).Nodes.ShouldNotContain(node => node.Type == "Expand");
    }

    [Test]
    public void Exporting_changes_neither_the_mode_nor_the_parameters()
    {
        using var folder = new TemporaryFolder();
        var model = new Sequential(new BatchNorm1d(4), new Dropout(), new Linear(4, 2));
        model[1].Eval();
        double[][] before = [.. model.StateDict().Values.Select(value => value.ToArray<double>())];
        Onnx.Export(model, Tensor.Ones([3, 4]), folder["model.onnx"]);
        model.NamedModules().Select(module => module.Value.Training).ShouldBe([true, true, false, true]);
        model.StateDict().Values.Select(value => value.ToArray<double>()).ShouldBe(before);
        model.Parameters().ShouldAllBe(parameter => parameter.RequiresGrad && parameter.Grad == null);
    }

    [Test]
    public void Float64_models_stay_Float64()
    {
        using var folder = new TemporaryFolder();
        Module model = new Sequential(new Linear(4, 3), new GELU()).To(DType.Float64);
        Tensor x = Tensor.Randn([5, 4], new Generator(1), DType.Float64);
        Onnx.Export(model, x, folder["model.onnx"]);
        var file = new OnnxModel(folder["model.onnx"]);
        Tensor output = OnnxInterpreter.Run(file, new Dictionary<string, Tensor> { ["input"] = x })["output"];
        output.ToArray<double>().ShouldBe(ModelCase.Evaluated(model, [x])[0].ToArray<double>(), 1e-14);
    }
}
