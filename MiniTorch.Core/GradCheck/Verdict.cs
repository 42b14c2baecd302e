namespace MiniTorch;

/// <summary>What a gradient check found.</summary>
public enum Verdict
{
    /// <summary>Every derivative agrees.</summary>
    Correct,

    /// <summary>A derivative is not what the function's values say.</summary>
    Wrong,

    /// <summary>The slopes from the left and from the right differ, so that there is no derivative; the analytic one lies between them.</summary>
    Kink,

    /// <summary>The values do not settle to a slope at any step, so that nothing can be said.</summary>
    Noise,

    /// <summary>The results depend on an input, and no gradient reaches it.</summary>
    Disconnected,

    /// <summary>Two calls with the same inputs give different results or gradients.</summary>
    Nondeterministic,

    /// <summary>There was nothing to differentiate.</summary>
    NothingChecked,
}
