using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Operations;

namespace MiniTorch.Analyzers;

/// <summary>Questions about where code stands, which analyzers and fixes ask alike.</summary>
internal static class CodeShape
{
    /// <summary>The innermost loop around a node, within its function, that contains a call of a name, on a receiver if one is given.</summary>
    public static StatementSyntax? LoopWith(SyntaxNode node, string method, string? receiver = null) =>
        InFunction(node).OfType<StatementSyntax>().Where(IsLoop)
            .FirstOrDefault(loop => Calls(loop, method).Any(call => receiver is null || Receiver(call)?.ToString() == receiver));

    /// <summary>The calls of a method's name below a node.</summary>
    public static IEnumerable<InvocationExpressionSyntax> Calls(SyntaxNode node, string method) =>
        node.DescendantNodes().OfType<InvocationExpressionSyntax>()
            .Where(call => call.Expression is MemberAccessExpressionSyntax access && access.Name.Identifier.ValueText == method);

    /// <summary>x in x.F().</summary>
    public static ExpressionSyntax? Receiver(InvocationExpressionSyntax call) => (call.Expression as MemberAccessExpressionSyntax)?.Expression;

    /// <summary>The nodes around a node, up to the method or lambda that it is in.</summary>
    public static IEnumerable<SyntaxNode> InFunction(SyntaxNode node) =>
        node.Ancestors().TakeWhile(ancestor =>
            ancestor is not (MemberDeclarationSyntax and not GlobalStatementSyntax or AnonymousFunctionExpressionSyntax or LocalFunctionStatementSyntax));

    /// <summary>An operation without conversions around it.</summary>
    public static IOperation Bare(IOperation operation) =>
        operation is IConversionOperation { IsImplicit: true } conversion ? Bare(conversion.Operand) : operation;

    /// <summary>The declarator of a local or field.</summary>
    public static VariableDeclaratorSyntax? Declarator(ISymbol symbol) =>
        symbol.DeclaringSyntaxReferences.FirstOrDefault()?.GetSyntax() as VariableDeclaratorSyntax;

    private static bool IsLoop(StatementSyntax statement) =>
        statement.Kind() is SyntaxKind.ForStatement or SyntaxKind.ForEachStatement or SyntaxKind.ForEachVariableStatement or SyntaxKind.WhileStatement or SyntaxKind.DoStatement;
}
