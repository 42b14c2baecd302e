using System.Diagnostics;
using System.Text.RegularExpressions;
using MiniTorch.Tests.Files;

namespace MiniTorch.Tests.Mpi;

/// <summary>Programs of several ranks, started with mpirun as users start theirs.</summary>
[NonParallelizable]
public sealed partial class MpiTests
{
    private static readonly TimeSpan s_limit = TimeSpan.FromMinutes(3);
    private readonly TemporaryFolder _folder = new();

    [OneTimeSetUp]
    public void RequireOpenMpi()
    {
        try
        {
            if (!Command.Run("mpirun", "--version").Contains("Open MPI")) Assert.Ignore("mpirun is not Open MPI's");
        }
        catch (InvalidOperationException)
        {
            Assert.Ignore("mpirun is not installed: apt-get install openmpi-bin libopenmpi3");
        }
    }

    [OneTimeTearDown]
    public void Remove() => _folder.Dispose();

    [Test]
    public void Collectives_of_every_dtype_and_shape_have_the_expected_values([Values(1, 2, 3, 4)] int ranks) => Succeed(ranks, "collectives");

    [Test]
    public void AverageGradients_is_the_gradient_of_all_rows([Values(1, 2, 3, 4)] int ranks) => Succeed(ranks, "average");

    [Test]
    public void A_tensor_of_several_messages_arrives_whole([Values(2, 3)] int ranks) => Succeed(ranks, "large", "144");

    [Test]
    public void A_thousand_steps_end_in_the_same_bytes_on_any_number_of_ranks()
    {
        const string Steps = "1000";
        string alone = Train(0, "alone", Steps);
        foreach (int ranks in (int[])[1, 2, 3, 4]) Train(ranks, $"ranks{ranks}", Steps).ShouldBe(alone, $"{ranks} ranks");
        byte[] expected = File.ReadAllBytes(_folder["alone"]);
        foreach (int ranks in (int[])[1, 2, 3, 4]) File.ReadAllBytes(_folder[$"ranks{ranks}"]).ShouldBe(expected, $"{ranks} ranks");
        Train(2, "shorter", "999").ShouldNotBe(alone);
    }

    [Test]
    public void A_checkpoint_of_four_ranks_goes_on_with_another_number_to_the_same_bytes([Values(0, 1, 2, 3)] int ranks)
    {
        string whole = Train(4, $"whole{ranks}", "40");
        Train(4, $"part{ranks}", "23"); // in the middle of an epoch, which has five batches
        Train(ranks, $"part{ranks}", "40").ShouldBe(whole);
    }

    [TestCase("throws", "rank 1 of 2 ends all ranks: unhandled exception: System.InvalidOperationException: a mistake in the loop")]
    [TestCase("dies", "mpirun noticed that process rank 1 .* exited on signal 9")]
    [TestCase("exits", "Exit code: +3")]
    [TestCase("ends early", "rank 0: ShardedGradients.Compute\n *rank 1: Dispose, the end of the program")]
    [TestCase("stands still", "rank 0 waited 2 s for rank 1 in ShardedGradients.Compute")]
    [TestCase("draws alone", "The ranks differ in ShardedGradients.Compute:\n  rank 0: random streams .*\n  rank 1: random streams")]
    [TestCase("calls something else", "rank 0: ShardedGradients.Compute\n  rank 1: AllReduce\\(Sum\\) of Float32 \\[\\]")]
    [TestCase("another tensor", "rank 0: AllReduce\\(Sum\\) of Float32 \\[4\\]\n  rank 1: AllReduce\\(Sum\\) of Float32 \\[3\\]")]
    [TestCase("another shape", "rank 0: parameter 0: 0.weight, Float32 \\[5, 4\\]\n  rank 1: parameter 0: 0.weight, Float32 \\[6, 4\\]")]
    [TestCase("another dtype", "rank 0: parameter 2: 1.weight, Float32 \\[2, 5\\]\n  rank 1: parameter 2: 1.weight, Float64 \\[2, 5\\]")]
    [TestCase("another order", "rank 0: parameter 0: fc1.weight, Float32 \\[5, 4\\]\n  rank 1: parameter 0: fc2.weight, Float32 \\[2, 5\\]")]
    [TestCase("fewer layers", "rank 0: parameter 2: 1.weight, Float32 \\[2, 5\\]\n  rank 1: nothing more")]
    [TestCase("other weights", "Call world.Broadcast\\(model\\) first")]
    public void A_fault_of_one_rank_ends_all_and_is_named(string kind, string message)
    {
        (int exitCode, string output) = Start(2, "fault", kind);
        exitCode.ShouldNotBe(0);
        output.ShouldMatch(message);
    }

