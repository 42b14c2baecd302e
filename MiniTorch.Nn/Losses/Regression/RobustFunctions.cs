using System.Runtime.CompilerServices;

namespace MiniTorch.Nn;

/// <summary>(a − b)².</summary>
internal readonly record struct SquaredError : IBinaryFunction
{
    public static Reads Reads => Reads.Inputs;
    public R Forward<R>(R a, R b) where R : struct, IReal<R> => (a - b) * (a - b);
    public R BackwardA<R>(R g, R a, R b, R y) where R : struct, IReal<R> => g * (2 * (a - b));
    public R BackwardB<R>(R g, R a, R b, R y) where R : struct, IReal<R> => g * (2 * (b - a));
}

/// <summary>|a − b|; derivative 0 where they are equal.</summary>
internal readonly record struct AbsoluteError : IBinaryFunction
{
    public static Reads Reads => Reads.Inputs;
    public R Forward<R>(R a, R b) where R : struct, IReal<R> => R.Abs(a - b);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public R BackwardA<R>(R g, R a, R b, R y) where R : struct, IReal<R> => g * Ops.Sign.Of(a - b);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public R BackwardB<R>(R g, R a, R b, R y) where R : struct, IReal<R> => g * Ops.Sign.Of(b - a);
}

/// <summary>d²/2 if |d| ≤ δ, else δ·(|d| − δ/2), with d = a − b.</summary>
internal readonly record struct Huber(Constant Delta) : IBinaryFunction
{
    public static Reads Reads => Reads.Inputs;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public R Forward<R>(R a, R b) where R : struct, IReal<R>
    {
        (R size, R delta) = (R.Abs(a - b), (R)Delta);
        return R.Where(R.LessOrEqual(size, delta), size * size * 0.5, delta * (size - delta * 0.5));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public R BackwardA<R>(R g, R a, R b, R y) where R : struct, IReal<R> => g * Slope(a - b);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public R BackwardB<R>(R g, R a, R b, R y) where R : struct, IReal<R> => g * Slope(b - a);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private R Slope<R>(R d) where R : struct, IReal<R>
    {
        R delta = Delta;
        return R.Where(R.LessOrEqual(d, -delta), -delta, R.Where(R.LessOrEqual(delta, d), delta, d));
    }
}

/// <summary>d²/(2β) if |d| &lt; β, else |d| − β/2, with d = a − b. With β = 0 both derivatives are −1 at d = 0, as in PyTorch.</summary>
internal readonly record struct SmoothL1(Constant Beta) : IBinaryFunction
{
    public static Reads Reads => Reads.Inputs;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public R Forward<R>(R a, R b) where R : struct, IReal<R>
    {
        (R size, R beta) = (R.Abs(a - b), (R)Beta);
        return R.Where(R.Less(size, beta), size * size * 0.5 / beta, size - beta * 0.5);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public R BackwardA<R>(R g, R a, R b, R y) where R : struct, IReal<R> => g * Slope(a - b);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public R BackwardB<R>(R g, R a, R b, R y) where R : struct, IReal<R> => g * Slope(b - a);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private R Slope<R>(R d) where R : struct, IReal<R>
    {
        R beta = Beta;
        return R.Where(R.LessOrEqual(d, -beta), -1, R.Where(R.LessOrEqual(beta, d), 1, d / beta));
    }
}
