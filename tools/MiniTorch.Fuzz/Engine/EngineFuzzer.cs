namespace MiniTorch.Fuzz.Engine;

/// <summary>A failing program, shrunk.</summary>
internal sealed record FailingProgram(int Seed, Fault Fault, FuzzProgram Program)
{
    /// <summary>The program as C#, led by what is wrong with it.</summary>
    public override string ToString() => Program.ToCSharp($"seed {Seed}: {Fault.Check}: {Fault.Details}");
}

/// <summary>Makes random programs and checks that all ways to run them agree.</summary>
/// <param name="rules">The operations that they are made of.</param>
/// <param name="twins">Other processes that run the same programs.</param>
internal sealed class EngineFuzzer(IReadOnlyList<OpRule> rules, params IReadOnlyList<Twin> twins)
{
    public long Programs { get; private set; }

    public long Operations { get; private set; }

    /// <summary>How many programs had derivatives by differences that were worth comparing with.</summary>
    public long Numerical { get; private set; }

    /// <summary>The failing ones among programs <paramref name="from"/> … <paramref name="from"/> + <paramref name="count"/> − 1.</summary>
    public IEnumerable<FailingProgram> Run(int from, int count)
    {
        for (int seed = from; seed < from + count; seed++)
        {
            var choices = new Choices(seed);
            Fault? fault = Check(choices, out FuzzProgram? program);
            Programs++;
            Operations += program?.Length ?? 0;
            if (fault is not null) yield return Shrunk(seed, fault, choices.Made);
        }
    }

    private FailingProgram Shrunk(int seed, Fault fault, IReadOnlyList<int> made)
    {
        IReadOnlyList<int> shrunk = Shrinker.Shrink(made, given => Check(new Choices(given), out _)?.Check == fault.Check);
        Fault? last = Check(new Choices(shrunk), out FuzzProgram? program);
        return new FailingProgram(seed, last ?? fault, program ?? new FuzzProgram([], DType.Float64, shrunk));
    }

    private Fault? Check(Choices choices, out FuzzProgram? program)
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
        foreach (Twin twin in twins) twin.Start(program);
        Fault? fault = CheckHere(program);
        foreach (Twin twin in twins)
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
