using MiniTorch.Ops;

namespace MiniTorch;

// Movements that are made of views, joins and selections.
public partial class Tensor
{
    /// <summary>The tensor repeated along each dimension, new leading ones included (torch.Tensor.repeat). A copy.</summary>
    /// <exception cref="ShapeException">There are fewer repeats than dimensions.</exception>
    /// <exception cref="ValueException">A repeat is negative.</exception>
    public Tensor Repeat(params ReadOnlySpan<int> repeats)
    {
        int added = repeats.Length - Rank;
        if (added < 0) throw new ShapeException($"Repeat: {Shape.Format(repeats)} has fewer entries than shape {Shape} has dimensions");
        var apart = new int[2 * repeats.Length];
        var expanded = new int[apart.Length];
        var merged = new int[repeats.Length];
        for (int i = 0; i < repeats.Length; i++)
        {
            if (repeats[i] < 0) throw new ValueException($"Repeat: {repeats[i]} repeats of dimension {i}; 0 or more are possible");
            int size = i < added ? 1 : Shape[i - added];
            (apart[2 * i], apart[2 * i + 1]) = (1, size);
            (expanded[2 * i], expanded[2 * i + 1]) = (repeats[i], size);
            merged[i] = checked(repeats[i] * size);
        }
        return Reshape(apart).Expand(expanded).Clone().Reshape(merged);
    }

    /// <summary>Each element of a dimension repeated in place; of the flattened tensor without <paramref name="dim"/> (torch.repeat_interleave).</summary>
    /// <exception cref="ValueException"><paramref name="repeats"/> is negative.</exception>
    public Tensor RepeatInterleave(int repeats, int? dim = null)
    {
        if (repeats < 0) throw new ValueException($"RepeatInterleave: {repeats} repeats; 0 or more are possible");
        if (dim is not { } given) return Flatten().RepeatInterleave(repeats, 0);
        int at = Shape.Dim(given, "RepeatInterleave");
        if (Rank == 0) return Reshape(1).RepeatInterleave(repeats, 0);
        int[] sizes = [.. Shape.Span[..(at + 1)], repeats, .. Shape.Span[(at + 1)..]];
        return Unsqueeze(at + 1).Expand(sizes).Clone().Reshape(Shape.With(at, checked(Shape[at] * repeats)));
    }

    /// <summary>The elements of the given dimensions in reverse order (torch.flip). A copy.</summary>
    /// <exception cref="ShapeException">A dimension is named twice.</exception>
    public Tensor Flip(params ReadOnlySpan<int> dims) => dims.IsEmpty || Rank == 0 ? Clone() : new Flip(Mask("Flip", dims)).Apply(this);

    /// <summary>The flattened elements moved on by <paramref name="shift"/> places, those at the end coming first (torch.roll without dims).</summary>
    public Tensor Roll(int shift) => Reshape(checked((int)ElementCount)).Roll(shift, 0).Reshape(Shape);

    /// <summary>The elements of a dimension moved on by <paramref name="shift"/> places, those at the end coming first (torch.roll).</summary>
    public Tensor Roll(int shift, int dim)
    {
        int at = Shape.Dim(dim, "Roll"), size = Shape.SizeOrOne(at);
        if (size < 2) return Clone();
        int first = (int)(((long)shift % size + size) % size);
        return first == 0 ? Clone() : Cat([Narrow(at, size - first, first), Narrow(at, 0, size - first)], at);
    }

    /// <summary>The elements of several dimensions, each moved on by its own shift (torch.roll).</summary>
    /// <exception cref="ShapeException">There are not as many shifts as dimensions.</exception>
    public Tensor Roll(ReadOnlySpan<int> shifts, ReadOnlySpan<int> dims)
    {
        if (shifts.Length != dims.Length) throw new ShapeException($"Roll: {shifts.Length} shifts for {dims.Length} dimensions");
        Tensor rolled = this;
        for (int i = 0; i < dims.Length; i++) rolled = rolled.Roll(shifts[i], dims[i]);
        return rolled;
    }

