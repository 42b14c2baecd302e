namespace MiniTorch;

/// <summary>The elements that a pointwise op computes with.</summary>
public enum ElementwiseDomain
{
    /// <summary>Real numbers: integers and Bool are converted to Float32 first.</summary>
    Real,

    /// <summary>Any number: integers stay integers.</summary>
    Number,
}

/// <summary>The elements that a pointwise op gives.</summary>
public enum ElementwiseResult
{
    /// <summary>Those it computes with.</summary>
    Same,

    /// <summary>Truth values: 1 for true, 0 for false.</summary>
    Bool,
}

/// <summary>A function of one element, y = f(x), with its derivative; written once for every vector width and for tensors.</summary>
/// <remarks>Kernels are structs passed by value; their fields are the function's parameters, such as a slope.</remarks>
public interface IUnaryFunction
{
    /// <summary>What the chain rules read; they get no meaningful value for anything else.</summary>
    static virtual Reads Reads => Reads.None;

    /// <summary>The inputs whose chain rule is g itself, so that no pass over memory is needed.</summary>
    static virtual Reads IdentityGradInputs => Reads.None;

    /// <summary>Whether integers stay integers.</summary>
    static virtual ElementwiseDomain Domain => ElementwiseDomain.Real;

    /// <summary>Whether the result is a truth value (then there is no derivative).</summary>
    static virtual ElementwiseResult Result => ElementwiseResult.Same;

    /// <summary>f(x).</summary>
    R Forward<R>(R x) where R : struct, IReal<R>;

    /// <summary>g · f′(x), for a cotangent or tangent <paramref name="g"/> and y = f(x).</summary>
    R Backward<R>(R g, R x, R y) where R : struct, IReal<R>;
}

/// <summary>A function of two elements, y = f(a, b), with its partial derivatives.</summary>
/// <remarks><inheritdoc cref="IUnaryFunction"/></remarks>
public interface IBinaryFunction
{
    /// <summary>What the chain rules read; they get no meaningful value for anything else.</summary>
    static virtual Reads Reads => Reads.None;

    /// <summary>The inputs whose chain rule is g itself, so that no pass over memory is needed.</summary>
    static virtual Reads IdentityGradInputs => Reads.None;

    /// <summary>Whether integers stay integers.</summary>
    static virtual ElementwiseDomain Domain => ElementwiseDomain.Real;

    /// <summary>Whether the result is a truth value (then there is no derivative).</summary>
    static virtual ElementwiseResult Result => ElementwiseResult.Same;

    /// <summary>Of <see cref="Reads"/>, those that <see cref="BackwardA"/> needs: what it does not is not fetched from memory.</summary>
    static virtual Reads ReadsA => Reads.Inputs | Reads.Output;

    /// <summary>Of <see cref="Reads"/>, those that <see cref="BackwardB"/> needs.</summary>
    static virtual Reads ReadsB => Reads.Inputs | Reads.Output;

    /// <summary>f(a, b).</summary>
    R Forward<R>(R a, R b) where R : struct, IReal<R>;

    /// <summary>g · ∂f/∂a.</summary>
    R BackwardA<R>(R g, R a, R b, R y) where R : struct, IReal<R>;

    /// <summary>g · ∂f/∂b.</summary>
    R BackwardB<R>(R g, R a, R b, R y) where R : struct, IReal<R>;
}

/// <summary>A function of three elements, y = f(a, b, c), with its partial derivatives.</summary>
/// <remarks><inheritdoc cref="IUnaryFunction"/></remarks>
public interface ITernaryFunction
{
    /// <summary>Whether the first input is a Bool that selects among the others and does not take part in dtype promotion.</summary>
    static virtual bool SelectsByFirst => false;

    /// <summary>What the chain rules read; they get no meaningful value for anything else.</summary>
    static virtual Reads Reads => Reads.None;

    /// <summary>The inputs whose chain rule is g itself, so that no pass over memory is needed.</summary>
    static virtual Reads IdentityGradInputs => Reads.None;

    /// <summary>Whether integers stay integers.</summary>
    static virtual ElementwiseDomain Domain => ElementwiseDomain.Real;

    /// <summary>Whether the result is a truth value (then there is no derivative).</summary>
    static virtual ElementwiseResult Result => ElementwiseResult.Same;

    /// <summary>f(a, b, c).</summary>
    R Forward<R>(R a, R b, R c) where R : struct, IReal<R>;

    /// <summary>g · ∂f/∂a.</summary>
    R BackwardA<R>(R g, R a, R b, R c, R y) where R : struct, IReal<R>;

    /// <summary>g · ∂f/∂b.</summary>
    R BackwardB<R>(R g, R a, R b, R c, R y) where R : struct, IReal<R>;

    /// <summary>g · ∂f/∂c.</summary>
    R BackwardC<R>(R g, R a, R b, R c, R y) where R : struct, IReal<R>;
}
