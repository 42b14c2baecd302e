using MiniTorch.Nn;

namespace MiniTorch.Tests.Losses;

/// <summary>Every loss as a module, whose declared shapes are checked, against its function: each reduction, each rank of input that it takes.</summary>
public class LossModuleTests
{
    public sealed record Case(string Name, Func<Reduction, Tensor> Module, Func<Reduction, Tensor> Function);

    static Tensor X(params int[] shape) => Tensor.Randn(shape, new Generator(shape.Length), DType.Float64);

    static Tensor Y(params int[] shape) => Tensor.Randn(shape, new Generator(7), DType.Float64);

    static Tensor Classes(int[] scores, int axis) => Tensor.RandInt(0, scores[axis], scores.Where((_, dim) => dim != axis).ToArray(), new Generator(3));

    static IEnumerable<Case> OfClasses()
    {
        foreach (int[] shape in new int[][] { [3], [2, 3], [2, 3, 4], [2, 3, 2, 2] })
        {
            int axis = Math.Min(1, shape.Length - 1);
            Tensor x = X(shape), t = Classes(shape, axis), p = Y(shape).Softmax(axis);
            string scores = $"scores {x.Shape}";
            yield return new($"cross-entropy, {scores}", r => new CrossEntropyLoss(reduction: r).Call(x, t), r => Functional.CrossEntropy(x, t, reduction: r));
            yield return new($"cross-entropy of probabilities, {scores}", r => new CrossEntropyLoss(reduction: r).Call(x, p), r => Functional.CrossEntropy(x, p, reduction: r));
            yield return new($"nll, {scores}", r => new NLLLoss(reduction: r).Call(x, t), r => Functional.NLLLoss(x, t, reduction: r));
            yield return new($"softmax focal, {scores}", r => new SoftmaxFocalLoss(reduction: r).Call(x, t), r => Functional.SoftmaxFocalLoss(x, t, reduction: r));
            yield return new($"poly-1, {scores}", r => new Poly1CrossEntropyLoss(reduction: r).Call(x, t), r => Functional.Poly1CrossEntropy(x, t, reduction: r));
            yield return new($"poly-1 of probabilities, {scores}", r => new Poly1CrossEntropyLoss(reduction: r).Call(x, p), r => Functional.Poly1CrossEntropy(x, p, reduction: r));

            CrossEntropyOptions last = new() { ClassAxis = -1 };
            Tensor lastTargets = Classes(shape, shape.Length - 1);
            yield return new($"cross-entropy, classes last, {scores}", r => new CrossEntropyLoss(last with { Reduction = r }).Call(x, lastTargets),
                r => Functional.CrossEntropy(x, lastTargets, last with { Reduction = r }));
            yield return new($"cross-entropy of probabilities, classes last, {scores}", r => new CrossEntropyLoss(last with { Reduction = r }).Call(x, p),
                r => Functional.CrossEntropy(x, p, last with { Reduction = r }));
            Tensor weight = Y(5, shape[^1]), vocabulary = Classes([.. shape[..^1], 5], shape.Length - 1);
            yield return new($"linear cross-entropy, {scores}", r => new LinearCrossEntropyLoss(new() { Reduction = r }).Call(x, new(weight, vocabulary)),
                r => Functional.LinearCrossEntropy(x, weight, vocabulary, options: new() { Reduction = r }));
        }
        foreach (int[] shape in new int[][] { [3], [2, 3] })
        {
            Tensor x = X(shape), t = Classes(shape, shape.Length - 1), labels = Tensor.Zeros(shape, DType.Int64), bits = (Y(shape) > 0).To(DType.Float64);
            string scores = $"scores {x.Shape}";
            yield return new($"multi margin, {scores}", r => new MultiMarginLoss(reduction: r).Call(x, t), r => Functional.MultiMarginLoss(x, t, reduction: r));
            yield return new($"multi-label margin, {scores}", r => new MultiLabelMarginLoss(r).Call(x, labels), r => Functional.MultiLabelMarginLoss(x, labels, r));
            yield return new($"multi-label soft margin, {scores}", r => new MultiLabelSoftMarginLoss(reduction: r).Call(x, bits), r => Functional.MultiLabelSoftMarginLoss(x, bits, reduction: r));
        }
        Tensor one = X(5, 4).LogSoftmax(-1), two = X(5, 2, 4).LogSoftmax(-1), of = Tensor.From(new long[,] { { 1, 2 }, { 2, 0 } }), lengths = Tensor.From(new long[] { 2, 1 });
        yield return new("ctc, one sequence", r => new CTCLoss(reduction: r).Call(one, new(of[0], 5, 2)), r => Functional.CTCLoss(one, of[0], 5, 2, reduction: r));
        yield return new("ctc", r => new CTCLoss(reduction: r).Call(two, new(of, new[] { 5, 4 }, lengths)), r => Functional.CTCLoss(two, of, new[] { 5, 4 }, lengths, reduction: r));
    }

