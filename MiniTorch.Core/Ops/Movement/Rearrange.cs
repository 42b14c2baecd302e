namespace MiniTorch.Ops;

/// <summary>Rearrangements composed of views, joins and selections.</summary>
internal static class Rearrange
{
    public static Tensor Repeat(string op, Tensor x, ReadOnlySpan<int> repeats)
    {
        int added = repeats.Length - x.Rank;
        if (added < 0) throw new ShapeException($"{op}: {Shape.Format(repeats)} has fewer counts than shape {x.Shape} has dimensions");
        var apart = new int[2 * repeats.Length];
        var expanded = new int[apart.Length];
        var merged = new int[repeats.Length];
        for (int i = 0; i < repeats.Length; i++)
        {
            if (repeats[i] < 0) throw new ValueException($"{op}: the count for dimension {i} is {repeats[i]}; it must be 0 or more");
            int size = i < added ? 1 : x.Shape[i - added];
            (apart[2 * i], apart[2 * i + 1]) = (1, size);
            (expanded[2 * i], expanded[2 * i + 1]) = (repeats[i], size);
            merged[i] = Shape.Size((long)repeats[i] * size, op);
        }
        return x.Reshape(apart).Expand(expanded).Clone().Reshape(merged);
    }

    public static Tensor[] MeshGrid(ReadOnlySpan<Tensor> tensors, MeshIndexing indexing)
    {
        if (tensors.IsEmpty) throw new ShapeException("MeshGrid: the list of tensors is empty");
        MovementArguments.RequireAll("MeshGrid", tensors);
        if (!Enum.IsDefined(indexing)) throw new ValueException($"MeshGrid: {indexing} is no indexing; use IJ or XY");
        bool swaps = indexing == MeshIndexing.XY && tensors.Length > 1;
        var sizes = new int[tensors.Length];
        for (int i = 0; i < sizes.Length; i++)
            sizes[DimOf(i)] = tensors[i].Rank < 2 ? tensors[i].Shape.SizeOrOne(0)
                : throw new ShapeException($"MeshGrid: tensor {i} has shape {tensors[i].Shape} and must be a vector");
        var grids = new Tensor[tensors.Length];
        for (int i = 0; i < grids.Length; i++)
        {
            int at = DimOf(i);
            grids[i] = tensors[i].Reshape([.. sizes.Select((size, dim) => dim == at ? size : 1)]).Expand(sizes);
        }
        return grids;

        int DimOf(int i) => swaps && i < 2 ? 1 - i : i;
    }

    public static Tensor RepeatInterleave(Tensor x, int repeats, int? dim)
    {
        if (repeats < 0) throw new ValueException($"RepeatInterleave: repeats is {repeats}; it must be 0 or more");
        if (dim is not { } given) return x.Flatten().RepeatInterleave(repeats, 0);
        int at = x.Shape.Dim(given, "RepeatInterleave");
        if (x.Rank == 0) return x.Reshape(1).RepeatInterleave(repeats, 0);
        int[] sizes = [.. x.Shape.Span[..(at + 1)], repeats, .. x.Shape.Span[(at + 1)..]];
        return x.Unsqueeze(at + 1).Expand(sizes).Clone().Reshape(x.Shape.With(at, Shape.Size((long)x.Shape[at] * repeats, "RepeatInterleave")));
    }

    public static Tensor Rot90(Tensor x, int k, int dim0, int dim1)
    {
        (int first, int second) = (x.Shape.Dim(dim0, "Rot90"), x.Shape.Dim(dim1, "Rot90"));
        if (first == second) throw new ShapeException($"Rot90: dim0 {dim0} and dim1 {dim1} are the same dimension of shape {x.Shape}");
        return (k & 3) switch
        {
            0 => x.Clone(),
            1 => x.Flip(second).Transpose(first, second),
            2 => x.Flip(first, second),
            _ => x.Flip(first).Transpose(first, second),
        };
    }

    public static Tensor Roll(Tensor x, int shift, int dim)
    {
        int at = x.Shape.Dim(dim, "Roll"), size = x.Shape.SizeOrOne(at);
        if (size < 2) return x.Clone();
        int first = (int)(((long)shift % size + size) % size);
        if (first != 0 && !EngineMode.InterceptsCalls) return new Roll(at, first).Apply(x); // one pass, and one in the gradient
        return first == 0 ? x.Clone() : Tensor.Cat([x.Narrow(at, size - first, first), x.Narrow(at, 0, size - first)], at);
    }

    public static Tensor Roll(Tensor x, ReadOnlySpan<int> shifts, ReadOnlySpan<int> dims)
    {
        if (shifts.Length != dims.Length)
            throw new ShapeException($"Roll: got {shifts.Length} shifts for {dims.Length} dimensions; pass one for each");
        for (int i = 0; i < dims.Length; i++) x = x.Roll(shifts[i], dims[i]);
        return x;
    }

