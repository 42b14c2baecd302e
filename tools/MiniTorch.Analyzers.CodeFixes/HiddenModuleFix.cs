using System.Collections.Immutable;
using System.Composition;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CodeFixes;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace MiniTorch.Analyzers;

/// <summary>Makes a static member one of the instance, and a computed property one that keeps its module.</summary>
[ExportCodeFixProvider(LanguageNames.CSharp), Shared]
public sealed class HiddenModuleFix() : MiniTorchCodeFix(Rules.HiddenModule, "Keep it in the module")
{
    private protected override SyntaxNode? Apply(SyntaxNode root, SyntaxNode node, ImmutableDictionary<string, string?> properties)
    {
        MemberDeclarationSyntax? member = node.FirstAncestorOrSelf<MemberDeclarationSyntax>();
        if (member is PropertyDeclarationSyntax { ExpressionBody: { Expression: BaseObjectCreationExpressionSyntax creation } } computed)
        {
            MemberDeclarationSyntax kept = SyntaxFactory.ParseMemberDeclaration(
                $"{computed.Modifiers}{(computed.Modifiers.Count > 0 ? " " : "")}{computed.Type.WithoutTrivia()} {computed.Identifier.ValueText} "
                    + $"{{ get; }} = {creation};")!;
            return root.ReplaceNode(computed, kept.WithTriviaFrom(computed));
        }
        if (member is null || member.Modifiers.FirstOrDefault(modifier => modifier.IsKind(SyntaxKind.StaticKeyword)) is not { RawKind: not 0 } found)
            return null;
        return root.ReplaceNode(member, member.WithModifiers(member.Modifiers.Remove(found)).WithTriviaFrom(member));
    }
}
