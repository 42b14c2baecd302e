using MiniTorch.Nn;
using MiniTorch.Tests.Conformance;

namespace MiniTorch.Tests.Losses;

internal static partial class LossSamples
{
    private const string Permute = ". If the logits' classes are in the last dimension: logits.Permute(";

    private static LossRow[] CrossEntropyRows()
    {
        var options = new CrossEntropyOptions { Weight = s_weight, LabelSmoothing = 0.1, ZLoss = 0.01, Softcap = 3 };
        var last = new CrossEntropyOptions { ClassAxis = -1 };
        Tensor vocabulary = Random(1, 5, 3), other = Random(2, 2, 3);
        vocabulary.RequiresGrad = true;
        LossRow logits = Loss<CrossEntropyLoss>().Guide("classes or probabilities", classAxis: "●", classWeights: "●", elementWeights: "●")
            .CannotExport("reads values that depend on the model's input")
            .Sample(new CrossEntropyLoss(labelSmoothing: 0.1), s_matrix, s_twoClasses)
            .Case("cross-entropy", x => Functional.CrossEntropy(x, s_classes, options), x => new CrossEntropyLoss(options).Call(x, s_classes))
            .Case("cross-entropy by the kernel", x => Functional.CrossEntropy(x, s_classes, labelSmoothing: 0.1),
                x => new CrossEntropyLoss(labelSmoothing: 0.1).Call(x, s_classes))
            .Case("cross-entropy of probabilities", x => Functional.CrossEntropy(x, s_probabilities),
                x => new CrossEntropyLoss().Call(x, s_probabilities))
            .Takes("cross-entropy", ScoresOfAnyRank, (x, r) => Functional.CrossEntropy(x.X, x.Classes, reduction: r),
                (x, r) => new CrossEntropyLoss(reduction: r).Call(x.X, x.Classes))
            .Takes("cross-entropy of probabilities", ScoresOfAnyRank, (x, r) => Functional.CrossEntropy(x.X, x.Probabilities, reduction: r),
                (x, r) => new CrossEntropyLoss(reduction: r).Call(x.X, x.Probabilities))
            .Takes("cross-entropy, classes last", ScoresOfAnyRank, (x, r) => Functional.CrossEntropy(x.X, x.ClassesLast, last with { Reduction = r }),
                (x, r) => new CrossEntropyLoss(last with { Reduction = r }).Call(x.X, x.ClassesLast))
            .Takes("cross-entropy of probabilities, classes last", ScoresOfAnyRank,
                (x, r) => Functional.CrossEntropy(x.X, x.Probabilities, last with { Reduction = r }),
                (x, r) => new CrossEntropyLoss(last with { Reduction = r }).Call(x.X, x.Probabilities))
            .Torch("cross_entropy(input, target, weight=None, ignore_index=-100, reduction='mean', label_smoothing=0.0)",
                a => Functional.CrossEntropy(a["input"], a["target"], a.Find("weight"), a.Int("ignore_index"), ReductionOf(a),
                    a.Real("label_smoothing")))
            .Torch("cross_entropy_z_loss(input, target, z_weight, ignore_index=-100, label_smoothing=0.0, reduction='mean')",
                a => Functional.CrossEntropy(a["input"], a["target"], OptionsOf(a) with { ZLoss = a.Real("z_weight") }));
        LossRow linear = Loss<LinearCrossEntropyLoss>().Guide("classes or probabilities", classAxis: "last", classWeights: "●", elementWeights: "●")
            .Sample(new LinearCrossEntropyLoss(),
                (loss, x) => loss.Call(x, new LinearCrossEntropyInputs(other, Tensor.From(new long[] { 1, 0 }))), s_matrix)
            .Case("cross-entropy, linear", x => Functional.LinearCrossEntropy(x, s_other, s_classes),
                x => new LinearCrossEntropyLoss().Call(x, new LinearCrossEntropyInputs(s_other, s_classes)))
            .Takes("linear cross-entropy", ScoresOfAnyRank,
                (x, r) => Functional.LinearCrossEntropy(x.X, x.Weight, x.Vocabulary, options: new() { Reduction = r }),
                (x, r) => new LinearCrossEntropyLoss(new() { Reduction = r }).Call(x.X, new(x.Weight, x.Vocabulary)))
            .Torch("linear_cross_entropy(x, weight, target, bias=None, ignore_index=-100, label_smoothing=0.0, softcap=0.0, reduction='mean')",
                a => Functional.LinearCrossEntropy(
                    a["x"], a["weight"], a["target"], a.Find("bias"), OptionsOf(a) with
                    {
                        Softcap = a.Real("softcap"),
                        Weight = a.Find("class_weight")
                    }))
            .Ignores("linear", x => Functional.LinearCrossEntropy(x, vocabulary, s_ignoring))
            .Ignores("linear, as defined", x => Functional.LinearCrossEntropy(x, vocabulary, s_ignoring, options: new() { Softcap = 2 }))
            .Ignores("linear, its weight's gradient by the definition",
                x => MiniTorch.Autograd.Grad(Functional.LinearCrossEntropy(x, vocabulary, s_ignoring), [vocabulary], createGraph: true)[0].Sum());
        return [WithMisfits(WithIgnored(logits)), WithLinearMisfits(linear)];
    }

