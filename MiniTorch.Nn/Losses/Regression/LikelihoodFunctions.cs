using System.Runtime.CompilerServices;

namespace MiniTorch.Nn;

/// <summary>½·(ln v + (input − target)²/v) with v = max(var, ε); NaN for a negative var. The derivative by var is that at v.</summary>
internal readonly record struct GaussianLikelihood(Constant Eps) : ITernaryFunction
{
    public static Reads Reads => Reads.Inputs;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public R Forward<R>(R input, R target, R var) where R : struct, IReal<R>
    {
        (R d, R v) = (input - target, Bounded(var));
        return R.Where(R.Less(var, 0), double.NaN, (R.Log(v) + d * d / v) * 0.5);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public R BackwardA<R>(R g, R input, R target, R var, R y) where R : struct, IReal<R> => g * (input - target) / Bounded(var);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public R BackwardB<R>(R g, R input, R target, R var, R y) where R : struct, IReal<R> => g * (target - input) / Bounded(var);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public R BackwardC<R>(R g, R input, R target, R var, R y) where R : struct, IReal<R>
    {
        (R d, R v) = (input - target, Bounded(var));
        return g * 0.5 * (1 - d * d / v) / v;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private R Bounded<R>(R var) where R : struct, IReal<R> => R.Max(var, Eps);
}

/// <summary>e^input − target·input, for the logarithm of an expected count.</summary>
internal readonly record struct PoissonOfLogarithm : IBinaryFunction
{
    public static Reads Reads => Reads.Inputs;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public R Forward<R>(R input, R target) where R : struct, IReal<R> => R.Exp(input) - target * input;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public R BackwardA<R>(R g, R input, R target, R y) where R : struct, IReal<R> => g * (R.Exp(input) - target);

    public R BackwardB<R>(R g, R input, R target, R y) where R : struct, IReal<R> => -(g * input);
}

/// <summary>input − target·ln(input + ε), for an expected count.</summary>
internal readonly record struct PoissonOfCount(Constant Eps) : IBinaryFunction
{
    public static Reads Reads => Reads.Inputs;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public R Forward<R>(R input, R target) where R : struct, IReal<R> => input - target * R.Log(input + Eps);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public R BackwardA<R>(R g, R input, R target, R y) where R : struct, IReal<R> => g * (1 - target / (input + Eps));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public R BackwardB<R>(R g, R input, R target, R y) where R : struct, IReal<R> => -(g * R.Log(input + Eps));
}

/// <summary>target·ln target − target·input, whose first term is 0 for target 0.</summary>
internal readonly record struct DivergenceOfTarget : IBinaryFunction
{
    public static Reads Reads => Reads.Inputs;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public R Forward<R>(R input, R target) where R : struct, IReal<R> => default(XLogX).Forward(target) - target * input;

    public R BackwardA<R>(R g, R input, R target, R y) where R : struct, IReal<R> => -(g * target);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public R BackwardB<R>(R g, R input, R target, R y) where R : struct, IReal<R> => g * (R.Log(target) + 1 - input);
}

/// <summary>e^target·(target − input).</summary>
internal readonly record struct DivergenceOfLogarithm : IBinaryFunction
{
    public static Reads Reads => Reads.Inputs;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public R Forward<R>(R input, R target) where R : struct, IReal<R> => R.Exp(target) * (target - input);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public R BackwardA<R>(R g, R input, R target, R y) where R : struct, IReal<R> => -(g * R.Exp(target));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public R BackwardB<R>(R g, R input, R target, R y) where R : struct, IReal<R> => g * R.Exp(target) * (target - input + 1);
}