    /// <summary>Keeps the columns of row i of each matrix that come before column i + diagonal, or the others, and sets the rest to 0.</summary>
    public static Tensor Triangle(string op, Tensor x, long diagonal, bool before)
    {
        if (x.Rank < 2) throw new ShapeException($"{op}: shape {x.Shape} must be a matrix, or matrices in its last two dimensions");
        (int rows, int columns) = (x.Shape[^2], x.Shape[^1]);
        Tensor keeps = Tensor.Empty([rows, columns], DType.Bool);
        Span<byte> mask = keeps.Bytes;
        for (int row = 0; row < rows; row++)
        {
            int split = (int)Math.Clamp(row + diagonal, 0, columns);
            mask.Slice(row * columns, split).Fill(before ? (byte)1 : (byte)0);
            mask.Slice((row * columns) + split, columns - split).Fill(before ? (byte)0 : (byte)1);
        }
        return Tensor.Where(keeps, x, Tensor.Zeros([], x.DType));
    }

    public static Tensor Diagonal(Tensor x, int offset, int dim1, int dim2)
    {
        (int first, int second) = (x.Shape.Dim(dim1, "Diagonal"), x.Shape.Dim(dim2, "Diagonal"));
        if (first == second) throw new ShapeException($"Diagonal: dim1 {dim1} and dim2 {dim2} are the same dimension of shape {x.Shape}");
        return new Diagonal(offset, first, second).Apply(x);
    }

    public static Tensor DiagEmbed(Tensor x, int offset)
    {
        if (x.Rank == 0) throw new ShapeException("DiagEmbed: a scalar (shape []) has no dimension to embed as a diagonal");
        int size = Shape.Size(x.Shape[^1] + Math.Abs((long)offset), "DiagEmbed");
        return new Unview(new Diagonal(offset, x.Rank - 1, x.Rank), [.. x.Shape.Span[..^1], size, size]).Apply(x);
    }

    public static Tensor[] Split(Tensor x, int size, int dim)
    {
        int total = x.Shape.SizeOrOne(x.Shape.Dim(dim, "Split"));
        if (size <= 0) throw new ValueException($"Split: the size is {size}; it must be 1 or more");
        var sizes = new int[Math.Max(1, IntegerMath.CeilDiv(total, size))];
        for (int i = 0; i < sizes.Length; i++) sizes[i] = Math.Min(size, total - (i * size));
        return x.Split(sizes, dim);
    }

    public static Tensor[] Split(Tensor x, ReadOnlySpan<int> sizes, int dim)
    {
        int at = x.Shape.Dim(dim, "Split");
        long total = 0;
        foreach (int size in sizes) total += size;
        if (x.Rank == 0 || total != x.Shape[at])
            throw new ShapeException($"Split: sizes {Shape.Format(sizes)} add up to {total}, which is not the size of dimension {dim} of shape "
                + $"{x.Shape}");
        if (sizes.Length > 1 && !EngineMode.InterceptsCalls && !sizes.ContainsAnyInRange(int.MinValue, -1))
            return new Split(at, sizes.ToArray()).ApplyAll(x);
        var pieces = new Tensor[sizes.Length];
        int start = 0;
        for (int i = 0; i < pieces.Length; start += sizes[i++]) pieces[i] = x.Narrow(at, start, sizes[i]);
        return pieces;
    }

    public static Tensor[] Chunk(Tensor x, int chunks, int dim)
    {
        int total = x.Shape.SizeOrOne(x.Shape.Dim(dim, "Chunk"));
        if (chunks <= 0) throw new ValueException($"Chunk: the number of chunks is {chunks}; it must be 1 or more");
        return x.Split(Math.Max(1, IntegerMath.CeilDiv(total, chunks)), dim);
    }

    public static Tensor Unfold(Tensor x, int dim, int size, int step)
    {
        int at = x.Shape.Dim(dim, "Unfold"), total = x.Shape.SizeOrOne(at);
        if (size < 0 || size > total || step <= 0)
            throw new ValueException($"Unfold: windows of size {size} with step {step} do not fit dimension {dim} of shape {x.Shape}");
        if (x.Rank > 0 && !EngineMode.InterceptsCalls) return new UnfoldWindows(at, size, step).Apply(x); // without a gather
        int count = (total - size) / step + 1;
        Tensor places = (Tensor.Arange(count) * step).Unsqueeze(1) + Tensor.Arange(size);
        Tensor picked = x.IndexSelect(at, places.Reshape(-1));
        return picked.Reshape([.. x.Shape.Span[..at], count, size, .. x.Shape.Span[Math.Min(at + 1, x.Rank)..]]).MoveDim(at + 1, -1);
    }

    public static Tensor MoveDim(Tensor x, int source, int destination)
    {
        (int from, int to) = (x.Shape.Dim(source, "MoveDim"), x.Shape.Dim(destination, "MoveDim"));
        List<int> order = [.. Enumerable.Range(0, x.Rank).Where(dim => dim != from)];
        if (x.Rank > 0) order.Insert(to, from);
        return x.Permute([.. order]);
    }

    public static Tensor OneHot(Tensor x, int? classes)
    {
        int count = classes ?? Shape.Size(x.Max().Item<long>() + 1, "OneHot");
        Tensor index = x.Unsqueeze(-1);
        Tensor zeros = Tensor.Zeros([.. x.Shape.Span, count], DType.Int64), ones = Tensor.OnesLike(index);
        if (EngineMode.InterceptsCalls || x.DType != DType.Int64) return zeros.Scatter(-1, index, ones);
        new Indexing(x.Rank, ByRow: false).Write(zeros, index, ones, "Scatter"); // without a copy of the zeros
        return zeros;
    }
}
