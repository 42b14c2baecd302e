using System.Runtime.CompilerServices;

namespace MiniTorch.Nn;

/// <summary>x·ln x, 0 at 0 (torch.xlogy of a tensor with itself).</summary>
internal readonly record struct XLogX : IUnaryFunction
{
    public static Reads Reads => Reads.Input0;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public R Forward<R>(R x) where R : struct, IReal<R> => R.Where(R.Equal(x, 0), 0, x * R.Log(x));

    public R Backward<R>(R g, R x, R y) where R : struct, IReal<R> => g * (R.Log(x) + 1);
}
