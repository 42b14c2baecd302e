using System.Numerics.Tensors;
using MathNet.Numerics.LinearAlgebra;
using Microsoft.Data.Analysis;
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.OnnxRuntime;
using DenseTensor = Microsoft.ML.OnnxRuntime.Tensors.DenseTensor<float>;
using MiniTorch.Data;
using MiniTorch.Nn;
using MiniTorch.Tests.Files;
using NumericsTensor = System.Numerics.Tensors.Tensor;

namespace MiniTorch.Tests.Numerics;

/// <summary>Data goes to and from other .NET libraries without a loop.</summary>
internal sealed class InteropTests
{
    private static Tensor Sample => Tensor.Arange(24, dtype: DType.Float32).Reshape(2, 3, 4);

    [Test]
    public void System_Numerics_Tensors_copy_any_layout()
    {
        // Transposed, reversed, expanded, sliced, empty and with one element: on our side.
        foreach (Tensor x in (Tensor[])[Sample, Sample.Permute(2, 0, 1), Sample.Flip(1), Sample[..1].Expand([5, 3, 4]), Sample[.., 1.., 2],
            Tensor.Zeros([2, 0, 3]), Sample[0, 0, 1..2]])
        {
            Tensor<float> copy = x.ToNumerics<float>();
            copy.Lengths.ToArray().ShouldBe([.. x.Shape.Select(size => (nint)size)]);
            copy.ToTensor().ToString().ShouldBe(x.Clone().ToString());
        }

        // And on theirs: a span with strides of its own, such as a transposed one or every second column.
        float[] numbers = [0, 1, 2, 3, 4, 5];
        var transposed = new ReadOnlyTensorSpan<float>(numbers, [3, 2], [1, 3]);
        transposed.ToTensor().ShouldEqual([[0f, 3], [1, 4], [2, 5]]);
        new ReadOnlyTensorSpan<float>([0, 1, 2, 3, 4, 5, 6, 7], [2, 2], [4, 2]).ToTensor().ShouldEqual([[0f, 2], [4, 6]]);
        new ReadOnlyTensorSpan<float>(numbers, [2, 3], [0, 1]).ToTensor().ShouldEqual([[0f, 1, 2], [0, 1, 2]]);
        var target = new TensorSpan<float>(numbers, [3, 2], [1, 3]);
        Tensor.From(new[,] { { 10.0, 20 }, { 30, 40 }, { 50, 60 } }).CopyTo(target);
        numbers.ShouldBe([10, 30, 50, 20, 40, 60]);
    }

    [Test]
    public void System_Numerics_Tensors_convert_dtypes_as_To_does()
    {
        Tensor<int> small = Tensor.Arange(3).ToNumerics<int>();
        small.ToTensor().DType.ShouldBe(DType.Int64);
        Tensor.From(new[] { true, false }).ToNumerics<bool>().ToTensor().DType.ShouldBe(DType.Bool);
        Tensor.From(new[] { 1.5 }).ToNumerics<float>().ToTensor().DType.ShouldBe(DType.Float32);
        ((Tensor)2.5).ToNumerics<double>().Lengths.ToArray().ShouldBe([1]);
        Should.Throw<DTypeException>(() => NumericsTensor.Create<decimal>([1m]).ToTensor());
        Should.Throw<DTypeException>(() => Sample.ToNumerics<decimal>());
        Should.Throw<ShapeException>(() => Sample.CopyTo(new TensorSpan<float>(new float[24], [4, 6]))).Message
            .ShouldBe("CopyTo: the span has shape [4, 6] and the tensor [2, 3, 4]; they must be equal");
        Should.Throw<ArgumentNullException>(() => NumericsTensors.ToNumerics<float>(null!));
        Should.Throw<ArgumentNullException>(() => NumericsTensors.ToTensor((Tensor<float>)null!));
    }

