using System.Collections.Immutable;
using System.Composition;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CodeFixes;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace MiniTorch.Analyzers;

/// <summary><c>total += loss</c> → <c>total += loss.Item&lt;double&gt;()</c>; in a list of tensors, <c>loss.Detach()</c>.</summary>
[ExportCodeFixProvider(LanguageNames.CSharp), Shared]
public sealed class AccumulatedTensorFix() : MiniTorchCodeFix(Rules.AccumulatedTensor, "Accumulate without the graph")
{
    private protected override SyntaxNode? Apply(SyntaxNode root, SyntaxNode node, ImmutableDictionary<string, string?> properties)
    {
        ExpressionSyntax? value = node as ExpressionSyntax ?? (node as ArgumentSyntax)?.Expression;
        return value is null ? null : root.ReplaceNode(value,
            SyntaxFactory.ParseExpression($"{value.WithoutTrivia()}.{properties["way"]}").WithTriviaFrom(value));
    }
}
