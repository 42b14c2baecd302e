namespace MiniTorch;

/// <summary>Compares two runs at the same point.</summary>
internal static class Repetition
{
    /// <summary>What is wrong where they differ in any bit.</summary>
    public static GradCheckFinding? Compare(double[] first, double[] second, string what, int order)
    {
        int at = Enumerable.Range(0, first.Length).FirstOrDefault(i => !first[i].Equals(second[i]), -1);
        return at < 0 ? null : new GradCheckFinding(Verdict.Nondeterministic, GradCheckMode.RunAgainstRun, order, "the inputs", what)
        {
            Worst = [new GradCheckEntry([], [at], first[at], second[at], 0, 0, Verdict.Nondeterministic)],
            Hint = "two calls with the same inputs differ: random numbers (Eval() turns Dropout off; a fixed Generator made inside the function repeats), or state kept between calls",
        };
    }
}
