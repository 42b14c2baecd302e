using System.Collections.Immutable;
using System.Composition;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CodeFixes;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace MiniTorch.Analyzers;

/// <summary><c>w -= lr * w.Grad</c> or <c>w = w - lr * w.Grad</c> → <c>w.SubInPlace(lr * w.Grad)</c>.</summary>
[ExportCodeFixProvider(LanguageNames.CSharp), Shared]
public sealed class StepWithoutWriteFix() : MiniTorchCodeFix(Rules.StepWithoutWrite, "Write into the tensor")
{
    private protected override SyntaxNode? Apply(SyntaxNode root, SyntaxNode node, ImmutableDictionary<string, string?> properties)
    {
        if (node is not AssignmentExpressionSyntax step) return null;
        var change = step.Right as BinaryExpressionSyntax;
        bool isSimple = step.IsKind(SyntaxKind.SimpleAssignmentExpression) && change is not null;
        string? method = (isSimple ? change! : (SyntaxNode)step).Kind() switch
        {
            SyntaxKind.AddAssignmentExpression or SyntaxKind.AddExpression => "AddInPlace",
            SyntaxKind.SubtractAssignmentExpression or SyntaxKind.SubtractExpression => "SubInPlace",
            SyntaxKind.MultiplyAssignmentExpression or SyntaxKind.MultiplyExpression => "MulInPlace",
            SyntaxKind.DivideAssignmentExpression or SyntaxKind.DivideExpression => "DivInPlace",
            _ => null,
        };
        return method is null ? null : root.ReplaceNode(step, SyntaxFactory.InvocationExpression(
            SyntaxFactory.MemberAccessExpression(SyntaxKind.SimpleMemberAccessExpression, step.Left.WithoutTrivia(),
                SyntaxFactory.IdentifierName(method)),
            SyntaxFactory.ArgumentList(SyntaxFactory.SingletonSeparatedList(SyntaxFactory.Argument(isSimple ? change!.Right : step.Right))))
            .WithTriviaFrom(step));
    }
}
