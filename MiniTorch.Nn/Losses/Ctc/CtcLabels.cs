namespace MiniTorch.Nn;

/// <summary>The label sequences of a CTC loss, with blanks before, between and after the labels.</summary>
internal sealed class CtcLabels
{
    /// <summary>Reads and checks the labels of a batch.</summary>
    public CtcLabels(string op, Tensor targets, Tensor targetLengths, int batch, int blank, int classes)
    {
        if (blank < 0 || blank >= classes) throw new ValueException($"{op}: blank {blank} is not in [0, {classes})");
        if (targets.DType != DType.Int64) throw new DTypeException($"{op}: targets are {targets.DType} and must be Int64");
        bool padded = targets.Rank == 2;
        if (padded ? targets.Shape[0] != batch : targets.Rank != 1)
            throw new ShapeException($"{op}: targets have shape {targets.Shape}; for a batch of {batch} they must be ({batch}, S), or one vector "
                + "with the labels of all sequences");
        long[] lengths = Lengths(op, "targetLengths", targetLengths, batch, padded ? targets.Shape[1] : targets.ElementCount),
            labels = targets.ToArray<long>();
        if (!padded && lengths.Sum() != labels.Length)
            throw new ShapeException($"{op}: target lengths sum to {lengths.Sum()}, but there are {labels.Length} targets");

        Places = Shape.Size((2 * lengths.DefaultIfEmpty().Max()) + 1, "CTCLoss");
        var extended = new long[batch, Places];
        var (noSkip, notLast) = (new bool[batch, Places], new bool[batch, Places]);
        long start = 0;
        for (int n = 0; n < batch; n++)
        {
            long last = 2 * lengths[n];
            for (int i = 0; i < lengths[n]; i++)
                if ((ulong)labels[start + i] >= (ulong)classes)
                    throw new ValueException($"{op}: label {i} of sequence {n} = {labels[start + i]} is not in [0, {classes})");
            for (int s = 0; s < Places; s++)
            {
                extended[n, s] = s % 2 == 1 && s < last ? labels[start + s / 2] : blank;
                // An alignment may skip a blank unless it separates equal labels; the element two before a blank is another blank.
                noSkip[n, s] = s < 3 || extended[n, s] == extended[n, s - 2];
                notLast[n, s] = s != last && s != last - 1;
            }
            start += padded ? targets.Shape[1] : lengths[n];
        }
        (Extended, NoSkip, NotLast) = (Tensor.From(extended), Tensor.From(noSkip), Tensor.From(notLast));
    }

    /// <summary>The length of the longest sequence of labels and blanks.</summary>
    public int Places { get; }

    /// <summary>The classes, Int64 (N, places).</summary>
    public Tensor Extended { get; }

    /// <summary>Bool (N, places): true for places that cannot be reached from two places before.</summary>
    public Tensor NoSkip { get; }

    /// <summary>Bool (N, places): false for the places at which an alignment may end.</summary>
    public Tensor NotLast { get; }

    /// <summary>Checks lengths and returns them.</summary>
    public static long[] Lengths(string op, string name, Tensor lengths, int batch, long most)
    {
        if (lengths.DType != DType.Int64 || lengths.Rank != 1 || lengths.Shape[0] != batch)
            throw new ShapeException($"{op}: {name} is {lengths.DType} {lengths.Shape} and must be Int64 [{batch}]");
        long[] values = lengths.ToArray<long>();
        for (int n = 0; n < values.Length; n++)
            if (values[n] < 0 || values[n] > most) throw new ValueException($"{op}: {name}[{n}] = {values[n]} is not in [0, {most}]");
        return values;
    }
}
