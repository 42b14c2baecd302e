namespace MiniTorch.GradChecking;

/// <summary>Looks for the operation behind a wrong gradient: each one that ran is checked by itself, on the inputs that it had.</summary>
internal static class Blame
{
    /// <summary>The first operation whose own rule is wrong, or else the first that cuts the graph; null where there is none.</summary>
    public static GradCheckBlame? Find(CheckedFunction function, GradCheckOptions options, GradCheckFinding failure)
    {
        List<RecordedCall> calls;
        using (var recording = new Recording())
        {
            function.Call();
            calls = recording.Calls;
        }
        GradCheckOptions alone = options with { Order = failure.Order, Fast = true, Blame = false, AcceptKinks = true, Upcast = false };
        foreach (RecordedCall call in calls)
            if (call.Node is not null && CheckAlone(call, alone) is { } finding) return Of(call, Describe(finding, failure));
        return FindCut(function, calls);
    }

    private static GradCheckFinding? CheckAlone(RecordedCall call, GradCheckOptions options)
    {
        try
        {
            GradCheckReport report = GradCheck.Run(inputs => call.Op.ApplyAll(inputs), call.Inputs, options);
            return report.Verdict is Verdict.Wrong or Verdict.Disconnected ? report.Findings[0] : null;
        }
        catch (MiniTorchException)
        {
            return null; // an op that cannot be called elsewhere in its domain is not shown to be wrong
        }
    }

    private static string Describe(GradCheckFinding finding, GradCheckFinding failure) =>
        FormattableString.Invariant($"its rule is {(finding.Verdict == Verdict.Wrong ? "wrong" : "disconnected")} for {finding.Input}, order {finding.Order}{(finding.Mode == GradCheckMode.ForwardAgainstNumerical ? ", in forward mode" : "")}")
        + (finding.Hint is { } hint && hint != failure.Hint ? $"; {hint}" : "");

    // Memory that carries the inputs' values is followed from call to call; where it is read without its history, or a result loses it, the graph is cut.
    private static GradCheckBlame? FindCut(CheckedFunction function, List<RecordedCall> calls)
    {
        HashSet<Storage> dependent = [.. function.Variables.Select(variable => variable.Tensor.Storage)];
        RecordedCall? withoutDerivative = null;
        foreach (RecordedCall call in calls)
        {
            bool[] depends = [.. call.Arguments.Select(argument => dependent.Contains(argument.Tensor.Storage))];
            if (!depends.Contains(true)) continue;
            int detached = Enumerable.Range(0, depends.Length).FirstOrDefault(i => depends[i] && !call.Arguments[i].HasGraph && call.Inputs[i].DType.IsFloat(), -1);
            if (detached >= 0) return Of(call, $"its input {detached} depends on the checked inputs and has lost its history (Detach)");
            if (call.Node is null && call.Op.IsDifferentiable) return Of(call, "it ran while recording was off (NoGrad), and its result has no history");
            if (!call.Op.IsDifferentiable) withoutDerivative ??= call;
            foreach (Tensor result in call.Results)
                if (result.DType.IsFloat()) dependent.Add(result.Storage);
        }
        return withoutDerivative is null ? null : Of(withoutDerivative, "it has no derivative, and its result has no history");
    }

    private static GradCheckBlame Of(RecordedCall call, string reason) => new(call.Op.Name, [.. call.Inputs.Select(input => input.Shape)], call.Module, call.Line, reason);
}
