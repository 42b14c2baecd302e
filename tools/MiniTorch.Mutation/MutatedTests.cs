using System.Diagnostics;
using System.Globalization;
using System.Reflection;
using System.Text.RegularExpressions;
using NUnit.Framework.Api;
using NUnit.Framework.Interfaces;
using NUnit.Framework.Internal;

namespace MiniTorch.Mutation;

/// <summary>The tests, loaded once, on an assembly with mutants: which test passes by which mutant, and which test finds one.</summary>
internal sealed class MutatedTests : ITestListener
{
    private const int None = -1;

    // Tests that pass by few mutants, and quickly, are tried first; each stage ends at the first failure.
    private static readonly int[] s_stages = [0, 12, 80, 500, int.MaxValue];

    private readonly NUnitTestAssemblyRunner _runner = new(new DefaultTestAssemblyBuilder());
    private readonly FieldInfo _active, _counts;
    private readonly MethodInfo _passed;
    private readonly Stopwatch _clock = new();
    private Action<string>? _note;
    private string? _failed;

    public MutatedTests(string assembly)
    {
        Type control = Assembly.Load(assembly).GetTypes().Single(type => type.Name == "MutantControl");
        (_active, _counts, _passed) = (control.GetField("ActiveMutant")!, control.GetField("CaptureCoverage")!, control.GetMethod("GetCoverageData")!);
        _active.SetValue(null, None);
    }

    /// <summary>Writes a line for each test that passes: its name, its milliseconds, and the mutants in the code that it ran.</summary>
    public void WriteCoverage(string file, string excluded)
    {
        Load(stopsAtFailure: false);
        _counts.SetValue(null, true);
        using var lines = new StreamWriter(file);
        _note = lines.WriteLine;
        _runner.Run(this, new Chosen(name => !Regex.IsMatch(name, excluded)));
    }

    /// <summary>Answers each mutant on standard input by what became of it.</summary>
    public void Serve(string coverage, TextReader questions, TextWriter answers)
    {
        Load(stopsAtFailure: true);
        ILookup<int, string> tests = Covering(coverage);
        while (questions.ReadLine() is { } id)
        {
            answers.WriteLine(Fate(int.Parse(id, CultureInfo.InvariantCulture), [.. tests[int.Parse(id, CultureInfo.InvariantCulture)]]));
            answers.Flush();
        }
    }

    public void TestStarted(ITest test)
    {
        if (test.IsSuite || _note is null) return;
        Passed();
        _clock.Restart();
    }

    public void TestFinished(ITestResult result)
    {
        if (result.Test.IsSuite) return;
        if (_note is null && result.ResultState.Status == TestStatus.Failed) _failed ??= Name(result.Test);
        if (result.ResultState.Status == TestStatus.Passed) _note?.Invoke(FormattableString.Invariant($"{Name(result.Test)}\t{_clock.Elapsed.TotalMilliseconds:F1}\t{string.Join(',', Passed())}"));
    }

    public void TestOutput(TestOutput output) { }

    public void SendMessage(TestMessage message) { }

    private void Load(bool stopsAtFailure) =>
        _runner.Load(Assembly.Load("MiniTorch.Tests"), new Dictionary<string, object> { ["NumberOfTestWorkers"] = 0, ["StopOnError"] = stopsAtFailure, ["SynchronousEvents"] = true });

    private static ILookup<int, string> Covering(string coverage) =>
        (from line in File.ReadLines(coverage)
         let parts = line.Split('\t')
         where parts[2].Length > 0
         let mutants = parts[2].Split(',')
         orderby mutants.Length * (1 + double.Parse(parts[1], CultureInfo.InvariantCulture))
         from mutant in mutants
         select (Mutant: int.Parse(mutant, CultureInfo.InvariantCulture), Test: parts[0])).ToLookup(pair => pair.Mutant, pair => pair.Test);

    // A mutant may leave something behind in static fields. Then the test that found it fails without it too, and the process is of no more use.
    private string Fate(int mutant, string[] tests)
    {
        if (tests.Length == 0) return "not covered";
        for (int stage = 1; stage < s_stages.Length && s_stages[stage - 1] < tests.Length; stage++)
            if (FirstFailure(mutant, tests[s_stages[stage - 1]..Math.Min(s_stages[stage], tests.Length)]) is { } test)
                return $"{(FirstFailure(None, [test]) is null ? "killed" : "tainted")}\t{test}";
        return $"survived\t{tests.Length} tests, such as {tests[0]}";
    }

    private string? FirstFailure(int mutant, string[] tests)
    {
        HashSet<string> chosen = [.. tests];
        _failed = null;
        _active.SetValue(null, mutant);
        try { _runner.Run(this, new Chosen(chosen.Contains)); }
        finally { _active.SetValue(null, None); }
        return _failed;
    }

    private int[] Passed() => [.. ((IList<int>[])_passed.Invoke(null, null)!).SelectMany(mutants => mutants ?? []).Distinct()];

    private static string Name(ITest test) => Regex.Replace(test.FullName, @"\s", " ");

    private sealed class Chosen(Func<string, bool> isChosen) : TestFilter
    {
        public override bool Match(ITest test) => !test.IsSuite && isChosen(Name(test));

        public override bool Pass(ITest test, bool negated = false) => test.IsSuite ? MatchDescendant(test) : Match(test);

        public override bool IsExplicitMatch(ITest test) => Pass(test);

        public override TNode AddToXml(TNode parentNode, bool recursive) => throw new NotSupportedException();
    }
}