    [Test]
    public void System_Numerics_Tensors_results_return_to_a_graph()
    {
        Tensor w = Tensor.From(new[] { 1f, 2, 3 }, requiresGrad: true);
        Tensor<float> softmax = NumericsTensor.SoftMax(w.ToNumerics<float>().AsReadOnlyTensorSpan());
        softmax.ToTensor().AllClose(w.Softmax(0), 1e-6, 1e-6).ShouldBeTrue();
        (w * softmax.ToTensor()).Sum().Backward();
        w.Grad!.AllClose(softmax.ToTensor(), 0, 0).ShouldBeTrue();
    }

    [Test]
    public void OnnxRuntime_runs_on_values_made_from_tensors()
    {
        using var folder = new TemporaryFolder();
        var model = new Sequential(new Linear(4, 8), new Tanh(), new Linear(8, 2));
        using var stream = new MemoryStream();
        MiniTorch.IO.Onnx.Export(model, Sample[0], stream);
        using var session = new InferenceSession(stream.ToArray());
        Tensor x = Sample[0], expected = model.Evaluate(() => model.Call(x));

        using OrtValue input = OrtValue.CreateTensorValueFromMemory(x.ToArray<float>(), [.. x.Shape]);
        using var options = new RunOptions();
        using IDisposableReadOnlyCollection<OrtValue> outputs = session.Run(options, ["input"], [input], ["output"]);
        OrtValue output = outputs[0];
        Tensor found = Tensor.From(output.GetTensorDataAsSpan<float>(), Array.ConvertAll(output.GetTensorTypeAndShape().Shape, size => (int)size));
        found.AllClose(expected, 1e-5, 1e-6).ShouldBeTrue();

        var dense = new DenseTensor(x.T.ToArray<float>(), x.T.Shape.ToArray());
        Tensor.From<float>(dense.Buffer.Span, dense.Dimensions.ToArray()).ShouldEqual(x.T);
    }

    [Test]
    public void MathNet_solves_what_tensors_hold()
    {
        Tensor a = Tensor.From(new[,] { { 4.0, 1 }, { 2, 3 } }), b = Tensor.From(new[] { 1.0, 2 });
        Vector<double> solved = a.T.ToMatrix<double>().Solve(b.ToVector<double>());
        a.T.MatMul(Tensor.From(solved)).AllClose(b, 1e-12, 1e-12).ShouldBeTrue();
        Tensor.From(a.ToMatrix<double>()).ShouldEqual(a);
    }

    private sealed class House
    {
        public float Price { get; set; }

        [VectorType(3)]
        public float[] Features { get; set; } = [];

        public string Kind { get; set; } = "";

        public bool Sold { get; set; }

        public byte Rooms { get; set; }
    }

    private static IDataView Houses(MLContext context) => context.Data.LoadFromEnumerable((House[])
    [
        new() { Price = 1.5f, Features = [1, 2, 3], Kind = "flat", Sold = true, Rooms = 2 },
        new() { Price = 2.5f, Features = [4, 5, 6], Kind = "house", Rooms = 5 },
        new() { Price = float.NaN, Features = [7, 8, 9], Kind = "flat", Rooms = 255 },
    ]);

