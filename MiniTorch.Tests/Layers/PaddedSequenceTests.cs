using MiniTorch.Nn;
using Module = MiniTorch.Nn.Module;

namespace MiniTorch.Tests.Layers;

/// <summary>Padded sequences with lengths; data/layers.py has PyTorch's values for packed sequences.</summary>
public class PaddedSequenceTests
{
    private static readonly Tensor[] s_sequences = [Steps(3, 1), Steps(1, 2), Steps(5, 3)];

    private static IEnumerable<Module> Layers =>
    [
        new RNN(2, 3, bidirectional: true, dtype: DType.Float64), new GRU(2, 3, 2, bidirectional: true, dtype: DType.Float64),
        new LSTM(2, 3, 2, batchFirst: true, bidirectional: true, projSize: 2, dtype: DType.Float64),
    ];

    private static Tensor Steps(int count, int seed) => Tensor.Randn([count, 2], new Generator(seed), DType.Float64);

    [TestCaseSource(nameof(Layers))]
    public void Rows_with_lengths_have_the_outputs_and_states_that_they_have_alone(Module layer)
    {
        bool batchFirst = layer is LSTM;
        (Tensor padded, Tensor lengths) = Functional.PadSequence(s_sequences, batchFirst, paddingValue: double.NaN);
        Tensor[] outputs = [.. Tensor.AllIn(layer.CallAny(padded, null, lengths))];
        Tensor[] rows = Functional.UnpadSequence(outputs[0], lengths, batchFirst);
        for (int row = 0; row < rows.Length; row++)
        {
            Tensor[] alone = [.. Tensor.AllIn(layer.CallAny(s_sequences[row]))];
            rows[row].AllClose(alone[0], 1e-12, 1e-14).ShouldBeTrue();
            for (int i = 1; i < outputs.Length; i++) outputs[i].Select(1, row).AllClose(alone[i], 1e-12, 1e-14).ShouldBeTrue($"state {i}");
        }
        outputs[0].IsNaN().Any().Item<bool>().ShouldBeFalse();
    }

    [TestCaseSource(nameof(Layers))]
    public void NaN_in_the_padding_reaches_no_gradient(Module layer)
    {
        (Tensor padded, Tensor lengths) = Functional.PadSequence(s_sequences, layer is LSTM, paddingValue: double.NaN);
        padded.RequiresGrad = true;
        Tensor.AllIn(layer.CallAny(padded, null, lengths)).Select(output => output.Sum()).Aggregate((a, b) => a + b).Backward();
        Functional.PadSequence(Functional.UnpadSequence(padded.Grad!, lengths, layer is LSTM), layer is LSTM).Padded.ToArray<double>()
            .ShouldBe(padded.Grad!.ToArray<double>());
        padded.Grad!.IsNaN().Any().Item<bool>().ShouldBeFalse();
        layer.Parameters().ShouldAllBe(parameter => !parameter.Grad!.IsNaN().Any().Item<bool>());
    }

    [TestCaseSource(nameof(Layers))]
    public void Layers_with_lengths_have_right_derivatives_to_second_order(Module layer)
    {
        (Tensor padded, Tensor lengths) = Functional.PadSequence(s_sequences, layer is LSTM);
        GradCheckReport report = GradCheck.Run(x => Tensor.AllIn(layer.CallAny(x, null, lengths)).Select(output => output.Sum())
            .Aggregate((a, b) => a + b), padded, new GradCheckOptions { Order = 2 });
        report.Verdict.ShouldBe(Verdict.Correct, report.ToString());
    }

    // torch.nn.utils.rnn.pad_sequence([torch.tensor([1, 2]), torch.tensor([3])], padding_value=-100)
    [Test]
    public void PadSequence_pads_at_the_end_and_UnpadSequence_undoes_it()
    {
        (Tensor padded, Tensor lengths) = Functional.PadSequence([Tensor.From([1L, 2]), Tensor.From([3L])], paddingValue: -100);
        padded.ToArray<long>().ShouldBe([1, 3, 2, -100]);
        padded.Shape.ShouldBe([2, 2]);
        lengths.ToArray<long>().ShouldBe([2, 1]);
        Functional.UnpadSequence(padded, lengths).Select(sequence => sequence.ToArray<long>()).ShouldBe([[1, 2], [3]]);
        Functional.PadSequence(s_sequences, batchFirst: true).Padded.Shape.ShouldBe([3, 5, 2]);
    }

    [Test]
    public void Wrong_sequences_are_errors_that_name_the_sequence()
    {
        Should.Throw<ValueException>(() => Functional.PadSequence([])).Message.ShouldBe("PadSequence: there are no sequences; pass one or more");
        Should.Throw<ShapeException>(() => Functional.PadSequence([Tensor.Ones([2, 3]), Tensor.Ones([1, 4])])).Message
            .ShouldBe("PadSequence: sequence 1 has shape [1, 4], and the first [2, 3]; they must be [T, *] and differ only in T");
        Should.Throw<DTypeException>(() => Functional.PadSequence([Tensor.Ones([2]), Tensor.Arange(2)])).Message
            .ShouldBe("PadSequence: sequence 1 is Int64, and the first Float32; convert one with To");
        Should.Throw<ValueException>(() => Functional.UnpadSequence(Tensor.Ones([2, 1]), Tensor.From([3L]))).Message
            .ShouldBe("UnpadSequence: the length of sequence 0 is 3; it must be from 0 to 2");
        Should.Throw<ShapeException>(() => Functional.UnpadSequence(Tensor.Ones([2, 1]), Tensor.From([1L, 1]))).Message
            .ShouldBe("UnpadSequence: the lengths have shape [2] and must be [1], one for each sequence");
    }
}
