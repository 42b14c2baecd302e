using MiniTorch.Data;

namespace MiniTorch.Tests.Data;

public class TransformTests
{
    private static readonly Tensor Labels = Tensor.Arange(2);

    [Test]
    public void Normalising_subtracts_and_divides_and_leaves_labels_alone()
    {
        Tensor[] batch = Transforms.Normalize(Tensor.From(new[] { 1f, 2 }), 2.0)([Tensor.From(new float[,] { { 1, 2 }, { 3, 6 } }), Labels],
            new Generator(0));
        batch[0].ToArray<float>().ShouldBe([0f, 0, 1, 2]);
        batch[1].ShouldBeSameAs(Labels);
    }

    [TestCase(0, new double[] { 1, 2, 3, 4 })]
    [TestCase(1, new double[] { 2, 1, 4, 3 })]
    public void Flipping_reverses_with_a_probability(double probability, double[] expected) =>
        Transforms.RandomFlip(probability: probability)([Tensor.From(new double[,] { { 1, 2 }, { 3, 4 } }), Labels], new Generator(0))[0]
            .ToArray<double>().ShouldBe(expected);

    [Test]
    public void Flipping_decides_sample_by_sample()
    {
        Tensor rows = Tensor.Arange(2, dtype: DType.Float32).Expand([1000, 2]);
        Tensor flipped = Transforms.RandomFlip(probability: 0.25)([rows], new Generator(0))[0];
        flipped.Sum(1).ToArray<float>().ShouldAllBe(sum => sum == 1);
        flipped[.., 0].Sum().Item<double>().ShouldBeInRange(200, 300);
    }

    [Test]
    public void Noise_has_the_given_deviation_and_composed_transforms_run_in_order()
    {
        BatchTransform transform = Transforms.Compose(Transforms.Noise(3), Transforms.Normalize(10, 0.5));
        double[] values = transform([Tensor.Zeros([10_000])], new Generator(1))[0].ToArray<double>();
        values.Average().ShouldBe(-20, 0.3);
        Math.Sqrt(values.Average(value => (value + 20) * (value + 20))).ShouldBe(6, 0.2);
    }

    [Test]
    public void Misuse_is_explained() =>
        Should.Throw<ValueException>(() => Transforms.RandomFlip(probability: 1.5)).Message.ShouldContain("not in [0, 1]");
}