    [Test]
    public void MLNet_rows_become_a_data_set_and_a_data_set_rows()
    {
        var context = new MLContext(seed: 0);
        IDataView rows = context.Transforms.Conversion.MapValueToKey("Class", "Kind")
            .Append(context.Transforms.Categorical.OneHotEncoding("Hot", "Kind"))
            .Fit(Houses(context)).Transform(Houses(context));
        TensorDataset data = rows.ToTensorDataset("Features", "Price", "Sold", "Rooms", "Class", "Hot");
        data.Tensors[0].ShouldEqual([[1f, 2, 3], [4, 5, 6], [7, 8, 9]]);
        data.Tensors[1].ToArray<float>().ShouldBe([1.5f, 2.5f, float.NaN]);
        data.Tensors[2].ToArray<bool>().ShouldBe([true, false, false]);
        data.Tensors[3].ShouldEqual([2, 5, 255]);
        data.Tensors[4].ShouldEqual([0, 1, 0]);
        data.Tensors[5].ShouldEqual([[1f, 0], [0, 1], [1, 0]]);

        TensorDataset back = data.ToDataView("a", "b", "c", "d", "e", "f").ToTensorDataset("a", "b", "c", "d", "e", "f");
        for (int i = 0; i < 6; i++) $"{back.Tensors[i]}".ShouldBe($"{data.Tensors[i]}");

        // ML.NET trains on it: which points lie below the line 2 x₀ = x₁?
        Tensor x = Tensor.Randn([200, 2], new Generator(0)), y = 2 * x[.., 0] > x[.., 1];
        IDataView table = new TensorDataset(x, y).ToDataView("Features", "Label");
        var fitted = context.BinaryClassification.Trainers.LbfgsLogisticRegression().Fit(table);
        TensorDataset scored = fitted.Transform(table).ToTensorDataset("PredictedLabel", "Score");
        scored.Tensors[0].Eq(y).Sum().Item<int>().ShouldBeGreaterThan(190);

        TensorDataset shuffled = context.Data.ShuffleRows(table, seed: 1).ToTensorDataset("Features", "Label");
        shuffled.Tensors[0].ToArray<float>().ShouldNotBe(x.ToArray<float>());
        shuffled.Tensors[0].Sum().Item<double>().ShouldBe(x.Sum().Item<double>(), 1e-3);
        shuffled.Tensors[1].ShouldEqual(2 * shuffled.Tensors[0][.., 0] > shuffled.Tensors[0][.., 1]);
    }

    [Test]
    public void MLNet_columns_that_do_not_fit_are_named()
    {
        var context = new MLContext(seed: 0);
        IDataView rows = Houses(context);
        Should.Throw<ValueException>(() => rows.ToTensorDataset("Prize"))
            .Message.ShouldBe("ToTensorDataset: there is no column 'Prize'; the columns are Price, Features, Kind, Sold, Rooms");
        Should.Throw<DTypeException>(() => rows.ToTensorDataset("Kind")).Message.ShouldContain("column 'Kind' holds String; only numbers");
        IDataView ragged = context.Transforms.Text.TokenizeIntoCharactersAsKeys("Letters", "Kind").Fit(rows).Transform(rows);
        Should.Throw<ValueException>(() => ragged.ToTensorDataset("Letters")).Message.ShouldContain("have no fixed size");
        IDataView unknown = context.Transforms.Conversion.MapValueToKey("Class", "Kind").Fit(context.Data.TakeRows(rows, 1)).Transform(rows);
        Should.Throw<ValueException>(() => unknown.ToTensorDataset("Class")).Message.ShouldContain("a key of column 'Class' is missing");
        Should.Throw<ValueException>(() => new TensorDataset(Sample).ToDataView("a", "b")).Message.ShouldContain("2 names for 1 tensors");
        context.Data.LoadFromEnumerable(Array.Empty<House>()).ToTensorDataset("Features", "Price").Tensors[0].Shape.ShouldBe([0, 3]);
        new TensorDataset(Tensor.Zeros([0, 3])).ToDataView("a").ToTensorDataset("a").Count.ShouldBe(0);
    }

    [Test]
    public void DataFrame_columns_become_a_data_set()
    {
        var frame = new DataFrame(new PrimitiveDataFrameColumn<float>("x", [1f, 2, 3]), new PrimitiveDataFrameColumn<int>("y", [1, 0, 1]));
        TensorDataset data = frame.ToTensorDataset("x", "y");
        data.Tensors[0].ShouldEqual([1f, 2, 3]);
        data.Tensors[1].ShouldEqual([1, 0, 1]);
        DataFrame back = data.ToDataView("x", "y").ToDataFrame();
        back["y"].Cast<long>().ShouldBe([1, 0, 1]);
    }
}

internal static class TensorAssertions
{
    public static void ShouldEqual(this Tensor found, Tensor expected)
    {
        found.DType.ShouldBe(expected.DType);
        $"{found}".ShouldBe($"{expected}");
    }
}
