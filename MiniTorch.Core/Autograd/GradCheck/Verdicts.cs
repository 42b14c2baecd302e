namespace MiniTorch;

internal static class Verdicts
{
    extension(Verdict verdict)
    {
        /// <summary>Which of several verdicts counts: the higher one.</summary>
        public int Gravity => verdict switch
        {
            Verdict.Correct => 0,
            Verdict.Noise => 1,
            Verdict.Kink => 2,
            Verdict.NothingChecked => 3,
            Verdict.Disconnected => 4,
            Verdict.Wrong => 5,
            _ => 6,
        };
    }
}
