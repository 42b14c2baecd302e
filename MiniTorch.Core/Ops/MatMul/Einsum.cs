namespace MiniTorch.Ops;

/// <summary>Einsum, composed of permutations, reshapes, sums and one matrix product for each further operand.</summary>
internal static class Einsum
{
    // Dimensions behind an ellipsis get names beyond the letters, counted from the last.
    private const char FirstEllipsisDim = '\u2460';

    public static Tensor Apply(string equation, ReadOnlySpan<Tensor> operands)
    {
        ArgumentNullException.ThrowIfNull(equation);
        string[] sides = equation.Replace(" ", "", StringComparison.Ordinal).Split("->");
        string[] terms = sides[0].Split(',');
        if (sides.Length > 2) throw Wrong(equation, "'->' can occur only once");
        if (terms.Length != operands.Length) throw Wrong(equation, $"it has {terms.Length} operands, but {operands.Length} tensors are given");

        var labels = new string[terms.Length];
        var tensors = new Tensor[terms.Length];
        int ellipsis = 0;
        for (int i = 0; i < terms.Length; i++)
        {
            if (operands[i] is null) throw new ArgumentNullException(nameof(operands), $"Einsum: operand {i} is null");
            int dims = operands[i].Rank - terms[i].Replace("...", "", StringComparison.Ordinal).Length;
            bool open = terms[i].Contains("...", StringComparison.Ordinal);
            if (dims < 0 || (dims > 0 && !open)) throw Wrong(equation, $"'{terms[i]}' does not fit operand {i} of shape {operands[i].Shape}");
            if (open) ellipsis = Math.Max(ellipsis, dims);
            labels[i] = terms[i].Replace("...", EllipsisDims(dims), StringComparison.Ordinal);
            CheckLabels(equation, labels[i]);
        }
        string output = sides.Length == 2 ? sides[1].Replace("...", EllipsisDims(ellipsis), StringComparison.Ordinal) : Implied(labels, ellipsis);
        CheckLabels(equation, output);
        for (int i = 0; i < output.Length; i++)
            if (!labels.Any(label => label.Contains(output[i], StringComparison.Ordinal)) || output.LastIndexOf(output[i]) != i)
                throw Wrong(equation, $"'{output[i]}' must occur once in the result and in at least one operand");

        for (int i = 0; i < tensors.Length; i++) (tensors[i], labels[i]) = WithoutRepeats(equation, operands[i], labels[i]);
        (Tensor result, string names) = (tensors[0], labels[0]);
        for (int i = 1; i < tensors.Length; i++)
        {
            string needed = output + string.Concat(labels[(i + 1)..]);
            (result, names) = Contract(equation, (result, names), (tensors[i], labels[i]), needed);
        }
        (result, names) = SumOver(result, names, name => !output.Contains(name, StringComparison.Ordinal));
        return result.Permute([.. output.Select(name => names.IndexOf(name, StringComparison.Ordinal))]);
    }

    private static string EllipsisDims(int count) => string.Concat(Enumerable.Range(0, count).Select(i => (char)(FirstEllipsisDim + count - 1 - i)));

    // The letters that occur once, in alphabetical order, behind the ellipsis.
    private static string Implied(string[] labels, int ellipsis)
    {
        IEnumerable<char> letters = string.Concat(labels).Where(name => name < FirstEllipsisDim);
        return EllipsisDims(ellipsis) + string.Concat(letters.GroupBy(name => name).Where(group => group.Count() == 1).Select(group => group.Key)
            .Order());
    }

    /// <summary>Takes the diagonal of dimensions of one name.</summary>
    private static (Tensor, string) WithoutRepeats(string equation, Tensor x, string names)
    {
        for (int i = 0; i < names.Length; i++)
            for (int other = names.IndexOf(names[i], i + 1); other >= 0; other = names.IndexOf(names[i], i + 1))
            {
                if (x.Shape[i] != x.Shape[other])
                    throw Wrong(equation, $"'{names[i]}' stands for {x.Shape[i]} and {x.Shape[other]} in shape {x.Shape}");
                x = x.Diagonal(0, i, other).MoveDim(-1, i);
                names = names.Remove(other, 1);
            }
        return (x, names);
    }

    /// <summary>Returns the product of two operands, summed over shared dimensions that are not needed later.</summary>
    private static (Tensor, string) Contract(string equation, (Tensor Tensor, string Names) a, (Tensor Tensor, string Names) b, string needed)
    {
        a = SumOver(a.Tensor, a.Names, name => !needed.Contains(name, StringComparison.Ordinal) && !b.Names.Contains(name, StringComparison.Ordinal));
        b = SumOver(b.Tensor, b.Names, name => !needed.Contains(name, StringComparison.Ordinal) && !a.Names.Contains(name, StringComparison.Ordinal));
        var sizes = new Dictionary<char, int>();
        foreach ((Tensor tensor, string names) in new[] { a, b })
            for (int i = 0; i < names.Length; i++)
            {
                int size = tensor.Shape[i], known = sizes.GetValueOrDefault(names[i], 1);
                if (size != known && size != 1 && known != 1) throw Wrong(equation, $"'{names[i]}' stands for {known} and {size}");
                sizes[names[i]] = known == 1 ? size : known;
            }
        string both = string.Concat(a.Names.Where(name => b.Names.Contains(name, StringComparison.Ordinal)));
        string batch = string.Concat(both.Where(name => needed.Contains(name, StringComparison.Ordinal))), summed = string.Concat(both.Except(batch));
        string rows = string.Concat(a.Names.Except(both)), columns = string.Concat(b.Names.Except(both));

        Tensor left = Arrange(a, batch, rows, summed), right = Arrange(b, batch, summed, columns);
        return (left.MatMul(right).Reshape([.. (batch + rows + columns).Select(name => sizes[name])]), batch + rows + columns);

        // […batch, first, second], the last two merged from the dimensions that they name. Merging batches may need a copy.
        Tensor Arrange((Tensor Tensor, string Names) x, string batch, string first, string second)
        {
            string order = batch + first + second;
            Tensor moved = x.Tensor.Permute([.. order.Select(name => x.Names.IndexOf(name, StringComparison.Ordinal))]);
            return moved.Expand([.. order.Select(name => sizes[name])])
                .Reshape([.. batch.Select(name => sizes[name]), Merged(first), Merged(second)]);
        }

        int Merged(string names) => Shape.Size(Shape.Create([.. names.Select(name => sizes[name])]).ElementCount, "Einsum");
    }

    private static (Tensor, string) SumOver(Tensor x, string names, Func<char, bool> isSummed)
    {
        int[] dims = [.. Enumerable.Range(0, names.Length).Where(dim => isSummed(names[dim]))];
        return dims.Length == 0 ? (x, names) : (x.Sum(dims), string.Concat(names.Where(name => !isSummed(name))));
    }

    private static void CheckLabels(string equation, string names)
    {
        foreach (char name in names)
            if (!char.IsAsciiLetter(name) && name < FirstEllipsisDim) throw Wrong(equation, $"'{name}' is not a letter");
    }

    private static ShapeException Wrong(string equation, string why) => new($"Einsum: '{equation}': {why}");
}
