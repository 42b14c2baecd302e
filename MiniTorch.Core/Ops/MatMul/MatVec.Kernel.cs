using System.Numerics;
using System.Runtime.CompilerServices;
using static System.Runtime.CompilerServices.MethodImplOptions;

namespace MiniTorch.Kernels;

/// <summary>
/// Products with a matrix of one column. Each element is the sum of many interleaved sums, lane l of the products l, l + Lanes, …; their number does
/// not depend on the vector width, so the bits depend neither on it nor on strides nor on the other rows.
/// </summary>
internal unsafe struct MatVecJob<T> : IVectorJob<T>
    where T : unmanaged, IBinaryNumber<T>
{
    const int LaneBytes = 256;           // four of the widest vectors
    const long PartLength = 1 << 16;     // products whose sum is one chunk's
    const long ChunkWork = 1 << 16;
    const int CopiedElements = 1024;     // of a row with a stride
    const int RowBlock = 1024;           // rows of a column-major matrix that are summed at once: a page of each column
    const int Columns = 4;               // of a lane that are added at once

    [ThreadStatic]
    static Scratch? t_sums;

    /// <summary>A batch of products with N = 1.</summary>
    public MatMulJob<T> Job;

    static int Lanes => LaneBytes / sizeof(T);

    public readonly void Run<V>()
        where V : struct, IVector<V, T>
    {
        bool byColumns = Job.ACol != 1 && Job.ARow == 1;
        long parts = Math.Max(1, IntegerMath.CeilDiv(Job.K, PartLength)), step = byColumns ? RowBlock : 1;
        long work = Math.Max(1, step * Math.Min(Job.K, PartLength)), rowsPerChunk = Math.Max(1, ChunkWork / work) * step;
        long rowChunks = IntegerMath.CeilDiv(Job.M, rowsPerChunk);
        long productsPerChunk = rowChunks > 1 || parts > 1 ? 1 : Math.Max(1, ChunkWork / Math.Max(1, Job.M * Job.K));
        T* sums = parts > 1 ? Scratch.Rent<T>(ref MatMulScratch.A, Job.Products * Job.M * parts) : null;
        var chunks = new Chunks<V>(Job, sums, byColumns, parts, rowsPerChunk, rowChunks, productsPerChunk);
        Workers.Run(chunks, IntegerMath.CeilDiv(Job.Products, productsPerChunk) * rowChunks * parts);
        if (parts == 1) return;
        for (long product = 0; product < Job.Products; product++)
            for (long row = 0; row < Job.M; row++)
            {
                T* of = sums + (product * Job.M + row) * parts;
                T sum = of[0];
                for (long part = 1; part < parts; part++) sum += of[part];
                chunks.Put(product, row, sum);
            }
        Scratch.Return(ref MatMulScratch.A);
    }

    readonly struct Chunks<V>(MatMulJob<T> job, T* sums, bool byColumns, long parts, long rowsPerChunk, long rowChunks, long productsPerChunk) : IJob
        where V : struct, IVector<V, T>
    {
        public void Execute(long chunk)
        {
            (chunk, long part) = Math.DivRem(chunk, parts);
            (chunk, long rowChunk) = Math.DivRem(chunk, rowChunks);
            long first = part * PartLength, depth = Math.Min(PartLength, job.K - first);
            for (long product = chunk * productsPerChunk; product < Math.Min(job.Products, (chunk + 1) * productsPerChunk); product++)
            {
                T* a = job.A + job.Offset(product, job.ABatch) + first * job.ACol;
                T* b = job.B + job.Offset(product, job.BBatch) + first * job.BRow;
                long row = rowChunk * rowsPerChunk, end = Math.Min(job.M, row + rowsPerChunk);
                for (; byColumns && row < end; row += RowBlock)
                    SumColumns(product, row, part, (int)Math.Min(RowBlock, end - row), a + row, b, depth);
                for (; row < end; row++) Keep(product, row, part, Dot(a + row * job.ARow, job.ACol, b, job.BRow, depth));
            }
        }

        void Keep(long product, long row, long part, T sum)
        {
            if (parts == 1) Put(product, row, sum);
            else sums[(product * job.M + row) * parts + part] = sum;
        }

        /// <summary>Writes an element of C.</summary>
        public void Put(long product, long row, T sum)
        {
            T* c = job.C + job.Offset(product, job.CBatch) + row * job.CRow;
            *c = job.Accumulate ? *c + sum : sum;
        }

        [SkipLocalsInit]
        static T Dot(T* a, long aStep, T* b, long bStep, long depth)
        {
            if (aStep == 1 && bStep == 1 && 4 * V.Count == Lanes) return DotInRegisters(a, b, depth);
            // Lanes that have no product stay zero and need not be added.
            int lanes = (int)Math.Min((ulong)Lanes, BitOperations.RoundUpToPowerOf2((ulong)depth));
            T* sums = stackalloc T[Lanes];
            for (int lane = 0; lane < lanes; lane += V.Count) V.Store(V.Of(0), sums + lane);
            if (aStep == 1 && bStep == 1) AddProducts(a, b, depth, sums);
            else AddCopied(a, aStep, b, bStep, depth, sums);
            for (int half = lanes / 2; half >= V.Count; half /= 2)
                for (int lane = 0; lane < half; lane += V.Count) V.Store(V.Load(sums + lane) + V.Load(sums + half + lane), sums + lane);
            return depth == 0 ? T.Zero : V.Sum(V.Load(sums));
        }

        // Sums on a stack that is aligned by chance only took up to four times as long.
        [MethodImpl(AggressiveOptimization)]
        static T DotInRegisters(T* a, T* b, long depth)
        {
            V s0 = V.Of(0), s1 = s0, s2 = s0, s3 = s0;
            for (; depth >= Lanes; depth -= Lanes, a += Lanes, b += Lanes)
            {
                s0 = V.Fma(V.Load(a), V.Load(b), s0);
                s1 = V.Fma(V.Load(a + V.Count), V.Load(b + V.Count), s1);
                s2 = V.Fma(V.Load(a + 2 * V.Count), V.Load(b + 2 * V.Count), s2);
                s3 = V.Fma(V.Load(a + 3 * V.Count), V.Load(b + 3 * V.Count), s3);
            }
            if (depth > 0) s0 = AddRest(a, b, depth, s0);
            if (depth > V.Count) s1 = AddRest(a + V.Count, b + V.Count, depth - V.Count, s1);
            if (depth > 2 * V.Count) s2 = AddRest(a + 2 * V.Count, b + 2 * V.Count, depth - 2 * V.Count, s2);
            if (depth > 3 * V.Count) s3 = AddRest(a + 3 * V.Count, b + 3 * V.Count, depth - 3 * V.Count, s3);
            return V.Sum(s0 + s2 + (s1 + s3));
        }

        [MethodImpl(AggressiveInlining)]
        static V AddRest(T* a, T* b, long rest, V sum)
        {
            int count = (int)Math.Min(V.Count, rest);
            return V.Fma(V.LoadPartial(a, count), V.LoadPartial(b, count), sum);
        }

        [SkipLocalsInit]
        static void AddCopied(T* a, long aStep, T* b, long bStep, long depth, T* sums)
        {
            T* copyA = stackalloc T[CopiedElements], copyB = stackalloc T[CopiedElements];
            for (long first = 0; first < depth; first += CopiedElements)
            {
                long count = Math.Min(CopiedElements, depth - first);
                for (long i = 0; i < count; i++) (copyA[i], copyB[i]) = (a[(first + i) * aStep], b[(first + i) * bStep]);
                AddProducts(copyA, copyB, count, sums);
            }
        }

        static void AddProducts(T* a, T* b, long count, T* sums)
        {
            for (long i = 0; i < count; i += V.Count)
            {
                T* sum = sums + i % Lanes;
                int rest = (int)Math.Min(V.Count, count - i);
                (V x, V y) = rest == V.Count ? (V.Load(a + i), V.Load(b + i)) : (V.LoadPartial(a + i, rest), V.LoadPartial(b + i, rest));
                V.Store(V.Fma(x, y, V.Load(sum)), sum);
            }
        }

        /// <summary>
        /// The same sums for some rows of a column-major matrix, a vector of rows at a time. Some columns of one lane are added together, so that its
        /// sums pass by less often.
        /// </summary>
        [SkipLocalsInit]
        void SumColumns(long product, long row, long part, int rows, T* a, T* b, long depth)
        {
            long width = IntegerMath.CeilDiv(rows, V.Count) * V.Count; // whole vectors
            T* sums = Scratch.Rent<T>(ref t_sums, Lanes * width);
            int lanes = (int)Math.Min((ulong)Lanes, BitOperations.RoundUpToPowerOf2((ulong)depth));
            new Span<T>(sums, (int)(Math.Max(1, lanes) * width)).Clear();
            long block = depth / (Columns * Lanes) * Columns * Lanes, step = Lanes * job.ACol;
            for (long first = 0; first < block; first += Columns * Lanes)
                for (long lane = 0; lane < Lanes; lane++)
                    AddColumns(a + (first + lane) * job.ACol, step, b + (first + lane) * job.BRow, Lanes * job.BRow, sums + lane * width, rows);
            for (long k = block; k < depth; k++)
            {
                T* sum = sums + k % Lanes * width, column = a + k * job.ACol;
                V factor = V.Broadcast(b[k * job.BRow]);
                int r = 0;
                for (; r + V.Count <= rows; r += V.Count) V.Store(V.Fma(V.Load(column + r), factor, V.Load(sum + r)), sum + r);
                if (r < rows) V.Store(V.Fma(V.LoadPartial(column + r, rows - r), factor, V.Load(sum + r)), sum + r);
            }
            for (int half = lanes / 2; half > 0; half /= 2)
                for (long i = 0; i < half * width; i += V.Count) V.Store(V.Load(sums + i) + V.Load(sums + half * width + i), sums + i);
            for (int r = 0; r < rows; r++) Keep(product, row + r, part, sums[r]);
        }

        [MethodImpl(AggressiveOptimization)]
        static void AddColumns(T* a, long step, T* b, long bStep, T* sum, int rows)
        {
            V b0 = V.Broadcast(b[0]), b1 = V.Broadcast(b[bStep]), b2 = V.Broadcast(b[2 * bStep]), b3 = V.Broadcast(b[3 * bStep]);
            int r = 0;
            for (; r + V.Count <= rows; r += V.Count, a += V.Count)
            {
                V s = V.Fma(V.Load(a + step), b1, V.Fma(V.Load(a), b0, V.Load(sum + r)));
                V.Store(V.Fma(V.Load(a + 3 * step), b3, V.Fma(V.Load(a + 2 * step), b2, s)), sum + r);
            }
            int rest = rows - r;
            if (rest == 0) return;
            V last = V.Fma(V.LoadPartial(a + step, rest), b1, V.Fma(V.LoadPartial(a, rest), b0, V.Load(sum + r)));
            V.Store(V.Fma(V.LoadPartial(a + 3 * step, rest), b3, V.Fma(V.LoadPartial(a + 2 * step, rest), b2, last)), sum + r);
        }
    }
}