    [Test]
    public void A_null_reference_is_an_exception_beside_MPI() => Start(2, "fault", "null reference").Output.ShouldContain("caught");

    [Test]
    public void More_ranks_than_shards_say_which_number_fits()
    {
        (int exitCode, string output) = Start(2, "few shards");
        exitCode.ShouldNotBe(0);
        output.ShouldContain("there are 2 ranks and 1 shards; a rank needs one. Pass shards: 2 or more");
    }

    [TestCase("libnowhere.so", "the library of Open MPI was not found (libnowhere.so). Install it on every machine, on Debian and Ubuntu with 'apt-get install openmpi-bin libopenmpi3'")]
    [TestCase("libc.so.6", "the MPI library on this machine is 'no MPI at all'")]
    public void A_missing_library_says_how_to_install_it(string library, string message)
    {
        ProcessStartInfo start = Program(0, "collectives");
        start.Environment["OMPI_COMM_WORLD_SIZE"] = "2";
        start.Environment["MINITORCH_MPI_LIBRARY"] = library;
        Run(start).Output.ShouldContain(message);
    }

    [Test]
    public void A_launcher_of_another_MPI_is_named()
    {
        ProcessStartInfo start = Program(0, "collectives");
        start.Environment["PMI_SIZE"] = "2";
        Run(start).Output.ShouldContain("a launcher started 2 processes, but Open MPI v");
    }

    private static void Succeed(int ranks, params string[] arguments)
    {
        (int exitCode, string output) = Start(ranks, arguments);
        exitCode.ShouldBe(0, output);
        output.ShouldEndWith("all as expected");
    }

    private string Train(int ranks, string file, string steps)
    {
        (int exitCode, string output) = Start(ranks, "train", _folder[file], steps);
        exitCode.ShouldBe(0, output);
        return Hash().Matches(output)[^1].Value;
    }

    private static (int ExitCode, string Output) Start(int ranks, params string[] arguments) => Run(Program(ranks, arguments));

    // No ranks: without mpirun.
    private static ProcessStartInfo Program(int ranks, params string[] arguments)
    {
        string host = Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet";
        string[] launcher = ranks == 0 ? [] : ["mpirun", "--oversubscribe", "--allow-run-as-root", "-n", $"{ranks}"];
        string[] line = [.. launcher, host, "exec", typeof(MpiTests).Assembly.Location, "rank", .. arguments];
        var start = new ProcessStartInfo(line[0], line[1..]) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["TERM"] = "dumb";
        return start;
    }

    private static (int ExitCode, string Output) Run(ProcessStartInfo start)
    {
        using Process process = Process.Start(start)!;
        Task<string> output = process.StandardOutput.ReadToEndAsync(), errors = process.StandardError.ReadToEndAsync();
        if (!process.WaitForExit(s_limit))
        {
            process.Kill(entireProcessTree: true);
            throw new TimeoutException($"{string.Join(' ', start.ArgumentList)} hangs: {errors.Result}");
        }
        return (process.ExitCode, (errors.Result + output.Result).ReplaceLineEndings("\n").Trim());
    }

    [GeneratedRegex("[0-9A-F]{64}")]
    private static partial Regex Hash();
}
