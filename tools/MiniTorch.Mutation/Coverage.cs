using System.Globalization;

namespace MiniTorch.Mutation;

/// <summary>Which tests pass by a mutant, and what each costs, as <see cref="MutatedTests.WriteCoverage"/> wrote it.</summary>
internal sealed class Coverage
{
    private readonly double _mostWork;
    private readonly Dictionary<string, double> _costs = [];
    private readonly ILookup<int, string> _tests;

    /// <param name="file">Where it was written.</param>
    /// <param name="mostWork">Milliseconds of tests that are worth running for one mutant.</param>
    public Coverage(string file, double mostWork)
    {
        _mostWork = mostWork;
        string[][] lines = [.. File.ReadLines(file).Select(line => line.Split('\t'))];
        foreach (string[] line in lines) _costs[line[0]] = double.Parse(line[1], CultureInfo.InvariantCulture);
        _tests = (
            from line in lines
            where line[2].Length > 0
            let mutants = line[2].Split(',')
            orderby mutants.Length * (1 + _costs[line[0]])
            from mutant in mutants
            select (Mutant: int.Parse(mutant, CultureInfo.InvariantCulture), Test: line[0])).ToLookup(pair => pair.Mutant, pair => pair.Test);
    }

    /// <summary>The tests that pass by a mutant, as many as are worth it; first those that pass by few others, and quickly.</summary>
    public string[] Tests(int mutant)
    {
        double work = 0;
        return [.. _tests[mutant].TakeWhile(test => (work += _costs[test]) - _costs[test] < _mostWork)];
    }

    /// <summary>The milliseconds of work of a test where no mutant is on.</summary>
    public double Cost(string test) => _costs[test];
}
