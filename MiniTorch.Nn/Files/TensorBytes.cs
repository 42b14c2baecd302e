using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace MiniTorch.IO;

/// <summary>Accesses the bytes of a row-major tensor in pieces that fit a span.</summary>
internal static class TensorBytes
{
    private const int MaxPiece = 1 << 30;

    public static long Count(Tensor tensor) => tensor.ElementCount * tensor.DType.Size();

    /// <summary>Returns the bytes from <paramref name="offset"/> on, at most 1 GB. The caller must keep the tensor alive.</summary>
    public static Span<byte> Piece(Tensor tensor, long offset) =>
        MemoryMarshal.CreateSpan(ref Unsafe.AddByteOffset(ref tensor.Data, (nint)offset), (int)Math.Min(Count(tensor) - offset, MaxPiece));

    /// <summary>Writes the elements in row-major order; copies them only if they are stored in another order.</summary>
    public static void Write(Stream stream, Tensor tensor)
    {
        Tensor rows = tensor.IsContiguous ? tensor : Ops.Copies.Fresh(tensor);
        for (long offset = 0; offset < Count(rows);)
        {
            Span<byte> piece = Piece(rows, offset);
            stream.Write(piece);
            offset += piece.Length;
        }
        GC.KeepAlive(rows);
    }
}
