namespace MiniTorch.Fuzz.Engine;

/// <summary>Makes a failing program small: as long as the same check fails, choices are left out, set to 0 or made smaller.</summary>
internal static class Shrinker
{
    private const int MaxAttempts = 4000;

    /// <summary>The choices of the simplest failing program that was found.</summary>
    /// <param name="choices">Those of the program at hand.</param>
    /// <param name="fails">Whether a program made of other choices fails in the same way.</param>
    public static IReadOnlyList<int> Shrink(IReadOnlyList<int> choices, Func<IReadOnlyList<int>, bool> fails)
    {
        List<int> best = [.. choices];
        int attempts = 0;
        for (bool improved = true; improved && attempts < MaxAttempts;)
        {
            improved = false;
            // A line is a few choices: short pieces are tried everywhere, long ones only side by side.
            foreach (int length in (int[])[64, 32, 16, 8, 7, 6, 5, 4, 3, 2, 1])
                for (int start = best.Count - length; start >= 0; start -= length > 8 ? length / 2 : 1)
                    if (start + length <= best.Count && Take([.. best[..start], .. best[(start + length)..]])) improved = true;
            for (int i = 0; i < best.Count; i++)
                foreach (int smaller in (int[])[0, best[i] / 2, best[i] - 1])
                    if (smaller >= 0 && i < best.Count && smaller < best[i] && Take([.. best[..i], smaller, .. best[(i + 1)..]])) improved = true;
        }
        return best;

        bool Take(List<int> shorter)
        {
            if (attempts++ >= MaxAttempts || !fails(shorter)) return false;
            best = shorter;
            return true;
        }
    }
}
