using MiniTorch.Nn;

namespace MiniTorch.Tests.Losses;

/// <summary>Ignored rows that hold NaN and infinities, no classes, certain targets, and inputs that do not fit.</summary>
public class LossBorderTests
{
    const double Inf = double.PositiveInfinity;

    static readonly Tensor Weight = Tensor.From(new[] { 0.5, 2, 1.25 }), Targets = Tensor.From(new long[] { 2, -100, 0, -100 });

    static Tensor F(params int[] shape) => Tensor.Ones(shape);

    static string Error<T>(Action call) where T : MiniTorchException => Should.Throw<T>(call).Message;

    static IEnumerable<TestCaseData> IgnoringLosses()
    {
        Tensor kept = Targets >= 0, classes = Targets.Clamp(min: 0);
        Tensor probabilities = Tensor.From(new[,] { { 0.2, 0.3, 0.5 }, { 1, 0, 0 }, { 0.1, 0.1, 0.8 }, { 0, 1, 0 } });
        Tensor vocabulary = Tensor.Randn([5, 3], new Generator(1), DType.Float64, requiresGrad: true);
        CrossEntropyOptions mask = new() { ElementWeights = kept };
        (string, Func<Tensor, Tensor>)[] losses =
        [
            ("plain", x => Functional.CrossEntropy(x, Targets)),
            ("class weights", x => Functional.CrossEntropy(x, Targets, Weight)),
            ("smoothing", x => Functional.CrossEntropy(x, Targets, labelSmoothing: 0.1)),
            ("smoothing, class weights", x => Functional.CrossEntropy(x, Targets, Weight, labelSmoothing: 0.1)),
            ("z-loss", x => Functional.CrossEntropy(x, Targets, new() { ZLoss = 0.1 })),
            ("softcap", x => Functional.CrossEntropy(x, Targets, new() { Softcap = 2 })),
            ("several ignored", x => Functional.CrossEntropy(x, Targets, new() { IgnoreIndex = -7, AlsoIgnore = [-100] })),
            ("mask", x => Functional.CrossEntropy(x, classes, mask)),
            ("mask, softcap", x => Functional.CrossEntropy(x, classes, mask with { Softcap = 2 })),
            ("probabilities, mask", x => Functional.CrossEntropy(x, probabilities, mask)),
            ("probabilities, mask, softcap", x => Functional.CrossEntropy(x, probabilities, mask with { Softcap = 2 })),
            ("outputs, softcap, z-loss", x => Functional.CrossEntropyOutputs(x, Targets, new() { Softcap = 2, ZLoss = 0.1 }).Loss),
            ("nll", x => Functional.NLLLoss(x, Targets, Weight)),
            ("softmax focal", x => Functional.SoftmaxFocalLoss(x, Targets)),
            ("poly-1", x => Functional.Poly1CrossEntropy(x, Targets)),
            ("linear", x => Functional.LinearCrossEntropy(x, vocabulary, Targets)),
            ("linear, as defined", x => Functional.LinearCrossEntropy(x, vocabulary, Targets, options: new() { Softcap = 2 })),
            ("linear, its weight's gradient by the definition", x => Autograd.Grad(Functional.LinearCrossEntropy(x, vocabulary, Targets), [vocabulary], createGraph: true)[0].Sum()),
        ];
        return losses.Select(loss => new TestCaseData(loss.Item2).SetArgDisplayNames(loss.Item1));
    }

    [TestCaseSource(nameof(IgnoringLosses))]
    public void An_ignored_row_contributes_nothing_whatever_it_holds(Func<Tensor, Tensor> loss)
    {
        Tensor dirty = Tensor.From(new[,] { { 1, -2, 0.5 }, { double.NaN, 1, Inf }, { 0, 3, 1 }, { -Inf, -Inf, -Inf } }, requiresGrad: true);
        Tensor clean = Tensor.From(new[,] { { 1, -2, 0.5 }, { 4, 5, 6 }, { 0, 3, 1 }, { 7, 8, 9 } }, requiresGrad: true);
        (Tensor got, Tensor want) = (loss(dirty), loss(clean));
        got.Item<double>().ShouldBe(want.Item<double>());
        double.IsFinite(want.Item<double>()).ShouldBeTrue();
        got.Backward();
        want.Backward();
        dirty.Grad!.ToArray<double>().ShouldBe(clean.Grad!.ToArray<double>());
        dirty.Grad![1].ToArray<double>().ShouldBe([0, 0, 0]);
    }

