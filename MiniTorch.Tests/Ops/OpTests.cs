using MiniTorch.Kernels;

namespace MiniTorch.Tests;

/// <summary>Every check of every row of <see cref="OpSamples"/>: values here, derivatives in the other part.</summary>
[TestFixture]
public sealed partial class OpTests
{
    static IEnumerable<TestCaseData> Rows(Func<OpRow, bool> has) =>
        OpSamples.All.Where(has).Select(row => new TestCaseData(row).SetArgDisplayNames(row.Name));

    static IEnumerable<TestCaseData> AllRows => Rows(_ => true);

    static IEnumerable<TestCaseData> LayoutRows => Rows(row => row.TakesAnyLayout);

    static IEnumerable<TestCaseData> LargeRows => Rows(row => row.HasLarge);

    static IEnumerable<TestCaseData> RowWiseRows => Rows(row => row.HasLarge && row.IsRowWise);

    static IEnumerable<TestCaseData> PointwiseRows => Rows(row => row.IsPointwise);

    static IEnumerable<TestCaseData> ReferenceRows => Rows(row => row.References.Count > 0);

    static IEnumerable<TestCaseData> MisuseRows => Rows(row => row.Misuses.Count > 0);

    [TestCaseSource(nameof(ReferenceRows))]
    public void Values_are_those_of_PyTorch(OpRow row)
    {
        foreach (TorchValues reference in row.References)
        {
            double[] actual = [.. row.Function(reference.Inputs).SelectMany(output => output.ToArray<double>())];
            Agreement.ShouldAgree(actual, reference.Expected, 1e-14, reference.Call);
        }
    }

    [TestCaseSource(nameof(MisuseRows))]
    public void Misuse_gives_the_approved_message(OpRow row)
    {
        foreach (Misuse misuse in row.Misuses) misuse.ShouldBeAnswered();
    }

    [TestCaseSource(nameof(AllRows))]
    public void Float32_agrees_with_Float64(OpRow row)
    {
        foreach (SampleInput[] sample in row.Samples)
        {
            Tensor[] narrow = Converted(OpRow.Make(sample), DType.Float32), wide = Converted(narrow, DType.Float64);
            (Tensor[] Outputs, Tensor[] Gradients) single = Differentiated(row, narrow), precise = Differentiated(row, wide);
            for (int i = 0; i < single.Outputs.Length; i++)
                if (precise.Outputs[i].DType == DType.Float64 && !row.Name.StartsWith("To(", StringComparison.Ordinal))
                    single.Outputs[i].DType.ShouldBe(DType.Float32);
            Agreement.ShouldAgree(single.Outputs, precise.Outputs, row.Float32Tolerance, $"{row} of {Shapes(sample)}");
            Agreement.ShouldAgree(single.Gradients, precise.Gradients, 4 * row.Float32Tolerance, $"gradient of {row} of {Shapes(sample)}");
        }
    }

    [TestCaseSource(nameof(AllRows))]
    public void A_recording_without_gradients_has_the_calls_behind_each_real_result(OpRow row)
    {
        if (!row.IsDifferentiable) return;
        foreach (SampleInput[] sample in row.Samples)
        {
            Tensor[] inputs = OpRow.Make(sample);
            using var recording = new Recording();
            foreach (Tensor output in row.Function(inputs).Where(output => output.DType.IsFloat() && output.ElementCount > 0))
                inputs.Concat(recording.Calls.SelectMany(call => call.Results)).Any(known => ReferenceEquals(known.Storage, output.Storage))
                    .ShouldBeTrue($"{row} of {Shapes(sample)}");
        }
    }

    [TestCaseSource(nameof(LayoutRows))]
    public void Any_layout_gives_the_bits_of_a_contiguous_copy(OpRow row)
    {
        foreach (SampleInput[] sample in row.Samples)
            foreach (DType dtype in (DType[])[DType.Float64, DType.Float32])
                foreach ((string layout, Func<Tensor, Tensor> view) in Layouts.All)
                {
                    Tensor[] views = [.. Converted(OpRow.Make(sample), dtype).Select(view)], copies = [.. views.Select(x => Ops.Copies.Fresh(x))];
                    (Tensor[] Outputs, Tensor[] Gradients) actual = Differentiated(row, views), expected = Differentiated(row, copies);
                    double? rounding = !row.IsRoundedByLayout ? null : dtype == DType.Float64 ? 4e-16 : 2e-7;
                    Agreement.ShouldBeSame(actual.Outputs, expected.Outputs, $"{row} of {layout} {Shapes(sample)}", rounding);
                    Agreement.ShouldBeSame(actual.Gradients, expected.Gradients, $"gradient of {row} of {layout} {Shapes(sample)}", rounding);
                }
    }

