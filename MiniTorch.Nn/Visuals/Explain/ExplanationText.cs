using System.Globalization;
using System.Text;

namespace MiniTorch.Nn;

/// <summary>Writes the values of a run, one by one, in 80 columns.</summary>
internal sealed class ExplanationText(CallGraph graph, IReadOnlyDictionary<ExplainedValue, Tensor> gradients)
{
    private const int Width = 80, MostElements = 64;

    private readonly StringBuilder _text = new();
    private readonly HashSet<ExplainedValue> _shown = [];

    public string Write(string title)
    {
        _text.Append(title).Append(CultureInfo.InvariantCulture, $": {graph.Calls.Count} {(graph.Calls.Count == 1 ? "step" : "steps")}\n");
        foreach (ExplainedValue input in graph.Inputs) Show(input, "input");
        string module = "";
        foreach (ExplainedCall call in graph.Calls)
        {
            foreach (ExplainedValue input in call.Inputs)
                if (input.Producer is null && input.IsNamed)
                    Show(input, input.Owner is null ? "constant" : input.Tensor is Parameter ? "parameter" : "buffer");
            if (call.Module != module && call.Module.Length > 0) _text.Append('\n').Append($"── {call.Module} ".PadRight(Width, '─')).Append('\n');
            module = call.Module;
            Show(call.Outputs[0], null, Formula.Of(call));
            foreach (ExplainedValue further in call.Outputs.Skip(1)) Show(further, "further output");
        }
        return _text.ToString();
    }

    /// <summary>Writes one value: its name, formula, dtype and shape on one line, and its elements or a summary of them below.</summary>
    private void Show(ExplainedValue value, string? kind, string? formula = null)
    {
        if (!_shown.Add(value)) return;
        string shape = $"{value.Tensor.DType} {value.Tensor.Shape}", line = formula is null ? $"{value.Name} ({kind})" : $"{value.Name} = {formula}";
        if (graph.Outputs.Contains(value)) shape = "result, " + shape;
        _text.Append('\n');
        if (line.Length + shape.Length + 2 <= Width) _text.Append(line).Append(shape.PadLeft(Width - line.Length)).Append('\n');
        else
            _text.Append(Wrapped(line)).Append('\n').Append(shape.PadLeft(Width)).Append('\n');
        if (value.IsOverwritten) _text.Append("    overwritten by an in-place operation since\n");
        else Elements(value.Tensor, "    ");
        if (!gradients.TryGetValue(value, out Tensor? gradient)) return;
        _text.Append(CultureInfo.InvariantCulture, $"    d {graph.Outputs[0].Name} / d {value.Name}\n");
        Elements(gradient, "    ");
    }

    private void Elements(Tensor tensor, string indent)
    {
        Tensor values = tensor.Detach();
        string text = values.ElementCount > MostElements ? Statistics(values) : Printed(values);
        foreach (string line in text.Split('\n')) _text.Append(indent).Append(line).Append('\n');
    }

    // Formats elements as tensors print, without the enclosing "tensor(…)" and its indentation.
    private static string Printed(Tensor values)
    {
        string text = values.ToString();
        int end = text.LastIndexOf(')');
        if (text.IndexOf(", dtype", StringComparison.Ordinal) is > 0 and int note) end = note;
        return text["tensor(".Length..end].Replace("\n       ", "\n", StringComparison.Ordinal);
    }

    private static string Statistics(Tensor tensor)
    {
        double[] values = tensor.ToArray<double>(), finite = [.. values.Where(double.IsFinite)];
        if (finite.Length == 0) return $"{values.Length} elements, none of them finite";
        string text = string.Create(CultureInfo.InvariantCulture,
            $"{values.Length} elements, least {finite.Min():g4}, mean {finite.Average():g4}, largest {finite.Max():g4}");
        int zeros = values.Count(value => value == 0), odd = values.Length - finite.Length;
        if (zeros > 0) text += $", {zeros} zero";
        return odd > 0 ? $"{text}, {odd} not finite" : text;
    }

    private static string Wrapped(string line)
    {
        var text = new StringBuilder();
        int column = 0;
        foreach (string word in line.Split(' '))
        {
            if (column > 0 && column + 1 + word.Length > Width) (column, _) = (8, text.Append("\n        "));
            else if (column > 0) (column, _) = (column + 1, text.Append(' '));
            text.Append(word);
            column += word.Length;
        }
        return text.ToString();
    }
}
