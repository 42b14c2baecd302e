using System.Runtime.CompilerServices;

namespace MiniTorch.Ops;

/// <summary>Conversion of comparison results to numbers.</summary>
internal static class Truth
{
    public static R Of<R>(R mask) where R : struct, IReal<R> => R.Where(mask, 1, 0);
}

/// <summary>a &lt; b (torch.lt).</summary>
internal readonly record struct Less : IBinaryFunction
{
    public static ElementwiseDomain Domain => ElementwiseDomain.Number;
    public static ElementwiseResult Result => ElementwiseResult.Bool;
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public R Forward<R>(R a, R b) where R : struct, IReal<R> => Truth.Of(R.Less(a, b));
    public R BackwardA<R>(R g, R a, R b, R y) where R : struct, IReal<R> => 0;
    public R BackwardB<R>(R g, R a, R b, R y) where R : struct, IReal<R> => 0;
}

/// <summary>a ≤ b (torch.le).</summary>
internal readonly record struct LessOrEqual : IBinaryFunction
{
    public static ElementwiseDomain Domain => ElementwiseDomain.Number;
    public static ElementwiseResult Result => ElementwiseResult.Bool;
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public R Forward<R>(R a, R b) where R : struct, IReal<R> => Truth.Of(R.LessOrEqual(a, b));
    public R BackwardA<R>(R g, R a, R b, R y) where R : struct, IReal<R> => 0;
    public R BackwardB<R>(R g, R a, R b, R y) where R : struct, IReal<R> => 0;
}

/// <summary>a &gt; b (torch.gt).</summary>
internal readonly record struct Greater : IBinaryFunction
{
    public static ElementwiseDomain Domain => ElementwiseDomain.Number;
    public static ElementwiseResult Result => ElementwiseResult.Bool;
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public R Forward<R>(R a, R b) where R : struct, IReal<R> => Truth.Of(R.Less(b, a));
    public R BackwardA<R>(R g, R a, R b, R y) where R : struct, IReal<R> => 0;
    public R BackwardB<R>(R g, R a, R b, R y) where R : struct, IReal<R> => 0;
}

/// <summary>a ≥ b (torch.ge).</summary>
internal readonly record struct GreaterOrEqual : IBinaryFunction
{
    public static ElementwiseDomain Domain => ElementwiseDomain.Number;
    public static ElementwiseResult Result => ElementwiseResult.Bool;
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public R Forward<R>(R a, R b) where R : struct, IReal<R> => Truth.Of(R.LessOrEqual(b, a));
    public R BackwardA<R>(R g, R a, R b, R y) where R : struct, IReal<R> => 0;
    public R BackwardB<R>(R g, R a, R b, R y) where R : struct, IReal<R> => 0;
}

/// <summary>a = b (torch.eq).</summary>
internal readonly record struct Equal : IBinaryFunction
{
    public static ElementwiseDomain Domain => ElementwiseDomain.Number;
    public static ElementwiseResult Result => ElementwiseResult.Bool;
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public R Forward<R>(R a, R b) where R : struct, IReal<R> => Truth.Of(R.Equal(a, b));
    public R BackwardA<R>(R g, R a, R b, R y) where R : struct, IReal<R> => 0;
    public R BackwardB<R>(R g, R a, R b, R y) where R : struct, IReal<R> => 0;
}

/// <summary>x ≠ 0: the conversion to Bool.</summary>
internal readonly record struct IsNonZero : IUnaryFunction
{
    public static ElementwiseDomain Domain => ElementwiseDomain.Number;
    public static ElementwiseResult Result => ElementwiseResult.Bool;
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public R Forward<R>(R x) where R : struct, IReal<R> => Truth.Of(R.Not(R.Equal(x, 0)));
    public R Backward<R>(R g, R x, R y) where R : struct, IReal<R> => 0;
}

/// <summary>x = 0 (torch.logical_not).</summary>
internal readonly record struct IsZero : IUnaryFunction
{
    public static ElementwiseDomain Domain => ElementwiseDomain.Number;
    public static ElementwiseResult Result => ElementwiseResult.Bool;
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public R Forward<R>(R x) where R : struct, IReal<R> => Truth.Of(R.Equal(x, 0));
    public R Backward<R>(R g, R x, R y) where R : struct, IReal<R> => 0;
}

/// <summary>Whether x is neither infinite nor NaN (torch.isfinite).</summary>
internal readonly record struct IsFinite : IUnaryFunction
{
    public static ElementwiseResult Result => ElementwiseResult.Bool;
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public R Forward<R>(R x) where R : struct, IReal<R> => Truth.Of(R.Less(R.Abs(x), double.PositiveInfinity));
    public R Backward<R>(R g, R x, R y) where R : struct, IReal<R> => 0;
}
