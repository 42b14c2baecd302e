using System.Runtime.CompilerServices;

namespace MiniTorch.Ops;

/// <summary>b if the condition is true, otherwise c (torch.where).</summary>
internal readonly record struct Where : ITernaryFunction
{
    public static bool SelectsByFirst => true;
    public static ElementwiseDomain Domain => ElementwiseDomain.Number;
    public static Reads Reads => Reads.Input0;
    public R Forward<R>(R a, R b, R c) where R : struct, IReal<R> => R.Where(R.Equal(a, 0), c, b);
    public R BackwardA<R>(R g, R a, R b, R c, R y) where R : struct, IReal<R> => 0;
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public R BackwardB<R>(R g, R a, R b, R c, R y) where R : struct, IReal<R> => R.Where(R.Equal(a, 0), 0, g);
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public R BackwardC<R>(R g, R a, R b, R c, R y) where R : struct, IReal<R> => R.Where(R.Equal(a, 0), g, 0);
}

/// <summary>The larger element (torch.maximum); each of two equal elements gets half of the gradient. NaN propagates.</summary>
internal readonly record struct Maximum : IBinaryFunction
{
    public static ElementwiseDomain Domain => ElementwiseDomain.Number;
    public static Reads Reads => Reads.Inputs;
    public R Forward<R>(R a, R b) where R : struct, IReal<R> => R.Max(a, b);
    public R BackwardA<R>(R g, R a, R b, R y) where R : struct, IReal<R> => Share(g, a, b);
    public R BackwardB<R>(R g, R a, R b, R y) where R : struct, IReal<R> => Share(g, b, a);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static R Share<R>(R g, R winner, R loser) where R : struct, IReal<R> =>
        R.Where(R.Equal(winner, loser), g / 2, R.Where(R.Less(winner, loser), 0, g));
}

/// <summary>The smaller element (torch.minimum); each of two equal elements gets half of the gradient. NaN propagates.</summary>
internal readonly record struct Minimum : IBinaryFunction
{
    public static ElementwiseDomain Domain => ElementwiseDomain.Number;
    public static Reads Reads => Reads.Inputs;
    public R Forward<R>(R a, R b) where R : struct, IReal<R> => R.Min(a, b);
    public R BackwardA<R>(R g, R a, R b, R y) where R : struct, IReal<R> => Maximum.Share(g, -a, -b);
    public R BackwardB<R>(R g, R a, R b, R y) where R : struct, IReal<R> => Maximum.Share(g, -b, -a);
}

/// <summary>x clamped to [low, high] (torch.clamp); the derivative is 1 if low ≤ x ≤ high, otherwise 0.</summary>
internal readonly record struct Clamp(Constant Low, Constant High) : IUnaryFunction
{
    // Makes the result NaN if a bound is. A sum would do too, but additions share the processor's units with the two comparisons.
    private readonly Constant _factor = double.IsNaN(Low.Value) || double.IsNaN(High.Value) ? double.NaN : 1;

    public static Reads Reads => Reads.Input0;
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public R Forward<R>(R x) where R : struct, IReal<R> => Between(x, Low, High) * _factor;
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public R Backward<R>(R g, R x, R y) where R : struct, IReal<R> =>
        R.Where(R.And(R.LessOrEqual(Low, x), R.LessOrEqual(x, High)), g, 0);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static R Between<R>(R x, Constant low, Constant high) where R : struct, IReal<R> => R.AtMost(R.AtLeast(x, low), high);
}

/// <summary>|x| (torch.abs); derivative sign(x), 0 at 0.</summary>
internal readonly record struct Abs : IUnaryFunction
{
    public static ElementwiseDomain Domain => ElementwiseDomain.Number;
    public static Reads Reads => Reads.Input0;
    public R Forward<R>(R x) where R : struct, IReal<R> => R.Abs(x);
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public R Backward<R>(R g, R x, R y) where R : struct, IReal<R> => g * Sign.Of(x);
}

/// <summary>−1, 0 or 1 (torch.sign); derivative 0. The sign of NaN is 0, as in PyTorch.</summary>
internal readonly record struct Sign : IUnaryFunction
{
    public static ElementwiseDomain Domain => ElementwiseDomain.Number;
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public R Forward<R>(R x) where R : struct, IReal<R> => Of(x);
    public R Backward<R>(R g, R x, R y) where R : struct, IReal<R> => 0;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static R Of<R>(R x) where R : struct, IReal<R> =>
        R.Where(R.Less(0, x), 1, R.Where(R.Less(x, 0), -1, 0));
}

/// <summary>The largest integer less than or equal to x (torch.floor); derivative 0.</summary>
internal readonly record struct Floor : IUnaryFunction
{
    public static ElementwiseDomain Domain => ElementwiseDomain.Number;
    public R Forward<R>(R x) where R : struct, IReal<R> => R.Floor(x);
    public R Backward<R>(R g, R x, R y) where R : struct, IReal<R> => 0;
}

/// <summary>The smallest integer greater than or equal to x (torch.ceil); derivative 0.</summary>
internal readonly record struct Ceiling : IUnaryFunction
{
    public static ElementwiseDomain Domain => ElementwiseDomain.Number;
    public R Forward<R>(R x) where R : struct, IReal<R> => R.Ceiling(x);
    public R Backward<R>(R g, R x, R y) where R : struct, IReal<R> => 0;
}

/// <summary>The nearest integer, with halves rounded to even (torch.round); derivative 0.</summary>
internal readonly record struct Round : IUnaryFunction
{
    public static ElementwiseDomain Domain => ElementwiseDomain.Number;
    public R Forward<R>(R x) where R : struct, IReal<R> => R.Round(x);
    public R Backward<R>(R g, R x, R y) where R : struct, IReal<R> => 0;
}

/// <summary>x rounded toward 0 (torch.trunc); derivative 0.</summary>
internal readonly record struct Truncate : IUnaryFunction
{
    public static ElementwiseDomain Domain => ElementwiseDomain.Number;
    public R Forward<R>(R x) where R : struct, IReal<R> => R.Truncate(x);
    public R Backward<R>(R g, R x, R y) where R : struct, IReal<R> => 0;
}
