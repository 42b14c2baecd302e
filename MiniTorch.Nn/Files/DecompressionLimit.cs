namespace MiniTorch.IO;

/// <summary>
/// The default limit of the size of decompressed data: a malicious file expands about a thousandfold, real data hardly a hundredfold.
/// </summary>
internal static class DecompressionLimit
{
    private const long Floor = 16L << 20, Ratio = 100;

    public static long Limit(long compressedBytes) => Floor + (compressedBytes * Ratio);
}
