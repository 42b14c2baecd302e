namespace MiniTorch.Kernels;

/// <summary>
/// Order along the middle one of three dimensions [outer, size, inner] of contiguous arrays of float, double, long or byte. NaN is the
/// largest value; equal elements keep their order.
/// </summary>
internal static unsafe class SortKernel
{
    const long ChunkElements = 1 << 12;

    [ThreadStatic]
    static Scratch? _entries;

    /// <summary>All elements in order, with their positions.</summary>
    public static void Run<T>(T* x, T* values, long* positions, long outer, long size, long inner, bool descending)
        where T : unmanaged => Leading(x, values, positions, outer, size, inner, size, descending);

    /// <summary>The first <paramref name="count"/> elements in order, with their positions; results have shape [outer, count, inner].</summary>
    public static void Leading<T>(T* x, T* values, long* positions, long outer, long size, long inner, long count, bool descending)
        where T : unmanaged
    {
        long lines = outer * inner, perChunk = Math.Max(1, ChunkElements / Math.Max(1, size));
        if (lines * count == 0) return;
        var job = new Lines<T>(x, values, positions, size, inner, 0, count, descending, lines, perChunk);
        Workers.Run(job, (lines - 1) / perChunk + 1);
    }

    /// <summary>
    /// The element that comes at place <paramref name="place"/> in ascending order, and its position; results have shape [outer, inner].
    /// </summary>
    public static void Kth<T>(T* x, T* values, long* positions, long outer, long size, long inner, long place)
        where T : unmanaged
    {
        long lines = outer * inner, perChunk = Math.Max(1, ChunkElements / size);
        if (lines == 0) return;
        var job = new Lines<T>(x, values, positions, size, inner, place, 1, false, lines, perChunk);
        Workers.Run(job, (lines - 1) / perChunk + 1);
    }

    /// <summary>Finds the elements at places first … first + count − 1 of each line.</summary>
    readonly struct Lines<T>(
        T* x, T* values, long* positions, long size, long inner, long first, long count, bool descending, long lines, long perChunk) : IJob
        where T : unmanaged
    {
        public void Execute(long chunk)
        {
            var entries = new Span<SortEntry>(Scratch.Rent<SortEntry>(ref _entries, size), checked((int)size));
            for (long line = chunk * perChunk; line < Math.Min(lines, (chunk + 1) * perChunk); line++)
            {
                (long outer, long column) = Math.DivRem(line, inner);
                Run(x + outer * size * inner + column, outer * count * inner + column, entries);
            }
            Scratch.Return(ref _entries);
        }

        void Run(T* line, long result, Span<SortEntry> entries)
        {
            for (int i = 0; i < entries.Length; i++) entries[i] = SortEntry.Of(line[i * inner], i, descending);
            int start = (int)first, length = (int)count;
            if (start > 0) Partition(entries, start);
            if (length < entries.Length - start) Partition(entries[start..], length);
            entries.Slice(start, length).Sort();
            for (int i = 0; i < length; i++, result += inner)
            {
                long position = entries[start + i].Position;
                positions[result] = position;
                values[result] = line[position * inner];
            }
        }
    }

    /// <summary>Moves the <paramref name="count"/> smallest entries to the front (Hoare's selection, with the middle one as pivot).</summary>
    static void Partition(Span<SortEntry> entries, int count)
    {
        int low = 0, high = entries.Length - 1;
        while (low < high)
        {
            SortEntry pivot = entries[low + (high - low) / 2];
            int i = low, j = high;
            while (i <= j)
            {
                while (entries[i].CompareTo(pivot) < 0) i++;
                while (entries[j].CompareTo(pivot) > 0) j--;
                if (i > j) break;
                (entries[i], entries[j]) = (entries[j], entries[i]);
                i++;
                j--;
            }

            if (count <= j) high = j;
            else if (count >= i) low = i;
            else return;
        }
    }
}
