using System.Collections.Immutable;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Diagnostics;
using Microsoft.CodeAnalysis.Operations;

namespace MiniTorch.Analyzers;

/// <summary>MT0004: a module made by Forward is a new one each time.</summary>
[DiagnosticAnalyzer(LanguageNames.CSharp)]
public sealed class ModuleInForwardAnalyzer() : MiniTorchAnalyzer(Rules.ModuleInForward)
{
    private protected override void Register(CompilationStartAnalysisContext context, MiniTorchTypes types) => context.RegisterOperationAction(c =>
    {
        if (c.ContainingSymbol is not IMethodSymbol { Name: "Forward", IsOverride: true, ContainingType: { } owner } || !MiniTorchTypes.Is(owner, types.Module)) return;
        if (c.Operation is not IObjectCreationOperation { Type: { } type } creation || !MiniTorchTypes.Is(type, types.Module)) return;
        // One inside another is reported with it.
        if (creation.Syntax.Ancestors().OfType<BaseObjectCreationExpressionSyntax>().Any(outer => MiniTorchTypes.Is(creation.SemanticModel!.GetTypeInfo(outer).Type, types.Module))) return;
        ImmutableDictionary<string, string?> properties = ImmutableDictionary<string, string?>.Empty;
        if (!creation.Descendants().Any(part => part is ILocalReferenceOperation or IParameterReferenceOperation or IInstanceReferenceOperation { ReferenceKind: InstanceReferenceKind.ContainingTypeInstance }))
            properties = properties.Add("type", type.ToMinimalDisplayString(creation.SemanticModel!, creation.Syntax.SpanStart));
        c.ReportDiagnostic(Diagnostic.Create(Rules.ModuleInForward, creation.Syntax.GetLocation(), properties, type.Name));
    }, OperationKind.ObjectCreation);
}