    /// <summary>The elements of matrices on and below a diagonal, 0 above it (torch.tril).</summary>
    /// <exception cref="ShapeException">There are less than two dimensions.</exception>
    public Tensor Tril(int diagonal = 0) => Triangle("Tril", offset => offset <= diagonal);

    /// <summary>The elements of matrices on and above a diagonal, 0 below it (torch.triu).</summary>
    /// <exception cref="ShapeException">There are less than two dimensions.</exception>
    public Tensor Triu(int diagonal = 0) => Triangle("Triu", offset => offset >= diagonal);

    /// <summary>The elements with equal indices in two dimensions, the second moved by <paramref name="offset"/>, as a new last one (torch.diagonal). A view.</summary>
    /// <exception cref="ShapeException">The two dimensions are the same.</exception>
    public Tensor Diagonal(int offset = 0, int dim1 = 0, int dim2 = 1)
    {
        (int first, int second) = (Shape.Dim(dim1, "Diagonal"), Shape.Dim(dim2, "Diagonal"));
        if (first == second) throw new ShapeException($"Diagonal: dimensions {dim1} and {dim2} of shape {Shape} are the same");
        return new Diagonal(offset, first, second).Apply(this);
    }

    /// <summary>Matrices with the last dimension's elements on a diagonal and 0 elsewhere (torch.diag_embed).</summary>
    public Tensor DiagEmbed(int offset = 0)
    {
        if (Rank == 0) throw new ShapeException("DiagEmbed: a scalar (shape []) has no dimension to put on a diagonal");
        int size = checked(Shape[^1] + Math.Abs(offset));
        return new Unview(new Diagonal(offset, Rank - 1, Rank), [.. Shape.Span[..^1], size, size]).Apply(this);
    }

    /// <summary>The sum of the diagonal of a matrix (torch.trace).</summary>
    /// <exception cref="ShapeException">The tensor is not a matrix.</exception>
    public Tensor Trace() => Rank == 2 ? Diagonal().Sum() : throw new ShapeException($"Trace: shape {Shape} must be a matrix; for a batch use Diagonal(0, -2, -1).Sum(-1)");

    /// <summary>Pieces of <paramref name="size"/> elements along a dimension; the last may be smaller (torch.split). Views.</summary>
    /// <exception cref="ValueException">The size is not positive.</exception>
    public Tensor[] Split(int size, int dim = 0)
    {
        int total = Shape.SizeOrOne(Shape.Dim(dim, "Split"));
        if (size <= 0) throw new ValueException($"Split: pieces of {size} elements; 1 or more are possible");
        var sizes = new int[Math.Max(1, (total + (long)size - 1) / size)];
        for (int i = 0; i < sizes.Length; i++) sizes[i] = Math.Min(size, total - (i * size));
        return Split(sizes, dim);
    }

    /// <summary>Pieces of the given sizes along a dimension (torch.split with a list). Views.</summary>
    /// <exception cref="ShapeException">The sizes do not add up to the dimension's.</exception>
    public Tensor[] Split(ReadOnlySpan<int> sizes, int dim = 0)
    {
        int at = Shape.Dim(dim, "Split");
        long total = 0;
        foreach (int size in sizes) total += size;
        if (Rank == 0 || total != Shape[at]) throw new ShapeException($"Split: sizes {Shape.Format(sizes)} add up to {total}, and dimension {dim} of shape {Shape} must be that");
        var pieces = new Tensor[sizes.Length];
        int start = 0;
        for (int i = 0; i < pieces.Length; start += sizes[i++]) pieces[i] = Narrow(at, start, sizes[i]);
        return pieces;
    }

    /// <summary>At most <paramref name="chunks"/> pieces of equal size along a dimension, the last perhaps smaller (torch.chunk). Views.</summary>
    /// <exception cref="ValueException">The number is not positive.</exception>
    public Tensor[] Chunk(int chunks, int dim = 0)
    {
        int total = Shape.SizeOrOne(Shape.Dim(dim, "Chunk"));
        if (chunks <= 0) throw new ValueException($"Chunk: {chunks} pieces; 1 or more are possible");
        return Split(Math.Max(1, (int)((total + (long)chunks - 1) / chunks)), dim);
    }

