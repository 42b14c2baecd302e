using System.Runtime.CompilerServices;

namespace MiniTorch.Nn;

/// <summary>Checks shapes against the patterns of <see cref="DimsAttribute"/> in any function.</summary>
public static class Dims
{
    /// <summary>Whether shapes are checked, here and in calls of modules; true by default.</summary>
    public static bool Enabled { get; set; } = true;

    /// <summary>
    /// Checks up to three tensors; a name stands for the same size in all patterns: <c>Dims.Check(x, "batch features", weight, "classes
    /// features")</c>.
    /// </summary>
    /// <param name="first">The first tensor.</param>
    /// <param name="firstDims">Its pattern.</param>
    /// <param name="second">The second tensor.</param>
    /// <param name="secondDims">Its pattern.</param>
    /// <param name="third">The third tensor.</param>
    /// <param name="thirdDims">Its pattern.</param>
    /// <param name="firstName">The name of the first tensor in errors; the argument as it is written by default.</param>
    /// <param name="secondName">The name of the second tensor in errors.</param>
    /// <param name="thirdName">The name of the third tensor in errors.</param>
    /// <exception cref="ShapeException">A shape does not fit; the message names the tensor, the name and both sizes.</exception>
    public static void Check(
        Tensor first, string firstDims, Tensor? second = null, string secondDims = "", Tensor? third = null, string thirdDims = "",
        [CallerArgumentExpression(nameof(first))] string firstName = "", [CallerArgumentExpression(nameof(second))] string? secondName = null,
        [CallerArgumentExpression(nameof(third))] string? thirdName = null)
    {
        if (!Enabled) return;
        new DimsMatch(
            "Dims.Check",
            [(firstName, DimsPattern.Of(firstDims)), (secondName ?? "", DimsPattern.Of(secondDims)), (thirdName ?? "", DimsPattern.Of(thirdDims))],
            [first, second, third]).Check();
    }
}
