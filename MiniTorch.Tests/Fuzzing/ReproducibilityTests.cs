using System.Text;
using MiniTorch.Fuzz.Engine;
using MiniTorch.Kernels;
using MiniTorch.Nn;
using MiniTorch.Tests.Docs;
using MiniTorch.Tests.Files;

namespace MiniTorch.Tests.Fuzzing;

/// <summary>What gives the same bits, and what does not: one table, tested and written into docs/explain/reproducibility.md.</summary>
[NonParallelizable]
internal sealed class ReproducibilityTests
{
    private const int Programs = 60;

    private static readonly string s_fuzzer = typeof(EngineFuzzer).Assembly.Location;

    /// <summary>A row of the guide's table.</summary>
    /// <param name="Change">What is different between two runs.</param>
    /// <param name="SameBits">Whether the bits are the same nevertheless.</param>
    /// <param name="Why">Why, or within which bound.</param>
    /// <param name="Test">How it is tested.</param>
    /// <param name="Check">The test.</param>
    internal sealed record Claim(string Change, bool SameBits, string Why, string Test, Action Check)
    {
        public override string ToString() => Change;
    }

    private static readonly Claim[] s_claims =
    [
        new("nothing: a second run in one process", true, "no result depends on time, addresses or the order in which threads finish",
            $"{Programs} random programs, forward and backward", SecondRun),
        new("the number of threads", true, "only the shape decides how work is cut into chunks",
            $"{Programs} random programs and a training run with 1 and 2 threads", Threads),
        new("a batch computed row by row or as a whole, by operations that keep rows apart", true,
            "tails are computed by the same vector code under masks", "a network's activations, rows 0 … 15 against the whole batch", Slices),
        new("what other threads of the process do, forward mode included", true, "an operation looks only at its own inputs to choose its kernel",
            "a training run beside a thread that differentiates in forward mode", OtherThreads),
        new("the process", true, "no seed depends on the process",
            "a training run continued in another process, see the row below; 40 random programs in the test of vector widths", Processes),
        new("save and load, also in the middle of an epoch", true, "a checkpoint holds weights, optimiser, schedule, data order and every generator",
            "20 steps against 9 steps, a checkpoint, and 11 more", SaveAndLoad),
        new("the seed set again", true, "every draw comes from a Generator", "a training run twice", SeedAgain),
        new("the compiler's optimisation: Debug and Release, first and later calls of a method", true, "C# leaves no freedom to reorder arithmetic",
            "40 random programs in a process whose compiler optimises nothing", Optimisation),
        new("the width of the processor's vectors (AVX-512, AVX2, SSE, none)", false,
            "sums have as many partial sums as a vector has lanes; within rounding", "40 random programs with 512, 256, 128 bits and one lane",
                VectorWidths),
        new("how the elements lie in memory (transposed, sliced, expanded)", false,
            "matrix products and sums follow the strides; element-wise operations, and sums of up to 4,096 elements to one result, give the same "
                + "bits; "
                + "within rounding",
            $"{Programs} random programs on copies of their inputs", MemoryLayout),
        new("fused operations against their definitions (Fusion.Off)", false, "fewer roundings; within rounding", $"{Programs} random programs",
            Fused),
    ];

    private static IEnumerable<TestCaseData> Claims => s_claims.Select(claim => new TestCaseData(claim).SetArgDisplayNames(claim.Change));

    [TestCaseSource(nameof(Claims))]
    public void Statements_of_the_guide_hold(Claim claim) => claim.Check();

    [Test]
    public void The_guide_shows_the_table_as_it_is()
    {
        var text = new StringBuilder("""
            # Reproducibility

            Two runs give the same bits unless a row below says "no". A test (`MiniTorch.Tests/Fuzzing/ReproducibilityTests.cs`) checks each row and writes
            this page.
            "Within rounding" is measured: the same program is run with random errors of a few units in the last place after each operation, and the
            difference must stay below a hundred times what these errors did.

            | what is different | same bits | why | tested by |
            | --- | --- | --- | --- |

            """);
        foreach (Claim claim in s_claims)
            text.Append("| ").AppendJoin(" | ", claim.Change, claim.SameBits ? "**yes**" : "no", claim.Why, claim.Test).Append(" |\n");
        text.Append("""

            So a run can be repeated bit for bit on any machine with the same vector width, with any number of threads. To repeat a run of a machine with
            narrower vectors, narrow yours: `DOTNET_EnableAVX512=0` leaves 256 bits, `DOTNET_EnableAVX2=0` 128, `DOTNET_EnableHWIntrinsic=0` one lane.
            `MINITORCH_VECTOR_BITS` (512, 256, 128, 0) chooses a width that the processor need not have. It is for tests, because software is slow.

            """);
        GeneratedPage.ShouldBe("docs/explain/reproducibility.md", text.ToString());
    }

