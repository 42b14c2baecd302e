using System.Numerics;

namespace MiniTorch.Kernels;

/// <summary>
/// Runs pointwise kernels and their derivatives over operands of any strides, all of them already broadcast to <c>sizes</c>. T is the type
/// that is computed in (float, double or long); operands of another type are converted on the way (from Bool as 0 or 1, to Bool as whether it isn't 0).
/// </summary>
/// <remarks>The output may be one of the inputs, but may not overlap one otherwise. Operands that a derivative doesn't read may be default.</remarks>
internal static class Pointwise
{
    /// <summary>output = f(x).</summary>
    public static void Unary<K, T>(in K kernel, ReadOnlySpan<int> sizes, in Operand output, in Operand x)
        where K : struct, IUnaryKernel
        where T : unmanaged, IBinaryNumber<T> =>
        Elementwise.Run<UnaryValue<K>, T>(new UnaryValue<K>(kernel), sizes, output, x);

    /// <summary>output = g · f′(x).</summary>
    public static void UnaryChain<K, T>(in K kernel, ReadOnlySpan<int> sizes, in Operand output, in Operand g, in Operand x, in Operand y)
        where K : struct, IUnaryKernel
        where T : unmanaged, IBinaryNumber<T> =>
        Elementwise.Run<UnaryChain<K>, T>(new UnaryChain<K>(kernel), sizes, output, g, x, y);

    /// <summary>output = f(a, b).</summary>
    public static void Binary<K, T>(in K kernel, ReadOnlySpan<int> sizes, in Operand output, in Operand a, in Operand b)
        where K : struct, IBinaryKernel
        where T : unmanaged, IBinaryNumber<T> =>
        Elementwise.Run<BinaryValue<K>, T>(new BinaryValue<K>(kernel), sizes, output, a, b);

    /// <summary>output = g · ∂f/∂a.</summary>
    public static void BinaryChainA<K, T>(in K kernel, ReadOnlySpan<int> sizes, in Operand output, in Operand g, in Operand a, in Operand b, in Operand y)
        where K : struct, IBinaryKernel
        where T : unmanaged, IBinaryNumber<T> =>
        Elementwise.Run<BinaryChainA<K>, T>(new BinaryChainA<K>(kernel), sizes, output, g, a, b, y);

    /// <summary>output = g · ∂f/∂b.</summary>
    public static void BinaryChainB<K, T>(in K kernel, ReadOnlySpan<int> sizes, in Operand output, in Operand g, in Operand a, in Operand b, in Operand y)
        where K : struct, IBinaryKernel
        where T : unmanaged, IBinaryNumber<T> =>
        Elementwise.Run<BinaryChainB<K>, T>(new BinaryChainB<K>(kernel), sizes, output, g, a, b, y);

    /// <summary>output = f(a, b, c).</summary>
    public static void Ternary<K, T>(in K kernel, ReadOnlySpan<int> sizes, in Operand output, in Operand a, in Operand b, in Operand c)
        where K : struct, ITernaryKernel
        where T : unmanaged, IBinaryNumber<T> =>
        Elementwise.Run<TernaryValue<K>, T>(new TernaryValue<K>(kernel), sizes, output, a, b, c);

    /// <summary>output = g · ∂f/∂a.</summary>
    public static void TernaryChainA<K, T>(in K kernel, ReadOnlySpan<int> sizes, in Operand output, in Operand g, in Operand a, in Operand b, in Operand c, in Operand y)
        where K : struct, ITernaryKernel
        where T : unmanaged, IBinaryNumber<T> =>
        Elementwise.Run<TernaryChainA<K>, T>(new TernaryChainA<K>(kernel), sizes, output, g, a, b, c, y);

    /// <summary>output = g · ∂f/∂b.</summary>
    public static void TernaryChainB<K, T>(in K kernel, ReadOnlySpan<int> sizes, in Operand output, in Operand g, in Operand a, in Operand b, in Operand c, in Operand y)
        where K : struct, ITernaryKernel
        where T : unmanaged, IBinaryNumber<T> =>
        Elementwise.Run<TernaryChainB<K>, T>(new TernaryChainB<K>(kernel), sizes, output, g, a, b, c, y);

    /// <summary>output = g · ∂f/∂c.</summary>
    public static void TernaryChainC<K, T>(in K kernel, ReadOnlySpan<int> sizes, in Operand output, in Operand g, in Operand a, in Operand b, in Operand c, in Operand y)
        where K : struct, ITernaryKernel
        where T : unmanaged, IBinaryNumber<T> =>
        Elementwise.Run<TernaryChainC<K>, T>(new TernaryChainC<K>(kernel), sizes, output, g, a, b, c, y);

    /// <summary>output = x, converted to the output's element type.</summary>
    public static void Copy(ReadOnlySpan<int> sizes, in Operand output, in Operand x)
    {
        switch (output.Type == ElementType.Bool ? x.Type : output.Type)
        {
            case ElementType.Float64: Elementwise.Run<Identity, double>(default, sizes, output, x); break;
            case ElementType.Int64: Elementwise.Run<Identity, long>(default, sizes, output, x); break;
            default: Elementwise.Run<Identity, float>(default, sizes, output, x); break;
        }
    }
}
