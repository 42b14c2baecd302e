namespace MiniTorch.Kernels;

/// <summary>The type of an operand's elements in memory, which may differ from the type that a loop computes in.</summary>
internal enum ElementType
{
    Float32,
    Float64,
    Int64,
    Bool,
}

/// <summary>A tensor's memory as a loop sees it: first element, element type, and a stride for every dimension of the loop (0 where broadcast).</summary>
/// <remarks>The default value stands for an operand that is not there; loops read it as zeros.</remarks>
internal readonly unsafe ref struct Operand
{
    public readonly byte* Data;
    public readonly ElementType Type;
    public readonly ReadOnlySpan<long> Strides;

    /// <summary>An operand with strides in elements.</summary>
    public Operand(void* data, ElementType type, ReadOnlySpan<long> strides)
    {
        Data = (byte*)data;
        Type = type;
        Strides = strides;
    }

    /// <summary>An operand whose element type is T's; byte and bool are Bool.</summary>
    public static Operand Of<T>(T* data, ReadOnlySpan<long> strides)
        where T : unmanaged => new(data, TypeOf<T>(), strides);

    /// <summary>The element type of float, double, long, and byte or bool.</summary>
    public static ElementType TypeOf<T>() =>
        typeof(T) == typeof(float) ? ElementType.Float32
        : typeof(T) == typeof(double) ? ElementType.Float64
        : typeof(T) == typeof(long) ? ElementType.Int64
        : ElementType.Bool;

    /// <summary>Bytes of an element.</summary>
    public static int SizeOf(ElementType type) => type switch { ElementType.Float32 => 4, ElementType.Bool => 1, _ => 8 };
}
