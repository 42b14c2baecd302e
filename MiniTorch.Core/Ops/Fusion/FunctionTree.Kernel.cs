using System.Runtime.CompilerServices;
using static System.Runtime.CompilerServices.MethodImplOptions;

namespace MiniTorch.Kernels;

/// <summary>
/// A tree of functions as one function, so that the JIT compiles a chain of operations into one loop whose temporaries are processor registers.
/// Its inputs are types (<see cref="First"/> … <see cref="Fifth"/>); nodes are the functions <see cref="Compose{F, A}"/> and its like.
/// </summary>
internal readonly struct FunctionTree<F, L>(F root) : ILoopFunction
    where F : struct, ILoopFunction
    where L : struct, ILoopFunction
{
    /// <summary>Those up to the last one that is read; said at the root, because the JIT does not see through a tree of such questions.</summary>
    public static int Inputs => L.Inputs;

    [MethodImpl(AggressiveInlining)]
    public R Apply<R>(R a, R b, R c, R d, R e) where R : struct, IReal<R> => root.Apply(a, b, c, d, e);
}

/// <summary>The tree's first input.</summary>
internal readonly struct First : ILoopFunction
{
    public static int Inputs => 1;

    [MethodImpl(AggressiveInlining)]
    public R Apply<R>(R a, R b, R c, R d, R e) where R : struct, IReal<R> => a;
}

/// <summary>The tree's second input.</summary>
internal readonly struct Second : ILoopFunction
{
    public static int Inputs => 2;

    [MethodImpl(AggressiveInlining)]
    public R Apply<R>(R a, R b, R c, R d, R e) where R : struct, IReal<R> => b;
}

/// <summary>The tree's third input.</summary>
internal readonly struct Third : ILoopFunction
{
    public static int Inputs => 3;

    [MethodImpl(AggressiveInlining)]
    public R Apply<R>(R a, R b, R c, R d, R e) where R : struct, IReal<R> => c;
}

/// <summary>The tree's fourth input.</summary>
internal readonly struct Fourth : ILoopFunction
{
    public static int Inputs => 4;

    [MethodImpl(AggressiveInlining)]
    public R Apply<R>(R a, R b, R c, R d, R e) where R : struct, IReal<R> => d;
}

/// <summary>The tree's fifth input.</summary>
internal readonly struct Fifth : ILoopFunction
{
    public static int Inputs => 5;

    [MethodImpl(AggressiveInlining)]
    public R Apply<R>(R a, R b, R c, R d, R e) where R : struct, IReal<R> => e;
}

/// <summary>A function of one argument, each of which is a tree.</summary>
internal readonly struct Compose<F, A>(F function, A first) : ILoopFunction
    where F : struct, ILoopFunction
    where A : struct, ILoopFunction
{
    public static int Inputs => Fifth.Inputs;

    [MethodImpl(AggressiveInlining)]
    public R Apply<R>(R a, R b, R c, R d, R e) where R : struct, IReal<R> =>
        function.Apply(first.Apply(a, b, c, d, e), a, a, a, a);
}

/// <summary>A function of two arguments, each of which is a tree.</summary>
internal readonly struct Compose<F, A, B>(F function, A first, B second) : ILoopFunction
    where F : struct, ILoopFunction
    where A : struct, ILoopFunction
    where B : struct, ILoopFunction
{
    public static int Inputs => Fifth.Inputs;

    [MethodImpl(AggressiveInlining)]
    public R Apply<R>(R a, R b, R c, R d, R e) where R : struct, IReal<R> =>
        function.Apply(first.Apply(a, b, c, d, e), second.Apply(a, b, c, d, e), a, a, a);
}

/// <summary>A function of three arguments, each of which is a tree.</summary>
internal readonly struct Compose<F, A, B, C>(F function, A first, B second, C third) : ILoopFunction
    where F : struct, ILoopFunction
    where A : struct, ILoopFunction
    where B : struct, ILoopFunction
    where C : struct, ILoopFunction
{
    public static int Inputs => Fifth.Inputs;

    [MethodImpl(AggressiveInlining)]
    public R Apply<R>(R a, R b, R c, R d, R e) where R : struct, IReal<R> =>
        function.Apply(first.Apply(a, b, c, d, e), second.Apply(a, b, c, d, e), third.Apply(a, b, c, d, e), a, a);
}

/// <summary>A function of four arguments, each of which is a tree.</summary>
internal readonly struct Compose<F, A, B, C, D>(F function, A first, B second, C third, D fourth) : ILoopFunction
    where F : struct, ILoopFunction
    where A : struct, ILoopFunction
    where B : struct, ILoopFunction
    where C : struct, ILoopFunction
    where D : struct, ILoopFunction
{
    public static int Inputs => Fifth.Inputs;

    [MethodImpl(AggressiveInlining)]
    public R Apply<R>(R a, R b, R c, R d, R e) where R : struct, IReal<R> =>
        function.Apply(first.Apply(a, b, c, d, e), second.Apply(a, b, c, d, e), third.Apply(a, b, c, d, e), fourth.Apply(a, b, c, d, e), a);
}

/// <summary>A function of five arguments, each of which is a tree.</summary>
internal readonly struct Compose<F, A, B, C, D, E>(F function, A first, B second, C third, D fourth, E fifth) : ILoopFunction
    where F : struct, ILoopFunction
    where A : struct, ILoopFunction
    where B : struct, ILoopFunction
    where C : struct, ILoopFunction
    where D : struct, ILoopFunction
    where E : struct, ILoopFunction
{
    public static int Inputs => Fifth.Inputs;

    [MethodImpl(AggressiveInlining)]
    public R Apply<R>(R a, R b, R c, R d, R e) where R : struct, IReal<R> =>
        function.Apply(first.Apply(a, b, c, d, e), second.Apply(a, b, c, d, e), third.Apply(a, b, c, d, e), fourth.Apply(a, b, c, d, e),
            fifth.Apply(a, b, c, d, e));
}
