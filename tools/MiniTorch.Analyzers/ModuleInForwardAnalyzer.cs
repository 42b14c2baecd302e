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
        if (c.ContainingSymbol is not IMethodSymbol { Name: "Forward", IsOverride: true, ContainingType: { } owner }
            || !MiniTorchTypes.Is(owner, types.Module)) return;
        if (c.Operation is not IObjectCreationOperation { Type: { } type } creation || !MiniTorchTypes.Is(type, types.Module)) return;
        if (IsMadeOnce(creation)) return;
        // One inside another is reported with it.
        if (creation.Syntax.Ancestors().OfType<BaseObjectCreationExpressionSyntax>()
            .Any(outer => MiniTorchTypes.Is(creation.SemanticModel!.GetTypeInfo(outer).Type, types.Module))) return;
        ImmutableDictionary<string, string?> properties = ImmutableDictionary<string, string?>.Empty;
        if (!creation.Descendants().Any(part =>
            part is ILocalReferenceOperation or IParameterReferenceOperation or IInstanceReferenceOperation { ReferenceKind: InstanceReferenceKind.ContainingTypeInstance }))
            properties = properties.Add("type", type.ToMinimalDisplayString(creation.SemanticModel!, creation.Syntax.SpanStart));
        c.ReportDiagnostic(Diagnostic.Create(Rules.ModuleInForward, creation.Syntax.GetLocation(), properties, type.Name));
    }, OperationKind.ObjectCreation);

    // _layer ??= new(…), _layer = _layer ?? new(…), and an assignment to a member under an if: the module is made when it is first needed, and kept.
    private static bool IsMadeOnce(IOperation creation)
    {
        bool isConditional = false;
        for (IOperation? part = creation.Parent; part is not null; part = part.Parent)
            switch (part)
            {
                case ICoalesceAssignmentOperation assignment: return IsMember(assignment.Target);
                case ISimpleAssignmentOperation assignment when IsMember(assignment.Target): return isConditional || IsUnderIf(assignment);
                case ICoalesceOperation or IConditionalOperation: isConditional = true; break;
                case not (IConversionOperation or IParenthesizedOperation): return false;
            }
        return false;
    }

    private static bool IsMember(IOperation target) => target is IFieldReferenceOperation or IPropertyReferenceOperation;

    private static bool IsUnderIf(IOperation? operation)
    {
        for (; operation is not null; operation = operation.Parent)
            if (operation is IConditionalOperation) return true;
        return false;
    }
}
