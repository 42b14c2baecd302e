using MiniTorch.Nn;

namespace MiniTorch.Tests.Losses;

/// <summary>Every loss against numerical derivatives, to second order, at points where it is smooth; modules and functions with the same options agree.</summary>
public class LossGradientTests
{
    static readonly Tensor Classes = Tensor.From(new long[] { 2, 0, 3, -100 }), Weight = Tensor.From(new[] { 0.5, 2, 1.25, 0.75 });
    static readonly Tensor Signs = Tensor.From(new double[,] { { 1, -1, 1, 1 }, { -1, -1, 1, -1 }, { 1, 1, -1, 1 }, { -1, 1, 1, -1 } });
    static readonly Tensor Bits = (Signs + 1) / 2.0, Rows = Tensor.From(new double[] { 1, -1, -1, 1 });

    static Tensor SquaredDistance(Tensor a, Tensor b) => (a - b).Square().Sum(-1);

    static Tensor Random(int seed, params int[] shape) => Tensor.Randn(shape, new Generator(seed), DType.Float64);

    public sealed record Case(string Name, Func<Tensor, Tensor> Function, Func<Tensor, Tensor> Module);

    static IEnumerable<TestCaseData> Cases()
    {
        Tensor other = Random(2, 4, 4), probabilities = Random(3, 4, 4).Softmax(-1), third = Random(4, 4, 4);
        var ctc = new CtcTargets(Tensor.From(new long[,] { { 1, 2 } }), [4], [2]);
        var crossEntropy = new CrossEntropyOptions { Weight = Weight, LabelSmoothing = 0.1, ZLoss = 0.01, Softcap = 3 };
        Case[] cases =
        [
            new("cross-entropy", x => Functional.CrossEntropy(x, Classes, crossEntropy), x => new CrossEntropyLoss(crossEntropy).Call(x, Classes)),
            new("cross-entropy by the kernel", x => Functional.CrossEntropy(x, Classes, labelSmoothing: 0.1), x => new CrossEntropyLoss(labelSmoothing: 0.1).Call(x, Classes)),
            new("cross-entropy of probabilities", x => Functional.CrossEntropy(x, probabilities), x => new CrossEntropyLoss().Call(x, probabilities)),
            new("cross-entropy, linear", x => Functional.LinearCrossEntropy(x, other, Classes),
                x => new LinearCrossEntropyLoss().Call(x, new LinearCrossEntropyInputs(other, Classes))),
            new("nll", x => Functional.NLLLoss(x.LogSoftmax(1), Classes, Weight), x => new NLLLoss(Weight).Call(x.LogSoftmax(1), Classes)),
            new("softmax focal", x => Functional.SoftmaxFocalLoss(x, Classes, 1.5), x => new SoftmaxFocalLoss(1.5).Call(x, Classes)),
            new("poly-1", x => Functional.Poly1CrossEntropy(x, probabilities, 1), x => new Poly1CrossEntropyLoss(1).Call(x, probabilities)),
            new("multi margin", x => Functional.MultiMarginLoss(x, Rows.To(DType.Int64).Abs(), 2, 3), x => new MultiMarginLoss(2, 3).Call(x, Rows.To(DType.Int64).Abs())),
            new("multi-label margin", x => Functional.MultiLabelMarginLoss(x, Bits.To(DType.Int64) * 3 - 1), x => new MultiLabelMarginLoss().Call(x, Bits.To(DType.Int64) * 3 - 1)),
            new("ctc", x => Functional.CTCLoss(x.LogSoftmax(-1).Unsqueeze(1), ctc.Labels, ctc.InputLengths, ctc.LabelLengths),
                x => new CTCLoss().Call(x.LogSoftmax(-1).Unsqueeze(1), ctc)),
            new("kl", x => Functional.KLDiv(x, probabilities, Reduction.BatchMean), x => new KLDivLoss(Reduction.BatchMean).Call(x, probabilities)),
            new("kl by its target", x => Functional.KLDiv(other, x.Softmax(-1)), x => new KLDivLoss().Call(other, x.Softmax(-1))),
            new("bce", x => Functional.BinaryCrossEntropy(x.Sigmoid(), Bits, Weight), x => new BCELoss(Weight).Call(x.Sigmoid(), Bits)),
            new("bce by its target", x => Functional.BinaryCrossEntropy(probabilities, x), x => new BCELoss().Call(probabilities, x)),
            new("bce with logits", x => Functional.BinaryCrossEntropyWithLogits(x, Bits, posWeight: Weight), x => new BCEWithLogitsLoss(posWeight: Weight).Call(x, Bits)),
            new("sigmoid focal", x => Functional.SigmoidFocalLoss(x, Bits, reduction: Reduction.Mean), x => new SigmoidFocalLoss(reduction: Reduction.Mean).Call(x, Bits)),
            new("dice", x => Functional.DiceLoss(x.Sigmoid(), Bits), x => new DiceLoss().Call(x.Sigmoid(), Bits)),
            new("soft margin", x => Functional.SoftMarginLoss(x, Signs), x => new SoftMarginLoss().Call(x, Signs)),
            new("multi-label soft margin", x => Functional.MultiLabelSoftMarginLoss(x, Bits, Weight), x => new MultiLabelSoftMarginLoss(Weight).Call(x, Bits)),
            new("hinge embedding", x => Functional.HingeEmbeddingLoss(x, Signs, 0.3), x => new HingeEmbeddingLoss(0.3).Call(x, Signs)),
            new("margin ranking", x => Functional.MarginRankingLoss(x, other, Signs, 0.1), x => new MarginRankingLoss(0.1).Call(x, other, Signs)),
            new("cosine embedding", x => Functional.CosineEmbeddingLoss(x, other, Rows, -0.9), x => new CosineEmbeddingLoss(-0.9).Call(x, other, Rows)),
            new("triplet", x => Functional.TripletMarginLoss(x, other, third, swap: true), x => new TripletMarginLoss(swap: true).Call(x, other, third)),
            new("triplet with distance", x => Functional.TripletMarginWithDistanceLoss(x, other, third, SquaredDistance, swap: true), x => new TripletMarginWithDistanceLoss(SquaredDistance, swap: true).Call(x, other, third)),
            new("mse", x => Functional.MSELoss(x, other), x => new MSELoss().Call(x, other)),
            new("l1", x => Functional.L1Loss(x, other), x => new L1Loss().Call(x, other)),
            new("smooth l1", x => Functional.SmoothL1Loss(x, other, beta: 0.7), x => new SmoothL1Loss(beta: 0.7).Call(x, other)),
            new("huber", x => Functional.HuberLoss(x, other, delta: 0.7), x => new HuberLoss(delta: 0.7).Call(x, other)),
            new("gaussian", x => Functional.GaussianNLLLoss(other, third, x.Exp(), full: true), x => new GaussianNLLLoss(full: true).Call(other, third, x.Exp())),
            new("poisson", x => Functional.PoissonNLLLoss(x, probabilities, full: true), x => new PoissonNLLLoss(full: true).Call(x, probabilities)),
            new("entropy", x => Functional.Entropy(x.Softmax(-1)).Sum(), x => Functional.Entropy(x.Softmax(-1)).Sum()),
            new("divergence", x => Functional.KlDivergence(x.Softmax(-1), other).Sum(), x => Functional.KlDivergence(x.Softmax(-1), other).Sum()),
        ];
        return cases.Select(c => new TestCaseData(c).SetArgDisplayNames(c.Name));
    }