    private static LossRow WithIgnored(LossRow row)
    {
        Tensor classes = s_ignoring.Clamp(min: 0), probabilities = Tensor.From(new[,] { { 0.2, 0.3, 0.5 }, { 1, 0, 0 }, { 0.1, 0.1, 0.8 }, { 0, 1,
            0 } });
        CrossEntropyOptions mask = new() { ElementWeights = s_ignoring >= 0 };
        return row
            .Ignores("plain", x => Functional.CrossEntropy(x, s_ignoring))
            .Ignores("class weights", x => Functional.CrossEntropy(x, s_ignoring, s_threeWeights))
            .Ignores("smoothing", x => Functional.CrossEntropy(x, s_ignoring, labelSmoothing: 0.1))
            .Ignores("smoothing, class weights", x => Functional.CrossEntropy(x, s_ignoring, s_threeWeights, labelSmoothing: 0.1))
            .Ignores("z-loss", x => Functional.CrossEntropy(x, s_ignoring, new() { ZLoss = 0.1 }))
            .Ignores("softcap", x => Functional.CrossEntropy(x, s_ignoring, new() { Softcap = 2 }))
            .Ignores("several ignored", x => Functional.CrossEntropy(x, s_ignoring, new() { IgnoreIndex = -7, AlsoIgnore = [-100] }))
            .Ignores("mask", x => Functional.CrossEntropy(x, classes, mask))
            .Ignores("mask, softcap", x => Functional.CrossEntropy(x, classes, mask with { Softcap = 2 }))
            .Ignores("probabilities, mask", x => Functional.CrossEntropy(x, probabilities, mask))
            .Ignores("probabilities, mask, softcap", x => Functional.CrossEntropy(x, probabilities, mask with { Softcap = 2 }))
            .Ignores("outputs, softcap, z-loss", x => Functional.CrossEntropyOutputs(x, s_ignoring, new() { Softcap = 2, ZLoss = 0.1 }).Loss);
    }

