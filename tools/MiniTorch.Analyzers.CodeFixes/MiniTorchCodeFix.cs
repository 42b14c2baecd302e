using System.Collections.Immutable;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CodeActions;
using Microsoft.CodeAnalysis.CodeFixes;

namespace MiniTorch.Analyzers;

/// <summary>A fix of one rule or several that rewrites the syntax of one file.</summary>
public abstract class MiniTorchCodeFix : CodeFixProvider
{
    private readonly string _title;

    private protected MiniTorchCodeFix(DiagnosticDescriptor rule, string title) : this([rule], title) { }

    private protected MiniTorchCodeFix(DiagnosticDescriptor[] rules, string title)
    {
        FixableDiagnosticIds = [.. rules.Select(rule => rule.Id)];
        _title = title;
    }

    /// <inheritdoc/>
    public sealed override ImmutableArray<string> FixableDiagnosticIds { get; }

    /// <inheritdoc/>
    public sealed override FixAllProvider GetFixAllProvider() => WellKnownFixAllProviders.BatchFixer;

    /// <inheritdoc/>
    public sealed override async Task RegisterCodeFixesAsync(CodeFixContext context)
    {
        if (await context.Document.GetSyntaxRootAsync(context.CancellationToken).ConfigureAwait(false) is not { } root) return;
        foreach (Diagnostic diagnostic in context.Diagnostics)
        {
            SyntaxNode node = root.FindNode(diagnostic.Location.SourceSpan, getInnermostNodeForTie: true);
            if (Apply(root, node, diagnostic.Properties) is { } changed)
                context.RegisterCodeFix(CodeAction.Create(_title, _ => Task.FromResult(context.Document.WithSyntaxRoot(changed)), diagnostic.Id),
                    diagnostic);
        }
    }

    /// <summary>The file with a reported node mended; null where there is no safe way.</summary>
    private protected abstract SyntaxNode? Apply(SyntaxNode root, SyntaxNode node, ImmutableDictionary<string, string?> properties);
}
