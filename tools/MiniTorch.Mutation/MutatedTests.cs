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
    private readonly ILookup<string, ITest> _tests;
    private Action<ITest>? _started;
    private Action<ITestResult>? _finished;
    private string? _failed;

    public MutatedTests(string assembly, bool stopsAtFailure)
    {
        Type control = Assembly.Load(assembly).GetTypes().Single(type => type.Name == "MutantControl");
        (_active, _counts, _passed) = (control.GetField("ActiveMutant")!, control.GetField("CaptureCoverage")!,
            control.GetMethod("GetCoverageData")!);
        _active.SetValue(null, None);
        var settings = new Dictionary<string, object> { ["NumberOfTestWorkers"] = 0, ["StopOnError"] = stopsAtFailure, ["SynchronousEvents"] = true };
        _tests = Cases(_runner.Load(Assembly.Load("MiniTorch.Tests"), settings)).ToLookup(Name);
    }

    /// <summary>
    /// Writes a line for each test that passes and is not there yet: its name, its milliseconds of work, and the mutants in the code that it ran.
    /// </summary>
    public void WriteCoverage(string file, string excluded)
    {
        HashSet<string> known = File.Exists(file) ? [.. File.ReadLines(file).Select(line => line.Split('\t')[0])] : [];
        using var lines = new StreamWriter(file, append: true) { AutoFlush = true };
        // Counting takes a lock for every expression: a test that works for long counts for two seconds alone.
        using var enough = new Timer(_ => _counts.SetValue(null, false));
        TimeSpan start = default;
        _started = _ =>
        {
            Passed();
            _counts.SetValue(null, true);
            enough.Change(2000, Timeout.Infinite);
            start = Environment.CpuUsage.TotalTime;
        };
        _finished = result =>
        {
            if (result.ResultState.Status == TestStatus.Passed)
                lines.WriteLine(FormattableString.Invariant(
                    $"{Name(result.Test)}\t{(Environment.CpuUsage.TotalTime - start).TotalMilliseconds:F1}\t{string.Join(',', Passed())}"));
        };
        _runner.Run(this, new Chosen(_tests.Where(tests => !known.Contains(tests.Key) && !Regex.IsMatch(tests.Key, excluded))
            .SelectMany(tests => tests)));
    }

    /// <summary>
    /// Answers each mutant on standard input by what became of it; before, names each test that it starts, with its milliseconds of work and the
    /// mutant that is on.
    /// </summary>
    public void Serve(Coverage coverage, TextReader questions, TextWriter answers)
    {
        _started = test => Say($"test\t{coverage.Cost(Name(test)):F0}\t{_active.GetValue(null)}\t{Name(test)}");
        _finished = result => _failed ??= result.ResultState.Status == TestStatus.Failed ? Name(result.Test) : null;
        Say($"ready");
        while (questions.ReadLine() is { } line)
        {
            int mutant = int.Parse(line, CultureInfo.InvariantCulture);
            Say($"fate\t{Fate(mutant, coverage.Tests(mutant))}");
        }

        void Say(FormattableString line)
        {
            answers.WriteLine(FormattableString.Invariant(line));
            answers.Flush();
        }
    }

    public void TestStarted(ITest test)
    {
        if (!test.IsSuite) _started?.Invoke(test);
    }

    public void TestFinished(ITestResult result)
    {
        if (!result.Test.IsSuite) _finished?.Invoke(result);
    }

    public void TestOutput(TestOutput output) { }

    public void SendMessage(TestMessage message) { }

    // A mutant may leave something behind in static fields. Then the test that found it fails without it too, and the process is of no more use.
    private string Fate(int mutant, string[] tests)
    {
        if (tests.Length == 0) return "not covered\t";
        for (int stage = 1; stage < s_stages.Length && s_stages[stage - 1] < tests.Length; stage++)
            if (FirstFailure(mutant, tests[s_stages[stage - 1]..Math.Min(s_stages[stage], tests.Length)]) is { } test)
                return $"{(FirstFailure(None, [test]) is null ? "killed" : "tainted")}\t{test}";
        return $"survived\t{tests.Length} tests, such as {tests[0]}";
    }

    private string? FirstFailure(int mutant, string[] tests)
    {
        _failed = null;
        _active.SetValue(null, mutant);
        try { _runner.Run(this, new Chosen(tests.SelectMany(test => _tests[test]))); }
        finally { _active.SetValue(null, None); }
        return _failed;
    }

    private int[] Passed() => [.. ((IList<int>[])_passed.Invoke(null, null)!).SelectMany(mutants => mutants ?? []).Distinct()];

    private static IEnumerable<ITest> Cases(ITest test) => test.IsSuite ? test.Tests.SelectMany(Cases) : [test];

    private static string Name(ITest test) => Regex.Replace(test.FullName, @"\s", " ");

    /// <summary>Some tests, and the suites that lead to them.</summary>
    private sealed class Chosen : TestFilter
    {
        private readonly HashSet<ITest> _chosen = [];

        public Chosen(IEnumerable<ITest> tests)
        {
            foreach (ITest test in tests)
                for (ITest? part = test; part is not null && _chosen.Add(part); part = part.Parent) ;
        }

        public override bool Match(ITest test) => !test.IsSuite && _chosen.Contains(test);

        public override bool Pass(ITest test, bool negated = false) => _chosen.Contains(test);

        public override bool IsExplicitMatch(ITest test) => Pass(test);

        public override TNode AddToXml(TNode parentNode, bool recursive) => throw new NotSupportedException();
    }
}
