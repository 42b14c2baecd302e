using System.Numerics;
using System.Runtime.CompilerServices;
using static System.Runtime.CompilerServices.MethodImplOptions;

namespace MiniTorch.Kernels;

/// <summary>Matrix products over any row and column strides, for float, double and Int64 (whose sums wrap).</summary>
internal static unsafe class MatMulKernel
{
    /// <summary>The least size of products whose operands are copied.</summary>
    public const int LargeSize = 256;

    const long RowsPassBy = 128;   // the columns from which on a row of B is read from end to end

    /// <summary>
    /// C = A·B, or C += A·B if <paramref name="accumulate"/> is true: A is (m, k), B (k, n), C (m, n) with unit column stride. With k = 0 the product
    /// is zero. Each element is summed with fused multiply-adds in the order of k, or for n = 1 in that of <see cref="MatVecJob{T}"/>, so
    /// its bits depend only on its row of A and column of B.
    /// </summary>
    public static void Run<T>(
        long m, long n, long k, T* a, long aRow, long aCol, T* b, long bRow, long bCol, T* c, long cRow, bool accumulate)
        where T : unmanaged, IBinaryNumber<T> =>
        RunBatched([], [], [], [], m, n, k, a, aRow, aCol, b, bRow, bCol, c, cRow, accumulate);

    /// <summary>
    /// One product for each index into <paramref name="batch"/> (the sizes of any number of leading dimensions), whose operands start at the
    /// index times aBatch, bBatch and cBatch; a stride of 0 shares an operand. The products of C must not overlap.
    /// </summary>
    public static void RunBatched<T>(
        ReadOnlySpan<int> batch, ReadOnlySpan<long> aBatch, ReadOnlySpan<long> bBatch, ReadOnlySpan<long> cBatch,
        long m, long n, long k, T* a, long aRow, long aCol, T* b, long bRow, long bCol, T* c, long cRow, bool accumulate)
        where T : unmanaged, IBinaryNumber<T>
    {
        long products = 1;
        foreach (int size in batch)
            products *= size;
        if (products == 0 || m == 0 || n == 0) return;

        if (batch.Length == 1 && bBatch[0] == 0 && aBatch[0] == m * aRow && cBatch[0] == m * cRow)
        {
            RunBatched([], [], [], [], m * products, n, k, a, aRow, aCol, b, bRow, bCol, c, cRow, accumulate);
            return;
        }

        if (n == 1 && k == 1 && m > 1 && cRow == 1 && !accumulate)
        {
            // One product each: as a row, they are the lanes of vectors.
            RunBatched(batch, bBatch, aBatch, cBatch, 1, m, k, b, bCol, bRow, a, aCol, aRow, c, m, accumulate);
            return;
        }

        fixed (int* sizes = batch)
        fixed (long* aStrides = aBatch, bStrides = bBatch, cStrides = cBatch)
        {
            var job = new MatMulJob<T>
            {
                BatchRank = batch.Length, BatchSizes = sizes, ABatch = aStrides, BBatch = bStrides, CBatch = cStrides, Products = products,
                M = m, N = n, K = k, A = a, ARow = aRow, ACol = aCol, B = b, BRow = bRow, BCol = bCol, C = c, CRow = cRow, Accumulate = accumulate,
            };
            var byVector = new MatVecJob<T> { Job = job };
            var ofVector = new VecMatJob<T> { Job = job };
            var outer = new OuterJob<T>(job);
            if (k == 1 && m > 1 && n > 1 && bCol == 1 && !accumulate) Simd.Run<OuterJob<T>, T>(ref outer);
            else if (n > 1 && MatMulTransposedRow.Fits<T>(m, bRow, bCol))
                new MatMulTransposedRow(Unsafe.BitCast<MatMulJob<T>, MatMulJob<float>>(job)).Run();
            else if (n == 1) Simd.Run<MatVecJob<T>, T>(ref byVector);
            else if (m == 1 && bCol == 1 && n >= RowsPassBy) Simd.Run<VecMatJob<T>, T>(ref ofVector);
            else Simd.Run<MatMulJob<T>, T>(ref job);
        }
    }

    /// <summary>Whether tiles read the operands as they are and can begin with a row; larger operands are copied, part by part.</summary>
    public static bool CanStartWithRow(long m, long n, long k) => m > 1 && n > 1 && Math.Min(m, Math.Min(n, k)) < LargeSize;

