namespace MiniTorch.Nn;

/// <summary>The label sequences of a CTC loss, with blanks before, between and after the labels.</summary>
internal sealed class CtcLabels
{
    private readonly long[,] _extended;
    private readonly bool[,] _noSkip;
    private readonly long[] _lengths;

    /// <summary>Reads and checks the labels of a batch, and how many steps each sequence has.</summary>
    public CtcLabels(string op, Tensor targets, Tensor targetLengths, Tensor inputLengths, Shape logProbs, int blank)
    {
        (int steps, int batch, int classes) = (logProbs[0], logProbs[1], logProbs[2]);
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
        var noSkip = new bool[batch, Places];
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
            }
            start += padded ? targets.Shape[1] : lengths[n];
        }
        (_extended, _noSkip, _lengths, Steps) = (extended, noSkip, lengths, Lengths(op, "inputLengths", inputLengths, batch, steps));
    }

    /// <summary>The number of steps of each sequence.</summary>
    public long[] Steps { get; }

    /// <summary>The length of the longest sequence of labels and blanks.</summary>
    public int Places { get; }

    /// <summary>The classes, Int64 (N, places).</summary>
    public Tensor Extended => Tensor.From(_extended);

    /// <summary>Bool (N, places): true for places that cannot be reached from two places before.</summary>
    public Tensor NoSkip => Tensor.From(_noSkip);

    /// <summary>Bool (N, places): false for the places at which an alignment may end.</summary>
    public Tensor NotLast
    {
        get
        {
            var notLast = new bool[_lengths.Length, Places];
            for (int n = 0; n < _lengths.Length; n++)
                for (int s = 0; s < Places; s++) notLast[n, s] = s != 2 * _lengths[n] && s != 2 * _lengths[n] - 1;
            return Tensor.From(notLast);
        }
    }

    /// <summary>
    /// Int64 (N, 2 + places), for the kernel: a sequence's steps, its places, and for each place twice its class, plus 1 if it can be reached from
    /// two places before.
    /// </summary>
    public Tensor Plan
    {
        get
        {
            var plan = new long[_lengths.Length, 2 + Places];
            for (int n = 0; n < _lengths.Length; n++)
            {
                (plan[n, 0], plan[n, 1]) = (Steps[n], 2 * _lengths[n] + 1);
                for (int s = 0; s < Places; s++) plan[n, 2 + s] = 2 * _extended[n, s] + (_noSkip[n, s] ? 0 : 1);
            }
            return Tensor.From(plan);
        }
    }

    // Checks lengths and returns them.
    private static long[] Lengths(string op, string name, Tensor lengths, int batch, long most)
    {
        if (lengths.DType != DType.Int64 || lengths.Rank != 1 || lengths.Shape[0] != batch)
            throw new ShapeException($"{op}: {name} is {lengths.DType} {lengths.Shape} and must be Int64 [{batch}]");
        long[] values = lengths.ToArray<long>();
        for (int n = 0; n < values.Length; n++)
            if (values[n] < 0 || values[n] > most) throw new ValueException($"{op}: {name}[{n}] = {values[n]} is not in [0, {most}]");
        return values;
    }
}
