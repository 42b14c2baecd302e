using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Diagnostics;
using Microsoft.CodeAnalysis.Operations;

namespace MiniTorch.Analyzers;

/// <summary>MT0002: a loop with Backward and Step needs ZeroGrad.</summary>
[DiagnosticAnalyzer(LanguageNames.CSharp)]
public sealed class MissingZeroGradAnalyzer() : MiniTorchAnalyzer(Rules.MissingZeroGrad)
{
    private protected override void Register(CompilationStartAnalysisContext context, MiniTorchTypes types) => context.RegisterOperationAction(c =>
    {
        var call = (IInvocationOperation)c.Operation;
        if (call.TargetMethod.Name != "Step" || call.Instance is not { } optimizer || !MiniTorchTypes.Is(optimizer.Type, types.Optimizer)) return;
        if (CodeShape.LoopWith(call.Syntax, "Backward") is not { } loop || MayClear(loop, optimizer.Syntax.ToString())) return;
        c.ReportDiagnostic(Diagnostic.Create(Rules.MissingZeroGrad, call.Syntax.GetLocation(), optimizer.Syntax));
    }, OperationKind.Invocation);

    // Gradients can be cleared by a call, by hand, or by a method that is handed the optimiser.
    private static bool MayClear(StatementSyntax loop, string optimizer) =>
        CodeShape.Calls(loop, "ZeroGrad").Any()
        || loop.DescendantNodes().OfType<AssignmentExpressionSyntax>()
        .Any(assignment => assignment.Left is MemberAccessExpressionSyntax { Name.Identifier.ValueText: "Grad" })
        || loop.DescendantNodes().OfType<ArgumentSyntax>().Any(argument => argument.Expression.ToString() == optimizer);
}
