using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace MiniTorch.Kernels;

/// <summary>
/// PyTorch's blocked Box–Muller transform (normal_fill): of every 16 uniform numbers, the first 8 give radii √(−2 ln(1 − u)) and
/// the last 8 angles 2πu; radius · cos replaces the first 8 and radius · sin the last 8.
/// </summary>
internal static class BoxMuller
{
    /// <summary>The numbers in a block.</summary>
    internal const int Block = 16;

    const int Half = Block / 2;

    /// <summary>Transforms every whole block of <paramref name="data"/> in place; a shorter remainder is unchanged.</summary>
    internal static void Transform(Span<float> data, float mean, float std)
    {
        var means = Vector256.Create(mean);
        var deviations = Vector256.Create(std);
        foreach (ref var block in MemoryMarshal.Cast<float, UniformBlock>(data))
        {
            var radius = Vector256.Sqrt(Vector256.Create(-2f) * Cephes.Log(Vector256<float>.One - block.Radial));
            var (sin, cos) = Cephes.SinCos(Vector256.Create((float)(2 * Math.PI)) * block.Angular);
            block.Radial = Vector256.FusedMultiplyAdd(radius * cos, deviations, means);
            block.Angular = Vector256.FusedMultiplyAdd(radius * sin, deviations, means);
        }
    }

    /// <inheritdoc cref="Transform(Span{float}, float, float)"/>
    internal static void Transform(Span<double> data, double mean, double std)
    {
        for (; data.Length >= Block; data = data[Block..])
        {
            for (int i = 0; i < Half; i++)
            {
                double radius = Math.Sqrt(-2 * Math.Log(1 - data[i]));
                var (sin, cos) = Math.SinCos(2 * Math.PI * data[i + Half]);
                data[i] = Math.FusedMultiplyAdd(radius * cos, std, mean);
                data[i + Half] = Math.FusedMultiplyAdd(radius * sin, std, mean);
            }
        }
    }

    struct UniformBlock
    {
        public Vector256<float> Radial, Angular;
    }
}
