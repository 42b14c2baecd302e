namespace MiniTorch.GradChecking;

internal static class VerdictGravity
{
    extension(Verdict verdict)
    {
        /// <summary>Which of several verdicts counts: the higher one.</summary>
        public int Gravity => Array.IndexOf(
            [Verdict.Correct, Verdict.Noise, Verdict.Kink, Verdict.NothingChecked, Verdict.Disconnected, Verdict.Wrong, Verdict.Nondeterministic], verdict);
    }
}
