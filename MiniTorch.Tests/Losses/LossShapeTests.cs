using MiniTorch.Nn;

namespace MiniTorch.Tests.Losses;

/// <summary>What losses of classes say of shapes and values that do not fit, in full, and what they take all the same.</summary>
public class LossShapeTests
{
    private static Tensor F(params int[] shape) => Tensor.Ones(shape);

    private static Tensor I(params int[] shape) => Tensor.Zeros(shape, DType.Int64);

    private static CrossEntropyOptions Weights(Tensor weights) => new() { ElementWeights = weights };

    [Test]
    public void Modules_name_the_argument_whose_batch_differs() =>
        Should.Throw<ShapeException>(() => new CrossEntropyLoss().Call(F(2, 3), I(4)))
            .Message.ShouldContain("targets [4] has batch = 4, and logits [2, 3] has batch = 2");

    [TestCase]
    [TestCase(1)]
    [TestCase(3)]
    [TestCase(2, 1)]
    [TestCase(1, 3)]
    [TestCase(2, 3)]
    public void Element_weights_broadcast_to_the_losses(params int[] shape)
    {
        var rng = new Generator(1);
        Tensor logits = Tensor.Randn([2, 4, 3], rng, DType.Float64), targets = Tensor.RandInt(0, 4, [2, 3], rng),
            weights = Tensor.Rand(shape, rng, DType.Float64);
        double[] each = Functional.CrossEntropy(logits, targets, reduction: Reduction.None).ToArray<double>(),
            all = weights.ExpandTo([2, 3]).ToArray<double>();
        Functional.CrossEntropy(logits, targets, Weights(weights)).Item<double>()
            .ShouldBe(each.Zip(all, (loss, weight) => loss * weight).Sum() / all.Sum(), 1e-14);
    }

    [Test]
    public void BCE_of_certain_or_no_probabilities_is_0()
    {
        Functional.BinaryCrossEntropy([0.0, 1.0], [0.0, 1.0]).Item<float>().ShouldBe(0);
        Functional.BinaryCrossEntropy(F(0), F(0), reduction: Reduction.Sum).Item<float>().ShouldBe(0);
    }

    [TestCase(true, 1.0, 0.0, 0.25, 0.75)]
    [TestCase(true, 0.5, 0.50005, 0.25, 0.75)]
    [TestCase(false, 0.5, 0.5002, 0.25, 0.75)]
    [TestCase(false, 0.25, 0.75, 0.5, 0.4998)]
    [TestCase(false, 1.5, -0.5, 0.25, 0.75)]
    [TestCase(false, 0.25, 0.75, -0.5, 1.5)]
    public void Only_rows_that_all_are_distributions_are_taken_for_probabilities(bool found, double a, double b, double c, double d)
    {
        Tensor rows = Tensor.From(new[,] { { a, b }, { c, d } });
        Check(() => Functional.CrossEntropy(rows, [0, 1], new() { CheckLogits = true }));
        Check(() => Functional.CrossEntropy(rows.T, [0, 1], new() { CheckLogits = true, ClassAxis = 0 }));
        Check(() => Functional.LinearCrossEntropy(rows, Tensor.Eye(2, dtype: DType.Float64), [0, 1], options: new() { CheckLogits = true }));

        void Check(Func<Tensor> call)
        {
            if (!found) double.IsFinite(call().Item<double>()).ShouldBeTrue();
            else Should.Throw<ValueException>(() => call()).Message.ShouldContain("applies the softmax itself; remove the one before it");
        }
    }

    [Test]
    public void Logits_of_one_class_or_of_no_row_are_no_probabilities()
    {
        var options = new CrossEntropyOptions { CheckLogits = true, Reduction = Reduction.Sum };
        Functional.CrossEntropy(F(2, 1), I(2), options).Item<float>().ShouldBe(0);
        Functional.CrossEntropy(F(0, 3), I(0), options).Item<float>().ShouldBe(0);
        Functional.CrossEntropy(F(2, 0), Tensor.Full([2], -100), options).Item<float>().ShouldBe(0);
    }
}
