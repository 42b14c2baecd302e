namespace MiniTorch.Nn;

/// <summary>Which steps of padded sequences [T, N, …] are valid, by the length of each row.</summary>
internal sealed class ValidSteps
{
    private readonly long[] _lengths;
    private readonly Tensor _isValid, _isPadding;

    public ValidSteps(string op, Tensor lengths, int steps, int rows)
    {
        if (lengths.DType != DType.Int64) throw new DTypeException($"{op}: the lengths are {lengths.DType} and must be Int64");
        if (lengths.Rank != 1 || lengths.Shape[0] != rows)
            throw new ShapeException($"{op}: the lengths have shape {lengths.Shape} and must be [{rows}], one for each row of the batch");
        _lengths = lengths.ToArray<long>();
        for (int row = 0; row < rows; row++)
            if (_lengths[row] < 1 || _lengths[row] > steps)
                throw new ValueException($"{op}: the length of row {row} is {_lengths[row]}; it must be from 1 to the {steps} steps of the input");
        _isValid = Tensor.Arange(steps).Reshape(-1, 1, 1) < lengths.Detach().Reshape(1, -1, 1);
        _isPadding = _isValid.LogicalNot();
    }

    /// <summary>Sets padded steps to 0.</summary>
    public Tensor Cleared(Tensor sequence) => sequence.MaskedFill(_isPadding, 0);

    /// <summary>The states after a step: rows for which it is padding keep theirs.</summary>
    public Tensor[] Next(int step, Tensor[] states, Func<Tensor[]> compute)
    {
        if (_lengths.All(length => length <= step)) return states;
        Tensor[] next = compute();
        return _lengths.All(length => length > step) ? next : [.. next.Zip(states, (after, before) => Tensor.Where(_isValid[step], after, before))];
    }

    /// <summary>Applies a function to the valid steps in the order of PyTorch's packed sequences: step by step, the longest row first.</summary>
    public Tensor Each(Tensor sequence, Func<Tensor, Tensor> function)
    {
        int rows = _lengths.Length;
        int[] order = [.. Enumerable.Range(0, rows).OrderByDescending(row => _lengths[row])];
        Tensor packed = Tensor.From([.. Enumerable.Range(0, sequence.Shape[0])
            .SelectMany(step => order.Where(row => step < _lengths[row]).Select(row => ((long)step * rows) + row))], dtype: DType.Int64);
        Tensor flat = sequence.Reshape(-1, sequence.Shape[^1]);
        return Tensor.ZerosLike(flat).IndexCopy(0, packed, function(flat.IndexSelect(0, packed))).Reshape(sequence.Shape);
    }
}
