using System.Collections.Concurrent;
using System.Diagnostics;

namespace MiniTorch;

/// <summary>
/// Observes every operation under <see cref="Autograd.DetectAnomaly"/>, which reports the first NaN or infinity and its source line, and during
/// a <see cref="Recording"/>.
/// </summary>
internal static class Trace
{
    private static readonly ConcurrentDictionary<string, bool> s_isLibrary = new();

    public static bool On => EngineMode.TracesCalls;

    /// <summary>The path of the module whose Forward runs on this thread, such as <c>Mlp.fc2</c>; null outside modules.</summary>
    [field: ThreadStatic]
    public static string? Module { get; set; }

    /// <summary>Stores the caller's line in the node, and throws if finite inputs gave a result that is not finite.</summary>
    public static void Applied(Op op, ReadOnlySpan<Tensor> inputs, ReadOnlySpan<Tensor> outputs, OpNode? node)
    {
        string? line = CallerLine();
        string origin = $"called {(line is null ? "from an unknown source line" : $"at {line}")}{(Module is null ? "" : $" in {Module}")}";
        if (node is not null) node.EnsureRare().Origin = $"It was {origin}.";
        Recording.Open?.Add(op, inputs, outputs, node, line);
        if (!EngineMode.DetectsAnomalies || !AllFinite(inputs)) return;
        foreach (Tensor output in outputs)
            if (FirstNotFinite(output) is { } at)
                throw new ValueException($"{op.Name}: produced the first value that is not finite: output {Place(output, at)} from inputs "
                    + $"{Describe(inputs)}{Row(output, at, inputs)}, {origin}");
    }

    /// <summary>Throws if a rule produced the first gradient that is not finite.</summary>
    public static void Differentiated(OpNode node, ReadOnlySpan<Tensor?> cotangents, ReadOnlySpan<Tensor?> gradients)
    {
        if (!EngineMode.DetectsAnomalies) return;
        foreach (Tensor? cotangent in cotangents)
            if (cotangent is not null && FirstNotFinite(cotangent) is not null) return;
        for (int i = 0; i < gradients.Length; i++)
            if (gradients[i] is { } gradient && FirstNotFinite(gradient) is { } at)
                throw new ValueException($"{node.Name} backward: produced the first gradient that is not finite: of input {i}, "
                    + $"{Place(gradient, at)}, from the cotangent {Describe(Present(cotangents))}. {node.Rare?.Origin}");
    }

    private static bool AllFinite(ReadOnlySpan<Tensor> tensors)
    {
        foreach (Tensor tensor in tensors)
            if (FirstNotFinite(tensor) is not null) return false;
        return true;
    }

    /// <summary>The place of the first infinity or NaN; null if there is none.</summary>
    public static int? FirstNotFinite(ReadOnlySpan<double> values)
    {
        for (int i = 0; i < values.Length; i++)
            if (!double.IsFinite(values[i])) return i;
        return null;
    }

    private static int? FirstNotFinite(Tensor tensor) => tensor.DType.IsFloat() ? FirstNotFinite(tensor.Detach().ToArray<double>()) : null;

    private static string Place(Tensor tensor, long at)
    {
        double value = tensor.Detach().ToArray<double>()[at];
        return FormattableString.Invariant($"[{string.Join(", ", ElementIndex.Of(tensor.Shape, at))}] = {value}");
    }

    private static string Describe(ReadOnlySpan<Tensor> inputs)
    {
        var parts = new List<string>();
        foreach (Tensor input in inputs)
        {
            double[] values = input.Detach().ToArray<double>();
            parts.Add(values.Length == 0 ? $"{input.Shape} (empty)" : FormattableString.Invariant(
                $"{input.Shape} with values in [{values.Min():g5}, {values.Max():g5}]"));
        }
        return string.Join(", ", parts);
    }

    private static Tensor[] Present(ReadOnlySpan<Tensor?> tensors) => [.. tensors.ToArray().OfType<Tensor>()];

    // Shows the same row of the inputs, which a user would look up next.
    private static string Row(Tensor output, long at, ReadOnlySpan<Tensor> inputs)
    {
        if (output.Rank == 0) return "";
        const int Shown = 8;
        int row = ElementIndex.Of(output.Shape, at)[0];
        var text = new System.Text.StringBuilder();
        for (int i = 0; i < inputs.Length; i++)
        {
            if (inputs[i].Rank == 0 || inputs[i].Shape[0] != output.Shape[0] || !inputs[i].DType.IsFloat()) continue;
            double[] all = inputs[i].Detach().ToArray<double>();
            Span<double> values = all.AsSpan(all.Length / output.Shape[0] * row, all.Length / output.Shape[0]);
            IEnumerable<string> shown = values[..Math.Min(Shown, values.Length)].ToArray()
                .Select(value => value.ToString("g5", System.Globalization.CultureInfo.InvariantCulture));
            text.Append($"; row {row} of input {i} is [{string.Join(", ", shown)}{(values.Length > Shown ? ", …" : "")}]");
        }
        return text.ToString();
    }

    // The first frame outside the library is the line that the user wrote.
    public static string? CallerLine()
    {
        foreach (StackFrame frame in new StackTrace(2, true).GetFrames())
            if (frame.GetFileName() is { } file && DiagnosticMethodInfo.Create(frame) is { } method
                && !s_isLibrary.GetOrAdd(method.DeclaringAssemblyName, IsLibrary))
                return $"{Path.GetFileName(file)}:{frame.GetFileLineNumber()}";
        return null;
    }

    private static bool IsLibrary(string assembly) =>
        AppDomain.CurrentDomain.GetAssemblies().Any(loaded => loaded.FullName == assembly && loaded.IsDefined(typeof(LibraryCodeAttribute), false));
}

/// <summary>Marks an assembly as part of the library: a trace names the line outside it.</summary>
[AttributeUsage(AttributeTargets.Assembly)]
internal sealed class LibraryCodeAttribute : Attribute;
