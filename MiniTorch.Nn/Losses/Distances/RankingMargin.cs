using System.Runtime.CompilerServices;

namespace MiniTorch.Nn;

/// <summary>max(0, −target·(first − second) + margin). Exactly at the margin the gradient passes.</summary>
internal readonly record struct RankingMargin(Constant Margin) : ITernaryFunction
{
    public static Reads Reads => Reads.Inputs;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public R Forward<R>(R first, R second, R target) where R : struct, IReal<R> => R.Max(Distance(first, second, target), 0);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public R BackwardA<R>(R g, R first, R second, R target, R y) where R : struct, IReal<R> => Within(first, second, target, -(g * target));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public R BackwardB<R>(R g, R first, R second, R target, R y) where R : struct, IReal<R> => Within(first, second, target, g * target);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public R BackwardC<R>(R g, R first, R second, R target, R y) where R : struct, IReal<R> => Within(first, second, target, g * (second - first));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private R Distance<R>(R first, R second, R target) where R : struct, IReal<R> => target * (second - first) + Margin;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private R Within<R>(R first, R second, R target, R gradient) where R : struct, IReal<R> =>
        R.Where(R.LessOrEqual(0, Distance(first, second, target)), gradient, 0);
}
