using System.Diagnostics;
using System.Globalization;
using MiniTorch.IO;

namespace MiniTorch.Tests.Files;

/// <summary>Programs that run in a process of their own, most of which die while they write: this assembly is also a program.</summary>
internal static class TrainingProcess
{
    /// <summary>FILE STEPS BYTE trains; save FILE VALUE PLACE and repeat FILE VALUE TIMES save; rank … is one rank of several.</summary>
    /// <param name="args">See the methods that start the programs.</param>
    public static void Main(string[] args)
    {
        if (args is ["rank", ..]) Mpi.RankProgram.Run(args[1..]);
        else if (args is [var file, var steps, var place]) TrainTo(file, Number(steps), Number(place));
        else if (args is ["save", var saved, var value, var end]) Save(saved, Number(value), end);
        else if (args is ["repeat", var repeated, var content, var times])
            for (int i = Number(times); i > 0; i--) Save(repeated, Number(content), "");
        // The test host asks for nothing.
    }

    /// <summary>A small checkpoint, whose tensor has one value everywhere.</summary>
    public static Checkpoint Sample(int value) => new()
    {
        ["weights"] = Tensor.Full([64, 64], value),
        ["bias"] = Tensor.Full([64], value),
        ["value"] = value,
    };

    /// <summary>
    /// Goes on with the run saved in FILE, if there is one, until it has STEPS steps, and saves after each; killed in the last of these writes before
    /// byte BYTE.
    /// </summary>
    public static void Run(string file, int steps, long place) =>
        Start([file, $"{steps}", $"{place}"]).ExitCode.ShouldNotBe(0, "the process was to be killed");

    /// <summary>Saves <see cref="Sample"/>, and is killed at a byte or after a step if PLACE is a number or the name of a step.</summary>
    /// <param name="file">FILE.</param>
    /// <param name="value">VALUE, the sample's.</param>
    /// <param name="place">PLACE; "limit" limits the size of a file to 8 KB instead, half of the sample's.</param>
    /// <param name="wrapper">A program with arguments that starts the process.</param>
    public static (int ExitCode, string Output) Save(string file, int value, string place, params string[] wrapper) =>
        Start(["save", file, $"{value}", place], wrapper);

    /// <summary>Starts a process that saves <see cref="Sample"/> so many times.</summary>
    public static Process Repeat(string file, int value, int times) => Process.Start(Info(["repeat", file, $"{value}", $"{times}"]))!;

    private static void TrainTo(string file, int steps, long place)
    {
        var run = new TrainingRun();
        run.Parts.TryLoad(file);
        run.TrainTo(steps, () =>
        {
            if (run.Steps < steps) run.Parts.Save(file);
            else AtomicFile.Write(file, stream => run.Parts.Write(new BreakingStream(stream, place, Kill)));
        });
    }

    private static void Save(string file, int value, string end)
    {
        if (end == "limit") Command.Run("prlimit", "--pid", $"{Environment.ProcessId}", "--fsize=8192");
        try
        {
            long place = long.TryParse(end, CultureInfo.InvariantCulture, out long parsed) ? parsed : long.MaxValue;
            AtomicFile.Write(file, stream => Sample(value).Write(new BreakingStream(stream, place, Kill)), step =>
            {
                if ($"{step}" == end) Kill();
            });
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            Console.WriteLine(error.GetType().Name);
            Environment.Exit(1);
        }
    }

    private static int Number(string text) => int.Parse(text, CultureInfo.InvariantCulture);

    private static void Kill() => Process.GetCurrentProcess().Kill();

    private static (int ExitCode, string Output) Start(string[] arguments, params string[] wrapper)
    {
        using Process process = Process.Start(Info(arguments, wrapper))!;
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, output.Trim());
    }

    private static ProcessStartInfo Info(string[] arguments, params string[] wrapper)
    {
        string host = Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet";
        string[] line = [.. wrapper, host, "exec", typeof(TrainingProcess).Assembly.Location, .. arguments];
        return new ProcessStartInfo(line[0], line[1..]) { RedirectStandardOutput = true };
    }
}
