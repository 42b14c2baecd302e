using System.Runtime.CompilerServices;

namespace MiniTorch;

/// <summary>The type of a tensor's elements.</summary>
public enum DType
{
    /// <summary>Booleans of one byte each (torch.bool).</summary>
    Bool,

    /// <summary>64-bit signed integers (torch.int64).</summary>
    Int64,

    /// <summary>32-bit IEEE 754 floating-point numbers (torch.float32), the default.</summary>
    Float32,

    /// <summary>64-bit IEEE 754 floating-point numbers (torch.float64).</summary>
    Float64,
}

/// <summary>Properties and promotion rules of <see cref="DType"/>.</summary>
internal static class DTypes
{
    /// <summary>Returns the size of one element in bytes.</summary>
    public static int Size(this DType dtype) => dtype switch { DType.Bool => 1, DType.Float32 => 4, _ => 8 };

    /// <summary>Returns whether tensors of this dtype can have gradients.</summary>
    public static bool IsFloat(this DType dtype) => dtype >= DType.Float32;

    /// <summary>Throws unless a tensor can have a gradient.</summary>
    internal static void RequireFloat(this Tensor x, string op, string name = "x")
    {
        if (!x.DType.IsFloat()) throw new DTypeException($"{op}: {name} is {x.DType} and must be Float32 or Float64; convert it with To");
    }

    /// <summary>Returns the dtype that can represent both: Bool &lt; Int64 &lt; Float32 &lt; Float64.</summary>
    public static DType Promote(DType a, DType b) => a > b ? a : b;

    /// <summary>
    /// Returns the result dtype of an operation on two tensors. As in PyTorch, a 0-d tensor does not change the dtype of a tensor with dimensions
    /// in the same category (boolean, integer, floating-point).
    /// </summary>
    public static DType Promote(Tensor a, Tensor b)
    {
        ArgumentNullException.ThrowIfNull(a);
        ArgumentNullException.ThrowIfNull(b);
        DType x = a.DType, y = b.DType;
        if (x == y || (a.Rank == 0) == (b.Rank == 0)) return Promote(x, y);
        return a.Rank == 0 ? WithScalar(y, x) : WithScalar(x, y);
    }

    /// <summary>Returns the result dtype of an operation on three tensors; see <see cref="Promote(Tensor, Tensor)"/>.</summary>
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

    /// <summary>Returns the dtype for the C# type <typeparamref name="T"/>; int and smaller integer types give Int64.</summary>
    public static DType Of<T>() =>
        typeof(T) == typeof(float) ? DType.Float32
        : typeof(T) == typeof(double) ? DType.Float64
        : typeof(T) == typeof(bool) ? DType.Bool
        : typeof(T) == typeof(long) || IsSmallInteger<T>() ? DType.Int64
        : throw new DTypeException($"{typeof(T).Name} is not an element type; use float, double, bool, or an integer type up to long");

    /// <summary>Returns whether a storage of <paramref name="dtype"/> holds its elements as <typeparamref name="T"/>.</summary>
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
