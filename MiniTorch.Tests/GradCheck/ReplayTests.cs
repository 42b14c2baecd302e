namespace MiniTorch.Tests.GradChecks;

/// <summary>A recorded operation that runs again on copies of its inputs reads those copies and nothing else.</summary>
public sealed class ReplayTests
{
    private static IEnumerable<TestCaseData> Rows => OpSamples.All.Select(row => new TestCaseData(row).SetArgDisplayNames(row.Name));

    [TestCaseSource(nameof(Rows))]
    public void Every_operation_gives_the_same_results_on_copies_of_slices(OpRow row)
    {
        foreach (Tensor[] sample in row.Samples.Select(sample => OpRow.Make(sample).Select(Sliced).ToArray()))
        {
            List<RecordedCall> calls;
            using (var recording = new Recording())
            {
                try
                {
                    row.Function(sample);
                }
                catch (MiniTorchException)
                {
                    continue; // such as View of a transposed tensor
                }
                calls = recording.Calls;
            }
            foreach (RecordedCall call in calls.Where(call => call.Results.Zip(call.Versions).All(pair => pair.First.Storage.Version == pair.Second)))
            {
                Tensor[] again = call.Op.ApplyAll(call.Inputs);
                foreach ((Tensor now, Tensor then) in again.Zip(call.Results))
                {
                    now.Shape.ShouldBe(then.Shape);
                    now.ToArray<double>().Zip(then.ToArray<double>())
                        .ShouldAllBe(pair => pair.First.Equals(pair.Second) || Math.Abs(pair.First - pair.Second) <= 1e-12);
                }
            }
        }
    }

    [Test]
    public void Views_of_a_slice_are_not_blamed_for_a_Detach()
    {
        Tensor x = Tensor.Randn([4, 6], new Generator(1), DType.Float64);
        GradCheckReport report = GradCheck.Run(t => t[1].Reshape(2, 3) * t[1].Reshape(2, 3).Detach(), x);
        report.Blame!.Op.ShouldBe("Multiply");
        GradCheckReport chain = GradCheck.Run(t => t.Unbind()[3].Narrow(0, 2, 4).Reshape(2, 2).T.Reshape(4).Select(0, 3) * t.Unbind()[3][5].Detach(),
            x);
        chain.Blame!.Op.ShouldBe("Multiply");
        Tensor part = x[2..].Select(0, 1).Unsqueeze(0).Expand(3, 6);
        GradCheck.Run(t => (t * t.Detach()).Reshape(-1), part).Blame!.Op.ShouldBe("Multiply");
    }

    // The same values in the middle of a longer memory.
    private static Tensor Sliced(Tensor x)
    {
        if (x.Rank == 0) return x;
        Tensor wide = Tensor.Cat([Tensor.ZerosLike(x), x, Tensor.ZerosLike(x)], 0);
        Tensor slice = wide.Narrow(0, x.Shape[0], x.Shape[0]).Detach();
        slice.RequiresGrad = x.RequiresGrad;
        return slice;
    }
}
