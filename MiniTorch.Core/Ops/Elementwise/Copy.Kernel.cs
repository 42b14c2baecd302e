using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using static System.Runtime.CompilerServices.MethodImplOptions;

namespace MiniTorch.Kernels;

/// <summary>
/// x → x as a loop's function: copies and conversions. Parts of a result of <paramref name="whole"/> bytes are written past the caches if the result
/// does not stay there.
/// </summary>
internal readonly struct CopyFunction(long whole) : ILoopFunction
{
    public bool IsStreamed => whole >= ElementwiseKernel.StreamedBytes;

    public static int Inputs => 1;

    [MethodImpl(AggressiveInlining)]
    public R Apply<R>(R a, R b, R c, R d, R e) where R : struct, IReal<R> => a;
}

/// <summary>
/// Copies without conversion to contiguous rows: pieces of joins, padding, expansion, steps, and by squares permuted dimensions. Short rows take a
/// few ns each, and 20 in the general loop.
/// </summary>
internal static unsafe class CopyRows
{
    // As many bytes as a thread copies while another wakes up.
    const long ChunkBytes = 1 << 17;

    // The ends of a row, parts of cache lines, are not streamed.
    public const long StreamedRow = 1 << 10;

    /// <summary>Runs a plan of an output and an input, past the caches if wanted, and returns false if it is not such a copy.</summary>
    public static bool TryRun(in LoopPlan plan, bool streams)
    {
        long size = plan.Types[0].Size(), from = plan.Strides(0)[1];
        if (plan.Types[0] != plan.Types[1] || plan.Strides(0)[0] != size) return false;
        int along = 0;
        if (from != size && from != 0 && from != -size)
            for (int d = 1; d < plan.Rank; d++)
                if (plan.Strides(d)[1] == size) along = d;
        streams |= plan.Count * size >= ElementwiseKernel.StreamedBytes;
        if (size == 8) Run<ulong>(plan, along, streams);
        else if (size == 4) Run<uint>(plan, along, streams);
        else Run<byte>(plan, along, streams);
        return true;
    }

    static void Run<T>(in LoopPlan plan, int along, bool streams)
        where T : unmanaged
    {
        if (along > 0)
        {
            CopySquares<T>.Run(plan, along, ChunkBytes);
            return;
        }
        long most = ChunkBytes / sizeof(T), pieces = IntegerMath.CeilDiv(plan.Size(0), most), units = plan.Count / plan.Size(0) * pieces;
        long perChunk = Math.Max(1, most / plan.Size(0));
        Workers.Run(new Job<T>(plan, pieces, units, perChunk, streams), IntegerMath.CeilDiv(units, perChunk));
    }

    /// <summary>Copies bytes, those of whole cache lines past the caches.</summary>
    public static void Stream(byte* from, byte* to, long bytes)
    {
        const int Line = 64;
        long i = -(nint)to & (Line - 1), end = i + ((bytes - i) & -Line);
        Copy(from, to, i);
        for (; i < end; i += Line) Vector512.Load(from + i).StoreAlignedNonTemporal(to + i);
        Copy(from + end, to + end, bytes - end);
    }

    /// <summary>Copies bytes.</summary>
    [MethodImpl(AggressiveInlining)]
    public static void Copy(byte* from, byte* to, long bytes)
    {
        // Not MemoryCopy: its string instruction takes twice as long if the rows are aligned differently.
        if (bytes >= 32)
        {
            Vector256<byte> last = Vector256.Load(from + bytes - 32);   // before the first store: source and destination may be the same memory
            for (long i = 0; i < bytes - 32; i += 32) Vector256.Store(Vector256.Load(from + i), to + i);
            Vector256.Store(last, to + bytes - 32);
        }
        else CopyFew(from, to, bytes);
    }