    private static void SecondRun() => ForEachProgram((program, first) => Checks.Same(first, Checks.Evaluate(program), "a second run"));

    private static void Threads()
    {
        ForEachProgram((program, first) => WithThreads(1, () => Checks.Same(first, Checks.Evaluate(program), "1 thread"))
            ?? WithThreads(2, () => Checks.Same(first, Checks.Evaluate(program), "2 threads")));
        WithThreads(1, () => Trained(15)).ShouldBe(WithThreads(2, () => Trained(15)));
    }

    private static void Slices()
    {
        Generator.ManualSeed(1);
        var model = new Sequential(new Linear(70, 90), new GELU(), new LayerNorm([90]), new Linear(90, 33));
        using ModeScope mode = Autograd.NoGrad();
        Tensor x = Tensor.Randn([64, 70], new Generator(2)), whole = model.Call(x).Softmax(1);
        Agreement.ShouldBeSameBits([model.Call(x[..16]).Softmax(1)], [whole[..16]], "rows 0 … 15");
    }

    private static void OtherThreads()
    {
        string alone = Trained(15);
        (bool isOver, int calls) = (false, 0);
        var other = Task.Run(() =>
        {
            for (Tensor x = Tensor.Ones([8, 8], DType.Float64); !Volatile.Read(ref isOver); Interlocked.Increment(ref calls))
                Autograd.Jvp(t => t.Softmax(1).MatMul(t), x, x);
        });
        try
        {
            SpinWait.SpinUntil(() => Volatile.Read(ref calls) > 0 || other.IsCompleted);
            for (int i = 0; i < 20; i++) Trained(15).ShouldBe(alone);
        }
        finally
        {
            Volatile.Write(ref isOver, true);
            other.Wait();
        }
    }

    private static void Processes() => WithTwin(new Twin("another process", true, s_fuzzer));

    private static void SaveAndLoad()
    {
        using var folder = new TemporaryFolder();
        string file = folder["run"];
        var first = new TrainingRun();
        first.TrainTo(9);
        first.Parts.Save(file);
        var second = new TrainingRun();
        second.Parts.TryLoad(file).ShouldBeTrue();
        second.TrainTo(20);
        second.Fingerprint().ShouldBe(Trained(20));
    }

    private static void SeedAgain() => Trained(15).ShouldBe(Trained(15));

    private static void Optimisation() => WithTwin(Twin.Unoptimised(s_fuzzer));

    private static void VectorWidths() => WithTwin(Twin.Narrower(s_fuzzer));

    private static void MemoryLayout() =>
        ForEachProgram((program, first) => Checks.Near(program, first, Checks.Evaluate(program, Ops.Copies.Fresh), "copies"));

    private static void Fused() => ForEachProgram((program, first) =>
    {
        using ModeScope definitions = Fusion.Off();
        return Checks.Near(program, first, Checks.Evaluate(program), "definitions");
    });

    private static void ForEachProgram(Func<FuzzProgram, Outcome, Fault?> check)
    {
        for (int seed = 0; seed < Programs; seed++)
        {
            FuzzProgram program = Draft.Draw(new Choices(3_000_000 + seed), OpRules.All);
            check(program, Checks.Evaluate(program)).ShouldBeNull(program.ToCSharp($"seed {seed}"));
        }
    }

    private static void WithTwin(params Twin[] twins)
    {
        try
        {
            for (int seed = 0; seed < 40; seed++)
            {
                FuzzProgram program = Draft.Draw(new Choices(4_000_000 + seed), OpRules.All);
                Outcome here = Checks.Evaluate(program);
                foreach (Twin twin in twins)
                {
                    twin.Start(program);
                    Outcome there = twin.Finish();
                    (twin.IsExact ? Checks.Same(here, there, twin.Name) : Checks.Near(program, here, there, twin.Name))
                        .ShouldBeNull(program.ToCSharp($"seed {seed}"));
                }
            }
        }
        finally
        {
            foreach (Twin twin in twins) twin.Dispose();
        }
    }

    private static T WithThreads<T>(int count, Func<T> run)
    {
        int before = Workers.Count;
        Workers.Count = count;
        try { return run(); }
        finally { Workers.Count = before; }
    }

    private static string Trained(int steps)
    {
        var run = new TrainingRun();
        run.TrainTo(steps);
        return run.Fingerprint();
    }
}