    private static LossRow WithMisfits(LossRow row)
    {
        const string oneHot = ". Probabilities or one-hot targets are a float tensor (To), class indices are their ArgMax(";
        const string weight = " and must have one element for each of the 3 classes: [3]";
        CrossEntropyOptions first = new() { ClassAxis = 0 };
        row.Misuse<ShapeException>("CrossEntropyLoss: a scalar has no class dimension; scores must be (C), (N, C) or (N, C, d1, …)",
            () => Functional.CrossEntropy(F(), I()));
        Indices("[2, 3]", 1, "[2]", "[]", "", () => Functional.CrossEntropy(F(2, 3), I()));
        Indices("[3]", 0, "[]", "[1]", "", () => Functional.CrossEntropy(F(3), I(1)));
        Indices("[2, 3]", 1, "[2]", "[4]", ": batch sizes 2 and 4 differ", () => Functional.CrossEntropy(F(2, 3), I(4)));
        Indices("[2, 3, 4]", 1, "[2, 4]", "[2, 5]", "", () => Functional.CrossEntropy(F(2, 3, 4), I(2, 5)));
        Indices("[3, 2]", 0, "[2]", "[4]", "", () => Functional.CrossEntropy(F(3, 2), I(4), first));
        row.Misuse<DTypeException>(
            $"CrossEntropyLoss: class indices for scores of shape [2, 3] (classes in dimension 1) have shape [2], not [2, 3]{oneHot}1)",
            () => Functional.CrossEntropy(F(2, 3), I(2, 3)));
        Indices("[2, 3, 4]", 1, "[2, 4]", "[2, 3]", $"{Permute}0, 2, 1), or for cross-entropy ClassAxis = -1",
            () => Functional.CrossEntropy(F(2, 3, 4), I(2, 3)));
        Indices("[3, 2]", 0, "[2]", "[3]", $"{Permute}1, 0), or for cross-entropy ClassAxis = -1",
            () => Functional.CrossEntropy(F(3, 2), I(3), first));
        Probabilities("[2, 3]", "[2, 4]", "", () => Functional.CrossEntropy(F(2, 3), F(2, 4)));
        Probabilities("[2, 3]", "[2]", "", () => Functional.CrossEntropy(F(2, 3), F(2)));
        Probabilities("[3]", "[]", "", () => Functional.CrossEntropy(F(3), F()));
        Probabilities("[2, 4, 3]", "[2, 5, 4]", "", () => Functional.CrossEntropy(F(2, 4, 3), F(2, 5, 4)));
        Probabilities("[2, 4, 3]", "[2, 3, 5]", "", () => Functional.CrossEntropy(F(2, 4, 3), F(2, 3, 5)));
        Probabilities("[2, 4, 3]", "[2, 3, 4, 1]", "", () => Functional.CrossEntropy(F(2, 4, 3), F(2, 3, 4, 1)));
        Probabilities("[2, 4, 3]", "[2, 3, 4]", $"{Permute}0, 2, 1), or for cross-entropy ClassAxis = -1",
            () => Functional.CrossEntropy(F(2, 4, 3), F(2, 3, 4)));
        Probabilities("[2, 3]", "[3, 2]", $"{Permute}1, 0), or for cross-entropy ClassAxis = -1",
            () => Functional.CrossEntropy(F(2, 3), F(3, 2), first));
        foreach (int[] shape in (int[][])[[], [3, 1], [2]])
            row.Misuse<ShapeException>($"CrossEntropyLoss: weight has shape {F(shape).Shape}{weight}",
                () => Functional.CrossEntropy(F(2, 3), I(2), F(shape)));
        Weights("[2, 1]", "[2]", () => Functional.CrossEntropy(F(2, 3), I(2), new() { ElementWeights = F(2, 1) }));
        Weights("[2, 3]", "[4, 3]", () => Functional.CrossEntropy(F(4, 5, 3), I(4, 3), new() { ElementWeights = F(2, 3) }));
        Weights("[4]", "[4, 3]", () => Functional.CrossEntropy(F(4, 5, 3), I(4, 3), new() { ElementWeights = F(4) }));
        return row
            .Misuse<ValueException>("CrossEntropyLoss: target = 3 is not in [0, 3), and is not ignored (IgnoreIndex is -100)…",
                () => Functional.CrossEntropy(F(3), 3))
            .Misuse<ValueException>("CrossEntropyLoss: target[1, 0] = -1 is not in [0, 3), and is not ignored (IgnoreIndex is 9)",
                () => Functional.CrossEntropy(F(2, 3, 2), [[0, 9], [-1, 9]], ignoreIndex: 9))
            .Misuse<ValueException>("CrossEntropyLoss: softcap -1 must be positive, or 0 for none",
                () => Functional.CrossEntropy(F(2, 3), I(2), new() { Softcap = -1 }))
            .Misuse<ValueException>("CrossEntropyLoss: softcap NaN must be positive, or 0 for none",
                () => Functional.CrossEntropy(F(2, 3), I(2), new() { Softcap = double.NaN }))
            .Misuse<ValueException>("CrossEntropyLoss: Normalizer is the divisor of Reduction.Mean and does nothing with Sum; divide the loss "
            + "yourself",
                () => Functional.CrossEntropy(F(2, 3), I(2), new() { Normalizer = 2, Reduction = Reduction.Sum }));

        void Indices(string scores, int axis, string wanted, string found, string hint, Func<Tensor> call) => row.Misuse<ShapeException>(
            $"CrossEntropyLoss: class indices for scores of shape {scores} (classes in dimension {axis}) have shape {wanted}, not {found}{hint}",
                call);

        void Probabilities(string wanted, string found, string hint, Func<Tensor> call) => row.Misuse<ShapeException>(
            $"CrossEntropyLoss: targets of Float32 are class probabilities and must have the logits' shape {wanted}, not {found}; class indices "
                + $"are Int64{hint}", call);

        void Weights(string found, string losses, Func<Tensor> call) => row.Misuse<ShapeException>(
            $"CrossEntropyLoss: ElementWeights has shape {found}, which does not broadcast to the shape of the losses, {losses}", call);
    }

