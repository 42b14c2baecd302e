using MiniTorch.Nn;

namespace MiniTorch.Tests.Losses;

/// <summary>Ignored rows that hold NaN and infinities, no classes, certain targets, and inputs that do not fit.</summary>
public class LossBorderTests
{
    const double Inf = double.PositiveInfinity;

    static Tensor F(params int[] shape) => Tensor.Ones(shape);

    static string Error<T>(Action call) where T : MiniTorchException => Should.Throw<T>(call).Message;

    [TestCase(Reduction.Mean)]
    [TestCase(Reduction.None)]
    public void Ignored_hidden_vector_with_NaN_does_not_reach_the_weight(Reduction reduction)
    {
        Tensor weight = Tensor.Randn([5, 2], new Generator(1), DType.Float64, requiresGrad: true);
        var options = new CrossEntropyOptions { Reduction = reduction };
        double[] got = Gradient(Tensor.From(new[,] { { 1, 2 }, { double.NaN, Inf } })),
            want = Gradient(Tensor.From(new double[,] { { 1, 2 }, { 3, 4 } }));
        got.ShouldBe(want);

        double[] Gradient(Tensor hidden) =>
            Autograd.Grad(Functional.LinearCrossEntropy(hidden, weight, [4, -100], options: options).Sum(), [weight])[0].ToArray<double>();
    }

    [Test]
    public void Without_classes_all_rows_are_ignored()
    {
        Tensor none = Tensor.Zeros([2, 0], requiresGrad: true), ignored = Tensor.Full([2], -100);
        Functional.CrossEntropy(none, ignored, reduction: Reduction.None).ToArray<float>().ShouldBe([0, 0]);
        Functional.CrossEntropy(none, ignored).Item<float>().ShouldBe(float.NaN);
        Functional.LinearCrossEntropy(F(2, 3), F(0, 3), ignored).Item<float>().ShouldBe(float.NaN);
        Error<ValueException>(() => Functional.CrossEntropy(none, [0, 0])).ShouldContain("target[0] = 0 is not in [0, 0)");
    }

    [Test]
    public void Targets_may_be_any_array_of_integers()
    {
        var criterion = new CrossEntropyLoss();
        Tensor x = Tensor.Randn([2, 3], new Generator(1)), pixels = Tensor.Randn([2, 3, 2], new Generator(1));
        float want = criterion.Call(x, [0, 2]).Item<float>();
        Array[] kinds = [new[] { 0, 2 }, new long[] { 0, 2 }, new byte[] { 0, 2 }, new sbyte[] { 0, 2 }, new short[] { 0, 2 }, new ushort[] { 0, 2 },
            new uint[] { 0, 2 }];
        foreach (Array targets in kinds) criterion.Call(x, targets).Item<float>().ShouldBe(want, targets.GetType().Name);
        criterion.Call(pixels, new byte[,] { { 0, 2 }, { 1, 1 } }).Item<float>().ShouldBe(criterion.Call(pixels, [[0, 2], [1, 1]]).Item<float>());
    }

    [Test]
    public void Classes_in_the_wrong_dimension_are_answered_with_the_permute()
    {
        Tensor x = F(2, 4, 5, 3), t = Tensor.Zeros([2, 4, 5], DType.Int64);
        Action[] calls =
        [
            () => Functional.CrossEntropy(x, t), () => new CrossEntropyLoss().Call(x, t), () => new NLLLoss().Call(x, t), () =>
                new SoftmaxFocalLoss().Call(x, t),
            () => new Poly1CrossEntropyLoss().Call(x, t), () => Functional.CrossEntropy(x, F(2, 3, 4, 5)),
        ];
        foreach (Action call in calls) Error<ShapeException>(call).ShouldContain("logits.Permute(0, 3, 1, 2)");
        Functional.CrossEntropy(x.Permute(0, 3, 1, 2), t).Item<float>().ShouldBe(MathF.Log(3), 1e-6f);
    }

    [Test]
    public void Shapes_that_do_not_fit_are_named()
    {
        Error<ShapeException>(() => Functional.CrossEntropy(F(2, 3), [0, 1], new CrossEntropyOptions { ElementWeights = F(3) }))
            .ShouldContain("ElementWeights has shape [3]");
        Error<ShapeException>(() => Functional.CrossEntropy(F(2, 3), F(2, 3), F(4)))
            .ShouldContain("weight has shape [4] and must have one element for each of the 3 classes");
        Error<DTypeException>(() => Functional.LinearCrossEntropy(F(2, 3), F(4, 3).To(DType.Float64), [0, 1]))
            .ShouldContain("the input is Float32, the weight Float64");
        Error<DTypeException>(() => Functional.LinearCrossEntropy(F(2, 3).To(DType.Float64), F(4, 3).To(DType.Float64), [0, 1], F(4)))
            .ShouldContain("the bias Float32");
        Error<ValueException>(() => Functional.MultiMarginLoss(F(2, 3), [0, 3])).ShouldContain("target[1] = 3 is not in [0, 3)");
        Error<ValueException>(() => Functional.CrossEntropy(F(3, 3), [1, 2, 3]))
            .ShouldEndWith("; the targets run from 1 to 3, and classes are numbered from 0: subtract 1");
        Error<ValueException>(() => Functional.CrossEntropy(F(3, 3), [0, -100, 9]))
            .ShouldEndWith("; the last layer has 3 outputs, and target 9 needs 10; if the labels start at 1, subtract 1");
        Error<ValueException>(() => Functional.CrossEntropy(F(2, 3), [0, -1])).ShouldEndWith("and is not ignored (IgnoreIndex is -100)");
        Error<ValueException>(() => Functional.CTCLoss(F(5, 1, 4), [[1, 4]], [5], [2])).ShouldContain("label 1 of sequence 0 = 4 is not in [0, 4)");
        Error<DTypeException>(() => Metrics.ConfusionMatrix(F(2), [0, 1], 2)).ShouldContain("must be Int64");
    }
}
