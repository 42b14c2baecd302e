using MiniTorch.Fuzz.Loaders;
using MiniTorch.Tests.Docs;

namespace MiniTorch.Tests.Files;

/// <summary>
/// Drawn and damaged files give tensors or the documented error, nothing else, and cannot make a reader allocate much more than they weigh.
/// Millions of them: tools/fuzz.sh loaders.
/// </summary>
[NonParallelizable]
internal sealed class FuzzTests
{
    private const int Inputs = 100_000;

    private static IEnumerable<TestCaseData> Formats => FileFormat.All.Select(format => new TestCaseData(format).SetArgDisplayNames(format.Name));

    // Inputs that a reader once took wrongly, and such as every attacker tries first.
    private static IEnumerable<TestCaseData> Regressions =>
        from path in Directory.EnumerateFiles(Path.Combine(RepositoryFiles.Root, "MiniTorch.Tests", "Files", "Regressions"))
            .Order(StringComparer.Ordinal)
        select new TestCaseData(path).SetArgDisplayNames(Path.GetFileName(path));

    [TestCaseSource(nameof(Formats))]
    public void Drawn_and_damaged_files_are_read_or_refused(FileFormat format)
    {
        var fuzzer = new LoaderFuzzer(format, seed: 12345);
        int inputs = Inputs * format.Share / 100;
        fuzzer.Run(0, inputs).Select(fault => $"input {fault.Number}: {fault.Problem}").ShouldBeEmpty();
        fuzzer.Refused.ShouldBeInRange(inputs / 10, inputs * 9 / 10, "both sound and damaged files must be tried");
    }

    [TestCaseSource(nameof(Regressions))]
    public void A_regression_is_refused(string path)
    {
        var fuzzer = new LoaderFuzzer(FileFormat.All.Single(format => $".{format.Name}" == Path.GetExtension(path)), seed: 0);
        fuzzer.Check(File.ReadAllBytes(path)).ShouldBeNull();
        fuzzer.Refused.ShouldBe(1);
    }

    [Test]
    public void The_fuzzer_notices_an_undocumented_error_and_a_greedy_reader()
    {
        FileFormat format = FileFormat.All[0];
        new LoaderFuzzer(format with { Read = _ => throw new NotSupportedException() }, 0)
            .Check([1])!.ShouldStartWith("System.NotSupportedException");
        new LoaderFuzzer(format with { Read = _ => Allocating(new byte[1 << 20]) }, 0).Check([1])!.ShouldContain("bytes were allocated");
        new LoaderFuzzer(format with { Read = _ => Allocating(Tensor.Zeros([1 << 20])) }, 0).Check([1])!.ShouldContain("bytes were allocated");
        new LoaderFuzzer(format with { Read = _ => () => throw new InvalidOperationException("differs") }, 0).Check([1])!.ShouldContain("differs");

        static Action Allocating(object memory) => () => GC.KeepAlive(memory);
    }
}
