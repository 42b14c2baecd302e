namespace MiniTorch;

/// <summary>Specifies the elements that an element-wise op computes with.</summary>
public enum ElementwiseDomain
{
    /// <summary>Floating-point numbers: integers and Bool are converted to Float32 first.</summary>
    Real,

    /// <summary>Any numbers: integers stay integers.</summary>
    Number,
}

/// <summary>Specifies the elements that an element-wise op returns.</summary>
public enum ElementwiseResult
{
    /// <summary>The dtype that it computes with.</summary>
    Same,

    /// <summary>Booleans: 1 for true, 0 for false.</summary>
    Bool,
}

/// <summary>A function of one element, y = f(x), with its derivative. One implementation serves all vector widths and tensors.</summary>
/// <remarks>
/// Implement it as a struct. The fields are the parameters of the function, such as a slope. Pass the struct to an op such as <see
/// cref="UnaryOp{TKernel}"/>.
/// </remarks>
public interface IUnaryFunction
{
    /// <summary>The values that the backward methods read. Their other arguments have no meaningful value.</summary>
    static virtual Reads Reads => Reads.None;

    /// <summary>The inputs whose gradient is g itself, so that it needs no computation.</summary>
    static virtual Reads IdentityGradInputs => Reads.None;

    /// <summary>Whether integers stay integers or are converted to Float32.</summary>
    static virtual ElementwiseDomain Domain => ElementwiseDomain.Real;

    /// <summary>Whether the result is Bool, which has no derivative, or of the input dtype.</summary>
    static virtual ElementwiseResult Result => ElementwiseResult.Same;

    /// <summary>Computes f(x).</summary>
    R Forward<R>(R x) where R : struct, IReal<R>;

    /// <summary>Computes g · f′(x), for a cotangent or tangent <paramref name="g"/> and y = f(x).</summary>
    R Backward<R>(R g, R x, R y) where R : struct, IReal<R>;
}

/// <summary>A function of two elements, y = f(a, b), with its partial derivatives.</summary>
/// <remarks><inheritdoc cref="IUnaryFunction"/></remarks>
public interface IBinaryFunction
{
    /// <summary>The values that the backward methods read. Their other arguments have no meaningful value.</summary>
    static virtual Reads Reads => Reads.None;

    /// <summary>The inputs whose gradient is g itself, so that it needs no computation.</summary>
    static virtual Reads IdentityGradInputs => Reads.None;

    /// <summary>Whether integers stay integers or are converted to Float32.</summary>
    static virtual ElementwiseDomain Domain => ElementwiseDomain.Real;

    /// <summary>Whether the result is Bool, which has no derivative, or of the input dtype.</summary>
    static virtual ElementwiseResult Result => ElementwiseResult.Same;

    /// <summary>The part of <see cref="Reads"/> that <see cref="BackwardA"/> needs; other values are not loaded from memory.</summary>
    static virtual Reads ReadsA => Reads.Inputs | Reads.Output;

    /// <summary>The part of <see cref="Reads"/> that <see cref="BackwardB"/> needs.</summary>
    static virtual Reads ReadsB => Reads.Inputs | Reads.Output;

    /// <summary>Computes f(a, b).</summary>
    R Forward<R>(R a, R b) where R : struct, IReal<R>;

    /// <summary>Computes g · ∂f/∂a.</summary>
    R BackwardA<R>(R g, R a, R b, R y) where R : struct, IReal<R>;

    /// <summary>Computes g · ∂f/∂b.</summary>
    R BackwardB<R>(R g, R a, R b, R y) where R : struct, IReal<R>;
}

/// <summary>A function of three elements, y = f(a, b, c), with its partial derivatives.</summary>
/// <remarks><inheritdoc cref="IUnaryFunction"/></remarks>
public interface ITernaryFunction
{
    /// <summary>Whether the first input is a Bool that selects among the others and does not take part in dtype promotion.</summary>
    static virtual bool SelectsByFirst => false;

    /// <summary>The values that the backward methods read. Their other arguments have no meaningful value.</summary>
    static virtual Reads Reads => Reads.None;

    /// <summary>The inputs whose gradient is g itself, so that it needs no computation.</summary>
    static virtual Reads IdentityGradInputs => Reads.None;

    /// <summary>Whether integers stay integers or are converted to Float32.</summary>
    static virtual ElementwiseDomain Domain => ElementwiseDomain.Real;

    /// <summary>Whether the result is Bool, which has no derivative, or of the input dtype.</summary>
    static virtual ElementwiseResult Result => ElementwiseResult.Same;

    /// <summary>Computes f(a, b, c).</summary>
    R Forward<R>(R a, R b, R c) where R : struct, IReal<R>;

    /// <summary>Computes g · ∂f/∂a.</summary>
    R BackwardA<R>(R g, R a, R b, R c, R y) where R : struct, IReal<R>;

    /// <summary>Computes g · ∂f/∂b.</summary>
    R BackwardB<R>(R g, R a, R b, R c, R y) where R : struct, IReal<R>;

    /// <summary>Computes g · ∂f/∂c.</summary>
    R BackwardC<R>(R g, R a, R b, R c, R y) where R : struct, IReal<R>;
}
