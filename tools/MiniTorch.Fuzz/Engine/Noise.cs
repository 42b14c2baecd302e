using System.Runtime.InteropServices;

namespace MiniTorch.Fuzz.Engine;

/// <summary>
/// The identity with a rounding error: a few units in the last place of the tensor's largest element, at random, forward and backward. How far it
/// moves a program's outcome tells how much of a difference rounding can explain.
/// </summary>
internal sealed record Noise(int Seed) : Op
{
    private const double Units = 4;

    protected internal override Tensor Compute(ReadOnlySpan<Tensor> inputs) => Rounded(inputs[0], Seed);

    protected internal override void Vjp(OpContext call, Tensor cotangent, Span<Tensor?> gradients) => gradients[0] = Rounded(cotangent, Seed + 1);

    protected internal override Tensor Jvp(OpContext call, ReadOnlySpan<Tensor?> tangents) => Rounded(tangents[0]!, Seed + 2);

    private static Tensor Rounded(Tensor x, int seed)
    {
        if (x.ElementCount == 0) return x.Clone();
        double epsilon = x.DType == DType.Float32 ? 1.2e-7 : 2.3e-16;
        Tensor largest = x.Detach().Abs().Max();
        var uniform = new double[x.ElementCount];
        new Random(seed).NextBytes(MemoryMarshal.AsBytes(uniform.AsSpan()));
        for (int i = 0; i < uniform.Length; i++) uniform[i] = (BitConverter.DoubleToInt64Bits(uniform[i]) / (double)long.MaxValue) * Units * epsilon;
        return x + (largest * Tensor.From(uniform, x.Shape).To(x.DType));
    }
}
