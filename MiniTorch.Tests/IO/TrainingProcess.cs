using System.Diagnostics;
using System.Globalization;
using MiniTorch.IO;

namespace MiniTorch.Tests.IO;

/// <summary>The training run in a process of its own, which dies while it writes: this assembly is also a program.</summary>
internal static class TrainingProcess
{
    /// <summary>Goes on with the run saved in FILE, if there is one, until it has STEPS steps, and saves after each; killed in the last of these writes before byte BYTE.</summary>
    /// <param name="args">FILE STEPS BYTE.</param>
    public static void Main(string[] args)
    {
        if (args is not [var file, var stepsText, var byteText]) return; // the test host asks for nothing
        (int steps, long place) = (int.Parse(stepsText, CultureInfo.InvariantCulture), long.Parse(byteText, CultureInfo.InvariantCulture));
        var run = new TrainingRun();
        run.Parts.TryLoad(file);
        run.TrainTo(steps, () =>
        {
            if (run.Steps < steps) run.Parts.Save(file);
            else AtomicFile.Write(file, stream => run.Parts.Write(new BreakingStream(stream, place, Process.GetCurrentProcess().Kill)));
        });
    }

    /// <summary>Runs the program in a process of its own until that is dead.</summary>
    public static void Run(string file, int steps, long place)
    {
        string host = Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet";
        using Process process = Process.Start(host, ["exec", typeof(TrainingProcess).Assembly.Location, file, $"{steps}", $"{place}"]);
        process.WaitForExit();
        process.ExitCode.ShouldNotBe(0, "the process was to be killed");
    }
}
