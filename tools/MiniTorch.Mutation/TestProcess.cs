using System.Diagnostics;

namespace MiniTorch.Mutation;

/// <summary>Another process with the mutated tests: one that loops for ever, or ends, takes nothing else along.</summary>
internal sealed class TestProcess : IDisposable
{
    private static readonly TimeSpan s_mostWork = TimeSpan.FromSeconds(100), s_mostTime = TimeSpan.FromMinutes(20);

    private readonly Process _process;

    public TestProcess(params string[] arguments)
    {
        _process = Process.Start(new ProcessStartInfo(Environment.ProcessPath!, arguments) { RedirectStandardInput = true, RedirectStandardOutput = true })!;
    }

    /// <summary>False once it had to be ended, or ended by itself.</summary>
    public bool IsAlive { get; private set; } = true;

    /// <summary>Whether no mutant has run in it yet.</summary>
    public bool IsFresh { get; private set; } = true;

    /// <summary>What became of a mutant; killed by a timeout where its tests worked for more than a hundred seconds.</summary>
    public string Fate(int mutant)
    {
        IsFresh = false;
        _process.StandardInput.WriteLine(mutant);
        _process.StandardInput.Flush();
        Task<string?> answer = _process.StandardOutput.ReadLineAsync();
        (TimeSpan before, Stopwatch clock) = (_process.TotalProcessorTime, Stopwatch.StartNew());
        while (!answer.Wait(TimeSpan.FromMilliseconds(50)))
        {
            _process.Refresh();
            if (_process.HasExited || (_process.TotalProcessorTime - before < s_mostWork && clock.Elapsed < s_mostTime)) continue;
            _process.Kill();
            IsAlive = false;
            return "killed\ttimeout";
        }
        if (answer.Result is null) IsAlive = false;
        return answer.Result ?? "killed\tend of the process";
    }

    public void Dispose()
    {
        if (IsAlive) _process.StandardInput.Close();
        _process.WaitForExit();
        _process.Dispose();
    }
}