    /// <summary>The slices along a dimension, without it (torch.unbind). Views.</summary>
    public Tensor[] Unbind(int dim = 0)
    {
        var slices = new Tensor[Shape[Shape.Dim(dim, "Unbind")]];
        for (int i = 0; i < slices.Length; i++) slices[i] = Select(dim, i);
        return slices;
    }

    /// <summary>Windows of <paramref name="size"/> elements every <paramref name="step"/> along a dimension, as a new last one (torch.Tensor.unfold). A copy.</summary>
    /// <exception cref="ValueException">The window is larger than the dimension, or the step is not positive.</exception>
    public Tensor Unfold(int dim, int size, int step)
    {
        int at = Shape.Dim(dim, "Unfold"), total = Shape.SizeOrOne(at);
        if (size < 0 || size > total || step <= 0) throw new ValueException($"Unfold: windows of {size} every {step} do not fit dimension {dim} of shape {Shape}");
        int count = (total - size) / step + 1;
        Tensor places = (Arange(count) * step).Unsqueeze(1) + Arange(size);
        Tensor picked = IndexSelect(at, places.Reshape(-1));
        return picked.Reshape([.. Shape.Span[..at], count, size, .. Shape.Span[Math.Min(at + 1, Rank)..]]).MoveDim(at + 1, -1);
    }

    /// <summary>One dimension put at another place, the others keeping their order (torch.movedim). A view.</summary>
    public Tensor MoveDim(int source, int destination)
    {
        (int from, int to) = (Shape.Dim(source, "MoveDim"), Shape.Dim(destination, "MoveDim"));
        List<int> order = [.. Enumerable.Range(0, Rank).Where(dim => dim != from)];
        if (Rank > 0) order.Insert(to, from);
        return Permute([.. order]);
    }

    /// <summary>
    /// Elements put before and behind those of the last dimensions: <c>[left, right, top, bottom, …]</c>, the last dimension's first; negative counts cut off
    /// (torch.nn.functional.pad).
    /// </summary>
    /// <param name="pad">Two counts for each padded dimension.</param>
    /// <param name="mode"><c>constant</c>; or <c>reflect</c>, <c>replicate</c>, <c>circular</c>, which take the elements from the tensor.</param>
    /// <param name="value">What is put in by <c>constant</c>.</param>
    /// <exception cref="ShapeException">The counts are odd in number or too many, or the mode needs more elements than there are.</exception>
    /// <exception cref="ValueException">Another mode is given.</exception>
    public Tensor Pad(ReadOnlySpan<int> pad, string mode = "constant", double value = 0)
    {
        if (pad.Length % 2 != 0 || pad.Length > 2 * Rank) throw new ShapeException($"Pad: {pad.Length} counts {Shape.Format(pad)} for shape {Shape}; two for each dimension, from the last on");
        Tensor padded = this;
        for (int i = 0; i < pad.Length; i += 2)
            if (pad[i] != 0 || pad[i + 1] != 0) padded = Padding.Apply(padded, Rank - 1 - (i / 2), pad[i], pad[i + 1], mode, value);
        return ReferenceEquals(padded, this) ? Clone() : padded;
    }

    /// <summary>Rows of 0 with a 1 at each index, as a new last dimension of <paramref name="classes"/> (torch.nn.functional.one_hot). Int64.</summary>
    /// <param name="classes">The number of classes; one more than the largest index by default.</param>
    /// <exception cref="ValueException">An index is negative or not below the number of classes.</exception>
    public Tensor OneHot(int? classes = null)
    {
        int count = classes ?? checked((int)Max().Item<long>() + 1);
        Tensor index = Unsqueeze(-1);
        return Zeros([.. Shape.Span, count], DType.Int64).Scatter(-1, index, OnesLike(index));
    }

    private Tensor Triangle(string op, Func<Tensor, Tensor> keeps)
    {
        if (Rank < 2) throw new ShapeException($"{op}: shape {Shape} must be a matrix, or matrices in its last two dimensions");
        Tensor offset = Arange(Shape[^1]) - Arange(Shape[^2]).Unsqueeze(1);
        return Where(keeps(offset), this, Zeros([], DType));
    }
}
