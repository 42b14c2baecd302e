using System.Collections.Immutable;
using System.Composition;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CodeFixes;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace MiniTorch.Analyzers;

/// <summary>Puts <c>optimizer.ZeroGrad();</c> first into the loop.</summary>
[ExportCodeFixProvider(LanguageNames.CSharp), Shared]
public sealed class MissingZeroGradFix() : MiniTorchCodeFix(Rules.MissingZeroGrad, "Clear the gradients at the start of each step")
{
    private protected override SyntaxNode? Apply(SyntaxNode root, SyntaxNode node, ImmutableDictionary<string, string?> properties)
    {
        if (node is not InvocationExpressionSyntax step
            || CodeShape.LoopWith(step, "Backward")?.ChildNodes().OfType<BlockSyntax>()
            .FirstOrDefault() is not { Statements.Count: > 0 } body) return null;
        StatementSyntax first = body.Statements[0];
        StatementSyntax clear = SyntaxFactory.ParseStatement($"{CodeShape.Receiver(step)}.ZeroGrad();")
            .WithLeadingTrivia(first.GetLeadingTrivia())
            .WithTrailingTrivia(first.GetTrailingTrivia().Where(trivia => !trivia.IsKind(SyntaxKind.SingleLineCommentTrivia)));
        return root.InsertNodesBefore(first, [clear]);
    }
}
