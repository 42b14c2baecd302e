using System.Runtime.CompilerServices;
using static System.Runtime.CompilerServices.MethodImplOptions;

namespace MiniTorch.Kernels;

/// <summary>
/// The loop nest of an element-wise operation: size-1 dimensions dropped, dimensions sorted so that the output is walked in the order of its
/// memory, neighbours that every operand walks as one merged. Dimension 0 is the innermost.
/// </summary>
/// <remarks>Its arrays lie on its creator's stack, where worker threads may read them while the creator waits.</remarks>
internal unsafe struct LoopPlan
{
    /// <summary>Outputs and inputs together.</summary>
    public const int MaxOperands = 32;

    /// <summary>Number of dimensions, at least 1.</summary>
    public int Rank;

    /// <summary>Number of operands.</summary>
    public int Operands;

    /// <summary>Number of elements.</summary>
    public long Count;

    /// <summary>First element of each operand.</summary>
    public readonly byte** Data;

    /// <summary>Element type of each operand.</summary>
    public readonly DType* Types;

    readonly long* _sizes;
    readonly long* _strides;

    /// <summary>Longs of scratch memory that a plan over so many dimensions needs.</summary>
    public static int ScratchSize(int rank) => (2 * MaxOperands) + ((MaxOperands + 1) * (rank + 1));

    /// <summary>Starts a plan; operands are added one by one, the output first.</summary>
    public LoopPlan(ReadOnlySpan<int> sizes, long* scratch)
    {
        Data = (byte**)scratch;
        Types = (DType*)(scratch + MaxOperands);
        _sizes = scratch + (2 * MaxOperands);
        _strides = _sizes + sizes.Length + 1;
        Count = 1;
        for (int d = sizes.Length - 1; d >= 0; d--)
        {
            if (sizes[d] == 1) continue;
            Count *= sizes[d];
            _sizes[Rank++] = sizes[d];
        }
        if (Rank == 0) _sizes[Rank++] = 1;
    }

    /// <summary>Elements along a dimension.</summary>
    public readonly long Size(int dimension) => _sizes[dimension];

    /// <summary>Stride in bytes of each operand along a dimension.</summary>
    public readonly long* Strides(int dimension) => _strides + (dimension * MaxOperands);

    /// <summary>Adds an operand whose strides belong to <paramref name="sizes"/>, the sizes that the plan was started with.</summary>
    [MethodImpl(AggressiveOptimization)]
    public void Add(in Operand operand, ReadOnlySpan<int> sizes, byte* zeros)
    {
        int k = Operands++, kept = 0;
        bool isPresent = operand.Data != null;
        Data[k] = isPresent ? operand.Data : zeros;
        Types[k] = operand.Type;
        int elementSize = operand.Type.Size();
        Strides(0)[k] = isPresent ? elementSize : 0;
        for (int d = sizes.Length - 1; d >= 0; d--)
            if (sizes[d] != 1) Strides(kept++)[k] = isPresent ? operand.Strides[d] * elementSize : 0;
    }

    /// <summary>Sorts and merges the dimensions, once all operands are there.</summary>
    [MethodImpl(AggressiveOptimization)]
    public void Simplify()
    {
        for (int d = 1; d < Rank; d++)
            for (int inner = d - 1; inner >= 0 && Strides(inner)[0] > Strides(inner + 1)[0]; inner--) SwapWithNext(inner);

        int last = 0;
        for (int d = 1; d < Rank; d++)
        {
            if (!Continues(last, d)) Move(d, ++last);
            else _sizes[last] *= _sizes[d];
        }
        Rank = last + 1;
    }

    readonly bool Continues(int inner, int outer)
    {
        for (int k = 0; k < Operands; k++)
            if (Strides(outer)[k] != Strides(inner)[k] * _sizes[inner]) return false;
        return true;
    }

    readonly void Move(int from, int to)
    {
        if (from == to) return;
        _sizes[to] = _sizes[from];
        for (int k = 0; k < Operands; k++) Strides(to)[k] = Strides(from)[k];
    }

    readonly void SwapWithNext(int inner)
    {
        (_sizes[inner], _sizes[inner + 1]) = (_sizes[inner + 1], _sizes[inner]);
        for (int k = 0; k < Operands; k++) (Strides(inner)[k], Strides(inner + 1)[k]) = (Strides(inner + 1)[k], Strides(inner)[k]);
    }
}
