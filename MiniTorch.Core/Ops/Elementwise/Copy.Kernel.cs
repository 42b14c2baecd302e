using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace MiniTorch.Kernels;

/// <summary>x → x as a loop's function: copies and conversions.</summary>
internal readonly struct CopyFunction : ILoopFunction
{
    public static int Inputs => 1;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public R Apply<R>(R a, R b, R c, R d, R e) where R : struct, IReal<R> => a;
}

/// <summary>
/// Copies without conversion to contiguous rows from contiguous, reversed or repeated ones: pieces of joins, padding, expansion. Short rows take a
/// few ns each, and 20 in the general loop.
/// </summary>
internal static unsafe class CopyRows
{
    // As many bytes as a thread copies while another wakes up.
    const long ChunkBytes = 1 << 17;

    /// <summary>Runs a plan of an output and an input, and returns false if it is not such a copy.</summary>
    public static bool TryRun(in LoopPlan plan)
    {
        long size = plan.Types[0].Size(), from = plan.Strides(0)[1];
        if (plan.Types[0] != plan.Types[1] || plan.Strides(0)[0] != size || (from != size && from != 0 && from != -size)) return false;
        if (size == 8) Run<ulong>(plan);
        else if (size == 4) Run<uint>(plan);
        else Run<byte>(plan);
        return true;
    }

    static void Run<T>(in LoopPlan plan)
        where T : unmanaged
    {
        long most = ChunkBytes / sizeof(T), pieces = IntegerMath.CeilDiv(plan.Size(0), most), units = plan.Count / plan.Size(0) * pieces;
        long perChunk = Math.Max(1, most / plan.Size(0));
        Workers.Run(new Job<T>(plan, pieces, units, perChunk), IntegerMath.CeilDiv(units, perChunk));
    }

    /// <summary>Copies pieces of rows; if a row has several, a chunk is one of them.</summary>
    readonly struct Job<T>(LoopPlan plan, long pieces, long units, long perChunk) : IJob
        where T : unmanaged
    {
        public void Execute(long chunk)
        {
            LoopPlan p = plan;
            long count = Math.Min(perChunk, units - chunk * perChunk), size = p.Size(0), fromStep = p.Strides(0)[1];
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
            while (true)
            {
                if (fromStep == sizeof(T)) Copy(from, to, length * sizeof(T));
                else if (fromStep == 0) new Span<T>(to, (int)length).Fill(*(T*)from);
                else Reverse((T*)from, (T*)to, length);
                if (--count == 0) return;
                for (int d = 1; d < p.Rank; d++)
                {
                    to += p.Strides(d)[0];
                    from += p.Strides(d)[1];
                    if (++index[d] < p.Size(d)) break;
                    to -= index[d] * p.Strides(d)[0];
                    from -= index[d] * p.Strides(d)[1];
                    index[d] = 0;
                }
            }
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        static void Copy(byte* from, byte* to, long bytes)
        {
            if (bytes < 32)
            {
                Buffer.MemoryCopy(from, to, bytes, bytes);
                return;
            }
            // Not MemoryCopy: its string instruction takes twice as long if the rows are aligned differently.
            Vector256<byte> last = Vector256.Load(from + bytes - 32);   // before the first store: source and destination may be the same memory
            for (long i = 0; i < bytes - 32; i += 32) Vector256.Store(Vector256.Load(from + i), to + i);
            Vector256.Store(last, to + bytes - 32);
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
