namespace MiniTorch.Tests;

/// <summary>What results share with their inputs, and what inputs of several dtypes and C# numbers give.</summary>
public sealed partial class OpTests
{
    static IEnumerable<TestCaseData> RowsOfSeveralReals => Rows(row => row.Samples.Any(sample => sample.Count(input => input.IsReal) > 1));

    static IEnumerable<TestCaseData> RowsOfScalars =>
        Rows(row => row.Samples.Any(sample => sample.Length > 1 && sample.Any(input => input.IsReal && input.Shape.Rank == 0)));

    // The output is doubled and Σ h² differentiated: the gradient is 2 h · dh/dx, and dh/dx is 2 for the elements that the output shares.
    [TestCaseSource(nameof(AllRows))]
    public void A_write_to_an_output_that_shares_memory_changes_the_inputs_gradient(OpRow row)
    {
        foreach (SampleInput[] sample in row.Samples)
            for (int k = 0, outputs = 1; k < outputs; k++)
            {
                Tensor[] leaves = [.. OpRow.Make(sample).Select(x => x.DType.IsFloat() ? Leaf(x) : x)];
                Tensor[] inputs = [.. leaves.Select(x => x.RequiresGrad ? x * 1 : x)];
                Tensor[] all = row.Function(inputs);
                (outputs, Tensor output) = (all.Length, all[k]);
                int shared = Array.FindIndex(inputs, input => ReferenceEquals(input.Storage, output.Storage));
                if (shared < 0 || output.Layout.Overlaps || !output.RequiresGrad) continue;
                Tensor x = leaves[shared], h = inputs[shared];
                output.MulInPlace(2);
                Tensor factor = (h / x).Detach();
                (h * h).Sum().Backward();
                Agreement.ShouldAgree([x.Grad!], [2 * h.Detach() * factor], 1e-15, $"{row} of {Shapes(sample)}, output {k}");
            }

        static Tensor Leaf(Tensor x)
        {
            Tensor leaf = x.Clone();
            leaf.RequiresGrad = true;
            return leaf;
        }
    }

    [TestCaseSource(nameof(RowsOfSeveralReals))]
    public void Inputs_of_two_real_dtypes_are_promoted_or_refused(OpRow row)
    {
        foreach (SampleInput[] sample in row.Samples)
            for (int odd = 0; odd < sample.Length; odd++)
                foreach (DType dtype in (DType[])[DType.Float32, DType.Float64])
                {
                    Tensor[] narrow = Converted(OpRow.Make(sample), DType.Float32), wide = Converted(narrow, DType.Float64);
                    Tensor[] mixed = dtype == DType.Float32 ? [.. wide] : [.. narrow];
                    if (!mixed[odd].DType.IsFloat()) continue;
                    mixed[odd] = mixed[odd].To(dtype);
                    (Tensor[] Outputs, Tensor[] Gradients) actual, expected = Differentiated(row, wide);
                    try
                    {
                        actual = Differentiated(row, mixed);
                    }
                    catch (DTypeException)
                    {
                        continue;
                    }
                    string what = $"{row} of {Shapes(sample)}, input {odd} in {dtype}";
                    Agreement.ShouldAgree(actual.Outputs, expected.Outputs, row.Float32Tolerance, what);
                    Agreement.ShouldAgree(actual.Gradients, expected.Gradients, 4 * row.Float32Tolerance, $"gradient of {what}");
                    actual.Gradients.Select(gradient => gradient.DType).ShouldBe(row.Wanted(mixed).Select(i => mixed[i].DType), what);
                }
    }

    [TestCaseSource(nameof(RowsOfScalars))]
    public void A_number_counts_in_full_precision_until_it_is_written_or_requires_a_gradient(OpRow row)
    {
        foreach (SampleInput[] sample in row.Samples)
            for (int place = 0; place < sample.Length; place++)
            {
                if (sample.Length == 1 || !sample[place].IsReal || sample[place].Shape.Rank > 0) continue;
                Tensor[] inputs = OpRow.Make(sample);
                double number = inputs[place].Item<double>();
                Tensor written = 0.0, marked = number;
                written.AddInPlace(number);
                marked.RequiresGrad = true;
                string what = $"{row} of {Shapes(sample)}, number in place {place}";
                try
                {
                    Of(number);
                }
                catch (DTypeException)
                {
                    continue; // it takes no other dtype, and so no number
                }
                Agreement.ShouldBeSameBits(Of(number), Of(Tensor.Full([], number, DType.Float64)), what);
                foreach (Tensor changed in (Tensor[])[written, marked])
                    Agreement.ShouldBeSameBits(Of(changed), Of(Tensor.Full([], (float)number, DType.Float64)), what);

                Tensor[] Of(Tensor scalar) =>
                    [.. row.Function([.. inputs.Select((input, i) => i == place ? scalar : input)]).Select(output => output.Detach())];
            }
    }
}
