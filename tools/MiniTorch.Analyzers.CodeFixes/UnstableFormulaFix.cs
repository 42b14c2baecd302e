using System.Collections.Immutable;
using System.Composition;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CodeFixes;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace MiniTorch.Analyzers;

/// <summary>Writes the formula that keeps its digits: <c>(1 + x).Log()</c> → <c>x.Log1p()</c>.</summary>
[ExportCodeFixProvider(LanguageNames.CSharp), Shared]
public sealed class UnstableFormulaFix() : MiniTorchCodeFix(
    [Rules.LostBesideOne, Rules.OverflowingExponential, Rules.LogOfProbability, Rules.VarianceOfMeans], "Write the formula that keeps its digits")
{
    private protected override SyntaxNode? Apply(SyntaxNode root, SyntaxNode node, ImmutableDictionary<string, string?> properties)
    {
        if (node is ArgumentSyntax argument) node = argument.Expression;
        if (!properties.TryGetValue("after", out string? after)) return null;
        ExpressionSyntax written = SyntaxFactory.ParseExpression(after!);
        if (written is BinaryExpressionSyntax or PrefixUnaryExpressionSyntax
            && node.Parent is BinaryExpressionSyntax or PrefixUnaryExpressionSyntax or MemberAccessExpressionSyntax)
            written = SyntaxFactory.ParenthesizedExpression(written);
        return root.ReplaceNode(node, written.WithTriviaFrom(node));
    }
}
