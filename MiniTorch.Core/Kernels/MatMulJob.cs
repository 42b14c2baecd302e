using System.Numerics;

namespace MiniTorch.Kernels;

/// <summary>
/// A batch of matrix products, cut into chunks for the workers: each is some rows of some strips of columns of some products. The cut depends on
/// the shape alone.
/// </summary>
internal unsafe struct MatMulJob<T> : IVectorJob<T>
    where T : unmanaged, IBinaryNumber<T>
{
    public int BatchRank;
    public long* BatchSizes, ABatch, BBatch, CBatch;
    public long Products, M, N, K, ARow, ACol, BRow, BCol, CRow;
    public T* A, B, C;
    public bool Accumulate;

    public readonly void Run<V>()
        where V : struct, IVector<V, T>
    {
        var chunks = new Chunks<V>(this);
        do
        {
            Workers.Run(chunks, chunks.Count);
        }
        while (chunks.Deepen());
    }

    /// <summary>Elements from the start of an operand to its matrix number <paramref name="product"/>.</summary>
    readonly long Offset(long product, long* strides)
    {
        long offset = 0;
        for (int d = BatchRank - 1; d >= 0; d--)
        {
            (product, long index) = Math.DivRem(product, BatchSizes[d]);
            offset += index * strides[d];
        }

        return offset;
    }

    struct Chunks<V> : IJob
        where V : struct, IVector<V, T>
    {
        const long ChunkWork = 1 << 16;          // multiply-adds, about 0.5 µs: far more than claiming a chunk costs
        const int MostChunks = 128;              // of a large product: enough to balance many threads
        const long PackedBytes = 1 << 20;        // of an operand, from which on its rows fall out of the caches
        const int PackedRows = 256;              // of C that share a packed strip of B, and
        const int PackedStrips = 8;              // of C that share packed rows of A, so that packing costs little
        const int RowStep = 8;                   // the height of a tile

        readonly MatMulJob<T> _job;
        readonly bool _packsA, _packsB;
        readonly long _vectors, _strips;
        readonly long _rowsPerChunk, _stripsPerChunk = 1, _productsPerChunk = 1, _rowBlocks = 1, _stripBlocks = 1;
        long _first, _depth;

        public Chunks(in MatMulJob<T> job)
        {
            _job = job;
            _vectors = CeilDiv(job.N, V.Count);
            _strips = CeilDiv(_vectors, MatMulBlock<T, V>.WidestStrip);
            _packsA = _strips >= PackedStrips && job.M * job.K * sizeof(T) > PackedBytes;
            _packsB = job.BCol != 1 || job.N < V.Count || (job.M >= PackedRows && job.K * job.N * sizeof(T) > PackedBytes);
            _depth = _packsA || _packsB ? Math.Min(job.K, PackedDepth) : job.K;
            _rowsPerChunk = job.M;
            _stripsPerChunk = _strips;
            _productsPerChunk = job.Products;

            double work = (double)job.M * job.N * _depth * job.Products;
            if (work > ChunkWork)
            {
                long rowWork = Math.Max(1, job.N * _depth / _strips);
                long target = Math.Max(ChunkWork, (long)(work / MostChunks));
                _rowsPerChunk = Math.Min(job.M, Math.Clamp(CeilDiv(target / rowWork, RowStep) * RowStep, _packsB ? PackedRows : RowStep, PackedRows));
                _stripsPerChunk = Math.Clamp(target / (rowWork * _rowsPerChunk), _packsA ? PackedStrips : 1, _strips);
                _productsPerChunk = Math.Clamp(target / (rowWork * _rowsPerChunk * _stripsPerChunk), 1, job.Products);
                _rowBlocks = CeilDiv(job.M, _rowsPerChunk);
                _stripBlocks = CeilDiv(_strips, _stripsPerChunk);
            }

            Count = CeilDiv(job.Products, _productsPerChunk) * _stripBlocks * _rowBlocks;
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
            for (long product = chunk * _productsPerChunk; product < lastProduct; product++)
                Multiply(product, rowBlock * _rowsPerChunk, stripBlock * _stripsPerChunk);
        }

        readonly void Multiply(long product, long row, long strip)
        {
            T* a = _job.A + _job.Offset(product, _job.ABatch) + row * _job.ARow + _first * _job.ACol;
            T* b = _job.B + _job.Offset(product, _job.BBatch) + _first * _job.BRow;
            T* c = _job.C + _job.Offset(product, _job.CBatch) + row * _job.CRow;
            long rows = Math.Min(_rowsPerChunk, _job.M - row);
            long lastStrip = Math.Min(_strips, strip + _stripsPerChunk);
            long aRow = _job.ARow, aCol = _job.ACol;
            if (_packsA)
            {
                // A keeps its orientation; the extra line keeps the rows of a panel off the same cache sets.
                bool isTransposed = aRow == 1;
                (long height, long width) = isTransposed ? (_depth, rows) : (rows, _depth);
                long panelRow = width + 64 / sizeof(T);
                T* panel = Scratch.Rent<T>(ref MatMulPanels.A, height * panelRow);
                MatMulPack<T, V>.Copy(height, width, a, isTransposed ? aCol : aRow, isTransposed ? aRow : aCol, panel, panelRow);
                (aRow, aCol) = isTransposed ? (1L, panelRow) : (panelRow, 1L);
                a = panel;
            }

            for (long column = FirstColumn(strip), end; strip < lastStrip; column = end)
            {
                end = FirstColumn(++strip);
                MultiplyStrip(rows, end - column, a, aRow, aCol, b + column * _job.BCol, c + column);
            }
        }

        readonly long FirstColumn(long strip) => strip == 0 ? 0 : strip == _strips ? _job.N : strip * _vectors / _strips * V.Count;

        readonly void MultiplyStrip(long rows, long columns, T* a, long aRow, long aCol, T* b, T* c)
        {
            long bRow = _job.BRow;
            if (_packsB)
            {
                long panelRow = Math.Max(columns, V.Count);
                T* panel = Scratch.Rent<T>(ref MatMulPanels.B, _depth * panelRow);
                MatMulPack<T, V>.Copy(_depth, columns, b, bRow, _job.BCol, panel, panelRow);
                b = panel;
                bRow = panelRow;
            }

            MatMulBlock<T, V>.Multiply(
                rows, columns, _depth, a, aRow, aCol, b, bRow, c, _job.CRow, _job.Accumulate || _first > 0);
        }

        static long CeilDiv(long a, long b) => (a + b - 1) / b;
    }
}

/// <summary>The packed parts of A and B that a thread works on.</summary>
internal static class MatMulPanels
{
    [ThreadStatic]
    public static Scratch? A, B;
}
