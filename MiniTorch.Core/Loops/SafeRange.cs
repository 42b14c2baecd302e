using System.Numerics;

namespace MiniTorch.Kernels;

/// <summary>The range in which a sum of squares is as accurate as its elements, and the factor that scales elements into it.</summary>
internal static class SafeRange
{
    /// <summary>The lower end: below it, squares that underflowed may be missing in the sum.</summary>
    public static double Low<T>() => typeof(T) == typeof(float) ? 8.077935669463161e-28 : 1.0261342003245941e-289; // 2⁻⁹⁰, 2⁻⁹⁶⁰

    /// <summary>The power of two that scales elements whose squares overflow; its inverse scales elements whose squares underflow.</summary>
    public static double Shrink<T>() => typeof(T) == typeof(float) ? 1.262177448353619e-29 : 6.441148769597133e-232; // 2⁻⁹⁶, 2⁻⁷⁶⁸

    /// <summary>Returns whether all sums are in [<paramref name="low"/>, ∞).</summary>
    public static bool Holds<T>(ReadOnlySpan<T> sums, T low)
        where T : unmanaged, IFloatingPointIeee754<T>
    {
        var isSafe = Vector<T>.AllBitsSet;
        int i = 0;
        for (; i <= sums.Length - Vector<T>.Count; i += Vector<T>.Count)
        {
            var sum = new Vector<T>(sums[i..]);
            isSafe &= Vector.GreaterThanOrEqual(sum, new Vector<T>(low)) & Vector.LessThan(sum, new Vector<T>(T.PositiveInfinity));
        }

        bool holds = Vector.EqualsAll(Vector.AsVectorInt64(isSafe), Vector<long>.AllBitsSet); // a set lane is NaN, which is not equal to itself
        for (; i < sums.Length; i++) holds &= sums[i] >= low && sums[i] < T.PositiveInfinity;
        return holds;
    }
}
