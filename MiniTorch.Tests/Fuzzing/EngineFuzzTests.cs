using MiniTorch.Fuzz.Engine;
using MiniTorch.Tests.Docs;

namespace MiniTorch.Tests.Fuzzing;

/// <summary>
/// Random programs agree in all ways to run and to differentiate them (other processes: ReproducibilityTests); a hundred thousand of them:
/// tools/fuzz.sh engine.
/// </summary>
[NonParallelizable]
internal sealed class EngineFuzzTests
{
    private const int Programs = 200, ProgramsForFault = 400;

    private static IEnumerable<TestCaseData> Planted =>
        PlantedRules.All.Select(planted => new TestCaseData(planted.Check, planted.Rule).SetArgDisplayNames(planted.Check));

    [Test]
    public void Programs_agree_in_all_ways_to_run_them()
    {
        var fuzzer = new EngineFuzzer(OpRules.All);
        fuzzer.Run(1_000_000, Programs).ShouldBeEmpty();
        fuzzer.Numerical.ShouldBeGreaterThan(Programs / 2, "half of the programs and more must be checked against differences");
        fuzzer.Operations.ShouldBeGreaterThan(10 * Programs);
    }

    [TestCaseSource(nameof(Planted))]
    public void A_planted_fault_is_found_shrunk_and_printed(string check, OpRule rule)
    {
        var fuzzer = new EngineFuzzer([.. OpRules.All, .. Enumerable.Repeat(rule, 10)]);
        FailingProgram failing = fuzzer.Run(0, ProgramsForFault).First();
        string code = failing.ToString();
        failing.Fault.Check.ShouldBe(check, code);
        failing.Program.Length.ShouldBeLessThanOrEqualTo(3, code);
        if (check != nameof(ShapeException))
            CSharpProgram.Run("using MiniTorch.Tests.Fuzzing; using static MiniTorch.Tests.Fuzzing.PlantedRules;\n" + code)
                .ShouldStartWith("tensor(");
    }

    [Test]
    public void Printed_programs_do_what_the_programs_do()
    {
        for (int seed = 0; seed < 12; seed++)
        {
            FuzzProgram program = Draft.Draw(new Choices(seed), OpRules.All);
            Tensor[] leaves = program.Leaves();
            foreach (Tensor leaf in leaves) leaf.RequiresGrad = true;
            (Tensor[] results, Tensor scalar) = program.Run(leaves);
            if (scalar.RequiresGrad) scalar.Backward();
            string expected = string.Concat(results.Concat(leaves.Select(leaf => leaf.Grad)).Select(tensor => $"{tensor}{Environment.NewLine}"));
            CSharpProgram.Run(program.ToCSharp("printed")).ShouldBe(expected, program.ToCSharp($"seed {seed}"));
        }
    }
}
