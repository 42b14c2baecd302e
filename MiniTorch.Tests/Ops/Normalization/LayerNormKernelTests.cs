namespace MiniTorch.Tests.Kernels;

[TestFixture(DType.Float32, 2e-6)]
[TestFixture(DType.Float64, 1e-13)]
public class LayerNormTests(DType dtype, double tolerance)
{
    const double Eps = 1e-5;

    [TestCase(1, 1, 0)]
    [TestCase(1, 2, 0)]
    [TestCase(7, 3, 0)]
    [TestCase(64, 64, 0)]
    [TestCase(65, 130, 0)]
    [TestCase(300, 37, 100)]
    [TestCase(63, 1030, -10)]
    [TestCase(17, 4201, 3)] // sums by halves, in three chunks of rows
    [TestCase(0, 5, 0)]
    [TestCase(5, 0, 0)]
    public void Values_and_gradients_agree_with_naive_loops(int rows, int size, double offset)
    {
        var random = new Generator(3);
        Tensor x = (Tensor.Randn([rows, size], random, DType.Float64) + offset).To(dtype);
        x.RequiresGrad = true;
        Tensor weight = Tensor.Randn([size], random, dtype, requiresGrad: true), bias = Tensor.Randn([size], random, dtype, requiresGrad: true),
            g = Tensor.Randn([rows, size], random, dtype);
        Tensor y = x.LayerNorm(weight.Shape, weight, bias, Eps);
        y.Backward(g);
        Naive(x, weight, bias, g, out double[] values, out double[] ofX, out double[] ofWeight, out double[] ofBias);
        // An element's rounding error comes with its offset.
        double within = tolerance * (1 + Math.Abs(offset));
        Close(y, values, within);
        Close(x.Grad!, ofX, within);
        Close(weight.Grad!, ofWeight, within * (1 + Math.Sqrt(rows)));
        Close(bias.Grad!, ofBias, within * (1 + Math.Sqrt(rows)));
    }

    static void Naive(Tensor x, Tensor weight, Tensor bias, Tensor g, out double[] values, out double[] ofX, out double[] ofWeight,
        out double[] ofBias)
    {
        (int rows, int size) = (x.Shape[0], x.Shape[1]);
        double[] elements = x.ToArray<double>(), w = weight.ToArray<double>(), b = bias.ToArray<double>(), cotangent = g.ToArray<double>();
        (values, ofX, ofWeight, ofBias) = (new double[rows * size], new double[rows * size], new double[size], new double[size]);
        for (int row = 0; row < rows; row++)
        {
            double[] of = elements[(row * size)..((row + 1) * size)], h = [.. cotangent[(row * size)..((row + 1) * size)].Zip(w, (a, b) => a * b)];
            if (size == 0) continue;
            double mean = of.Average(), scale = 1 / Math.Sqrt(of.Average(e => (e - mean) * (e - mean)) + Eps);
            double[] standard = [.. of.Select(e => (e - mean) * scale)];
            (double level, double slope) = (h.Average(), h.Zip(standard, (a, b) => a * b).Average());
            for (int i = 0, at = row * size; i < size; i++, at++)
            {
                values[at] = standard[i] * w[i] + b[i];
                ofX[at] = (h[i] - level - standard[i] * slope) * scale;
                ofWeight[i] += cotangent[at] * standard[i];
                ofBias[i] += cotangent[at];
            }
        }
    }

    static void Close(Tensor actual, double[] expected, double tolerance)
    {
        double[] values = actual.ToArray<double>();
        values.Length.ShouldBe(expected.Length);
        double largest = expected.Length == 0 ? 0 : expected.Max(Math.Abs);
        for (int i = 0; i < values.Length; i++) values[i].ShouldBe(expected[i], tolerance * (1 + largest), $"element {i}");
    }

    [Test]
    public void Parameters_of_another_dtype_are_refused_with_the_way_out()
    {
        Tensor x = Tensor.Randn([3, 4], dtype: dtype), weight = Tensor.Randn([4], dtype: dtype == DType.Float32 ? DType.Float64 : DType.Float32);
        Should.Throw<DTypeException>(() => x.LayerNorm([4], weight)).Message.ShouldContain("convert the input with To, or the module with Module.To");
    }

    [Test]
    public void Only_the_gradients_that_are_wanted_are_given()
    {
        Tensor x = Tensor.Randn([3, 4], dtype: dtype), weight = Tensor.Randn([4], dtype: dtype),
            bias = Tensor.Randn([4], dtype: dtype, requiresGrad: true);
        x.LayerNorm([4], weight, bias).Sum().Backward();
        bias.Grad!.ToArray<double>().ShouldBe([3, 3, 3, 3]);
        (x.Grad, weight.Grad).ShouldBe((null, null));
    }
}
