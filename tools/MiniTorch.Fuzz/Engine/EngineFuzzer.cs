namespace MiniTorch.Fuzz.Engine;

/// <summary>A failing program, shrunk.</summary>
internal sealed record FailingProgram(int Seed, Fault Fault, FuzzProgram Program)
{
    /// <summary>The program as C#, led by what is wrong with it.</summary>
    public override string ToString() => Program.ToCSharp($"seed {Seed}: {Fault.Check}: {Fault.Details}");
}

/// <summary>Makes random programs and checks that all ways to run them agree.</summary>
/// <param name="rules">The operations that they are made of.</param>
/// <param name="twins">Other processes, slower than this one, which run one of <see cref="TwinsEvery"/> programs too.</param>
internal sealed class EngineFuzzer(IReadOnlyList<OpRule> rules, params IReadOnlyList<Twin> twins)
{
    private const int TwinsEvery = 8;

    public long Programs { get; private set; }

    /// <summary>How many programs ran in other processes too.</summary>
    public long InTwins { get; private set; }

    public long Operations { get; private set; }

    /// <summary>How many programs had derivatives by differences that were worth comparing with.</summary>
    public long Numerical { get; private set; }

    /// <summary>The failing ones among programs <paramref name="from"/> … <paramref name="from"/> + <paramref name="count"/> − 1.</summary>
    public IEnumerable<FailingProgram> Run(int from, int count)
    {
        for (int seed = from; seed < from + count; seed++)
        {
            var choices = new Choices(seed);
            bool inTwins = twins.Count > 0 && seed % TwinsEvery == 0;
            Fault? fault = Check(choices, inTwins, out FuzzProgram? program);
            Programs++;
            if (inTwins) InTwins++;
            Operations += program?.Length ?? 0;
            if (fault is not null) yield return Shrunk(seed, fault, choices.Made, inTwins);
        }
    }

    private FailingProgram Shrunk(int seed, Fault fault, IReadOnlyList<int> made, bool inTwins)
    {
        IReadOnlyList<int> shrunk = Shrinker.Shrink(made, given => Check(new Choices(given), inTwins, out _)?.Check == fault.Check);
        Fault? last = Check(new Choices(shrunk), inTwins, out FuzzProgram? program);
        return new FailingProgram(seed, last ?? fault, program ?? new FuzzProgram([], DType.Float64, shrunk));
    }

    private Fault? Check(Choices choices, bool inTwins, out FuzzProgram? program)
    {
        program = null;
        try
        {
            program = Draft.Draw(choices, rules);
        }
        catch (MiniTorchException error)
        {
            return new Fault(error.GetType().Name, error.ToString());
        }
        IReadOnlyList<Twin> asked = inTwins ? twins : [];
        foreach (Twin twin in asked) twin.Start(program);
        Fault? fault = CheckHere(program);
        foreach (Twin twin in asked)
        {
            Outcome other = twin.Finish();
            if (fault is not null) continue;
            Outcome outcome = Checks.Evaluate(program);
            fault = twin.IsExact ? Checks.Same(outcome, other, twin.Name) : Checks.Near(program, outcome, other, twin.Name);
        }
        return fault;
    }

    private Fault? CheckHere(FuzzProgram program)
    {
        try
        {
            Fault? fault = Checks.Run(program, out bool wasNumerical);
            if (wasNumerical) Numerical++;
            return fault;
        }
        catch (Exception error)
        {
            return new Fault(error.GetType().Name, error.ToString());
        }
    }
}
