using MiniTorch.Nn;

namespace MiniTorch.Tests.Losses;

internal static partial class LossSamples
{
    private static LossRow[] CtcRows()
    {
        var ctc = new Sequences("a batch of one", Random(2, 4, 1, 3), [[1, 2]], [4], [2]);
        return
        [
            Loss<CTCLoss>().Guide("label sequences", classAxis: "last")
                .Sample(new CTCLoss(), (loss, x) => loss.Call(x.LogSoftmax(-1), ctc.Labels, ctc.InputLengths, ctc.LabelLengths), OpSamples.Reals.Of(4, 1, 3))
                .Case("ctc", x => Functional.CTCLoss(x.LogSoftmax(-1).Unsqueeze(1), ctc.Labels, ctc.InputLengths, ctc.LabelLengths),
                    x => new CTCLoss().Call(x.LogSoftmax(-1).Unsqueeze(1), ctc.Labels, ctc.InputLengths, ctc.LabelLengths))
                .Takes("ctc", [new Sequences("one sequence", Random(2, 5, 4), [1, 2], 5, 2),
                        new Sequences("two sequences", Random(3, 5, 2, 4), [[1, 2], [2, 0]], [5, 4], [2, 1]),
                        new Sequences("two joined sequences", Random(3, 5, 2, 4), [1, 2, 2], [5, 4], [2, 1])],
                    (x, r) => Functional.CTCLoss(x.X.LogSoftmax(-1), x.Labels, x.InputLengths, x.LabelLengths, reduction: r),
                    (x, r) => new CTCLoss(reduction: r).Call(x.X.LogSoftmax(-1), x.Labels, x.InputLengths, x.LabelLengths))
                .Torch("ctc_loss(log_probs, targets, input_lengths, target_lengths, blank=0, reduction='mean', zero_infinity=False)",
                    a => Functional.CTCLoss(a.Find("logits")?.LogSoftmax(-1) ?? a["log_probs"], a["targets"],
                        a.IntTensor("input_lengths"), a.IntTensor("target_lengths"), a.Int("blank"), ReductionOf(a), a.Flag("zero_infinity")))
                .Edge("ctc without an alignment", x => Functional.CTCLoss(x.Reshape(1, 2), [1, 1], 1, 2), [-0.5, -1], [Inf], [0, 0])
                .Misuse<DTypeException>("CTCLoss: logProbs is Int64…",
                    () => Functional.CTCLoss(s_whole.Unsqueeze(1), Tensor.Ones([1, 1], DType.Int64), Tensor.Full([1], 2), Tensor.Full([1], 1))),
        ];
    }

    private sealed record Sequences(string Name, Tensor X, Tensor Labels, Tensor InputLengths, Tensor LabelLengths)
    {
        public override string ToString() => Name;
    }
}
