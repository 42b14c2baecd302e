namespace MiniTorch.IO;

/// <summary>How much a compressed file may unpack to unless its reader is told more: few bytes can claim a thousand times their number, and real data hardly a hundred.</summary>
internal static class DecompressionLimit
{
    private const long Floor = 16L << 20, Ratio = 100;

    public static long Limit(long compressedBytes) => Floor + (compressedBytes * Ratio);
}
