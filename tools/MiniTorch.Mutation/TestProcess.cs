using System.Diagnostics;
using System.Globalization;

namespace MiniTorch.Mutation;

/// <summary>Another process with the mutated tests: one that loops for ever, or ends, takes nothing else along.</summary>
internal sealed class TestProcess : IDisposable
{
    // Time is counted in looks, which a paused machine does not take.
    private const int LooksAtMost = 1200;

    private static readonly TimeSpan s_look = TimeSpan.FromMilliseconds(50);

    private readonly Process _process;

    public TestProcess(params string[] arguments)
    {
        _process = Process.Start(new ProcessStartInfo(Environment.ProcessPath!, arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            Environment = { ["DOTNET_GCHeapHardLimit"] = "0x100000000" }, // a mutant may ask for memory for ever
        })!;
        _process.StandardOutput.ReadLine(); // it is ready
    }

    /// <summary>False once it had to be ended, or ended by itself.</summary>
    public bool IsAlive { get; private set; } = true;

    /// <summary>Whether no mutant has run in it yet.</summary>
    public bool IsFresh { get; private set; } = true;

    /// <summary>
    /// What became of a mutant; killed by a timeout where a test does twenty times its work and three seconds more, or waits for a minute.
    /// </summary>
    public string Fate(int mutant)
    {
        IsFresh = false;
        _process.StandardInput.WriteLine(mutant);
        _process.StandardInput.Flush();
        (double normal, string test) = (0, "no test");
        while (Line(TimeSpan.FromMilliseconds(3000 + (20 * normal))) is { } line)
        {
            string[] parts = line.Split('\t', 2);
            if (parts[0] == "fate") return parts[1];
            string[] started = parts[1].Split('\t');
            (normal, test) = (double.Parse(started[0], CultureInfo.InvariantCulture), started[2]);
        }
        IsAlive = false;
        string end = _process.HasExited ? "end of the process" : "timeout";
        if (!_process.HasExited) _process.Kill();
        return $"killed\t{end} in {test}";
    }

    public void Dispose()
    {
        if (IsAlive) _process.StandardInput.Close();
        _process.WaitForExit();
        _process.Dispose();
    }

    private string? Line(TimeSpan mostWork)
    {
        Task<string?> line = _process.StandardOutput.ReadLineAsync();
        TimeSpan before = _process.TotalProcessorTime;
        for (int looks = 0; !line.Wait(s_look); looks++)
        {
            _process.Refresh();
            if (looks == LooksAtMost || (!_process.HasExited && _process.TotalProcessorTime - before > mostWork)) return null;
        }
        return line.Result;
    }
}
