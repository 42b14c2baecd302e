namespace MiniTorch.Nn;

public static partial class Functional
{
    /// <summary>
    /// Joins sequences of different lengths to one tensor, padded at the end, and returns it with the lengths (torch.nn.utils.rnn.pad_sequence).
    /// Recurrent layers take both, so nothing needs to be packed.
    /// </summary>
    /// <param name="sequences">N tensors [Tᵢ, *], which differ only in their first size.</param>
    /// <param name="batchFirst">Whether the result is [N, T, *] instead of [T, N, *].</param>
    /// <param name="paddingValue">The value of the added elements.</param>
    /// <returns>The padded tensor, where T is the largest Tᵢ, and the lengths, Int64 [N].</returns>
    /// <exception cref="ValueException">There are no sequences.</exception>
    /// <exception cref="ShapeException">A sequence is a scalar, or differs from the first in more than its length.</exception>
    /// <exception cref="DTypeException">The dtypes differ.</exception>
    /// <example><code>
    /// Tensor[] sentences = [Tensor.Randn([7, 32]), Tensor.Randn([4, 32])];
    /// var lstm = new LSTM(inputSize: 32, hiddenSize: 64, batchFirst: true);
    /// var (padded, lengths) = Functional.PadSequence(sentences, batchFirst: true);
    /// var (output, (h, c)) = lstm.Call(padded, lengths: lengths);
    /// Tensor[] outputs = Functional.UnpadSequence(output, lengths, batchFirst: true);
    /// </code></example>
    public static (Tensor Padded, Tensor Lengths) PadSequence(IEnumerable<Tensor> sequences, bool batchFirst = false, double paddingValue = 0)
    {
        ArgumentNullException.ThrowIfNull(sequences);
        Tensor[] all = [.. sequences];
        if (all.Length == 0) throw new ValueException("PadSequence: there are no sequences; pass one or more");
        for (int i = 0; i < all.Length; i++)
        {
            Tensor sequence = all[i] ?? throw new ArgumentNullException(nameof(sequences), $"PadSequence: sequence {i} is null");
            if (sequence.Rank == 0 || sequence.Rank != all[0].Rank || !sequence.Shape.Span[1..].SequenceEqual(all[0].Shape.Span[1..]))
                throw new ShapeException($"PadSequence: sequence {i} has shape {sequence.Shape}, and the first {all[0].Shape}; they must be [T, *] "
                    + "and differ only in T");
            if (sequence.DType != all[0].DType)
                throw new DTypeException($"PadSequence: sequence {i} is {sequence.DType}, and the first {all[0].DType}; convert one with To");
        }
        int longest = all.Max(sequence => sequence.Shape[0]);
        Tensor padded = Tensor.Stack(all.Select(sequence =>
            sequence.Pad([.. new int[2 * sequence.Rank - 1], longest - sequence.Shape[0]], value: paddingValue)), batchFirst ? 0 : 1);
        return (padded, Tensor.From([.. all.Select(sequence => (long)sequence.Shape[0])], dtype: DType.Int64));
    }

    /// <summary>Splits padded sequences into views of their valid steps (torch.nn.utils.rnn.unpad_sequence).</summary>
    /// <param name="padded">[T, N, *], or [N, T, *] with batchFirst.</param>
    /// <param name="lengths">The number of valid steps of each sequence, Int64 [N].</param>
    /// <param name="batchFirst">Whether the input is [N, T, *] instead of [T, N, *].</param>
    /// <returns>N tensors [Tᵢ, *].</returns>
    /// <exception cref="ShapeException">The input has fewer than two dimensions, or the lengths are not [N].</exception>
    /// <exception cref="ValueException">A length is not from 0 to T.</exception>
    /// <exception cref="DTypeException">The lengths are not Int64.</exception>
    public static Tensor[] UnpadSequence(Tensor padded, Tensor lengths, bool batchFirst = false)
    {
        ArgumentNullException.ThrowIfNull(padded);
        ArgumentNullException.ThrowIfNull(lengths);
        if (padded.Rank < 2)
            throw new ShapeException($"UnpadSequence: the input has shape {padded.Shape} and must be {(batchFirst ? "[N, T, *]" : "[T, N, *]")}");
        if (!batchFirst) padded = padded.Transpose(0, 1);
        (int rows, int steps) = (padded.Shape[0], padded.Shape[1]);
        if (lengths.DType != DType.Int64) throw new DTypeException($"UnpadSequence: the lengths are {lengths.DType} and must be Int64");
        if (lengths.Rank != 1 || lengths.Shape[0] != rows)
            throw new ShapeException($"UnpadSequence: the lengths have shape {lengths.Shape} and must be [{rows}], one for each sequence");
        return [.. lengths.ToArray<long>().Select((length, row) => length >= 0 && length <= steps ? padded[row].Narrow(0, 0, (int)length)
            : throw new ValueException($"UnpadSequence: the length of sequence {row} is {length}; it must be from 0 to {steps}"))];
    }
}
