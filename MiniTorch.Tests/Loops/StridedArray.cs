using System.Runtime.CompilerServices;

namespace MiniTorch.Tests.Kernels;

/// <summary>How a test's array lies in memory.</summary>
public enum Layout
{
    Contiguous,
    Transposed,
    Stepped,
    Expanded,
}

/// <summary>An array of a given shape and layout in pinned memory whose gaps and margins hold a sentinel that kernels must not touch.</summary>
internal sealed unsafe class StridedArray<T>
    where T : unmanaged
{
    const int Margin = 64;
    readonly T[] _memory;
    readonly T _sentinel;
    readonly bool[] _used;

    public StridedArray(int[] dims, Layout layout, Func<T> next, T sentinel = default)
    {
        Dims = dims;
        Strides = new long[dims.Length];
        long length = 1;
        for (int i = 0; i < dims.Length; i++)
        {
            int d = layout == Layout.Transposed ? i : dims.Length - 1 - i;
            bool expanded = layout == Layout.Expanded && d == 0;
            Strides[d] = expanded ? 0 : layout == Layout.Stepped ? length * 2 : length;
            if (!expanded) length = Math.Max(1, dims[d]) * Math.Max(1, Strides[d]);
        }

        _sentinel = sentinel;
        _memory = GC.AllocateArray<T>((int)length + 2 * Margin, pinned: true);
        _used = new bool[_memory.Length];
        Array.Fill(_memory, sentinel);
        foreach (int[] p in Positions(dims))
        {
            if (!_used[Margin + Offset(p)]) this[p] = next();
            _used[Margin + Offset(p)] = true;
        }
    }

    public int[] Dims { get; }

    public long[] Strides { get; }

    public T* Pointer => (T*)Unsafe.AsPointer(ref _memory[Margin]);

    public T this[int[] position]
    {
        get => _memory[Margin + Offset(position)];
        set => _memory[Margin + Offset(position)] = value;
    }

    public T[] Values => [.. Positions(Dims).Select(p => this[p])];

    public void SentinelsShouldBeIntact()
    {
        for (int i = 0; i < _memory.Length; i++)
        {
            if (!_used[i]) _memory[i].ShouldBe(_sentinel, $"memory outside the array was written, at {i - Margin}");
        }
    }

    public static IEnumerable<int[]> Positions(int[] dims)
    {
        long count = dims.Aggregate(1L, (n, d) => n * d);
        for (long i = 0; i < count; i++)
        {
            int[] position = new int[dims.Length];
            long rest = i;
            for (int d = dims.Length - 1; d >= 0; d--) (rest, position[d]) = (rest / dims[d], (int)(rest % dims[d]));
            yield return position;
        }
    }

    long Offset(int[] position) => position.Zip(Strides, (p, s) => p * s).Sum();
}
