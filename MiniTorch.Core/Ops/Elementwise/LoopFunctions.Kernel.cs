using System.Runtime.CompilerServices;
using static System.Runtime.CompilerServices.MethodImplOptions;

namespace MiniTorch.Kernels;

/// <summary>x → y as a loop's function.</summary>
internal readonly struct UnaryValue<K>(K kernel) : IElementwise
    where K : struct, IUnaryKernel
{
    public static int Inputs => 1;

    [MethodImpl(AggressiveInlining)]
    public R Apply<R>(R a, R b, R c, R d, R e) where R : struct, IReal<R> => kernel.Value(a);
}

/// <summary>g, x, y → g · dy/dx as a loop's function.</summary>
internal readonly struct UnaryChain<K>(K kernel) : IElementwise
    where K : struct, IUnaryKernel
{
    public static int Inputs => 3;

    [MethodImpl(AggressiveInlining)]
    public R Apply<R>(R a, R b, R c, R d, R e) where R : struct, IReal<R> => kernel.Chain(a, b, c);
}

/// <summary>a, b → y as a loop's function.</summary>
internal readonly struct BinaryValue<K>(K kernel) : IElementwise
    where K : struct, IBinaryKernel
{
    public static int Inputs => 2;

    [MethodImpl(AggressiveInlining)]
    public R Apply<R>(R a, R b, R c, R d, R e) where R : struct, IReal<R> => kernel.Value(a, b);
}

/// <summary>g, a, b, y → g · ∂y/∂a as a loop's function.</summary>
internal readonly struct BinaryChainA<K>(K kernel) : IElementwise
    where K : struct, IBinaryKernel
{
    public static int Inputs => 4;

    [MethodImpl(AggressiveInlining)]
    public R Apply<R>(R a, R b, R c, R d, R e) where R : struct, IReal<R> => kernel.ChainA(a, b, c, d);
}

/// <summary>g, a, b, y → g · ∂y/∂b as a loop's function.</summary>
internal readonly struct BinaryChainB<K>(K kernel) : IElementwise
    where K : struct, IBinaryKernel
{
    public static int Inputs => 4;

    [MethodImpl(AggressiveInlining)]
    public R Apply<R>(R a, R b, R c, R d, R e) where R : struct, IReal<R> => kernel.ChainB(a, b, c, d);
}

/// <summary>a, b, c → y as a loop's function.</summary>
internal readonly struct TernaryValue<K>(K kernel) : IElementwise
    where K : struct, ITernaryKernel
{
    public static int Inputs => 3;

    [MethodImpl(AggressiveInlining)]
    public R Apply<R>(R a, R b, R c, R d, R e) where R : struct, IReal<R> => kernel.Value(a, b, c);
}

/// <summary>g, a, b, c, y → g · ∂y/∂a as a loop's function.</summary>
internal readonly struct TernaryChainA<K>(K kernel) : IElementwise
    where K : struct, ITernaryKernel
{
    public static int Inputs => 5;

    [MethodImpl(AggressiveInlining)]
    public R Apply<R>(R a, R b, R c, R d, R e) where R : struct, IReal<R> => kernel.ChainA(a, b, c, d, e);
}

/// <summary>g, a, b, c, y → g · ∂y/∂b as a loop's function.</summary>
internal readonly struct TernaryChainB<K>(K kernel) : IElementwise
    where K : struct, ITernaryKernel
{
    public static int Inputs => 5;

    [MethodImpl(AggressiveInlining)]
    public R Apply<R>(R a, R b, R c, R d, R e) where R : struct, IReal<R> => kernel.ChainB(a, b, c, d, e);
}

/// <summary>g, a, b, c, y → g · ∂y/∂c as a loop's function.</summary>
internal readonly struct TernaryChainC<K>(K kernel) : IElementwise
    where K : struct, ITernaryKernel
{
    public static int Inputs => 5;

    [MethodImpl(AggressiveInlining)]
    public R Apply<R>(R a, R b, R c, R d, R e) where R : struct, IReal<R> => kernel.ChainC(a, b, c, d, e);
}