    [TestCaseSource(nameof(LargeRows)), NonParallelizable]
    public void One_and_two_threads_give_the_same_bits(OpRow row)
    {
        int count = Workers.Count;
        try
        {
            foreach (DType dtype in (DType[])[DType.Float64, DType.Float32])
            {
                Tensor[] inputs = Converted(row.LargeInputs, dtype);
                Workers.Count = 1;
                (Tensor[] Outputs, Tensor[] Gradients) one = Differentiated(row, inputs);
                Workers.Count = 2;
                (Tensor[] Outputs, Tensor[] Gradients) two = Differentiated(row, inputs);
                Agreement.ShouldBeSameBits(two.Outputs, one.Outputs, row.Name);
                Agreement.ShouldBeSameBits(two.Gradients, one.Gradients, $"gradient of {row}");
            }
        }
        finally
        {
            Workers.Count = count;
        }
    }

    [TestCaseSource(nameof(RowWiseRows))]
    public void A_slice_gives_the_bits_of_the_whole(OpRow row)
    {
        foreach (DType dtype in (DType[])[DType.Float64, DType.Float32])
        {
            Tensor[] inputs = Converted(row.LargeInputs, dtype), whole = row.Function(inputs);
            foreach ((int start, int length) in ((int, int)[])[(0, 1), (1, 2), (3, 17), (100, 163)])
                Agreement.ShouldBeSameBits(row.Function([.. inputs.Select(x => x.Narrow(0, start, length))]),
                    [.. whole.Select(y => y.Narrow(0, start, length))], $"rows {start}, {length} of {row}");
            if (!row.IsPointwise) continue;
            foreach ((int start, int length) in ((int, int)[])[(0, 1), (1, 3), (5, 31), (7, 64), (900, 121)])
                Agreement.ShouldBeSameBits(row.Function([.. inputs.Select(x => x[0, start..(start + length)])]),
                    [.. whole.Select(y => y[0, start..(start + length)])], $"elements {start}, {length} of {row}");
        }
    }

    [TestCaseSource(nameof(PointwiseRows))]
    public void Integers_are_computed_as_integers_or_as_Float32(OpRow row)
    {
        foreach (SampleInput[] sample in row.Samples)
        {
            Tensor[] integers = [.. OpRow.Make(sample).Select(x => (x * 4).To(DType.Int64))];
            Tensor[] expected = row.Function(row.KeepsIntegers ? Converted(integers, DType.Float64, all: true)
                : Converted(integers, DType.Float32, all: true)), actual = row.Function(integers);
            for (int i = 0; i < actual.Length; i++)
            {
                actual[i].DType.ShouldBe(row.KeepsIntegers ? DType.Int64 : expected[i].DType, row.Name);
                Agreement.ShouldAgree([actual[i]], [expected[i]], 0, $"{row} of Int64 {Shapes(sample)}");
            }
        }
    }

    /// <summary>Outputs, and the gradients of a fixed combination of them.</summary>
    static (Tensor[] Outputs, Tensor[] Gradients) Differentiated(OpRow row, Tensor[] inputs)
    {
        int[] wanted = row.Wanted(inputs);
        Tensor[] leaves = Leaves(inputs, wanted), outputs = row.Function(leaves);
        return ([.. outputs.Select(output => output.Detach())], wanted.Length == 0 ? [] : Gradients(outputs, leaves, wanted));
    }

    static Tensor[] Converted(Tensor[] inputs, DType dtype, bool all = false) => [.. inputs.Select(x => x.DType.IsFloat() || all ? x.To(dtype) : x)];

    static string Shapes(SampleInput[] sample) => string.Join(", ", sample.Select(input => input.Shape));
}
