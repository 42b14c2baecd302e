using System.Collections.Immutable;
using System.Composition;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CodeFixes;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace MiniTorch.Analyzers;

/// <summary><c>w -= lr * w.Grad</c> → <c>w.SubInPlace(lr * w.Grad)</c>.</summary>
[ExportCodeFixProvider(LanguageNames.CSharp), Shared]
public sealed class StepWithoutWriteFix() : MiniTorchCodeFix(Rules.StepWithoutWrite, "Write into the tensor")
{
    private protected override SyntaxNode? Apply(SyntaxNode root, SyntaxNode node, ImmutableDictionary<string, string?> properties)
    {
        if (node is not AssignmentExpressionSyntax step) return null;
        string? method = step.Kind() switch
        {
            SyntaxKind.AddAssignmentExpression => "AddInPlace",
            SyntaxKind.SubtractAssignmentExpression => "SubInPlace",
            SyntaxKind.MultiplyAssignmentExpression => "MulInPlace",
            SyntaxKind.DivideAssignmentExpression => "DivInPlace",
            _ => null,
        };
        return method is null ? null : root.ReplaceNode(step, SyntaxFactory.InvocationExpression(
            SyntaxFactory.MemberAccessExpression(SyntaxKind.SimpleMemberAccessExpression, step.Left.WithoutTrivia(),
                SyntaxFactory.IdentifierName(method)),
            SyntaxFactory.ArgumentList(SyntaxFactory.SingletonSeparatedList(SyntaxFactory.Argument(step.Right)))).WithTriviaFrom(step));
    }
}
