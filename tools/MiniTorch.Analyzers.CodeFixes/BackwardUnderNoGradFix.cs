using System.Collections.Immutable;
using System.Composition;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CodeFixes;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace MiniTorch.Analyzers;

/// <summary>The scope records: <c>NoGrad</c> → <c>EnableGrad</c>.</summary>
[ExportCodeFixProvider(LanguageNames.CSharp), Shared]
public sealed class BackwardUnderNoGradFix() : MiniTorchCodeFix(Rules.BackwardUnderNoGrad, "Record the graph (EnableGrad)")
{
    private protected override SyntaxNode? Apply(SyntaxNode root, SyntaxNode node, ImmutableDictionary<string, string?> properties)
    {
        SyntaxNode? mode = properties.TryGetValue("scope", out string? start)
            ? root.FindToken(int.Parse(start!, System.Globalization.CultureInfo.InvariantCulture)).Parent : null;
        return mode is IdentifierNameSyntax name ? root.ReplaceNode(name, SyntaxFactory.IdentifierName("EnableGrad")) : null;
    }
}
