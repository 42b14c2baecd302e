using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Diagnostics;
using Microsoft.CodeAnalysis.Operations;

namespace MiniTorch.Analyzers;

/// <summary>MT0001: <c>x.Relu();</c> as a statement does nothing.</summary>
[DiagnosticAnalyzer(LanguageNames.CSharp)]
public sealed class DiscardedResultAnalyzer() : MiniTorchAnalyzer(Rules.DiscardedResult)
{
    private protected override void Register(CompilationStartAnalysisContext context, MiniTorchTypes types) => context.RegisterOperationAction(c =>
    {
        var statement = (IExpressionStatementOperation)c.Operation;
        if (statement.Syntax is ExpressionStatementSyntax syntax && !IsTried(syntax) && statement.Operation is IInvocationOperation call
            && IsPure(call.TargetMethod, types))
            c.ReportDiagnostic(Diagnostic.Create(Rules.DiscardedResult, call.Syntax.GetLocation(), call.TargetMethod.Name));
    }, OperationKind.ExpressionStatement);

    // The only statement of a try is called to see whether it throws.
    private static bool IsTried(ExpressionStatementSyntax statement) =>
        statement.Parent is BlockSyntax { Statements.Count: 1, Parent: TryStatementSyntax { Catches.Count: > 0 } };

    // By convention whatever returns a tensor is pure, unless its name says that it writes. RequireGrad and Named return their tensor.
    private static bool IsPure(IMethodSymbol method, MiniTorchTypes types) =>
        MiniTorchTypes.Is(method.ContainingType, types.Tensor) && !method.Name.EndsWith("InPlace", StringComparison.Ordinal)
            && method.Name is not ("RequireGrad" or "Named") && GivesTensors(method.ReturnType, types);

    private static bool GivesTensors(ITypeSymbol type, MiniTorchTypes types) => type switch
    {
        IArrayTypeSymbol array => GivesTensors(array.ElementType, types),
        INamedTypeSymbol { IsTupleType: true } tuple => tuple.TupleElements.Any(element => GivesTensors(element.Type, types)),
        _ => MiniTorchTypes.Is(type, types.Tensor),
    };
}
