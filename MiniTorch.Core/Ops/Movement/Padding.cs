using System.Runtime.InteropServices;

using MiniTorch.Kernels;

namespace MiniTorch.Ops;

/// <summary>
/// Padding: a copy into zeros, or one op that repeats edge elements. Where operations are recorded one by one, it is composed of joins and selections.
/// </summary>
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
        if (AtEdges(x, pad, mode) is { } atEdges) return atEdges.Apply(x);
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
        int most = Most(size, mode) ?? throw Unknown(mode);
        if (Math.Max(before, behind) > most)
            throw new ShapeException($"Pad: mode {mode} cannot add {Math.Max(before, behind)} elements to the {size} of dimension {dim}, shape "
                + $"{x.Shape}; the maximum is {most}");
        Tensor places = Tensor.Empty([Shape.Size(size + (long)before + behind, "Pad")], DType.Int64);
        Span<long> to = MemoryMarshal.Cast<byte, long>(places.Bytes);
        for (int i = 0; i < to.Length; i++) to[i] = Place(i - before, size, mode);
        return x.IndexSelect(dim, places);
    }

    /// <summary>The op that pads all dimensions at once, or null if there is a constant, a mistake or a negative count.</summary>
    private static EdgePad? AtEdges(Tensor x, ReadOnlySpan<int> pad, string mode)
    {
        if (mode == "constant" || x.ElementCount == 0 || pad.IsEmpty || pad.ContainsAnyInRange(int.MinValue, -1) || EngineMode.InterceptsCalls)
            return null;
        (int[] starts, int[] sizes) = (new int[x.Rank], x.Shape.Span.ToArray());
        for (int i = 0; i < pad.Length; i += 2)
        {
            int dim = x.Rank - 1 - (i / 2);
            if (!(Math.Max(pad[i], pad[i + 1]) <= Most(sizes[dim], mode))) return null;
            (starts[dim], sizes[dim]) = (pad[i], Shape.Size((long)sizes[dim] + pad[i] + pad[i + 1], "Pad"));
        }
        return new EdgePad(mode, Shape.Create(starts), x.Shape, Shape.Create(sizes));
    }

    // How many elements a mode can add to one side.
    private static int? Most(int size, string mode) => mode switch
    {
        "reflect" => size - 1,
        "circular" => size,
        "replicate" => size > 0 ? int.MaxValue : 0,
        _ => null,
    };

    private static Tensor Constant(Tensor x, int dim, int before, int behind, double value)
    {
        int first = Math.Max(0, -before), length = x.Shape[dim] - first - Math.Max(0, -behind);
        if (length < 0) return Tensor.Full(x.Shape.With(dim, x.Shape[dim] + before + behind), value, x.DType);
        Tensor kept = x.Narrow(dim, first, length);
        if (before <= 0 && behind <= 0) return kept;
        return Tensor.Cat([Block(before), kept, Block(behind)], dim);

        Tensor Block(int count) => Tensor.Full(x.Shape.With(dim, Math.Max(0, count)), value, x.DType);
    }

    /// <summary>The element that stands at place <paramref name="i"/>, counted from the first of <paramref name="size"/> elements.</summary>
    public static int Place(int i, int size, string mode) => mode switch
    {
        "reflect" => i < 0 ? -i : i >= size ? (2 * (size - 1)) - i : i,
        "replicate" => Math.Clamp(i, 0, size - 1),
        _ => (i + size) % size,
    };

    private static ValueException Unknown(string mode) => new($"Pad: mode is '{mode}'; use 'constant', 'reflect', 'replicate' or 'circular'");
}

/// <summary>
/// Padding whose elements repeat those of the input, in all dimensions at once, or its transpose. The input begins at <paramref name="Starts"/>.
/// </summary>
internal sealed record EdgePad(string Mode, Shape Starts, Shape From, Shape To, bool IsTransposed = false) : LinearOp
{
    internal override bool CanReuseTemporaries => true;

    protected internal override Tensor Compute(ReadOnlySpan<Tensor> inputs)
    {
        Tensor x = Copies.RowMajor(inputs[0]), y = Tensor.Empty(IsTransposed ? From : To, x.DType);
        int first = 0;
        while (first < From.Rank - 1 && From[first] == To[first]) first++;
        var axes = new EdgeAxis[From.Rank - first];
        long outer = 1, input = 1, output = 1;
        for (int dim = 0; dim < first; dim++) outer *= From[dim];
        for (int dim = From.Rank - 1; dim >= first; dim--)
        {
            (int start, int size) = (Starts[dim], From[dim]);
            var places = new int[To[dim] - size];
            for (int i = 0; i < places.Length; i++) places[i] = Padding.Place(i < start ? i - start : i - start + size, size, Mode);
            axes[dim - first] = new EdgeAxis(size, start, places, input, output);
            (input, output) = (input * size, output * To[dim]);
        }
        KernelCall.Run(new Kernel(axes, outer, input, output, IsTransposed), x, y);
        return y;
    }

    protected override Tensor Transpose(OpContext call, int input, Tensor cotangent) => (this with { IsTransposed = !IsTransposed }).Apply(cotangent);

    private readonly unsafe struct Kernel(EdgeAxis[] axes, long outer, long input, long output, bool isTransposed) : IKernelCall
    {
        public void Run<T>(byte** data) where T : unmanaged, System.Numerics.IBinaryNumber<T>
        {
            if (isTransposed) EdgePadKernel.RunTransposed(axes, outer, input, output, (T*)data[0], (T*)data[1]);
            else EdgePadKernel.Run(axes, outer, input, output, (T*)data[0], (T*)data[1]);
        }
    }
}