    [TestCase(Reduction.Mean)]
    [TestCase(Reduction.None)]
    public void What_an_ignored_hidden_vector_holds_reaches_no_weight(Reduction reduction)
    {
        Tensor weight = Tensor.Randn([5, 2], new Generator(1), DType.Float64, requiresGrad: true);
        var options = new CrossEntropyOptions { Reduction = reduction };
        double[] got = Gradient(Tensor.From(new[,] { { 1, 2 }, { double.NaN, Inf } })), want = Gradient(Tensor.From(new double[,] { { 1, 2 }, { 3, 4 } }));
        got.ShouldBe(want);

        double[] Gradient(Tensor hidden) =>
            Autograd.Grad(Functional.LinearCrossEntropy(hidden, weight, [4, -100], options: options).Sum(), [weight])[0].ToArray<double>();
    }

    public sealed record Border(string Name, Func<Tensor, Tensor> Loss, double[] At, double[] Losses, double[] Gradient);

    // What the documentation of each loss says of its borders.
    static IEnumerable<TestCaseData> Borders()
    {
        const Reduction none = Reduction.None;
        Tensor zeros = Tensor.Zeros([2], DType.Float64), ones = Tensor.Ones([2], DType.Float64);
        Border[] borders =
        [
            new("a certain target has focal loss 0", x => Functional.SoftmaxFocalLoss(x, 0, gamma: 0.5), [1000, 0], [0], [0, 0]),
            new("an impossible target has focal loss ∞", x => Functional.SoftmaxFocalLoss(x, 0), [-Inf, 0], [Inf], [-1, 1]),
            new("sigmoid focal, certain", x => Functional.SigmoidFocalLoss(x, ones, gamma: 0.5), [1000, 2000], [0, 0], [0, 0]),
            new("sigmoid focal, impossible", x => Functional.SigmoidFocalLoss(x, zeros, alpha: -1), [Inf, 1000], [Inf, 1000], [1, 1]),
            new("soft margin does not overflow", x => Functional.SoftMarginLoss(x, ones, none), [-1000, 1000], [1000, 0], [-1, 0]),
            new("bce with logits at ±∞", x => Functional.BinaryCrossEntropyWithLogits(x, zeros, reduction: none), [Inf, -Inf], [Inf, double.NaN], [1, 0]),
            new("hinge at its margin", x => Functional.HingeEmbeddingLoss(x, -ones, reduction: none), [1, 2], [0, 0], [-1, 0]),
            new("hinge of a target 0", x => Functional.HingeEmbeddingLoss(x, zeros, reduction: none), [0.25, 3], [1, 3], [0, 1]),
            new("ranking at its margin", x => Functional.MarginRankingLoss(x, zeros, ones, reduction: none), [0, 1], [0, 0], [-1, 0]),
            new("multi margin at its margin", x => Functional.MultiMarginLoss(x, 0), [1, 0], [0], [0, 0]),
            new("multi margin of one class", x => Functional.MultiMarginLoss(x, 0), [5], [0], [0]),
            new("multi-label margin of no class", x => Functional.MultiLabelMarginLoss(x, [-1, 0]), [5, 1], [0], [0, 0]),
            new("a class named twice counts twice", x => Functional.MultiLabelMarginLoss(x, [1, 1]), [0.5, 0], [1.5], [1, -1]),
            new("cosine of a target that is neither", x => Functional.CosineEmbeddingLoss(x, ones, 0.5), [3, 4], [0], [0, 0]),
            new("triplet of equal vectors", x => Functional.TripletMarginLoss(x, x.Detach(), x.Detach() + Tensor.From(new double[] { 3, 4 }), 7, eps: 0), [1, 2], [2], [0.6, 0.8]),
            new("l1 of equal numbers", x => Functional.L1Loss(x, zeros, none), [0, -2], [0, 2], [0, -1]),
            new("huber at its knee", x => Functional.HuberLoss(x, zeros, none), [1, -1], [0.5, 0.5], [1, -1]),
            new("smooth l1 with beta 0", x => Functional.SmoothL1Loss(x, zeros, none, beta: 0), [0, 2], [0, 2], [-1, 1]),
            new("gaussian of an infinite variance", x => Functional.GaussianNLLLoss(zeros, ones, x, reduction: none), [Inf, 1], [Inf, 0.5], [0, 0]),
            new("gaussian below eps", x => Functional.GaussianNLLLoss(zeros, zeros, x, eps: 0.25, reduction: none), [0, 0.25], [Math.Log(0.5), Math.Log(0.5)], [2, 2]),
            new("poisson of a count 0", x => Functional.PoissonNLLLoss(x, ones, logInput: false, eps: 0.25, reduction: none), [0, 0.75], [Math.Log(4), 0.75], [-3, 0]),
            new("kl of a target 0", x => Functional.KLDiv(x, zeros, none), [-Inf, -1], [double.NaN, 0], [0, 0]),
            new("entropy of a certain class", x => Functional.Entropy(x), [0, 1], [0], [Inf, -1]),
            new("dice of nothing", x => Functional.DiceLoss(x, zeros, smooth: 2), [0, 0], [0], [0.5, 0.5]),
            new("ctc without an alignment", x => Functional.CTCLoss(x.Reshape(1, 2), [1, 1], 1, 2), [-0.5, -1], [Inf], [0, 0]),
            new("nll of an impossible target", x => Functional.NLLLoss(x, 0), [-Inf, 0], [Inf], [-1, 0]),
        ];
        return borders.Select(border => new TestCaseData(border).SetArgDisplayNames(border.Name));
    }