    [MethodImpl(AggressiveInlining)]
    static void CopyFew(byte* from, byte* to, long bytes)
    {
        if (bytes >= 16)
        {
            Vector128<byte> last = Vector128.Load(from + bytes - 16);
            Vector128.Store(Vector128.Load(from), to);
            Vector128.Store(last, to + bytes - 16);
        }
        else
        {
            for (; bytes >= 4; bytes -= 4, from += 4, to += 4) *(uint*)to = *(uint*)from;
            for (long i = 0; i < bytes; i++) to[i] = from[i];
        }
    }

    /// <summary>Copies pieces of rows; if a row has several, a chunk is one of them.</summary>
    readonly struct Job<T>(LoopPlan plan, long pieces, long units, long perChunk, bool streams) : IJob
        where T : unmanaged
    {
        [MethodImpl(AggressiveOptimization)]
        public void Execute(long chunk)
        {
            LoopPlan p = plan;
            long count = Math.Min(perChunk, units - chunk * perChunk), size = p.Size(0), fromStep = p.Strides(0)[1];
            bool streamsRows = streams && fromStep == sizeof(T) && size * sizeof(T) >= StreamedRow;
            (long row, long piece) = Math.DivRem(chunk * perChunk, pieces);
            long start = size * piece / pieces, length = size * (piece + 1) / pieces - start;
            byte* to = p.Data[0] + start * sizeof(T), from = p.Data[1] + start * fromStep;
            long* index = stackalloc long[p.Rank];
            for (int d = 1; d < p.Rank; d++)
            {
                (row, index[d]) = Math.DivRem(row, p.Size(d));
                to += index[d] * p.Strides(d)[0];
                from += index[d] * p.Strides(d)[1];
            }
            if (p.Rank == 1)
            {
                Rows(from, fromStep, to, length, 1, 0, 0, streamsRows);
                return;
            }
            while (true)
            {
                long rows = Math.Min(count, p.Size(1) - index[1]), toRow = p.Strides(1)[0], fromRow = p.Strides(1)[1];
                Rows(from, fromStep, to, length, rows, fromRow, toRow, streamsRows);
                if ((count -= rows) == 0) return;
                index[1] += rows;
                to += rows * toRow;
                from += rows * fromRow;
                for (int d = 1; index[d] == p.Size(d); index[d]++)
                {
                    to += p.Strides(d + 1)[0] - index[d] * p.Strides(d)[0];
                    from += p.Strides(d + 1)[1] - index[d] * p.Strides(d)[1];
                    index[d++] = 0;
                }
            }
        }

        [MethodImpl(AggressiveOptimization)]
        static void Rows(byte* from, long fromStep, byte* to, long length, long rows, long fromRow, long toRow, bool streams)
        {
            long bytes = length * sizeof(T);
            if (fromStep == sizeof(T) && bytes == 16)
                for (; rows > 0; rows--, from += fromRow, to += toRow) Vector128.Store(Vector128.Load(from), to);
            else if (streams)
                for (; rows > 0; rows--, from += fromRow, to += toRow) Stream(from, to, bytes);
            for (; rows > 0; rows--, from += fromRow, to += toRow)
                if (fromStep == sizeof(T)) Copy(from, to, bytes);
                else if (fromStep == 0) new Span<T>(to, (int)length).Fill(*(T*)from);
                else if (fromStep == -sizeof(T)) Reverse((T*)from, (T*)to, length);
                else Steps((T*)from, fromStep / sizeof(T), (T*)to, length);
            if (streams) Simd.Fence();
        }

        [MethodImpl(AggressiveOptimization)]
        static void Steps(T* from, long step, T* to, long count)
        {
            long i = 0;
            if (sizeof(T) == 4 && step == 2 && Avx2.IsSupported)
                for (; i < count - 8; i += 8, from += 16) // the second load reads one element behind the last one that it needs
                {
                    Vector256<float> even = Avx.Shuffle(Vector256.Load((float*)from), Vector256.Load((float*)from + 8), 0b10_00_10_00);
                    Vector256.Store(Avx2.Permute4x64(even.AsInt64(), 0b11_01_10_00), (long*)(to + i));
                }
            for (; i <= count - 4; i += 4, from += 4 * step)
            {
                (T a, T b, T c, T d) = (*from, from[step], from[2 * step], from[3 * step]);
                (to[i], to[i + 1], to[i + 2], to[i + 3]) = (a, b, c, d);
            }
            for (; i < count; i++, from += step) to[i] = *from;
        }

        static void Reverse(T* from, T* to, long count)
        {
            long i = 0;
            if (sizeof(T) == 4 && Vector256.IsHardwareAccelerated)
                for (; i <= count - 8; i += 8)
                    Vector256.Store(Vector256.Shuffle(Vector256.Load((int*)from - i - 7), Vector256.Create(7, 6, 5, 4, 3, 2, 1, 0)), (int*)to + i);
            for (; i < count; i++) to[i] = from[-i];
        }
    }
}

