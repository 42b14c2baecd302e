using System.Numerics;
using System.Runtime.Intrinsics;

namespace MiniTorch.Kernels;

/// <summary>
/// The positions of elements in order along the middle one of three dimensions [outer, size, inner] of contiguous arrays of float, double, long or
/// byte. NaN is the largest value; equal elements keep their order.
/// </summary>
internal static unsafe class SortKernel
{
    const long ChunkElements = 1 << 12;

    // Up to this number of entries, insertion is faster than the histograms of a radix sort.
    const int MostInserted = 40;

    const int PositionBytes = 4;

    [ThreadStatic]
    static Scratch? t_entries;

    /// <summary>The positions of all elements in order.</summary>
    public static void Run<T>(T* x, long* positions, long outer, long size, long inner, bool descending)
        where T : unmanaged => Leading(x, positions, outer, size, inner, size, descending);

    /// <summary>The positions of the first <paramref name="count"/> elements in order, of shape [outer, count, inner].</summary>
    public static void Leading<T>(T* x, long* positions, long outer, long size, long inner, long count, bool descending)
        where T : unmanaged => Run(x, positions, outer, size, inner, 0, count, descending);

    /// <summary>The position of the element at place <paramref name="place"/> in ascending order, of shape [outer, inner].</summary>
    public static void Kth<T>(T* x, long* positions, long outer, long size, long inner, long place)
        where T : unmanaged => Run(x, positions, outer, size, inner, place, 1, false);

    static void Run<T>(T* x, long* positions, long outer, long size, long inner, long first, long count, bool descending)
        where T : unmanaged
    {
        long lines = outer * inner, perChunk = Math.Max(1, ChunkElements / Math.Max(1, size)), chunks = IntegerMath.CeilDiv(lines, perChunk);
        if (lines * count == 0) return;
        if (sizeof(T) <= 4)
            Workers.Run(new Lines<T, NarrowSortEntry>(x, positions, (int)size, inner, (int)first, (int)count, descending, lines, perChunk), chunks);
        else
            Workers.Run(new Lines<T, WideSortEntry>(x, positions, (int)size, inner, (int)first, (int)count, descending, lines, perChunk), chunks);
    }

    /// <summary>Finds the elements at places first … first + count − 1 of each line.</summary>
    readonly struct Lines<T, TEntry>(
        T* x, long* positions, int size, long inner, int first, int count, bool descending, long lines, long perChunk) : IJob
        where T : unmanaged
        where TEntry : unmanaged, ISortEntry<TEntry>
    {
        public void Execute(long chunk)
        {
            TEntry* entries = Scratch.Rent<TEntry>(ref t_entries, 2L * size);
            for (long line = chunk * perChunk; line < Math.Min(lines, (chunk + 1) * perChunk); line++)
            {
                (long outer, long column) = Math.DivRem(line, inner);
                Run(x + outer * size * inner + column, positions + outer * count * inner + column, entries);
            }
            Scratch.Return(ref t_entries);
        }

        void Run(T* line, long* result, TEntry* entries)
        {
            int last = first + count, found = size;
            if (last <= MostInserted && last < size) found = Sorted(line, last, entries);
            else if ((2L * last) + 16 <= size) found = Candidates(line, last, new Span<TEntry>(entries, (2 * last) + 16));
            else
                for (int i = 0; i < size; i++) entries[i] = TEntry.Of(line[i * inner], i, descending);
            if (count == 1 && found == size)
            {
                *result = Select(entries, size, first).Position;
                return;
            }
            if (first > 0) Partition(new Span<TEntry>(entries, found), first);
            if (last < found) Partition(new Span<TEntry>(entries + first, found - first), count);
            bool isByPosition = count == size;
            TEntry* sorted = Sort(entries + first, entries + size, count, isByPosition ? PositionBytes : 0);
            for (int i = 0; i < count; i++, result += inner) *result = sorted[i].Position;
        }

        /// <summary>Keeps the first <paramref name="wanted"/> entries in order; after each insertion fewer elements come before the last.</summary>
        int Sorted(T* line, int wanted, TEntry* entries)
        {
            int found = 0;
            for (int i = 0; i < size; i++)
            {
                bool isFull = found == wanted;
                if (isFull && inner == 1 && (i = SkipBehind(line, i, line[entries[wanted - 1].Position])) >= size) break;
                TEntry entry = TEntry.Of(line[i * inner], i, descending);
                if (isFull && !entry.ComesBefore(entries[wanted - 1])) continue;
                if (!isFull) found++;
                Insert(entries, found - 1, entry);
            }
            return found;
        }

        /// <summary>Collects entries that include the first <paramref name="wanted"/> ones, and returns their number.</summary>
        int Candidates(T* line, int wanted, Span<TEntry> entries)
        {
            int found = 0;
            bool isBounded = false;
            TEntry bound = default;
            for (int i = 0; i < size; i++)
            {
                if (isBounded && inner == 1 && (i = SkipBehind(line, i, line[bound.Position])) >= size) break;
                TEntry entry = TEntry.Of(line[i * inner], i, descending);
                if (isBounded && !entry.ComesBefore(bound)) continue;
                entries[found++] = entry;
                if (found < entries.Length) continue;
                Partition(entries, wanted);
                found = wanted;
                isBounded = true;
                bound = entries[0];
                foreach (TEntry kept in entries[1..wanted])
                    if (bound.ComesBefore(kept)) bound = kept;
            }
            return found;
        }

        // Returns the next element that a vector comparison does not place behind the bound; NaN is never placed.
        int SkipBehind(T* line, int i, T bound)
        {
            Vector256<T> bounds = Vector256.Create(bound);
            for (; i <= size - Vector256<T>.Count; i += Vector256<T>.Count)
            {
                Vector256<T> x = Vector256.Load(line + i);
                Vector256<T> isBehind = descending ? Vector256.LessThanOrEqual(x, bounds) : Vector256.GreaterThanOrEqual(x, bounds);
                int behind = BitOperations.TrailingZeroCount(~isBehind.ExtractMostSignificantBits());
                if (behind < Vector256<T>.Count) return i + behind;
            }
            return i;
        }
    }

