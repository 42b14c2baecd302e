using System.Runtime.CompilerServices;
using static System.Runtime.CompilerServices.MethodImplOptions;

namespace MiniTorch.Kernels;

/// <summary>x → y as a loop's function.</summary>
internal readonly struct UnaryForward<K>(K kernel) : ILoopFunction
    where K : struct, IUnaryFunction
{
    public static int Inputs => 1;

    [MethodImpl(AggressiveInlining)]
    public R Apply<R>(R a, R b, R c, R d, R e) where R : struct, IReal<R> => kernel.Forward(a);
}

/// <summary>g, x, y → g · dy/dx as a loop's function.</summary>
internal readonly struct UnaryBackward<K>(K kernel) : ILoopFunction
    where K : struct, IUnaryFunction
{
    public static int Inputs => 3;

    [MethodImpl(AggressiveInlining)]
    public R Apply<R>(R a, R b, R c, R d, R e) where R : struct, IReal<R> => kernel.Backward(a, b, c);
}

/// <summary>a, b → y as a loop's function.</summary>
internal readonly struct BinaryForward<K>(K kernel) : ILoopFunction
    where K : struct, IBinaryFunction
{
    public static int Inputs => 2;

    [MethodImpl(AggressiveInlining)]
    public R Apply<R>(R a, R b, R c, R d, R e) where R : struct, IReal<R> => kernel.Forward(a, b);
}

/// <summary>g, a, b, y → g · ∂y/∂a as a loop's function.</summary>
internal readonly struct BinaryBackwardA<K>(K kernel) : ILoopFunction
    where K : struct, IBinaryFunction
{
    public static int Inputs => 4;

    [MethodImpl(AggressiveInlining)]
    public R Apply<R>(R a, R b, R c, R d, R e) where R : struct, IReal<R> => kernel.BackwardA(a, b, c, d);
}

/// <summary>g, a, b, y → g · ∂y/∂b as a loop's function.</summary>
internal readonly struct BinaryBackwardB<K>(K kernel) : ILoopFunction
    where K : struct, IBinaryFunction
{
    public static int Inputs => 4;

    [MethodImpl(AggressiveInlining)]
    public R Apply<R>(R a, R b, R c, R d, R e) where R : struct, IReal<R> => kernel.BackwardB(a, b, c, d);
}

/// <summary>a, b, c → y as a loop's function.</summary>
internal readonly struct TernaryForward<K>(K kernel) : ILoopFunction
    where K : struct, ITernaryFunction
{
    public static int Inputs => 3;

    [MethodImpl(AggressiveInlining)]
    public R Apply<R>(R a, R b, R c, R d, R e) where R : struct, IReal<R> => kernel.Forward(a, b, c);
}

/// <summary>g, a, b, c, y → g · ∂y/∂a as a loop's function.</summary>
internal readonly struct TernaryBackwardA<K>(K kernel) : ILoopFunction
    where K : struct, ITernaryFunction
{
    public static int Inputs => 5;

    [MethodImpl(AggressiveInlining)]
    public R Apply<R>(R a, R b, R c, R d, R e) where R : struct, IReal<R> => kernel.BackwardA(a, b, c, d, e);
}

/// <summary>g, a, b, c, y → g · ∂y/∂b as a loop's function.</summary>
internal readonly struct TernaryBackwardB<K>(K kernel) : ILoopFunction
    where K : struct, ITernaryFunction
{
    public static int Inputs => 5;

    [MethodImpl(AggressiveInlining)]
    public R Apply<R>(R a, R b, R c, R d, R e) where R : struct, IReal<R> => kernel.BackwardB(a, b, c, d, e);
}

/// <summary>g, a, b, c, y → g · ∂y/∂c as a loop's function.</summary>
internal readonly struct TernaryBackwardC<K>(K kernel) : ILoopFunction
    where K : struct, ITernaryFunction
{
    public static int Inputs => 5;

    [MethodImpl(AggressiveInlining)]
    public R Apply<R>(R a, R b, R c, R d, R e) where R : struct, IReal<R> => kernel.BackwardC(a, b, c, d, e);
}
