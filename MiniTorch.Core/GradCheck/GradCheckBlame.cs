namespace MiniTorch;

/// <summary>The operation that a failure was traced to.</summary>
/// <param name="Op">Its name.</param>
/// <param name="InputShapes">The shapes it was called with.</param>
/// <param name="Module">The path of the module that called it; null outside modules.</param>
/// <param name="Line">The source line that called it, <c>file.cs:12</c>; null where there is no debug information.</param>
/// <param name="Reason">What is wrong with it.</param>
public sealed record GradCheckBlame(string Op, IReadOnlyList<Shape> InputShapes, string? Module, string? Line, string Reason)
{
    /// <summary>One sentence.</summary>
    public override string ToString() =>
        $"{Op}({string.Join(", ", InputShapes)}){(Module is null ? "" : $" in {Module}")}{(Line is null ? "" : $" at {Line}")}: {Reason}";
}
