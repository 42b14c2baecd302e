namespace MiniTorch;

/// <summary>The result of a gradient check.</summary>
public enum Verdict
{
    /// <summary>Every derivative agrees.</summary>
    Correct,

    /// <summary>A derivative is not the slope of the function's values.</summary>
    Wrong,

    /// <summary>
    /// The slopes from the left and from the right differ, so there is no derivative, and the analytic one is as good as any: it lies between them,
    /// or each operation by itself is right and only their composition has a tie here.
    /// </summary>
    Kink,

    /// <summary>The values do not settle to a slope at any step, so nothing can be said.</summary>
    Noise,

    /// <summary>The results depend on an input, and no gradient reaches it.</summary>
    Disconnected,

    /// <summary>Two calls with the same inputs give different results or gradients.</summary>
    Nondeterministic,

    /// <summary>There was nothing to differentiate.</summary>
    NothingChecked,
}
