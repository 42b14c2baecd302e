using System.Collections.Immutable;
using System.Composition;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CodeFixes;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace MiniTorch.Analyzers;

/// <summary><c>x.Relu();</c> → <c>x = x.Relu();</c>.</summary>
[ExportCodeFixProvider(LanguageNames.CSharp), Shared]
public sealed class DiscardedResultFix() : MiniTorchCodeFix(Rules.DiscardedResult, "Assign the result")
{
    private protected override SyntaxNode? Apply(SyntaxNode root, SyntaxNode node, ImmutableDictionary<string, string?> properties)
    {
        // A variable or member at the chain's start takes the result; anything else has no place for it.
        if (node is not InvocationExpressionSyntax call) return null;
        ExpressionSyntax? start = CodeShape.Receiver(call);
        while (start is InvocationExpressionSyntax inner) start = CodeShape.Receiver(inner);
        if (start is not IdentifierNameSyntax name || char.IsUpper(name.Identifier.ValueText[0])) return null;
        return root.ReplaceNode(call, SyntaxFactory.AssignmentExpression(SyntaxKind.SimpleAssignmentExpression, name.WithoutTrivia(),
            call.WithoutTrivia()).NormalizeWhitespace().WithTriviaFrom(call));
    }
}
