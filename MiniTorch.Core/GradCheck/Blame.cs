using MiniTorch.Ops;

namespace MiniTorch.GradChecking;

/// <summary>
/// Looks for the operations behind a wrong gradient: each one that ran is checked by itself, on copies of its inputs. If all rules are right, it
/// looks for the places where the graph was cut.
/// </summary>
internal static class Blame
{
    private const int MostOps = 8;

    /// <summary>Returns the operations to blame, in the order in which they ran; empty if there are none.</summary>
    public static IReadOnlyList<GradCheckBlame> Find(CheckedFunction function, GradCheckOptions options, GradCheckFinding failure)
    {
        List<RecordedCall> calls;
        Tensor[] results;
        using (var recording = new Recording())
        {
            results = function.Call();
            calls = recording.Calls;
        }
        if (failure.Worst.Any(entry => !double.IsFinite(entry.Analytic)) && FindTrap(calls, results) is { } trap) return [trap];

        GradCheckOptions alone = options with
        {
            Order = failure.Order,
            Fast = true,
            Blame = false,
            AcceptKinks = true,
            Upcast = false,
            IsAlone = true,
            Domain = null,
            Project = null,
            Intended = null,
            Jacobians = false,
            Progress = null,
        };
        var wrong = new List<GradCheckBlame>();
        foreach (RecordedCall call in calls)
            if (call.Node is not null && wrong.Count < MostOps && CheckAlone(call, alone) is { } finding)
                wrong.Add(Of(call, calls, Describe(finding, failure)));
        return wrong.Count > 0 ? [.. wrong.Distinct(BySentence.Instance)] : new CutFinder(function, calls, results).Find();
    }

    /// <summary>Names a call. A broadcast or a conversion on the way into an operator is part of that operator.</summary>
    public static GradCheckBlame Of(RecordedCall call, List<RecordedCall> calls, string reason)
    {
        while (call.Op is Expand or Cast && call.Op.IsDifferentiable && calls.Find(Uses) is { } user) call = user;
        return new GradCheckBlame(call.Op.Name, [.. call.Inputs.Select(input => input.Shape)], call.Module, call.Line, reason);

        bool Uses(RecordedCall next) => next.Line == call.Line && next.Arguments.Any(argument => ReferenceEquals(argument.Tensor, call.Results[0]));
    }

    private static GradCheckFinding? CheckAlone(RecordedCall call, GradCheckOptions options)
    {
        try
        {
            Tensor[] inputs = [.. call.Inputs];
            var variables = new List<Variable>();
            for (int i = 0; i < inputs.Length; i++)
            {
                if (!call.Arguments[i].HasGraph) continue;
                inputs[i] = Copies.WithStrides(inputs[i], inputs[i].DType);
                inputs[i].RequiresGrad = true;
                variables.Add(new Variable($"input {i}", inputs[i]) { IsArgument = true });
            }
            GradCheckReport report = new GradChecker(new CheckedFunction(tensors => call.Op.ApplyAll(tensors), inputs, [.. variables]),
                call.Op.ExpectsSymmetric ? options with { Project = GradCheckDirections.Symmetric } : options, []).Check();
            return report.Verdict is Verdict.Wrong or Verdict.Disconnected ? report.Findings[0] : null;
        }
        catch (MiniTorchException)
        {
            return null; // an op that cannot be called elsewhere in its domain is not shown to be wrong
        }
    }

    private static string Describe(GradCheckFinding finding, GradCheckFinding failure)
    {
        string hint = finding.Hint is { } text && text != failure.Hint ? $"; {text}" : "";
        if (finding.Mode == GradCheckMode.Contract) return $"its rule breaks the contract of rules{hint}";
        string kind = finding.Verdict == Verdict.Wrong ? "wrong" : "disconnected";
        string mode = finding.Mode == GradCheckMode.ForwardAgainstNumerical ? ", in forward mode" : "";
        return FormattableString.Invariant($"its rule is {kind} for {finding.Input}, order {finding.Order}{mode}{hint}");
    }

    /// <summary>
    /// Finds the operation whose rule turns a finite cotangent into a gradient that is not: often 0 · ∞, at an element that a mask leaves out later.
    /// </summary>
    private static GradCheckBlame? FindTrap(List<RecordedCall> calls, Tensor[] results)
    {
        RecordedCall[] recorded = [.. calls.Where(call => call.Node is not null && call.Results.All(result => result.DType.IsFloat()))];
        Tensor[] linked = [.. results.Where(result => result.RequiresGrad)];
        if (linked.Length == 0) return null;
        Tensor[] inside = [.. recorded.SelectMany(call => call.Results)];
        Dictionary<(Node, int), Tensor?> cotangents = [];
        Tensor?[] gradients = Reverse.Gradients(linked, [.. linked.Select(tensor => Tensor.OnesLike(tensor))], inside, retainGraph: true,
            createGraph: false);
        foreach ((Tensor tensor, Tensor? gradient) in inside.Zip(gradients)) cotangents[(tensor.Node!, tensor.Slot)] = gradient;
        foreach (RecordedCall call in recorded.Reverse())
        {
            Tensor?[] received = [.. call.Results.Select(result => cotangents[(result.Node!, result.Slot)])];
            if (received.All(cotangent => cotangent is null) || !received.All(cotangent => cotangent is null || IsFinite(cotangent))) continue;
            if (MakesInfinite(call, received) is not { } reason) continue;
            return Of(call, calls, reason);
        }
        return null;
    }

    private static string? MakesInfinite(RecordedCall call, Tensor?[] received)
    {
        try
        {
            Tensor[] inputs = [.. call.Inputs.Select((input, i) => call.Arguments[i].HasGraph ? Copies.WithStrides(input, input.DType) : input)];
            Tensor[] leaves = [.. inputs.Where((_, i) => call.Arguments[i].HasGraph)];
            foreach (Tensor leaf in leaves) leaf.RequiresGrad = true;
            Tensor[] results = call.Op.ApplyAll(inputs);
            Tensor[] cotangents = [.. results.Zip(received, (result, cotangent) => cotangent?.Detach() ?? Tensor.ZerosLike(result))];
            Tensor?[] gradients = Reverse.Gradients(results, cotangents, leaves, retainGraph: false, createGraph: false);
            if (gradients.All(gradient => gradient is null || IsFinite(gradient))) return null;
            bool masked = cotangents.Any(cotangent => cotangent.ToArray<double>().Contains(0));
            return "its gradient is not finite although the one that it receives is"
                + (!masked ? "" : "; if the element is masked out later (its cotangent is 0), 0 · ∞ is NaN: put a harmless value into its input too, "
                    + "such as Where(mask, x, 1)");
        }
        catch (MiniTorchException)
        {
            return null;
        }
    }

    private static bool IsFinite(Tensor tensor) => tensor.ToArray<double>().All(double.IsFinite);

    // The same line in a loop is one place.
    private sealed class BySentence : IEqualityComparer<GradCheckBlame>
    {
        public static BySentence Instance { get; } = new();

        public bool Equals(GradCheckBlame? a, GradCheckBlame? b) => a?.ToString() == b?.ToString();

        public int GetHashCode(GradCheckBlame blame) => blame.ToString().GetHashCode(StringComparison.Ordinal);
    }
}