    private static LossRow WithLinearMisfits(LossRow row)
    {
        Unfit("the weight has shape [3] and must be [classes, in]", () => Linear(F(3), F(3), bias: F(4)));
        Unfit("the input's last dimension must be 3 (in_features), but the input has shape []", () => Linear(F(), F(4, 3)));
        Unfit("the input's last dimension must be 5 (in_features), but the input has shape [2, 3]", () => Linear(F(2, 3), F(4, 5)));
        Unfit("the weight has shape [4, 5, 3] and must be [out, in]", () => Linear(F(2, 3), F(4, 5, 3)));
        Unfit("the bias has shape [5] and must be [4] for weight [4, 3]", () => Linear(F(2, 3), F(4, 3), bias: F(5)));
        Unfit("the bias has shape [4, 1] and must be [4] for weight [4, 3]", () => Linear(F(2, 3), F(4, 3), bias: F(4, 1)));
        Unfit("the input's last dimension must be 3 (in_features), but the input has shape []",
            () => Functional.LinearCrossEntropyOutputs(F(), F(4, 3), I(2)).Loss);
        return row
            .Misuse<DTypeException>("LinearCrossEntropyLoss: hidden is Int64 and must be Float32 or Float64; convert it with To",
                () => Linear(I(2, 3), I(4, 3)))
            .Misuse<ValueException>("LinearCrossEntropyLoss: ClassAxis is not an option here; the classes are the rows of the weight",
                () => Linear(F(2, 3), F(4, 3), options: new() { ClassAxis = 1 }))
            .Misuse<ValueException>("LinearCrossEntropyLoss: BatchMean is not a reduction of this loss; use None, Mean or Sum",
                () => Linear(F(2, 3), F(4, 3), options: new() { Reduction = Reduction.BatchMean }));

        void Unfit(string found, Func<Tensor> call) =>
            row.Misuse<ShapeException>($"LinearCrossEntropyLoss: {found}", call);
    }

    private static Tensor Linear(Tensor hidden, Tensor weight, Tensor? bias = null, CrossEntropyOptions? options = null) =>
        Functional.LinearCrossEntropy(hidden, weight, I(2), bias, options);

    private static CrossEntropyOptions OptionsOf(OpArguments a) =>
        new() { IgnoreIndex = a.Int("ignore_index"), LabelSmoothing = a.Real("label_smoothing"), Reduction = ReductionOf(a) };
}