    /// <summary>Each row of C = row + A·B, where C is written once and not read. The bits are those of accumulating upon copies of the row.</summary>
    public static void RunWithRow<T>(
        long m, long n, long k, T* a, long aRow, long aCol, T* b, long bRow, long bCol, T* row, T* c, long cRow)
        where T : unmanaged, IBinaryNumber<T>
    {
        var job = new MatMulJob<T>
        {
            Products = 1, M = m, N = n, K = k, A = a, ARow = aRow, ACol = aCol, B = b, BRow = bRow, BCol = bCol, C = c, CRow = cRow, Row = row,
        };
        Simd.Run<MatMulJob<T>, T>(ref job);
    }
}

/// <summary>
/// A batch of matrix products, cut into chunks for the workers: each is some rows of some strips of columns of some products. The cut depends on
/// the shape alone.
/// </summary>
internal unsafe struct MatMulJob<T> : IVectorJob<T>
    where T : unmanaged, IBinaryNumber<T>
{
    public int BatchRank;
    public int* BatchSizes;
    public long* ABatch, BBatch, CBatch;
    public long Products, M, N, K, ARow, ACol, BRow, BCol, CRow;
    public T* A, B, C;
    public T* Row;             // what each row of C begins with, unless it is null
    public bool Accumulate;

    public readonly void Run<V>()
        where V : struct, IVector<V, T>
    {
        if (IsLarge<V>())
        {
            for (long product = 0; product < Products; product++)
                MatMulPacked<T, V>.Run(this, A + Offset(product, ABatch), B + Offset(product, BBatch), C + Offset(product, CBatch));
            return;
        }

        var chunks = new Chunks<V>(this);
        do
        {
            Workers.Run(chunks, chunks.Count);
        }
        while (chunks.Deepen());
    }

    // Copies cost as much as some 30 more rows and columns of C. They pay if the rows of an operand fall out of a second-level cache; sooner if low
    // tiles would read a quarter of each line of a transposed A, and soonest for one thread, since several have to meet twice for each part. No
    // element depends on the choice.
    readonly bool IsLarge<V>()
        where V : struct, IVector<V, T>
    {
        bool isSliced = ARow == 1 && !MatMulBlock<T, V>.HasTallTiles;
        return Row == null && Math.Min(M, Math.Min(N, K)) >= (isSliced && Workers.Count == 1 ? 128 : MatMulKernel.LargeSize)
            && Math.Max(M, N) * K * sizeof(T) > (isSliced ? 1 << 17 : 1 << 20);
    }

    /// <summary>Elements from the start of an operand to its matrix number <paramref name="product"/>.</summary>
    public readonly long Offset(long product, long* strides)
    {
        long offset = 0;
        for (int d = BatchRank - 1; d > 0; d--)
        {
            (product, long index) = Math.DivRem(product, BatchSizes[d]);
            offset += index * strides[d];
        }

        return BatchRank == 0 ? 0 : offset + product * strides[0];
    }

    struct Chunks<V> : IJob
        where V : struct, IVector<V, T>
    {
        const long ChunkWork = 1 << 16;          // multiply-adds, about 0.5 µs: far more than claiming a chunk costs
        const int MostChunks = 128;              // of a large product: enough to balance many threads
        const int PackedRows = 256;              // of C that share a packed strip of B
        const int RowStep = 8;                   // the height of a tile
        const long TinyWork = 64;                // multiply-adds of a product for which vectors are too wide to pay
        const int LowTilesPackRows = 64;         // of C, and bytes of B: low tiles read B twice as often, so that it pays sooner to copy it
        const int LowTilesPackBytes = 1 << 17;

        readonly MatMulJob<T> _job;
        readonly MatMulStrips<T, V> _strips;
        readonly bool _packsB;
        readonly long _rowsPerChunk, _stripsPerChunk = 1, _productsPerChunk = 1, _rowBlocks = 1, _stripBlocks = 1;
        long _first, _depth;

        public Chunks(in MatMulJob<T> job)
        {
            _job = job;
            _strips = new(job.N);
            _packsB = job.BCol != 1 || job.N < V.Count
                || (!MatMulBlock<T, V>.HasTallTiles && job.M >= LowTilesPackRows && job.K * job.N * sizeof(T) > LowTilesPackBytes);
            _depth = _packsB ? Math.Min(job.K, PackedDepth) : job.K;
            _rowsPerChunk = job.M;
            _stripsPerChunk = _strips.Count;
            _productsPerChunk = job.Products;

            double work = (double)job.M * job.N * _depth * job.Products;
            if (work > ChunkWork)
            {
                long rowWork = Math.Max(1, job.N * _depth / _strips.Count);
                long target = Math.Max(ChunkWork, (long)(work / MostChunks));
                _rowsPerChunk = Math.Min(job.M,
                    Math.Clamp(IntegerMath.CeilDiv(target / rowWork, RowStep) * RowStep, _packsB ? PackedRows : RowStep, PackedRows));
                _stripsPerChunk = Math.Clamp(target / (rowWork * _rowsPerChunk), 1, _strips.Count);
                _productsPerChunk = Math.Clamp(target / (rowWork * _rowsPerChunk * _stripsPerChunk), 1, job.Products);
                _rowBlocks = IntegerMath.CeilDiv(job.M, _rowsPerChunk);
                _stripBlocks = IntegerMath.CeilDiv(_strips.Count, _stripsPerChunk);
            }

            Count = IntegerMath.CeilDiv(job.Products, _productsPerChunk) * _stripBlocks * _rowBlocks;
        }

        public long Count { get; }

        /// <summary>With <see cref="PackedRows"/>, half of a second-level cache.</summary>
        static long PackedDepth => 2048 / sizeof(T);

        /// <summary>Goes on to the next part of k; false at the end.</summary>
        public bool Deepen()
        {
            _first += _depth;
            _depth = Math.Min(_depth, _job.K - _first);
            return _depth > 0;
        }

        public readonly void Execute(long chunk)
        {
            (chunk, long stripBlock) = Math.DivRem(chunk, _stripBlocks);
            (chunk, long rowBlock) = Math.DivRem(chunk, _rowBlocks);
            long lastProduct = Math.Min(_job.Products, (chunk + 1) * _productsPerChunk);
            bool isTiny = _job.M * _job.N * _job.K <= TinyWork && _job.N < V.Count && _job.Row == null;
            if (isTiny) MultiplyTiny(chunk * _productsPerChunk, lastProduct);
            else
                for (long product = chunk * _productsPerChunk; product < lastProduct; product++)
                    Multiply(product, rowBlock * _rowsPerChunk, stripBlock * _stripsPerChunk);
        }

        // The rows of B stay in registers if they are at most four, each the first lanes of a vector.
        [MethodImpl(AggressiveOptimization)]
        readonly void MultiplyTiny(long product, long lastProduct)
        {
            const int MostRows = 4;
            T* panel = stackalloc T[MostRows * V.Count];
            int columns = (int)_job.N, k = (int)_job.K;
            for (; product < lastProduct; product++)
            {
                T* a = _job.A + _job.Offset(product, _job.ABatch), b = _job.B + _job.Offset(product, _job.BBatch);
                T* c = _job.C + _job.Offset(product, _job.CBatch);
                if (k > MostRows)
                {
                    MultiplyScalars(a, b, c);
                    continue;
                }

                long bRow = _job.BRow, aCol = _job.ACol;
                if (_job.BCol != 1)
                {
                    for (int p = 0; p < k; p++)
                        for (int j = 0; j < columns; j++) panel[p * V.Count + j] = b[p * bRow + j * _job.BCol];
                    b = panel;
                    bRow = V.Count;
                }
                V b0 = V.Of(0), b1 = b0, b2 = b0, b3 = b0;
                if (k > 0) b0 = V.LoadPartial(b, columns);
                if (k > 1) b1 = V.LoadPartial(b + bRow, columns);
                if (k > 2) b2 = V.LoadPartial(b + 2 * bRow, columns);
                if (k > 3) b3 = V.LoadPartial(b + 3 * bRow, columns);
                for (long i = 0; i < _job.M; i++, a += _job.ARow, c += _job.CRow)
                {
                    V sum = _job.Accumulate ? V.LoadPartial(c, columns) : V.Of(0);
                    if (k > 0) sum = V.Fma(V.Broadcast(a[0]), b0, sum);
                    if (k > 1) sum = V.Fma(V.Broadcast(a[aCol]), b1, sum);
                    if (k > 2) sum = V.Fma(V.Broadcast(a[2 * aCol]), b2, sum);
                    if (k > 3) sum = V.Fma(V.Broadcast(a[3 * aCol]), b3, sum);
                    V.StorePartial(sum, c, columns);
                }
            }
        }

        readonly void MultiplyScalars(T* a, T* b, T* c)
        {
            for (long i = 0; i < _job.M; i++, a += _job.ARow, c += _job.CRow)
                for (long j = 0; j < _job.N; j++)
                {
                    T* x = a, y = b + j * _job.BCol;
                    var sum = new V1<T>(_job.Accumulate ? c[j] : T.Zero);
                    for (long p = 0; p < _job.K; p++, x += _job.ACol, y += _job.BRow) sum = V1<T>.Fma(new(*x), new(*y), sum);
                    c[j] = sum.Value;
                }
        }

        readonly void Multiply(long product, long row, long strip)
        {
            T* a = _job.A + _job.Offset(product, _job.ABatch) + row * _job.ARow + _first * _job.ACol;
            T* b = _job.B + _job.Offset(product, _job.BBatch) + _first * _job.BRow;
            T* c = _job.C + _job.Offset(product, _job.CBatch) + row * _job.CRow;
            long rows = Math.Min(_rowsPerChunk, _job.M - row);
            long lastStrip = Math.Min(_strips.Count, strip + _stripsPerChunk);
            for (long column = _strips.Start(strip), end; strip < lastStrip; column = end)
            {
                end = _strips.Start(++strip);
                MultiplyStrip(rows, end - column, a, b + column * _job.BCol, _job.Row == null ? null : _job.Row + column, c + column);
            }
        }

        readonly void MultiplyStrip(long rows, long columns, T* a, T* b, T* start, T* c)
        {
            long bRow = _job.BRow;
            if (_packsB)
            {
                long panelRow = Math.Max(columns, V.Count);
                T* panel = Scratch.Rent<T>(ref MatMulScratch.B, _depth * panelRow);
                MatMulPack<T, V>.Copy(_depth, columns, b, bRow, _job.BCol, panel, panelRow);
                b = panel;
                bRow = panelRow;
            }

            bool accumulate = _job.Accumulate || _first > 0;
            MatMulBlock<T, V>.Multiply(rows, columns, _depth, new Steps<T>(a, _job.ACol), _job.ARow, new Steps<T>(b, bRow),
                accumulate ? c : start, accumulate ? _job.CRow : 0, c, _job.CRow);
        }
    }
}

