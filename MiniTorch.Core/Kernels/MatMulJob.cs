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
        Workers.Run(chunks, chunks.Count);
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

    readonly struct Chunks<V> : IJob
        where V : struct, IVector<V, T>
    {
        const long ChunkWork = 1 << 16;  // multiply-adds, about 0.5 µs: far more than claiming a chunk costs
        const int MostChunks = 128;      // of a large product: enough to balance many threads
        const long PackedRows = 256;     // rows of C that make packing a panel of B cheap
        const long PackedBytes = 1 << 20;
        const long Depth = 512;          // rows of a panel of B, which then stays in the second-level cache

        readonly MatMulJob<T> _job;
        readonly bool _packs;
        readonly long _strips, _rowsPerChunk, _stripsPerChunk, _productsPerChunk, _rowBlocks, _stripBlocks;

        public Chunks(in MatMulJob<T> job)
        {
            _job = job;
            _packs = job.BCol != 1 || (job.M >= PackedRows && job.K * job.N * sizeof(T) >= PackedBytes);
            long vectors = CeilDiv(job.N, V.Count);
            _strips = CeilDiv(vectors, MatMulBlock<T, V>.WidestStrip);
            long rowWork = Math.Max(job.K, 1) * CeilDiv(job.N, _strips);
            long work = Math.Max(ChunkWork, (long)((double)rowWork * _strips * job.M * job.Products / MostChunks));
            _rowsPerChunk = Math.Min(job.M, Math.Max(_packs ? PackedRows : 8, CeilDiv(CeilDiv(work, rowWork), 8) * 8));
            _stripsPerChunk = Math.Clamp(work / (rowWork * _rowsPerChunk), 1, _strips);
            _productsPerChunk = Math.Clamp(work / (rowWork * _rowsPerChunk * _stripsPerChunk), 1, job.Products);
            _rowBlocks = CeilDiv(job.M, _rowsPerChunk);
            _stripBlocks = CeilDiv(_strips, _stripsPerChunk);
            Count = CeilDiv(job.Products, _productsPerChunk) * _stripBlocks * _rowBlocks;
        }

        public long Count { get; }

        public void Execute(long chunk)
        {
            (chunk, long rowBlock) = Math.DivRem(chunk, _rowBlocks);
            (chunk, long stripBlock) = Math.DivRem(chunk, _stripBlocks);
            long lastProduct = Math.Min(_job.Products, (chunk + 1) * _productsPerChunk);
            for (long product = chunk * _productsPerChunk; product < lastProduct; product++)
                Multiply(product, rowBlock * _rowsPerChunk, stripBlock * _stripsPerChunk);
        }

        void Multiply(long product, long row, long strip)
        {
            T* a = _job.A + _job.Offset(product, _job.ABatch) + row * _job.ARow;
            T* b = _job.B + _job.Offset(product, _job.BBatch);
            T* c = _job.C + _job.Offset(product, _job.CBatch) + row * _job.CRow;
            long rows = Math.Min(_rowsPerChunk, _job.M - row);
            long lastStrip = Math.Min(_strips, strip + _stripsPerChunk);
            for (; strip < lastStrip; strip++)
            {
                long column = FirstColumn(strip), columns = FirstColumn(strip + 1) - column;
                long p = 0;
                do
                {
                    long depth = _packs ? Math.Min(Depth, _job.K - p) : _job.K;
                    MultiplyStrip(
                        rows, columns, depth, a + p * _job.ACol, b + p * _job.BRow + column * _job.BCol, c + column, _job.Accumulate || p > 0);
                    p += depth;
                }
                while (p < _job.K);
            }
        }

        long FirstColumn(long strip) => Math.Min(_job.N, strip * CeilDiv(_job.N, V.Count) / _strips * V.Count);

        void MultiplyStrip(long rows, long columns, long depth, T* a, T* b, T* c, bool accumulate)
        {
            long bRow = _job.BRow;
            if (_packs)
            {
                T* panel = Scratch.Rent<T>(ref MatMulPanel.Current, depth * columns);
                MatMulPack.Copy(depth, columns, b, bRow, _job.BCol, panel);
                b = panel;
                bRow = columns;
            }

            MatMulBlock<T, V>.Multiply(rows, columns, depth, a, _job.ARow, _job.ACol, b, bRow, c, _job.CRow, accumulate);
        }

        static long CeilDiv(long a, long b) => (a + b - 1) / b;
    }
}

/// <summary>The packed part of B that a thread works on.</summary>
internal static class MatMulPanel
{
    [ThreadStatic]
    public static Scratch? Current;
}