    static IEnumerable<Case> OfElements()
    {
        foreach ((int[] shape, int[] other) in new (int[], int[])[] { ([], []), ([3], [3]), ([2, 3], [2, 3]), ([2, 3, 4], [2, 3, 4]), ([2, 3], [3]), ([2, 3], []) })
        {
            Tensor x = X(shape), y = Y(other), p = x.Sigmoid(), q = y.Sigmoid(), sign = Y(other).Sign();
            string shapes = $"{x.Shape} and {y.Shape}";
            yield return new($"mse, {shapes}", r => new MSELoss(r).Call(x, y), r => Functional.MSELoss(x, y, r));
            yield return new($"l1, {shapes}", r => new L1Loss(r).Call(x, y), r => Functional.L1Loss(x, y, r));
            yield return new($"smooth l1, {shapes}", r => new SmoothL1Loss(r).Call(x, y), r => Functional.SmoothL1Loss(x, y, r));
            yield return new($"huber, {shapes}", r => new HuberLoss(r).Call(x, y), r => Functional.HuberLoss(x, y, r));
            yield return new($"poisson, {shapes}", r => new PoissonNLLLoss(reduction: r).Call(x, q), r => Functional.PoissonNLLLoss(x, q, reduction: r));
            yield return new($"kl, {shapes}", r => new KLDivLoss(r).Call(x, q), r => Functional.KLDiv(x, q, r));
            yield return new($"soft margin, {shapes}", r => new SoftMarginLoss(r).Call(x, sign), r => Functional.SoftMarginLoss(x, sign, r));
            yield return new($"hinge embedding, {shapes}", r => new HingeEmbeddingLoss(reduction: r).Call(x, sign), r => Functional.HingeEmbeddingLoss(x, sign, reduction: r));
            if (shape.Length == other.Length) // as in PyTorch
                yield return new($"margin ranking, {shapes}", r => new MarginRankingLoss(reduction: r).Call(x, y, sign), r => Functional.MarginRankingLoss(x, y, sign, reduction: r));
            if (!shape.SequenceEqual(other)) continue;
            yield return new($"bce, {shapes}", r => new BCELoss(reduction: r).Call(p, q), r => Functional.BinaryCrossEntropy(p, q, reduction: r));
            yield return new($"bce with logits, {shapes}", r => new BCEWithLogitsLoss(reduction: r).Call(x, q), r => Functional.BinaryCrossEntropyWithLogits(x, q, reduction: r));
            yield return new($"sigmoid focal, {shapes}", r => new SigmoidFocalLoss(reduction: r).Call(x, q), r => Functional.SigmoidFocalLoss(x, q, reduction: r));
            yield return new($"gaussian, {shapes}", r => new GaussianNLLLoss(reduction: r).Call(x, y, q), r => Functional.GaussianNLLLoss(x, y, q, reduction: r));
            if (shape.Length == 0) continue;
            yield return new($"gaussian, one variance a row, {shapes}", r => new GaussianNLLLoss(reduction: r).Call(x, y, q.Mean(-1)), r => Functional.GaussianNLLLoss(x, y, q.Mean(-1), reduction: r));
            yield return new($"dice, {shapes}", r => new DiceLoss(reduction: r).Call(p, q), r => Functional.DiceLoss(p, q, reduction: r));
        }
        foreach ((int[] shape, int[] other) in new (int[], int[])[] { ([3], [3]), ([2, 3], [2, 3]), ([2, 3], [1, 3]) })
        {
            Tensor x = X(shape), y = Y(other), sign = Y([.. shape[..^1]]).Sign();
            yield return new($"triplet, {x.Shape} and {y.Shape}", r => new TripletMarginLoss(reduction: r).Call(x, y, x), r => Functional.TripletMarginLoss(x, y, x, reduction: r));
            yield return new($"triplet with distance, {x.Shape} and {y.Shape}", r => new TripletMarginWithDistanceLoss(reduction: r).Call(x, y, x), r => Functional.TripletMarginLoss(x, y, x, reduction: r));
            if (shape.SequenceEqual(other))
                yield return new($"cosine embedding, {x.Shape}", r => new CosineEmbeddingLoss(reduction: r).Call(x, y, sign), r => Functional.CosineEmbeddingLoss(x, y, sign, reduction: r));
        }
    }

    static IEnumerable<TestCaseData> Cases() =>
        from c in OfClasses().Concat(OfElements())
        from reduction in new[] { Reduction.None, Reduction.Mean, Reduction.Sum }
        select new TestCaseData(c, reduction).SetArgDisplayNames(c.Name, $"{reduction}");

    [TestCaseSource(nameof(Cases))]
    public void A_module_takes_and_gives_what_its_function_does(Case loss, Reduction reduction)
    {
        (Tensor got, Tensor want) = (loss.Module(reduction), loss.Function(reduction));
        got.Shape.ShouldBe(want.Shape);
        got.ToArray<double>().ShouldBe(want.ToArray<double>());
        if (reduction != Reduction.None) got.Rank.ShouldBe(0);
    }
}
