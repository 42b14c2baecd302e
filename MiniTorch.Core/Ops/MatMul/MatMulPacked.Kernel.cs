using System.Numerics;

namespace MiniTorch.Kernels;

/// <summary>
/// A product whose operands don't fit the caches, block by block of C and part by part of the depth: first all threads copy the part's rows of A
/// and columns of B, each once, into the order in which they are read; then they multiply. The copies are the calling thread's scratch memory.
/// </summary>
internal unsafe struct MatMulPacked<T, V>
    where T : unmanaged, IBinaryNumber<T>
    where V : struct, IVector<V, T>
{
    const long BlockSize = 2048;         // rows and columns of C: their packed operands take half of a third-level cache
    const long DepthBytes = 2048;        // of a row of A: each part is one more pass over C, a deeper one more memory to pack into
    const long RowsBytes = 1 << 18;      // of A, half of a small second-level cache, while strips of B pass by
    const long FewestRowBlocks = 4;      // of small products, so that threads can share them
    const long StripsPerChunk = 4;
    const long RowsPerCopy = 8;          // of B, while the next ones come

    readonly MatMulStrips<T, V> _strips;
    readonly long _rows, _aRow, _aCol, _bRow, _bCol, _cRow;
    T* _a, _b, _c, _packedA, _packedB;
    long _depth;
    bool _accumulate;

    MatMulPacked(long rows, long columns, in MatMulJob<T> job)
    {
        _strips = new(columns);
        (_rows, _aRow, _aCol, _bRow, _bCol, _cRow) = (rows, job.ARow, job.ACol, job.BRow, job.BCol, job.CRow);
    }

    /// <summary>The product of <paramref name="job"/>'s matrices that start at a, b and c.</summary>
    public static void Run(in MatMulJob<T> job, T* a, T* b, T* c)
    {
        for (long row = 0; row < job.M; row += BlockSize)
        {
            for (long column = 0; column < job.N; column += BlockSize)
            {
                var block = new MatMulPacked<T, V>(Math.Min(BlockSize, job.M - row), Math.Min(BlockSize, job.N - column), job);
                block.Run(job.K, a + row * job.ARow, b + column * job.BCol, c + row * job.CRow + column, job.Accumulate);
            }
        }
        Scratch.Return(ref MatMulScratch.A);
        Scratch.Return(ref MatMulScratch.B);
    }

    void Run(long k, T* a, T* b, T* c, bool accumulate)
    {
        long parts = IntegerMath.CeilDiv(k, DepthBytes / sizeof(T));
        for (long part = 0, first = 0; part < parts; part++, first += _depth)
        {
            _a = a + first * _aCol;
            _b = b + first * _bRow;
            _c = c;
            _depth = (part + 1) * k / parts - first;
            _accumulate = accumulate || part > 0;
            _packedA = Scratch.Rent<T>(ref MatMulScratch.A, RowBlocks * PackedRowBlock);
            // a strip narrower than a vector is packed and read as whole vectors
            _packedB = Scratch.Rent<T>(ref MatMulScratch.B, _depth * _strips.Columns + V.Count);
            Workers.Run(new Packing(this), RowBlocks + StripBlocks);
            Workers.Run(new Multiplication(this), RowBlocks * StripBlocks);
        }
    }

    // A panel of A is as high as a tile, so that a tile reads one stream. Without panels, a tile would use only a part of each cache line of a
    // transposed A. Tall tiles read the rows of a plain A, padded by a cache line each so that they do not share cache sets.
    readonly bool HasPanels => _aRow == 1 || !MatMulBlock<T, V>.HasTallTiles;

    static long TileRows => MatMulBlock<T, V>.TileRows;

    static long Line => 64 / sizeof(T);

    readonly long RowsPerBlock => Math.Min(IntegerMath.CeilDiv(_rows, FewestRowBlocks * Line),
        IntegerMath.CeilDiv(RowsBytes / sizeof(T) / _depth, Line)) * Line;

    readonly long PackedRow => _depth + Line;

    readonly long PackedPanel => _depth * TileRows + Line;

    readonly long PackedRowBlock => HasPanels ? IntegerMath.CeilDiv(RowsPerBlock, TileRows) * PackedPanel : RowsPerBlock * PackedRow;

    readonly long RowBlocks => IntegerMath.CeilDiv(_rows, RowsPerBlock);

    readonly long StripBlocks => IntegerMath.CeilDiv(_strips.Count, StripsPerChunk);

    readonly void PackRows(long block)
    {
        long row = block * RowsPerBlock, rows = Math.Min(RowsPerBlock, _rows - row);
        T* source = _a + row * _aRow, packed = _packedA + block * PackedRowBlock;
        if (HasPanels) MatMulPack<T, V>.CopyPanels(rows, _depth, source, _aRow, _aCol, packed, PackedPanel);
        else MatMulPack<T, V>.Copy(rows, _depth, source, _aRow, _aCol, packed, PackedRow);
    }

    // Some strips side by side, some rows at a time, so that what is read lies together.
    readonly void PackStrips(long block)
    {
        long first = block * StripsPerChunk, last = Math.Min(_strips.Count, first + StripsPerChunk), left = _strips.Start(first),
            columns = _strips.Start(last) - left;
        long step = _bCol == 1 ? RowsPerCopy : _depth;
        for (long row = 0; row < _depth; row += step)
        {
            long rows = Math.Min(step, _depth - row);
            for (long next = row + step; next < Math.Min(_depth, row + 2 * step); next++)
                Simd.Prefetch(_b + next * _bRow + left, columns * sizeof(T));
            for (long strip = first, column = left, end; strip < last; column = end)
            {
                end = _strips.Start(++strip);
                long width = end - column;
                MatMulPack<T, V>.Copy(rows, width, _b + row * _bRow + column * _bCol, _bRow, _bCol, _packedB + column * _depth + row * width, width);
            }
        }
    }

    readonly void Multiply(long rowBlock, long stripBlock)
    {
        long row = rowBlock * RowsPerBlock, rows = Math.Min(RowsPerBlock, _rows - row);
        long last = Math.Min(_strips.Count, (stripBlock + 1) * StripsPerChunk);
        T* a = _packedA + rowBlock * PackedRowBlock, c = _c + row * _cRow;
        for (long strip = stripBlock * StripsPerChunk; strip < last; strip++)
        {
            long column = _strips.Start(strip), columns = _strips.Start(strip + 1) - column;
            var b = new Steps<T>(_packedB + column * _depth, columns);
            if (HasPanels)
                MatMulBlock<T, V>.Multiply(rows, columns, _depth, new Panels<T>(a, TileRows, PackedPanel), 1, b, c + column, _cRow, _accumulate);
            else MatMulBlock<T, V>.Multiply(rows, columns, _depth, new Steps<T>(a, 1), PackedRow, b, c + column, _cRow, _accumulate);
        }
    }

    readonly struct Packing(MatMulPacked<T, V> part) : IJob
    {
        public void Execute(long chunk)
        {
            if (chunk < part.RowBlocks) part.PackRows(chunk);
            else part.PackStrips(chunk - part.RowBlocks);
        }
    }

    readonly struct Multiplication(MatMulPacked<T, V> part) : IJob
    {
        public void Execute(long chunk)
        {
            (long rowBlock, long stripBlock) = Math.DivRem(chunk, part.StripBlocks);
            part.Multiply(rowBlock, stripBlock);
        }
    }
}

/// <summary>The columns of a product, cut into strips that a tile is wide.</summary>
internal readonly struct MatMulStrips<T, V>
    where T : unmanaged, IBinaryNumber<T>
    where V : struct, IVector<V, T>
{
    readonly long _vectors;

    public readonly long Columns, Count;

    public MatMulStrips(long columns)
    {
        Columns = columns;
        _vectors = IntegerMath.CeilDiv(columns, V.Count);
        Count = IntegerMath.CeilDiv(_vectors, MatMulBlock<T, V>.WidestStrip);
    }

    /// <summary>The most vectors in a strip.</summary>
    public long VectorsPerStrip => Count == 0 ? 0 : IntegerMath.CeilDiv(_vectors, Count);

    /// <summary>The first column of a strip; of the one after the last, the number of columns.</summary>
    public long Start(long strip) => strip == 0 ? 0 : strip == Count ? Columns : strip * _vectors / Count * V.Count;
}

/// <summary>A thread's memory for packed operands.</summary>
internal static class MatMulScratch
{
    [ThreadStatic]
    public static Scratch? A, B;
}
