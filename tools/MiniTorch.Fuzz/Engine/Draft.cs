using System.Globalization;

namespace MiniTorch.Fuzz.Engine;

/// <summary>A program in the making. Every line is computed as soon as it is drawn; one that grows too large, or is not finite, is dropped.</summary>
internal sealed class Draft(Choices choices)
{
    /// <summary>What an operation may make at most, to be dropped for its size afterwards.</summary>
    public const long MaxIntermediate = 1_000_000;

    private const int MinLength = 5, MaxLength = 40, MaxRank = 4;
    private const double MaxMagnitude = 30;

    private readonly List<Line> _lines = [];
    private readonly List<Tensor> _values = [];
    private readonly DType _dtype = choices.Next(3) == 2 ? DType.Float32 : DType.Float64;
    private readonly bool _isLarge = choices.OneIn(40);
    private int _length;

    private int MaxElements => _isLarge ? 100_000 : 600;

    /// <summary>Whether operations may mix element types: only where derivatives by differences would not be precise anyway.</summary>
    public bool MayMix => _dtype == DType.Float32;

    /// <summary>Makes a program of the operations of <paramref name="rules"/>.</summary>
    public static FuzzProgram Draw(Choices choices, IReadOnlyList<OpRule> rules)
    {
        var draft = new Draft(choices);
        draft.Input(draft.Sizes());
        while (draft._length < MaxLength && choices.More(isLongEnough: draft._length >= MinLength))
        {
            if (choices.OneIn(12)) draft.Input(draft.Sizes());
            rules[choices.Next(rules.Count)].Draw(draft);
        }
        return new FuzzProgram(draft._lines, draft._dtype, [.. choices.Made]);
    }

    public int Next(int count) => choices.Next(count);

    public Tensor this[int line] => _values[line];

    /// <summary>A line whose value fits, later ones first; −1 where there is none.</summary>
    public int Pick(Func<Tensor, bool> fits)
    {
        int[] fitting = [.. Enumerable.Range(0, _values.Count).Where(i => fits(_values[i])).Reverse()];
        return fitting.Length == 0 ? -1 : fitting[choices.Next(fitting.Length)];
    }

    /// <summary>Adds an operation, if its value is fit to go on with.</summary>
    public void Operation(int[] operands, Func<Tensor[], Tensor> apply, string code)
    {
        Tensor value = apply([.. operands.Select(operand => _values[operand])]);
        if (value.Rank > MaxRank || value.ElementCount > MaxElements
            || (value.ElementCount > 0 && !(value.To(DType.Float64).Abs().Max().Item<double>() <= MaxMagnitude))) return;
        _length++;
        Add(new Line(operands, apply, code), value);
    }

    /// <summary>Adds a tensor of fixed content: indices, masks.</summary>
    public int Constant(Func<Tensor> make, string code) => Add(new Line([], _ => make(), code), make());

    /// <summary>Adds an input, in one of the ways in which its elements can lie in memory.</summary>
    public int Input(int[] sizes, DType? dtype = null)
    {
        DType type = dtype ?? _dtype;
        int seed = _lines.Count, layout = sizes.Length == 0 ? 0 : choices.Next(5), dim = layout == 0 ? 0 : choices.Next(sizes.Length);
        Shape stored = layout switch
        {
            1 => sizes.Reverse().ToArray(),
            2 => sizes.Select((size, i) => i == dim ? (2 * size) + 1 : size).ToArray(),
            3 => [sizes.Aggregate(1, (product, size) => product * size) + 3],
            4 => sizes.Select((size, i) => i == dim ? Math.Min(size, 1) : size).ToArray(),
            _ => sizes,
        };
        string code = $"Tensor.Randn({stored}, new Generator({seed}), DType.{type})";
        return layout switch
        {
            1 => Leaf(() => Stored().T, code + ".T"),
            2 => Leaf(() => Stored().Slice(dim, 1, null, 2), $"{code}.Slice({dim}, 1, null, 2)"),
            3 => Leaf(() => Stored().Slice(0, 3).View(sizes), $"{code}.Slice(0, 3).View({Text(sizes)})"),
            4 => Leaf(() => Stored().Expand(sizes), $"{code}.Expand({Text(sizes)})"),
            _ => Leaf(Stored, code),
        };

        Tensor Stored() => Tensor.Randn(stored, new Generator(seed), type);
        int Leaf(Func<Tensor> make, string text) => Add(new Line([], _ => make(), text, IsLeaf: true), make());
    }

    /// <summary>One to three small sizes, rarely none or zero; in large programs two that keep threads busy.</summary>
    public int[] Sizes()
    {
        if (_isLarge) return [choices.Next(300) + 1, choices.Next(300) + 1];
        var sizes = new int[choices.OneIn(10) ? 0 : choices.Next(3) + 1];
        for (int i = 0; i < sizes.Length; i++) sizes[i] = choices.OneIn(40) ? 0 : choices.Next(7) + 1;
        return sizes;
    }

    /// <summary>Numbers as arguments.</summary>
    public static string Text(IEnumerable<int> numbers) => string.Join(", ", numbers.Select(number => number.ToString(CultureInfo.InvariantCulture)));

    private int Add(Line line, Tensor value)
    {
        _lines.Add(line);
        _values.Add(value);
        return _lines.Count - 1;
    }
}