    [TestCaseSource(nameof(Borders))]
    public void At_a_border_a_loss_is_what_its_documentation_says(Border border)
    {
        Tensor x = Tensor.From(border.At, requiresGrad: true), losses = border.Loss(x);
        losses.Sum().Backward();
        Check(losses, border.Losses);
        Check(x.Grad!, border.Gradient);

        static void Check(Tensor got, double[] want)
        {
            double[] values = got.ToArray<double>();
            values.Length.ShouldBe(want.Length);
            for (int i = 0; i < want.Length; i++)
                if (!want[i].Equals(values[i])) values[i].ShouldBe(want[i], 1e-15);
        }
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
        Array[] kinds = [new[] { 0, 2 }, new long[] { 0, 2 }, new byte[] { 0, 2 }, new sbyte[] { 0, 2 }, new short[] { 0, 2 }, new ushort[] { 0, 2 }, new uint[] { 0, 2 }];
        foreach (Array targets in kinds) criterion.Call(x, targets).Item<float>().ShouldBe(want, targets.GetType().Name);
        criterion.Call(pixels, new byte[,] { { 0, 2 }, { 1, 1 } }).Item<float>().ShouldBe(criterion.Call(pixels, [[0, 2], [1, 1]]).Item<float>());
    }

    [Test]
    public void Classes_in_the_wrong_dimension_are_answered_with_the_permute()
    {
        Tensor x = F(2, 4, 5, 3), t = Tensor.Zeros([2, 4, 5], DType.Int64);
        Action[] calls =
        [
            () => Functional.CrossEntropy(x, t), () => new CrossEntropyLoss().Call(x, t), () => new NLLLoss().Call(x, t), () => new SoftmaxFocalLoss().Call(x, t),
            () => new Poly1CrossEntropyLoss().Call(x, t), () => Functional.CrossEntropy(x, F(2, 3, 4, 5)),
        ];
        foreach (Action call in calls) Error<ShapeException>(call).ShouldContain("logits.Permute(0, 3, 1, 2)");
        Functional.CrossEntropy(x.Permute(0, 3, 1, 2), t).Item<float>().ShouldBe(MathF.Log(3), 1e-6f);
    }

    [Test]
    public void What_does_not_fit_is_named()
    {
        Error<ShapeException>(() => Functional.CrossEntropy(F(2, 3), [0, 1], new CrossEntropyOptions { ElementWeights = F(3) })).ShouldContain("ElementWeights has shape [3]");
        Error<ShapeException>(() => Functional.CrossEntropy(F(2, 3), F(2, 3), F(4))).ShouldContain("weight has shape [4], and must have one element for each of the 3 classes");
        Error<DTypeException>(() => Functional.LinearCrossEntropy(F(2, 3), F(4, 3).To(DType.Float64), [0, 1])).ShouldContain("hidden is Float32, weight Float64");
        Error<DTypeException>(() => Functional.LinearCrossEntropy(F(2, 3).To(DType.Float64), F(4, 3).To(DType.Float64), [0, 1], F(4))).ShouldContain("bias Float32");
        Error<ValueException>(() => Functional.MultiMarginLoss(F(2, 3), [0, 3])).ShouldEndWith("target[1] = 3 is not in [0, 3)");
        Error<ValueException>(() => Functional.CTCLoss(F(5, 1, 4), [[1, 4]], [5], [2])).ShouldContain("label 1 of sequence 0 = 4 is not in [0, 4)");
        Error<DTypeException>(() => Metrics.ConfusionMatrix(F(2), [0, 1], 2)).ShouldContain("must be Int64");
    }
}