/// <summary>
/// Products of a matrix of one row with row-major ones: rows of B pass by from end to end, a few at a time. Each element is the same chain of
/// multiply-adds as in <see cref="MatMulBlock{T, V}"/>.
/// </summary>
internal unsafe struct VecMatJob<T> : IVectorJob<T>
    where T : unmanaged, IBinaryNumber<T>
{
    const long ChunkWork = 1 << 16, FewestColumns = 256, MostColumns = 4096;
    const long LargeBytes = 16 << 20, LargeColumns = 4096; // of a B that comes from memory, longer pieces of rows

    /// <summary>A batch of products with M = 1 and unit column stride of B.</summary>
    public MatMulJob<T> Job;

    public readonly void Run<V>()
        where V : struct, IVector<V, T>
    {
        long fewest = Job.K * Job.N * sizeof(T) >= LargeBytes ? LargeColumns : FewestColumns;
        long columns = Math.Clamp(ChunkWork / Math.Max(1, Job.K) / FewestColumns * FewestColumns, fewest, MostColumns);
        long chunks = IntegerMath.CeilDiv(Job.N, columns);
        Workers.Run(new Chunks<V>(Job, columns, chunks), chunks * Job.Products);
    }

    readonly struct Chunks<V>(MatMulJob<T> job, long columns, long chunks) : IJob
        where V : struct, IVector<V, T>
    {
        public void Execute(long chunk)
        {
            (long product, chunk) = Math.DivRem(chunk, chunks);
            long first = chunk * columns, count = Math.Min(columns, job.N - first), bRow = job.BRow, aCol = job.ACol, k = 0;
            T* a = job.A + job.Offset(product, job.ABatch), b = job.B + job.Offset(product, job.BBatch) + first;
            T* c = job.C + job.Offset(product, job.CBatch) + first;
            if (!job.Accumulate) new Span<T>(c, (int)count).Clear();
            for (; k + 8 <= job.K; k += 8, a += 8 * aCol, b += 8 * bRow)
            {
                V a0 = V.Broadcast(a[0]), a1 = V.Broadcast(a[aCol]), a2 = V.Broadcast(a[2 * aCol]), a3 = V.Broadcast(a[3 * aCol]);
                V a4 = V.Broadcast(a[4 * aCol]), a5 = V.Broadcast(a[5 * aCol]), a6 = V.Broadcast(a[6 * aCol]), a7 = V.Broadcast(a[7 * aCol]);
                T* row = b;
                long i = 0;
                for (; i <= count - V.Count; i += V.Count, row += V.Count)
                {
                    V sum = V.Fma(a0, V.Load(row), V.Load(c + i));
                    sum = V.Fma(a2, V.Load(row + 2 * bRow), V.Fma(a1, V.Load(row + bRow), sum));
                    sum = V.Fma(a4, V.Load(row + 4 * bRow), V.Fma(a3, V.Load(row + 3 * bRow), sum));
                    sum = V.Fma(a6, V.Load(row + 6 * bRow), V.Fma(a5, V.Load(row + 5 * bRow), sum));
                    V.Store(V.Fma(a7, V.Load(row + 7 * bRow), sum), c + i);
                }
                for (int step = 0; i < count && step < 8; step++) AddTail(a[step * aCol], row + step * bRow, c + i, (int)(count - i));
            }
            for (; k < job.K; k++, a += aCol, b += bRow)
            {
                V factor = V.Broadcast(*a);
                long i = 0;
                for (; i <= count - V.Count; i += V.Count) V.Store(V.Fma(factor, V.Load(b + i), V.Load(c + i)), c + i);
                if (i < count) AddTail(*a, b + i, c + i, (int)(count - i));
            }
        }

        static void AddTail(T factor, T* b, T* c, int count) =>
            V.StorePartial(V.Fma(V.Broadcast(factor), V.LoadPartial(b, count), V.LoadPartial(c, count)), c, count);
    }
}
