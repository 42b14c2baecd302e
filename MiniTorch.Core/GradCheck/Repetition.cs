namespace MiniTorch.GradChecking;

/// <summary>Compares two runs at the same point.</summary>
internal static class Repetition
{
    /// <summary>What is wrong where they differ in any bit.</summary>
    public static GradCheckFinding? Compare(ReadOnlySpan<double> first, ReadOnlySpan<double> second, string what, Shape shape, int order)
    {
        int at = first.CommonPrefixLength(second);
        return at == first.Length ? null : new GradCheckFinding(Verdict.Nondeterministic, GradCheckMode.RunAgainstRun, order, "the inputs", what)
        {
            Worst = [new GradCheckEntry([], ElementIndex.Of(shape, at), first[at], second[at], 0, 0, Verdict.Nondeterministic)],
            Hint = "two calls with the same inputs differ: random numbers (Eval() turns Dropout off; a fixed Generator made inside the function repeats), or state kept between calls",
        };
    }
}
