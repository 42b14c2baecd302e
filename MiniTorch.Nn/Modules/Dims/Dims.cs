using System.Runtime.CompilerServices;

namespace MiniTorch.Nn;

/// <summary>Checks of shapes by the patterns of <see cref="DimsAttribute"/>, in any function.</summary>
public static class Dims
{
    /// <summary>Whether shapes are checked, here and in the calls of modules; true at first.</summary>
    public static bool Enabled { get; set; } = true;

    /// <summary>Checks up to three tensors, in whose patterns a name stands for one size: <c>Dims.Check(x, "batch features", weight, "classes features")</c>.</summary>
    /// <param name="first">A tensor.</param>
    /// <param name="firstDims">Its pattern.</param>
    /// <param name="second">Another one.</param>
    /// <param name="secondDims">Its pattern.</param>
    /// <param name="third">A third one.</param>
    /// <param name="thirdDims">Its pattern.</param>
    /// <param name="firstName">What errors call it; the argument as it was written.</param>
    /// <param name="secondName">What errors call the second.</param>
    /// <param name="thirdName">What errors call the third.</param>
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
