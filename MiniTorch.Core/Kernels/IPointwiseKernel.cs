namespace MiniTorch;

/// <summary>A function of one element, y = f(x), with its derivative; written once for every vector width and for tensors.</summary>
/// <remarks>Kernels are structs passed by value; their fields are the function's parameters, such as a slope.</remarks>
public interface IUnaryKernel
{
    /// <summary>f(x).</summary>
    R Value<R>(R x) where R : struct, IReal<R>;

    /// <summary>g · f′(x), for a cotangent or tangent <paramref name="g"/> and y = f(x). Only the operands that the op declares as read may be
    /// used: the others hold no meaningful value.</summary>
    R Chain<R>(R g, R x, R y) where R : struct, IReal<R>;
}

/// <summary>A function of two elements, y = f(a, b), with its partial derivatives.</summary>
/// <remarks><inheritdoc cref="IUnaryKernel"/></remarks>
public interface IBinaryKernel
{
    /// <summary>f(a, b).</summary>
    R Value<R>(R a, R b) where R : struct, IReal<R>;

    /// <summary>g · ∂f/∂a; only the operands that the op declares as read may be used.</summary>
    R ChainA<R>(R g, R a, R b, R y) where R : struct, IReal<R>;

    /// <summary>g · ∂f/∂b; only the operands that the op declares as read may be used.</summary>
    R ChainB<R>(R g, R a, R b, R y) where R : struct, IReal<R>;
}

/// <summary>A function of three elements, y = f(a, b, c), with its partial derivatives.</summary>
/// <remarks><inheritdoc cref="IUnaryKernel"/></remarks>
public interface ITernaryKernel
{
    /// <summary>f(a, b, c).</summary>
    R Value<R>(R a, R b, R c) where R : struct, IReal<R>;

    /// <summary>g · ∂f/∂a; only the operands that the op declares as read may be used.</summary>
    R ChainA<R>(R g, R a, R b, R c, R y) where R : struct, IReal<R>;

    /// <summary>g · ∂f/∂b; only the operands that the op declares as read may be used.</summary>
    R ChainB<R>(R g, R a, R b, R c, R y) where R : struct, IReal<R>;

    /// <summary>g · ∂f/∂c; only the operands that the op declares as read may be used.</summary>
    R ChainC<R>(R g, R a, R b, R c, R y) where R : struct, IReal<R>;
}