    /// <summary>Sorts entries by their bytes from <paramref name="lowest"/> on, and returns them; they may end in the spare memory.</summary>
    static TEntry* Sort<TEntry>(TEntry* entries, TEntry* spare, int count, int lowest)
        where TEntry : unmanaged, ISortEntry<TEntry>
    {
        if (count <= MostInserted)
        {
            for (int i = 1; i < count; i++) Insert(entries, i, entries[i]);
            return entries;
        }

        int* starts = stackalloc int[256 * TEntry.Bytes];
        new Span<int>(starts, 256 * TEntry.Bytes).Clear();
        for (int i = 0; i < count; i++)
            for (int index = lowest; index < TEntry.Bytes; index++) starts[(256 * index) + entries[i].Byte(index)]++;
        for (int index = lowest; index < TEntry.Bytes; index++)
        {
            int* start = starts + (256 * index);
            if (start[entries[0].Byte(index)] == count) continue;
            int sum = 0;
            foreach (ref int bin in new Span<int>(start, 256)) (bin, sum) = (sum, sum + bin);
            for (int i = 0; i < count; i++) spare[start[entries[i].Byte(index)]++] = entries[i];
            TEntry* sorted = spare;
            spare = entries;
            entries = sorted;
        }
        return entries;
    }

    /// <summary>Inserts an entry into the sorted ones before place <paramref name="at"/>, whose entry is lost.</summary>
    static void Insert<TEntry>(TEntry* entries, int at, TEntry entry)
        where TEntry : unmanaged, ISortEntry<TEntry>
    {
        for (; at > 0 && entry.ComesBefore(entries[at - 1]); at--) entries[at] = entries[at - 1];
        entries[at] = entry;
    }

    /// <summary>Returns the entry at a place in order. Each byte of the key leaves the entries of one bin.</summary>
    static TEntry Select<TEntry>(TEntry* entries, int count, int place)
        where TEntry : unmanaged, ISortEntry<TEntry>
    {
        int* bins = stackalloc int[256];
        for (int index = TEntry.Bytes - 1; count > MostInserted; index--)
        {
            new Span<int>(bins, 256).Clear();
            for (int i = 0; i < count; i++) bins[entries[i].Byte(index)]++;
            int bin = 0, kept = 0;
            while (place >= bins[bin]) place -= bins[bin++];
            if (bins[bin] == count) continue;
            for (int i = 0; i < count; i++)
            {
                TEntry entry = entries[i];
                entries[kept] = entry;
                kept += entry.Byte(index) == bin ? 1 : 0;
            }
            count = kept;
        }
        return Sort(entries, entries, count, 0)[place];
    }

    /// <summary>Moves the <paramref name="count"/> smallest entries to the front (Hoare's selection, with the middle one as pivot).</summary>
    static void Partition<TEntry>(Span<TEntry> entries, int count)
        where TEntry : unmanaged, ISortEntry<TEntry>
    {
        int low = 0, high = entries.Length - 1;
        while (low < high)
        {
            TEntry pivot = entries[low + (high - low) / 2];
            int i = low, j = high;
            while (i <= j)
            {
                while (entries[i].ComesBefore(pivot)) i++;
                while (pivot.ComesBefore(entries[j])) j--;
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
