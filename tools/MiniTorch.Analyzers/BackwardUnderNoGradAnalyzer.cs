using System.Collections.Immutable;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Diagnostics;
using Microsoft.CodeAnalysis.Operations;

namespace MiniTorch.Analyzers;

/// <summary>MT0007: what is computed under NoGrad has no graph to go back through.</summary>
[DiagnosticAnalyzer(LanguageNames.CSharp)]
public sealed class BackwardUnderNoGradAnalyzer() : MiniTorchAnalyzer(Rules.BackwardUnderNoGrad)
{
    private protected override void Register(CompilationStartAnalysisContext context, MiniTorchTypes types) => context.RegisterOperationAction(c =>
    {
        var call = (IInvocationOperation)c.Operation;
        if (call.TargetMethod.Name != "Backward" || call.Instance is not { } value || !MiniTorchTypes.Is(value.Type, types.Tensor)) return;
        if (Scope(call.Syntax) is not { Mode: "NoGrad" } scope) return;
        // A value that was made before the scope has its graph.
        bool isMadeInside = value is IInvocationOperation or IBinaryOperation
            || (value is ILocalReferenceOperation { Local: { } local } && CodeShape.Declarator(local) is { } declarator
            && declarator.SpanStart > scope.Start);
        if (isMadeInside)
            c.ReportDiagnostic(Diagnostic.Create(Rules.BackwardUnderNoGrad, call.Syntax.GetLocation(),
                ImmutableDictionary<string, string?>.Empty.Add("scope", $"{scope.Start}"), value.Syntax));
    }, OperationKind.Invocation);

    /// <summary>The innermost NoGrad or EnableGrad whose using statement or declaration a node is in.</summary>
    private static (string Mode, int Start)? Scope(SyntaxNode node)
    {
        foreach (SyntaxNode ancestor in CodeShape.InFunction(node))
        {
            if (ancestor is UsingStatementSyntax { Expression: { } expression } && Mode(expression) is { } mode) return mode;
            if (ancestor is UsingStatementSyntax { Declaration: { } declared } && Mode(declared.Variables[0].Initializer!.Value) is { } named)
                return named;
            IEnumerable<StatementSyntax> siblings = ancestor switch
            {
                BlockSyntax block => block.Statements,
                CompilationUnitSyntax unit => unit.Members.OfType<GlobalStatementSyntax>().Select(member => member.Statement),
                _ => [],
            };
            foreach (LocalDeclarationStatementSyntax declaration in siblings.OfType<LocalDeclarationStatementSyntax>().Reverse())
                if (declaration.SpanStart < node.SpanStart && declaration.UsingKeyword.Span.Length > 0
                    && Mode(declaration.Declaration.Variables[0].Initializer!.Value) is { } until) return until;
        }
        return null;
    }

    private static (string Mode, int Start)? Mode(ExpressionSyntax expression) =>
        expression is InvocationExpressionSyntax
        {
            Expression: MemberAccessExpressionSyntax
            {
                Name.Identifier.ValueText: "NoGrad" or "EnableGrad",
                Expression: var owner
            } access
        } && owner.ToString().EndsWith("Autograd", StringComparison.Ordinal)
            ? (access.Name.Identifier.ValueText, access.Name.SpanStart) : null;
}
