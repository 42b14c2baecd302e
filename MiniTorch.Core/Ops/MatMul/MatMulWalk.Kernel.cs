using System.Numerics;
using System.Runtime.CompilerServices;
using static System.Runtime.CompilerServices.MethodImplOptions;

namespace MiniTorch.Kernels;

/// <summary>Where the columns of A or the rows of B begin, one for each step of the sum.</summary>
internal unsafe interface IMatMulWalk<TSelf, T>
    where TSelf : struct, IMatMulWalk<TSelf, T>
    where T : unmanaged, IBinaryNumber<T>
{
    /// <summary>Where the one at hand begins, at first the first.</summary>
    T* Current { get; }

    /// <summary>Goes on to the next.</summary>
    void Advance();

    /// <summary>The same walk from so many elements further.</summary>
    TSelf From(long offset);
}

/// <summary>A constant stride.</summary>
internal unsafe struct Steps<T>(T* first, long stride) : IMatMulWalk<Steps<T>, T>
    where T : unmanaged, IBinaryNumber<T>
{
    T* _current = first;

    public readonly T* Current => _current;

    [MethodImpl(AggressiveInlining)]
    public void Advance() => _current += stride;

    public readonly Steps<T> From(long offset) => new(_current + offset, stride);
}

/// <summary>Rows that are cut into panels of some height, a panel's columns one after the other; steps lead from column to column, offsets count rows.</summary>
internal unsafe struct Panels<T>(T* first, long height, long panel) : IMatMulWalk<Panels<T>, T>
    where T : unmanaged, IBinaryNumber<T>
{
    T* _current = first;

    public readonly T* Current => _current;

    [MethodImpl(AggressiveInlining)]
    public void Advance() => _current += height;

    public readonly Panels<T> From(long offset) => new(_current + offset / height * panel + offset % height, height, panel);
}

/// <summary>Offsets from a table.</summary>
internal unsafe struct GatheredSteps<T>(T* origin, long* offsets) : IMatMulWalk<GatheredSteps<T>, T>
    where T : unmanaged, IBinaryNumber<T>
{
    long* _current = offsets;

    public readonly T* Current => origin + *_current;

    [MethodImpl(AggressiveInlining)]
    public void Advance() => _current++;

    public readonly GatheredSteps<T> From(long offset) => new(origin + offset, _current);
}
