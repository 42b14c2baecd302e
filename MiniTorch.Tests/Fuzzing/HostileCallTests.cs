namespace MiniTorch.Tests.Fuzzing;

/// <summary>
/// Whatever public members are called with, they give a result or an error of the library, and so do backward and printing; .ci/run does it with
/// fences around every block too. MINITORCH_HOSTILE_CALLS makes more calls, and MINITORCH_HOSTILE_SEED others.
/// </summary>
[NonParallelizable]
internal sealed class HostileCallTests
{
    private const int Calls = 10_000;

    [Test]
    public void Any_arguments_give_a_result_or_an_error_of_the_library()
    {
        PublicCall.All.Length.ShouldBeGreaterThan(1100, "members");
        string folder = Directory.CreateTempSubdirectory("minitorch-hostile-").FullName;
        try
        {
            int count = Setting("CALLS", Calls);
            var calls = new HostileCalls(folder);
            calls.Run(Setting("SEED", 0), count);
            string.Join("\n\n", calls.Findings.Values).ShouldBeEmpty();
            calls.Accepted.ShouldBeInRange(count / 4, count * 4 / 5, "calls that make sense");
            calls.Refused.ShouldBeGreaterThan(count / 6, "calls that do not");
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static int Setting(string name, int otherwise) =>
        int.TryParse(Environment.GetEnvironmentVariable($"MINITORCH_HOSTILE_{name}"), out int value) ? value : otherwise;
}