    [TestCaseSource(nameof(Cases))]
    public void A_loss_has_the_derivatives_it_claims_to_second_order(Case loss) =>
        GradCheck.Run(loss.Function, Random(1, 4, 4), new GradCheckOptions { Order = 2 }).ThrowIfFailed();

    [TestCaseSource(nameof(Cases))]
    public void A_module_is_its_function(Case loss)
    {
        Tensor x = Random(1, 4, 4);
        loss.Module(x).Item<double>().ShouldBe(loss.Function(x).Item<double>());
    }

    [Test]
    public void Outputs_come_with_the_loss()
    {
        Tensor x = Tensor.From(new double[,] { { 2, 1, 0 }, { 0, 1, 5 }, { 9, 9, 9 }, { 0, 3, 0 } });
        var options = new CrossEntropyOptions();
        CrossEntropyOutputs all = new CrossEntropyLoss(options).Outputs(x, [0, 1, -100, 1]);
        all.Loss.Item<double>().ShouldBe(Functional.CrossEntropy(x, [0, 1, -100, 1]).Item<double>(), 1e-15);
        all.Predictions[..2].ToArray<long>().ShouldBe([0, 2]);
        all.Accuracy.ShouldBe(2.0 / 3);
        all.LogSumExp[0].Item<double>().ShouldBe(Math.Log(Math.Exp(2) + Math.Exp(1) + 1), 1e-15);
    }

    [Test]
    public void Probabilities_in_place_of_logits_are_found_out()
    {
        var options = new CrossEntropyOptions { CheckLogits = true };
        Functional.CrossEntropy(Random(1, 4, 4), Classes, options).ShouldNotBeNull();
        Should.Throw<ValueException>(() => Functional.CrossEntropy(Random(1, 4, 4).Softmax(1), Classes, options)).Message.ShouldContain("these look like probabilities");
    }

    [Test]
    public void Class_weights_are_a_modules_state_and_follow_its_dtype()
    {
        var criterion = new CrossEntropyLoss(weight: [1.0, 2.0, 3.0]);
        criterion.StateDict().Keys.ShouldBe(["weight"]);
        criterion.To(DType.Float64);
        criterion.Call(Random(1, 2, 3), [0, 1]).DType.ShouldBe(DType.Float64);
    }
}
