namespace MiniTorch.Kernels;

/// <summary>A tensor's memory as a loop sees it: first element, dtype (which may differ from the type that the loop
/// computes in), and a stride for every dimension of the loop (0 where broadcast).</summary>
/// <remarks>The default value stands for an operand that is not there; loops read it as zeros.</remarks>
internal readonly unsafe ref struct Operand
{
    public readonly byte* Data;
    public readonly DType Type;
    public readonly ReadOnlySpan<long> Strides;

    /// <summary>An operand with strides in elements.</summary>
    public Operand(void* data, DType type, ReadOnlySpan<long> strides)
    {
        Data = (byte*)data;
        Type = type;
        Strides = strides;
    }
}
