using System.Runtime.CompilerServices;

namespace MiniTorch.Nn;

/// <summary>
/// Binary cross-entropy of a probability, with PyTorch's limits: logarithms are clamped to −100 or more, and p·(1 − p) in the derivative to 1e-12 or
/// more.
/// </summary>
internal readonly record struct BinaryCrossEntropyOfProbability : IBinaryFunction
{
    public static Reads Reads => Reads.Inputs;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public R Forward<R>(R p, R target) where R : struct, IReal<R> =>
        (target - 1) * LogOfOther(p) - target * BoundedLog(p);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public R BackwardA<R>(R g, R p, R target, R y) where R : struct, IReal<R> =>
        g * (p - target) / R.Max((1 - p) * p, 1e-12f);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public R BackwardB<R>(R g, R p, R target, R y) where R : struct, IReal<R> =>
        g * (LogOfOther(p) - BoundedLog(p));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static R BoundedLog<R>(R p) where R : struct, IReal<R> => R.Max(R.Log(p), -100);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static R LogOfOther<R>(R p) where R : struct, IReal<R> => R.Max(R.Log1p(-p), -100);
}

/// <summary>Binary cross-entropy of a logit: (1 − target)·x − ln σ(x).</summary>
internal readonly record struct BinaryCrossEntropyOfLogit : IBinaryFunction
{
    public static Reads Reads => Reads.Inputs;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public R Forward<R>(R x, R target) where R : struct, IReal<R> => (1 - target) * x - (R.Min(x, 0) - R.Log1p(R.Exp(-R.Abs(x))));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public R BackwardA<R>(R g, R x, R target, R y) where R : struct, IReal<R> => g * (1 - target - R.Sigmoid(-x));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public R BackwardB<R>(R g, R x, R target, R y) where R : struct, IReal<R> => -(g * x);
}

/// <summary>ln(1 + e^(−target·x)) without overflow.</summary>
internal readonly record struct SoftMargin : IBinaryFunction
{
    public static Reads Reads => Reads.Inputs;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public R Forward<R>(R x, R target) where R : struct, IReal<R>
    {
        R z = target * x;
        return R.Log1p(R.Exp(-R.Abs(z))) - R.Min(z, 0);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public R BackwardA<R>(R g, R x, R target, R y) where R : struct, IReal<R> => -(g * target * R.Sigmoid(-(target * x)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public R BackwardB<R>(R g, R x, R target, R y) where R : struct, IReal<R> => -(g * x * R.Sigmoid(-(target * x)));
}
