using MiniTorch.Tests.Docs;
using MiniTorch.Tests.Files;

namespace MiniTorch.Tests.Samples;

/// <summary>samples/twin.cs compares itself with samples/data/twin.txt: these are still the losses that PyTorch prints.</summary>
[TestFixture]
public sealed class TwinTests
{
    [Test]
    public void The_recorded_losses_of_the_twin_are_those_that_PyTorch_prints()
    {
        Python.Assume("torch");
        string samples = Path.Combine(RepositoryFiles.Root, "samples");
        string[] printed = Python.Succeed(File.ReadAllText(Path.Combine(samples, "twin.py"))).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        File.ReadLines(Path.Combine(samples, "data", "twin.txt")).Skip(1).ShouldBe(printed);
    }
}
