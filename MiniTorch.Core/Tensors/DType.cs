using System.Runtime.CompilerServices;

namespace MiniTorch;

/// <summary>The type of a tensor's elements.</summary>
public enum DType
{
    /// <summary>Truth values, one byte each (torch.bool).</summary>
    Bool,

    /// <summary>64-bit signed integers (torch.int64).</summary>
    Int64,

    /// <summary>32-bit IEEE 754 (torch.float32), the default.</summary>
    Float32,

    /// <summary>64-bit IEEE 754 (torch.float64).</summary>
    Float64,
}

/// <summary>What the engine asks of a <see cref="DType"/>.</summary>
internal static class DTypes
{
    /// <summary>Bytes an element takes.</summary>
    public static int Size(this DType dtype) => dtype switch { DType.Bool => 1, DType.Float32 => 4, _ => 8 };

    /// <summary>Whether gradients can flow through it.</summary>
    public static bool IsFloat(this DType dtype) => dtype >= DType.Float32;

    /// <summary>The type that holds both: Bool &lt; Int64 &lt; Float32 &lt; Float64.</summary>
    public static DType Promote(DType a, DType b) => a > b ? a : b;

    /// <summary>The result type of an operation on two tensors: a 0-d tensor yields to a dimensioned one of the same category (PyTorch's rule).</summary>
    public static DType Promote(Tensor a, Tensor b)
    {
        ArgumentNullException.ThrowIfNull(a);
        ArgumentNullException.ThrowIfNull(b);
        DType x = a.DType, y = b.DType;
        if (x == y || (a.Rank == 0) == (b.Rank == 0)) return Promote(x, y);
        return a.Rank == 0 ? WithScalar(y, x) : WithScalar(x, y);
    }

    /// <summary>As <see cref="Promote(Tensor, Tensor)"/> for three tensors, in any order.</summary>
    internal static DType Promote(Tensor a, Tensor b, Tensor c)
    {
        DType? dimensioned = null, scalar = null;
        foreach (Tensor x in (ReadOnlySpan<Tensor>)[a, b, c])
        {
            if (x.Rank == 0) scalar = Promote(scalar ?? x.DType, x.DType);
            else dimensioned = Promote(dimensioned ?? x.DType, x.DType);
        }
        return dimensioned is { } full && scalar is { } other ? WithScalar(full, other) : (dimensioned ?? scalar)!.Value;
    }

    private static DType WithScalar(DType dimensioned, DType scalar)
    {
        if (dimensioned.IsFloat() || dimensioned == scalar) return dimensioned;
        return scalar.IsFloat() || dimensioned == DType.Bool ? scalar : dimensioned;
    }

    /// <summary>The dtype of the C# type <typeparamref name="T"/>; int and the smaller integers become Int64.</summary>
    public static DType Of<T>() =>
        typeof(T) == typeof(float) ? DType.Float32
        : typeof(T) == typeof(double) ? DType.Float64
        : typeof(T) == typeof(bool) ? DType.Bool
        : typeof(T) == typeof(long) || IsSmallInteger<T>() ? DType.Int64
        : throw new DTypeException($"{typeof(T).Name} is not an element type; use float, double, bool, or an integer type up to long");

    /// <summary>Whether <typeparamref name="T"/> is the type in which the storage holds <paramref name="dtype"/>, bit for bit.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool Holds<T>(this DType dtype) =>
        typeof(T) == typeof(float) ? dtype == DType.Float32
        : typeof(T) == typeof(double) ? dtype == DType.Float64
        : typeof(T) == typeof(long) ? dtype == DType.Int64
        : typeof(T) == typeof(bool) && dtype == DType.Bool;

    private static bool IsSmallInteger<T>() =>
        typeof(T) == typeof(int) || typeof(T) == typeof(short) || typeof(T) == typeof(sbyte) || typeof(T) == typeof(byte)
        || typeof(T) == typeof(ushort) || typeof(T) == typeof(uint);
}
