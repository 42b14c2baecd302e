using System.Collections.Concurrent;
using System.Globalization;

namespace MiniTorch.Mutation;

/// <summary>
/// Mutants against the tests, in a process for each processor. Results are kept line by line: a run that was cut goes on where it stopped.
/// </summary>
internal sealed class MutationRun(string[] server, Mutant[] mutants, string results)
{
    private readonly ConcurrentDictionary<int, string> _fates =
        new(File.Exists(results) ? File.ReadLines(results).Select(line => line.Split('\t'))
            .ToDictionary(parts => int.Parse(parts[0], CultureInfo.InvariantCulture), parts => parts[1]) : []);
    private readonly Lock _writing = new();

    /// <summary>Runs what is left, prints the score, and gives the process's exit code.</summary>
    public int Finish()
    {
        // In an order that has nothing to do with the files: the results of a run that was cut are a fair sample.
        var waiting = new ConcurrentQueue<Mutant>(mutants.Where(mutant => !_fates.ContainsKey(mutant.Id))
            .OrderBy(mutant => unchecked((uint)mutant.Id * 2654435761u)));
        Task[] servers = [.. Enumerable.Range(0, Environment.ProcessorCount).Select(_ => Task.Run(() => Serve(waiting)))];
        Task.WaitAll(servers);
        int killed = mutants.Count(mutant => _fates[mutant.Id] == "killed");
        Console.WriteLine(FormattableString.Invariant($"{killed} of {mutants.Length} mutants killed: {100.0 * killed / mutants.Length:F1} %"));
        return killed >= 0.85 * mutants.Length ? 0 : 1;
    }

    private void Serve(ConcurrentQueue<Mutant> waiting)
    {
        TestProcess? process = null;
        while (waiting.TryDequeue(out Mutant? mutant))
        {
            string fate = Fate(ref process, mutant);
            _fates[mutant.Id] = fate.Split('\t')[0];
            lock (_writing) File.AppendAllText(results,
                $"{mutant.Id}\t{fate}\t{mutant.Place}\t{mutant.Kind}\t{mutant.Replacement}{Environment.NewLine}");
        }
        process?.Dispose();
    }

    // What ends a process, or leaves it broken, may come from mutants that ran there before: it counts in a fresh one alone.
    private string Fate(ref TestProcess? process, Mutant mutant)
    {
        process ??= new TestProcess(server);
        bool wasFresh = process.IsFresh;
        string fate = process.Fate(mutant.Id);
        bool isTainted = fate.StartsWith("tainted", StringComparison.Ordinal);
        if (process.IsAlive && !isTainted) return fate;
        process.Dispose();
        process = null;
        return wasFresh ? fate.Replace("tainted", "killed", StringComparison.Ordinal) : Fate(ref process, mutant);
    }
}