/// <summary>Copies whose rows are columns of the source, by squares that stay in the first-level cache.</summary>
internal static unsafe class CopySquares<T>
    where T : unmanaged
{
    static readonly long s_side = sizeof(T) == 4 ? 64 : 32;

    /// <summary>Runs a plan whose output is contiguous along dimension 0, and whose input along another one.</summary>
    public static void Run(in LoopPlan plan, int along, long chunkBytes)
    {
        long units = Blocks(plan.Size(0)) * Blocks(plan.Size(along)) * (plan.Count / plan.Size(0) / plan.Size(along));
        long perChunk = Math.Max(1, chunkBytes * units / (plan.Count * sizeof(T)));
        Workers.Run(new Job(plan, along, units, perChunk), IntegerMath.CeilDiv(units, perChunk));
    }

    static long Blocks(long size) => IntegerMath.CeilDiv(size, s_side);

    readonly struct Job(LoopPlan plan, int along, long units, long perChunk) : IJob
    {
        [MethodImpl(AggressiveOptimization)]
        public void Execute(long chunk)
        {
            LoopPlan p = plan;
            long first = chunk * perChunk, rest = first;
            long* index = stackalloc long[p.Rank], counts = stackalloc long[p.Rank];
            for (int d = 0; d < p.Rank; d++)
            {
                counts[d] = d == 0 || d == along ? Blocks(p.Size(d)) : p.Size(d);
                (rest, index[d]) = Math.DivRem(rest, counts[d]);
            }
            long step = p.Strides(0)[1] / sizeof(T), row = p.Strides(along)[0] / sizeof(T);
            for (long left = Math.Min(perChunk, units - first); left > 0; left--)
            {
                long columns = 0, rows = 0;
                byte* to = p.Data[0], from = p.Data[1];
                for (int d = 0; d < p.Rank; d++)
                {
                    long start = index[d];
                    if (d == 0 || d == along)
                    {
                        start = p.Size(d) * index[d] / counts[d];
                        long length = p.Size(d) * (index[d] + 1) / counts[d] - start;
                        (columns, rows) = d == 0 ? (length, rows) : (columns, length);
                    }
                    to += start * p.Strides(d)[0];
                    from += start * p.Strides(d)[1];
                }
                Square((T*)from, step, (T*)to, row, columns, rows);
                for (int d = 0; d < p.Rank && ++index[d] == counts[d]; d++) index[d] = 0;
            }
        }
    }

    /// <summary>to[i + j · row] = from[i · step + j].</summary>
    [MethodImpl(AggressiveOptimization)]
    static void Square(T* from, long step, T* to, long row, long columns, long rows)
    {
        if (sizeof(T) == 4 && MatMulTranspose.Fits(rows, columns))
            MatMulTranspose.Copy(rows, columns, (float*)from, step, (float*)to, row);
        else if (columns >= rows)
            for (long j = 0; j < rows; j++, to += row)
            {
                T* at = from + j;
                for (long i = 0; i < columns; i++, at += step) to[i] = *at;
            }
        else
            for (long i = 0; i < columns; i++, from += step)
            {
                T* at = to + i;
                for (long j = 0; j < rows; j++, at += row) *at = from[j];
            }
    }
}
