using System.Collections.Immutable;
using System.Composition;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CodeFixes;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace MiniTorch.Analyzers;

/// <summary>Moves a module out of Forward, into a field.</summary>
[ExportCodeFixProvider(LanguageNames.CSharp), Shared]
public sealed class ModuleInForwardFix() : MiniTorchCodeFix(Rules.ModuleInForward, "Make it a field")
{
    private protected override SyntaxNode? Apply(SyntaxNode root, SyntaxNode node, ImmutableDictionary<string, string?> properties)
    {
        BaseObjectCreationExpressionSyntax? creation = node as BaseObjectCreationExpressionSyntax
            ?? (node as ArgumentSyntax)?.Expression as BaseObjectCreationExpressionSyntax;
        if (creation?.ArgumentList is not { } arguments || !properties.TryGetValue("type", out string? type)
            || creation.FirstAncestorOrSelf<ClassDeclarationSyntax>() is not { } owner) return null;
        string plain = type!.Split('<', '.').First(), wanted = $"_{char.ToLowerInvariant(plain[0])}{plain.Substring(1)}", name = wanted;
        for (int i = 2; owner.DescendantTokens().Any(token => token.ValueText == name); i++) name = $"{wanted}{i}";

        ClassDeclarationSyntax changed = owner.ReplaceNode(creation, SyntaxFactory.IdentifierName(name).WithTriviaFrom(creation));
        MemberDeclarationSyntax first = changed.Members[0];
        SyntaxTriviaList indent = [.. first.GetLeadingTrivia().Where(trivia => trivia.IsKind(SyntaxKind.WhitespaceTrivia)).Take(1)];
        MemberDeclarationSyntax field = SyntaxFactory.ParseMemberDeclaration($"private readonly {type} {name} = new{arguments.WithoutTrivia()};")!
            .WithLeadingTrivia(indent).WithTrailingTrivia(SyntaxFactory.EndOfLine("\n"));
        return root.ReplaceNode(owner, changed.WithMembers(changed.Members.Insert(0, field)));
    }
}
