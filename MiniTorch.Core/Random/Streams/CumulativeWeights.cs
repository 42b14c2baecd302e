using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace MiniTorch.Kernels;

/// <summary>Discrete distributions that are given by weights.</summary>
internal static class CumulativeWeights
{
    /// <summary>Returns the cumulative sums of weights, divided by their total.</summary>
    public static T[] Of<T>(ReadOnlySpan<T> weights) where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        var sums = new T[weights.Length];
        T sum = T.Zero;
        for (int i = 0; i < sums.Length; i++) sums[i] = sum += weights[i];
        foreach (ref T element in sums.AsSpan()) element /= sum;
        return sums;
    }

    /// <summary>
    /// Returns the first index whose cumulative probability reaches <paramref name="uniform"/> (PyTorch's choice), or exceeds it (NumPy's).
    /// </summary>
    public static int First<T>(T[] cumulative, double uniform, bool exceeds) where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        int first = 0;
        for (int length = cumulative.Length; length > 0;)
        {
            // Without branches, which could not be predicted.
            int half = (length + 1) / 2;
            double probability = double.CreateTruncating(cumulative[first + half - 1]);
            bool isBehind = probability < uniform | (exceeds & probability <= uniform);
            first += half & -Unsafe.BitCast<bool, byte>(isBehind);
            length -= half;
        }
        return first;
    }

    /// <summary>Returns the first indices whose cumulative probabilities reach four numbers: searches that wait for memory together.</summary>
    public static void FirstOfFour<T>(T[] cumulative, (double A, double B, double C, double D) uniforms, Span<long> indices)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        nint a = 0, b = 0, c = 0, d = 0;
        ref T sums = ref MemoryMarshal.GetArrayDataReference(cumulative);
        for (int length = cumulative.Length; length > 0;)
        {
            int half = (length + 1) / 2;
            ref T middle = ref Unsafe.Add(ref sums, half - 1);
            a += half & -Unsafe.BitCast<bool, byte>(double.CreateTruncating(Unsafe.Add(ref middle, a)) < uniforms.A);
            b += half & -Unsafe.BitCast<bool, byte>(double.CreateTruncating(Unsafe.Add(ref middle, b)) < uniforms.B);
            c += half & -Unsafe.BitCast<bool, byte>(double.CreateTruncating(Unsafe.Add(ref middle, c)) < uniforms.C);
            d += half & -Unsafe.BitCast<bool, byte>(double.CreateTruncating(Unsafe.Add(ref middle, d)) < uniforms.D);
            length -= half;
        }
        (indices[0], indices[1], indices[2], indices[3]) = (a, b, c, d);
    }
}
