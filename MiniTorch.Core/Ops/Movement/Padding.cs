using System.Runtime.InteropServices;

namespace MiniTorch.Ops;

/// <summary>Padding, composed of joins and selections.</summary>
internal static class Padding
{
    /// <summary>Pads the last dimensions by two counts each, starting with the last dimension.</summary>
    public static Tensor Apply(Tensor x, ReadOnlySpan<int> pad, string mode, double value)
    {
        if (pad.Length % 2 != 0 || pad.Length > 2 * x.Rank)
            throw new ShapeException($"Pad: got {pad.Length} counts {Shape.Format(pad)} for shape {x.Shape}; "
                + "pass two for each dimension, starting with the last");
        // Zeros around a copy, instead of a join for each dimension, unless the operations themselves are asked for.
        if (mode == "constant" && value == 0 && x.Rank > 0 && !pad.ContainsAnyInRange(int.MinValue, -1) && !EngineMode.InterceptsCalls)
        {
            (int[] starts, int[] sizes) = (new int[x.Rank], x.Shape.Span.ToArray());
            for (int i = 0; i < pad.Length; i += 2)
            {
                int dim = x.Rank - 1 - (i / 2);
                (starts[dim], sizes[dim]) = (pad[i], Shape.Size((long)sizes[dim] + pad[i] + pad[i + 1], "Pad"));
            }
            return new Unview(new Region(starts, x.Shape), Shape.Create(sizes)).Apply(x);
        }
        Tensor padded = x;
        for (int i = 0; i < pad.Length; i += 2)
            if (pad[i] != 0 || pad[i + 1] != 0) padded = Along(padded, x.Rank - 1 - (i / 2), pad[i], pad[i + 1], mode, value);
        return ReferenceEquals(padded, x) ? x.Clone() : padded;
    }

    private static Tensor Along(Tensor x, int dim, int before, int behind, string mode, double value)
    {
        int size = x.Shape[dim];
        if (size + (long)before + behind < 0)
            throw new ShapeException($"Pad: counts {before} and {behind} remove more elements than dimension {dim} of shape {x.Shape} has");
        if (mode == "constant") return Constant(x, dim, before, behind, value);
        int most = mode switch { "reflect" => size - 1, "circular" => size, "replicate" => size > 0 ? int.MaxValue : 0, _ => throw Unknown(mode) };
        if (Math.Max(before, behind) > most)
            throw new ShapeException($"Pad: mode {mode} cannot add {Math.Max(before, behind)} elements to the {size} of dimension {dim}, shape "
                + $"{x.Shape}; the maximum is {most}");
        Tensor places = Tensor.Empty([Shape.Size(size + (long)before + behind, "Pad")], DType.Int64);
        Span<long> to = MemoryMarshal.Cast<byte, long>(places.Bytes);
        for (int i = 0; i < to.Length; i++) to[i] = Place(i - before, size, mode);
        return x.IndexSelect(dim, places);
    }

    private static Tensor Constant(Tensor x, int dim, int before, int behind, double value)
    {
        int first = Math.Max(0, -before), length = x.Shape[dim] - first - Math.Max(0, -behind);
        if (length < 0) return Tensor.Full(x.Shape.With(dim, x.Shape[dim] + before + behind), value, x.DType);
        Tensor kept = x.Narrow(dim, first, length);
        if (before <= 0 && behind <= 0) return kept;
        return Tensor.Cat([Block(before), kept, Block(behind)], dim);

        Tensor Block(int count) => Tensor.Full(x.Shape.With(dim, Math.Max(0, count)), value, x.DType);
    }

    private static int Place(int i, int size, string mode) => mode switch
    {
        "reflect" => i < 0 ? -i : i >= size ? (2 * (size - 1)) - i : i,
        "replicate" => Math.Clamp(i, 0, size - 1),
        _ => (i + size) % size,
    };

    private static ValueException Unknown(string mode) => new($"Pad: mode is '{mode}'; use 'constant', 'reflect', 'replicate' or 'circular'");
}
