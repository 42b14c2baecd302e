using System.Numerics;

namespace MiniTorch.Kernels;

/// <summary>Binary searches in sorted rows.</summary>
internal static unsafe class SearchSortedKernel
{
    // Searches that are worth a thread.
    const long ChunkCount = 1 << 13;

    /// <summary>Counts the elements of a sorted row that are less than a value, or not greater; each row is searched for its own values.</summary>
    public static void Run<T>(T* sorted, long size, T* values, long each, long* places, long count, bool right)
        where T : unmanaged, INumber<T> =>
        Workers.Run(new Job<T>(sorted, size, values, each, places, count, right), (count + ChunkCount - 1) / ChunkCount);

    readonly struct Job<T>(T* sorted, long size, T* values, long each, long* places, long count, bool right) : IJob
        where T : unmanaged, INumber<T>
    {
        public void Execute(long chunk)
        {
            for (long i = chunk * ChunkCount, end = Math.Min(count, i + ChunkCount); i < end; i++)
            {
                T* row = sorted + i / each * size;
                T value = values[i];
                long low = 0, high = size;
                while (low < high)
                {
                    long middle = (low + high) / 2;
                    // Comparisons with NaN are false, so NaN is behind everything, as in PyTorch.
                    if (right ? row[middle] > value : row[middle] >= value) high = middle;
                    else low = middle + 1;
                }
                places[i] = low;
            }
        }
    }
}
