using System.Collections.Immutable;
using System.Composition;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CodeFixes;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace MiniTorch.Analyzers;

/// <summary>Takes Softmax away: from a call, or as the last layer.</summary>
[ExportCodeFixProvider(LanguageNames.CSharp), Shared]
public sealed class SoftmaxBeforeCrossEntropyFix() : MiniTorchCodeFix(Rules.SoftmaxBeforeCrossEntropy, "Leave Softmax out")
{
    private protected override SyntaxNode? Apply(SyntaxNode root, SyntaxNode node, ImmutableDictionary<string, string?> properties)
    {
        if (node is ArgumentSyntax argument) node = argument.Expression;
        if (node is ObjectCreationExpressionSyntax { Parent: ArgumentSyntax { Parent: ArgumentListSyntax layers } last })
            return root.ReplaceNode(layers, layers.WithArguments(layers.Arguments.RemoveAt(layers.Arguments.IndexOf(last))));
        return node switch
        {
            InvocationExpressionSyntax { Expression: MemberAccessExpressionSyntax { Name.Identifier.ValueText: "Softmax" } access } call =>
                root.ReplaceNode(call, access.Expression.WithTriviaFrom(call)),
            // softmax.Call(x) is x; a model that ends with Softmax has to be changed where it is written.
            InvocationExpressionSyntax
            {
                ArgumentList.Arguments: { Count: 1 } inputs,
                Expression: MemberAccessExpressionSyntax { Expression: var softmax }
            } call when IsSoftmax(root, softmax) =>
                    root.ReplaceNode(call, inputs[0].Expression.WithTriviaFrom(call)),
            _ => null,
        };
    }

    private static bool IsSoftmax(SyntaxNode root, ExpressionSyntax module) =>
        module is ObjectCreationExpressionSyntax { Type: IdentifierNameSyntax { Identifier.ValueText: "Softmax" } }
        || root.DescendantNodes().OfType<VariableDeclaratorSyntax>().Any(declared => declared.Identifier.ValueText == module.ToString()
            && (declared.Initializer?.Value is ObjectCreationExpressionSyntax { Type: IdentifierNameSyntax { Identifier.ValueText: "Softmax" } }
            || (declared.Parent as VariableDeclarationSyntax)?.Type.ToString() == "Softmax"));
}
