using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Diagnostics;
using Microsoft.CodeAnalysis.Operations;

namespace MiniTorch.Analyzers;

/// <summary>
/// MT0013: <c>w -= lr * w.Grad</c> makes a new tensor, where PyTorch writes into w; <c>w = w - lr * w.Grad</c> does so in both, and loses the leaf.
/// </summary>
[DiagnosticAnalyzer(LanguageNames.CSharp)]
public sealed class StepWithoutWriteAnalyzer() : MiniTorchAnalyzer(Rules.StepWithoutWrite)
{
    private protected override void Register(CompilationStartAnalysisContext context, MiniTorchTypes types) => context.RegisterOperationAction(c =>
    {
        var step = (IAssignmentOperation)c.Operation;
        bool changes = step is ICompoundAssignmentOperation
            || (step.Value is IBinaryOperation change && change.LeftOperand.Syntax.ToString() == step.Target.Syntax.ToString());
        if (changes && MiniTorchTypes.Is(step.Target.Type, types.Tensor) && step.Value.DescendantsAndSelf().OfType<IPropertyReferenceOperation>()
            .Any(read => read.Property.Name == "Grad" && read.Instance?.Syntax.ToString() == step.Target.Syntax.ToString()))
            c.ReportDiagnostic(Diagnostic.Create(Rules.StepWithoutWrite, step.Syntax.GetLocation(), step.Target.Syntax));
    }, OperationKind.CompoundAssignment, OperationKind.SimpleAssignment);
}
