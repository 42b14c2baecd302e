using MiniTorch.Nn;

namespace MiniTorch.Tests.Losses;

/// <summary>What losses of classes say of shapes and values that do not fit, in full, and what they take all the same.</summary>
public class LossShapeTests
{
    private static Tensor F(params int[] shape) => Tensor.Ones(shape);

    private static Tensor I(params int[] shape) => Tensor.Zeros(shape, DType.Int64);

    private static CrossEntropyOptions Axis(int axis) => new() { ClassAxis = axis };

    private static CrossEntropyOptions Weights(Tensor weights) => new() { ElementWeights = weights };

    private static Tensor Linear(Tensor hidden, Tensor weight, Tensor? targets = null, Tensor? bias = null, CrossEntropyOptions? options = null) =>
        Functional.LinearCrossEntropy(hidden, weight, targets ?? I(2), bias, options);

    private static IEnumerable<TestCaseData> Misfits()
    {
        const string permute = ". If the logits' classes are in the last dimension: logits.Permute(", oneHot = ". Probabilities or one-hot targets are a float tensor (To), class indices are their ArgMax(";
        const string linear = "LinearCrossEntropyLoss: hidden ", fit = " do not fit; they are (…, H), (C, H) and (C)";
        (string Message, Func<Tensor> Call)[] calls =
        [
            ("CrossEntropyLoss: a scalar has no class dimension; scores are (C), (N, C) or (N, C, d1 …)", () => Functional.CrossEntropy(F(), I())),
            (Wrong("[2, 3]", 1, "[2]", "[]"), () => Functional.CrossEntropy(F(2, 3), I())),
            (Wrong("[3]", 0, "[]", "[1]"), () => Functional.CrossEntropy(F(3), I(1))),
            (Wrong("[2, 3]", 1, "[2]", "[4]") + ": batch sizes 2 and 4 differ", () => Functional.CrossEntropy(F(2, 3), I(4))),
            (Wrong("[2, 3, 4]", 1, "[2, 4]", "[2, 5]"), () => Functional.CrossEntropy(F(2, 3, 4), I(2, 5))),
            (Wrong("[3, 2]", 0, "[2]", "[4]"), () => Functional.CrossEntropy(F(3, 2), I(4), Axis(0))),
            (Wrong("[2, 3]", 1, "[2]", "[2, 3]") + oneHot + "1)", () => Functional.CrossEntropy(F(2, 3), I(2, 3))),
            (Wrong("[2, 3, 4]", 1, "[2, 4]", "[2, 3]") + permute + "0, 2, 1), or for cross-entropy ClassAxis = -1", () => Functional.CrossEntropy(F(2, 3, 4), I(2, 3))),
            (Wrong("[3, 2]", 0, "[2]", "[3]") + permute + "1, 0), or for cross-entropy ClassAxis = -1", () => Functional.CrossEntropy(F(3, 2), I(3), Axis(0))),
            (Probabilities("[2, 3]", "[2, 4]"), () => Functional.CrossEntropy(F(2, 3), F(2, 4))),
            (Probabilities("[2, 3]", "[2]"), () => Functional.CrossEntropy(F(2, 3), F(2))),
            (Probabilities("[3]", "[]"), () => Functional.CrossEntropy(F(3), F())),
            (Probabilities("[2, 4, 3]", "[2, 5, 4]"), () => Functional.CrossEntropy(F(2, 4, 3), F(2, 5, 4))),
            (Probabilities("[2, 4, 3]", "[2, 3, 5]"), () => Functional.CrossEntropy(F(2, 4, 3), F(2, 3, 5))),
            (Probabilities("[2, 4, 3]", "[2, 3, 4, 1]"), () => Functional.CrossEntropy(F(2, 4, 3), F(2, 3, 4, 1))),
            (Probabilities("[2, 4, 3]", "[2, 3, 4]") + permute + "0, 2, 1), or for cross-entropy ClassAxis = -1", () => Functional.CrossEntropy(F(2, 4, 3), F(2, 3, 4))),
            (Probabilities("[2, 3]", "[3, 2]") + permute + "1, 0), or for cross-entropy ClassAxis = -1", () => Functional.CrossEntropy(F(2, 3), F(3, 2), Axis(0))),
            ("CrossEntropyLoss: weight has shape [], and must have one element for each of the 3 classes: [3]", () => Functional.CrossEntropy(F(2, 3), I(2), F())),
            ("CrossEntropyLoss: weight has shape [3, 1], and must have one element for each of the 3 classes: [3]", () => Functional.CrossEntropy(F(2, 3), I(2), F(3, 1))),
            ("CrossEntropyLoss: weight has shape [2], and must have one element for each of the 3 classes: [3]", () => Functional.CrossEntropy(F(2, 3), I(2), F(2))),
            ("CrossEntropyLoss: ElementWeights has shape [2, 1], which does not broadcast to that of the losses, [2]", () => Functional.CrossEntropy(F(2, 3), I(2), Weights(F(2, 1)))),
            ("CrossEntropyLoss: ElementWeights has shape [2, 3], which does not broadcast to that of the losses, [4, 3]", () => Functional.CrossEntropy(F(4, 5, 3), I(4, 3), Weights(F(2, 3)))),
            ("CrossEntropyLoss: ElementWeights has shape [4], which does not broadcast to that of the losses, [4, 3]", () => Functional.CrossEntropy(F(4, 5, 3), I(4, 3), Weights(F(4)))),
            ("CrossEntropyLoss: target = 3 is not in [0, 3), and is not ignored (IgnoreIndex is -100)", () => Functional.CrossEntropy(F(3), 3)),
            ("CrossEntropyLoss: target[1, 0] = -1 is not in [0, 3), and is not ignored (IgnoreIndex is 9)", () => Functional.CrossEntropy(F(2, 3, 2), [[0, 9], [-1, 9]], ignoreIndex: 9)),
            ("CrossEntropyLoss: softcap -1 must be positive, or 0 for none", () => Functional.CrossEntropy(F(2, 3), I(2), new() { Softcap = -1 })),
            ("CrossEntropyLoss: softcap NaN must be positive, or 0 for none", () => Functional.CrossEntropy(F(2, 3), I(2), new() { Softcap = double.NaN })),
            ("CrossEntropyLoss: a normalizer is what Mean divides by; with Sum divide the loss yourself", () => Functional.CrossEntropy(F(2, 3), I(2), new() { Normalizer = 2, Reduction = Reduction.Sum })),
            ("CrossEntropyLoss: BatchMean is not a reduction of this loss; use None, Mean or Sum", () => Linear(F(2, 3), F(4, 3), options: new() { Reduction = Reduction.BatchMean })),
            ("BCELoss: input [2, 3] and target [2, 2] must have the same shape", () => Functional.BinaryCrossEntropy(F(2, 3), F(2, 2))),
            ("BCELoss: input [2, 1] and target [2] must have the same shape; target.Reshape(2, 1) gives it that of the input", () => Functional.BinaryCrossEntropy(F(2, 1), F(2))),
            ("BCELoss: the input has the element -0.5, and probabilities are in [0, 1]; for logits use BCEWithLogitsLoss", () => Functional.BinaryCrossEntropy([[1, 0], [-0.5, 2]], F(2, 2))),
            ("BCELoss: input is Int64, and must be Float32 or Float64 (To converts)", () => Functional.BinaryCrossEntropy(I(2), F(2))),
            (linear + "[3], weight [3] and bias [4]" + fit, () => Linear(F(3), F(3), bias: F(4))),
            (linear + "[], weight [4, 3]" + fit, () => Linear(F(), F(4, 3))),
            (linear + "[2, 3], weight [4, 5]" + fit, () => Linear(F(2, 3), F(4, 5))),
            (linear + "[2, 3], weight [4, 5, 3]" + fit, () => Linear(F(2, 3), F(4, 5, 3))),
            (linear + "[2, 3], weight [4, 3] and bias [5]" + fit, () => Linear(F(2, 3), F(4, 3), bias: F(5))),
            (linear + "[2, 3], weight [4, 3] and bias [4, 1]" + fit, () => Linear(F(2, 3), F(4, 3), bias: F(4, 1))),
            (linear + "[], weight [4, 3]" + fit, () => Functional.LinearCrossEntropyOutputs(F(), F(4, 3), I(2)).Loss),
            (linear + "is Int64, and must be Float32 or Float64 (To converts)", () => Linear(I(2, 3), I(4, 3))),
            ("LinearCrossEntropyLoss: ClassAxis is not an option here; the classes are the rows of the weight", () => Linear(F(2, 3), F(4, 3), options: Axis(1))),
        ];
        return calls.Select(call => new TestCaseData(call.Call, call.Message));

        static string Wrong(string scores, int axis, string wanted, string found) =>
            $"CrossEntropyLoss: class indices for scores of shape {scores} (classes in dimension {axis}) have shape {wanted}, not {found}";

        static string Probabilities(string wanted, string found) =>
            $"CrossEntropyLoss: targets of Float32 are class probabilities and must have the logits' shape {wanted}, not {found}; class indices are Int64";
    }

