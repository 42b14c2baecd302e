namespace MiniTorch.Nn;

/// <summary>
/// Declares the shape of a tensor as documentation that is checked: <c>Forward([Dims("batch classes ...")] Tensor logits, [Dims("batch ...")] Tensor
/// targets)</c>.
/// </summary>
/// <remarks>
/// A pattern is a list of dimensions. A name stands for one size, which is the same in all arguments and the result of a call. A number stands for
/// itself, <c>_</c> for any size, <c>...</c> (or <c>…</c>) for any number of dimensions, the same everywhere, and <c>...name</c> for another such
/// group. <c>|</c> separates alternatives; an empty alternative is a scalar. <see cref="Module{TIn, TOut}.Call"/> checks parameters and, with
/// <c>[return: Dims("…")]</c>, results; <see cref="Dims.Check(Tensor, string, Tensor?, string, Tensor?, string, string, string?, string?)"/> does it
/// in any function.
/// </remarks>
/// <param name="pattern">The dimensions.</param>
[AttributeUsage(AttributeTargets.Parameter | AttributeTargets.ReturnValue)]
public sealed class DimsAttribute(string pattern) : Attribute
{
    /// <summary>The dimensions.</summary>
    public string Pattern { get; } = pattern;
}