/// <summary>Where the columns of A or the rows of B begin, one for each step of the sum.</summary>
internal unsafe interface IMatMulWalk<TSelf, T>
    where TSelf : struct, IMatMulWalk<TSelf, T>
    where T : unmanaged, IBinaryNumber<T>
{
    /// <summary>Where the one at hand begins, at first the first.</summary>
    T* Current { get; }

    /// <summary>Goes on to the next.</summary>
    void Advance();

    /// <summary>The same walk from so many elements further.</summary>
    TSelf From(long offset);
}

/// <summary>A constant stride.</summary>
internal unsafe struct Steps<T>(T* first, long stride) : IMatMulWalk<Steps<T>, T>
    where T : unmanaged, IBinaryNumber<T>
{
    T* _current = first;

    public readonly T* Current => _current;

    [MethodImpl(AggressiveInlining)]
    public void Advance() => _current += stride;

    public readonly Steps<T> From(long offset) => new(_current + offset, stride);
}

/// <summary>
/// Rows that are cut into panels of some height, a panel's columns one after the other; steps lead from column to column, offsets count rows.
/// </summary>
internal unsafe struct Panels<T>(T* first, long height, long panel) : IMatMulWalk<Panels<T>, T>
    where T : unmanaged, IBinaryNumber<T>
{
    T* _current = first;

    public readonly T* Current => _current;

    [MethodImpl(AggressiveInlining)]
    public void Advance() => _current += height;

    public readonly Panels<T> From(long offset) => new(_current + offset / height * panel + offset % height, height, panel);
}

/// <summary>Offsets from a table.</summary>
internal unsafe struct GatheredSteps<T>(T* origin, long* offsets) : IMatMulWalk<GatheredSteps<T>, T>
    where T : unmanaged, IBinaryNumber<T>
{
    long* _current = offsets;

    public readonly T* Current => origin + *_current;

    [MethodImpl(AggressiveInlining)]
    public void Advance() => _current++;

    public readonly GatheredSteps<T> From(long offset) => new(origin + offset, _current);
}
