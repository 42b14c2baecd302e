namespace MiniTorch.Nn;

/// <summary>
/// The shape of a tensor as documentation that is checked: <c>Forward([Dims("batch classes ...")] Tensor logits, [Dims("batch ...")] Tensor targets)</c>.
/// </summary>
/// <remarks>
/// A pattern is a list of dimensions. A name stands for one size, the same in all arguments of a call and in its result; a number for itself, <c>_</c> for any
/// size, <c>...</c> (or <c>…</c>) for any number of dimensions, the same everywhere, and <c>...name</c> for others. <c>|</c> separates alternatives, and an
/// empty one is a scalar's. <see cref="Module{TIn, TOut}.Call"/> checks parameters and, on <c>[return: Dims("…")]</c>, results;
/// <see cref="Dims.Check(Tensor, string, Tensor?, string, Tensor?, string, string, string?, string?)"/> does it in any function.
/// </remarks>
/// <param name="pattern">The dimensions.</param>
[AttributeUsage(AttributeTargets.Parameter | AttributeTargets.ReturnValue)]
public sealed class DimsAttribute(string pattern) : Attribute
{
    /// <summary>The dimensions.</summary>
    public string Pattern { get; } = pattern;
}
