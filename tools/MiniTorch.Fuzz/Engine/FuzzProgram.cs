using System.Text;

namespace MiniTorch.Fuzz.Engine;

/// <summary>A straight-line program of tensor operations, and the scalar that is made of its results.</summary>
internal sealed class FuzzProgram
{
    private readonly IReadOnlyList<Line> _lines;
    private readonly int[] _leaves, _ends;
    private readonly Dictionary<int, Tensor> _constants, _weights = [];

    public FuzzProgram(IReadOnlyList<Line> lines, DType dtype, IReadOnlyList<int> choices)
    {
        (_lines, DType, Choices) = (lines, dtype, choices);
        HashSet<int> read = [.. lines.SelectMany(line => line.Operands)];
        _leaves = [.. Enumerable.Range(0, lines.Count).Where(i => lines[i].IsLeaf)];
        _constants = Enumerable.Range(0, lines.Count).Where(i => lines[i].Operands.Length == 0).ToDictionary(i => i, i => lines[i].Apply([]));
        _ends = [.. Enumerable.Range(0, lines.Count).Where(i => !read.Contains(i) && !lines[i].IsLeaf)];
    }

    /// <summary>The element type of its inputs.</summary>
    public DType DType { get; }

    /// <summary>What it was made from.</summary>
    public IReadOnlyList<int> Choices { get; }

    /// <summary>The number of operations.</summary>
    public int Length => _lines.Count(line => line.Operands.Length > 0);

    /// <summary>Whether no operation needs another element type than the inputs', so that derivatives by differences are precise.</summary>
    public bool IsDouble => DType == DType.Float64;

    /// <summary>Whether it writes in place, which forward mode refuses.</summary>
    public bool Writes => _lines.Any(line => line.Code.Contains("InPlace(", StringComparison.Ordinal));

    /// <summary>Fresh inputs.</summary>
    public Tensor[] Leaves() => [.. _leaves.Select(leaf => _constants[leaf].Detach())];

    /// <summary>The results, and the scalar: each result weighted by fixed random numbers and summed.</summary>
    /// <param name="leaves">The inputs.</param>
    /// <param name="each">Takes the place of each value.</param>
    public (Tensor[] Results, Tensor Scalar) Run(Tensor[] leaves, Func<Tensor, Tensor>? each = null)
    {
        var values = new Tensor[_lines.Count];
        for (int i = 0, leaf = 0; i < values.Length; i++)
        {
            values[i] = _lines[i].IsLeaf ? leaves[leaf++] : _constants.TryGetValue(i, out Tensor? constant) ? constant
                : _lines[i].Apply([.. _lines[i].Operands.Select(operand => values[operand])]);
            if (each is not null) values[i] = each(values[i]);
        }
        Tensor scalar = Tensor.Zeros([], DType);
        foreach (int end in _ends.Where(end => values[end].DType.IsFloat())) scalar += (values[end] * Weights(end, values[end])).Sum();
        return ([.. _ends.Select(end => values[end])], scalar);
    }

    /// <summary>The program as C#.</summary>
    public string ToCSharp(string heading)
    {
        var code = new StringBuilder();
        foreach (string line in heading.Split('\n')) code.Append("// ").AppendLine(line);
        code.AppendLine("using System; using System.Linq; using MiniTorch; using MiniTorch.Nn;").AppendLine();
        for (int i = 0; i < _lines.Count; i++) code.AppendLine(_lines[i].Statement(i));
        code.AppendLine($"Tensor scalar = Tensor.Zeros([], DType.{DType});");
        foreach (int end in _ends)
            code.AppendLine($"if (v{end}.DType is DType.Float32 or DType.Float64) scalar += (v{end} * Tensor.Randn(v{end}.Shape, new "
                + $"Generator({Seed(end)}), v{end}.DType)).Sum();");
        code.AppendLine("if (scalar.RequiresGrad) scalar.Backward();");
        code.AppendLine("foreach (Tensor? tensor in new[] { "
            + $"{string.Join(", ", [.. _ends.Select(end => $"v{end}"), .. _leaves.Select(leaf => $"v{leaf}.Grad")])} }}) Console.WriteLine(tensor);");
        if (_lines.Any(line => line.Code.Contains("Written(", StringComparison.Ordinal)))
            code.AppendLine("static Tensor Written(Tensor y, Func<Tensor, Tensor> write) { write(y); return y; }");
        return code.ToString();
    }

    private Tensor Weights(int end, Tensor value) =>
        _weights.TryGetValue(end, out Tensor? weights) && weights.Shape == value.Shape ? weights
            : _weights[end] = Tensor.Randn(value.Shape, new Generator(Seed(end)), value.DType);

    private static int Seed(int end) => 1000 + end;
}
