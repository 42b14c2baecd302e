using Microsoft.CodeAnalysis;

namespace MiniTorch.Analyzers;

/// <summary>The rules; each has a page under docs/reference/analyzers.</summary>
internal static class Rules
{
    private const string Unstable = "{0}; write {1} instead of {2}";

    public static readonly DiagnosticDescriptor DiscardedResult = Rule("MT0001", "The result of a pure operation is discarded",
        "'{0}' returns a new tensor and leaves its input as it is; assign the result, or use an operation whose name ends in InPlace");

    public static readonly DiagnosticDescriptor MissingZeroGrad = Rule("MT0002", "A training loop never clears gradients",
        "This loop calls Backward and Step but not ZeroGrad, so every step adds its gradients to those of the steps before; call {0}.ZeroGrad() "
            + "in it");

    public static readonly DiagnosticDescriptor AccumulatedTensor = Rule("MT0003", "A tensor is accumulated over training steps",
        "'{0}' keeps the tensors of all steps alive; accumulate the number, {1}");

    public static readonly DiagnosticDescriptor ModuleInForward = Rule("MT0004", "A module is created inside Forward",
        "This {0} is made anew by every call, so it never learns, is not in the state and does not follow Train and Eval; make it a field");

    public static readonly DiagnosticDescriptor HiddenModule = Rule("MT0005", "A module or parameter is hidden from discovery",
        "'{0}' {1}, where parameters are not found: optimisers, the state, Train and Eval pass over it; use an instance field, an array, a "
            + "List<T>, a Dictionary<string, T>, ModuleList or ModuleDict");

    public static readonly DiagnosticDescriptor SoftmaxBeforeCrossEntropy = Rule("MT0006", "Softmax before cross-entropy",
        "Cross-entropy takes logits and applies log-softmax itself: after Softmax it learns slowly and towards the wrong loss; leave Softmax out");

    public static readonly DiagnosticDescriptor BackwardUnderNoGrad = Rule("MT0007", "Backward of a value computed under NoGrad",
        "'{0}' is computed under Autograd.NoGrad(), where nothing is recorded, and Backward will find no graph; compute it outside, or under "
            + "Autograd.EnableGrad()");

    public static readonly DiagnosticDescriptor LostBesideOne = Rule("MT0008", "A small number is lost beside 1", Unstable);

    public static readonly DiagnosticDescriptor OverflowingExponential = Rule("MT0009", "An exponential or product leaves the range", Unstable);

    public static readonly DiagnosticDescriptor LogOfProbability = Rule("MT0010", "The logarithm of a computed probability", Unstable);

    public static readonly DiagnosticDescriptor VarianceOfMeans = Rule("MT0011", "A variance as a difference of means", Unstable);

    public static readonly DiagnosticDescriptor PyTorchName = Rule("MT0012", "A name of PyTorch's", "{0}", DiagnosticSeverity.Error);

    public static readonly DiagnosticDescriptor StepWithoutWrite = Rule("MT0013", "A step that does not write",
        "This makes a new tensor and assigns it to '{0}', and the parameter stays as it is; write into it with AddInPlace or SubInPlace, under "
            + "Autograd.NoGrad()");

    private static DiagnosticDescriptor Rule(string id, string title, string message, DiagnosticSeverity severity = DiagnosticSeverity.Warning) =>
        new(id, title, message, "MiniTorch", severity, isEnabledByDefault: true, helpLinkUri: HelpPages.Link(id));
}