    [TestCaseSource(nameof(Misfits))]
    public void A_misfit_is_named_with_its_shapes_and_the_way_out(Func<Tensor> call, string message) => Should.Throw<MiniTorchException>(() => call()).Message.ShouldBe(message);

    [Test]
    public void Modules_name_the_argument_whose_batch_differs() =>
        Should.Throw<ShapeException>(() => new CrossEntropyLoss().Call(F(2, 3), I(4))).Message.ShouldContain("targets [4] has batch = 4, and logits [2, 3] has batch = 2");

    [TestCase]
    [TestCase(1)]
    [TestCase(3)]
    [TestCase(2, 1)]
    [TestCase(1, 3)]
    [TestCase(2, 3)]
    public void Element_weights_broadcast_to_the_losses(params int[] shape)
    {
        var rng = new Generator(1);
        Tensor logits = Tensor.Randn([2, 4, 3], rng, DType.Float64), targets = Tensor.RandInt(0, 4, [2, 3], rng), weights = Tensor.Rand(shape, rng, DType.Float64);
        double[] each = Functional.CrossEntropy(logits, targets, reduction: Reduction.None).ToArray<double>(), all = weights.ExpandTo([2, 3]).ToArray<double>();
        Functional.CrossEntropy(logits, targets, Weights(weights)).Item<double>().ShouldBe(each.Zip(all, (loss, weight) => loss * weight).Sum() / all.Sum(), 1e-14);
    }

    [Test]
    public void Probabilities_may_be_0_and_1_and_none()
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
            else Should.Throw<ValueException>(() => call()).Message.ShouldContain("leave out the softmax");
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
