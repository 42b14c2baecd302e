using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Diagnostics;

namespace MiniTorch.Analyzers;

/// <summary>
/// MT0005: what discovery does not look into: static members, computed properties, tuples, delegates, Lazy, sets and queues, arrays of
/// several dimensions, and the fields of classes and structs that are no modules.
/// </summary>
[DiagnosticAnalyzer(LanguageNames.CSharp)]
public sealed class HiddenModuleAnalyzer() : MiniTorchAnalyzer(Rules.HiddenModule)
{
    private protected override void Register(CompilationStartAnalysisContext context, MiniTorchTypes types)
    {
        context.RegisterSymbolAction(c => Check(c, ((IFieldSymbol)c.Symbol).Type, types), SymbolKind.Field);
        context.RegisterSymbolAction(c =>
        {
            if (IsStored((IPropertySymbol)c.Symbol)) Check(c, ((IPropertySymbol)c.Symbol).Type, types);
        }, SymbolKind.Property);
        context.RegisterOperationAction(c =>
        {
            if (c.ContainingSymbol is IMethodSymbol { MethodKind: MethodKind.PropertyGet, AssociatedSymbol: IPropertySymbol property }
                && !IsStored(property)
                && MiniTorchTypes.Is(property.ContainingType, types.Module) && types.IsState(c.Operation.Type)
                && SymbolEqualityComparer.Default.Equals(c.Operation.Type, property.Type))
                Report(c.ReportDiagnostic, property, "is computed anew by every read");
        }, OperationKind.ObjectCreation);
    }

    private static void Check(SymbolAnalysisContext c, ITypeSymbol type, MiniTorchTypes types)
    {
        if (c.Symbol.IsImplicitlyDeclared || !MiniTorchTypes.Is(c.Symbol.ContainingType, types.Module)) return;
        if (!c.Symbol.IsStatic && IsHolder(type, c.Symbol.ContainingType, types))
        {
            Report(c.ReportDiagnostic, c.Symbol, $"is in a {type.ToDisplayString(SymbolDisplayFormat.MinimallyQualifiedFormat)}");
            return;
        }
        if (!Holds(type, types)) return;
        if (c.Symbol.IsStatic) Report(c.ReportDiagnostic, c.Symbol, "is static");
        else if (!IsLookedInto(type, types))
            Report(c.ReportDiagnostic, c.Symbol, $"is in a {type.ToDisplayString(SymbolDisplayFormat.MinimallyQualifiedFormat)}");
    }

    private static void Report(Action<Diagnostic> report, ISymbol symbol, string reason) =>
        report(Diagnostic.Create(Rules.HiddenModule, symbol.Locations[0], symbol.Name, reason));

    private static bool IsStored(IPropertySymbol property) =>
        property.ContainingType.GetMembers().OfType<IFieldSymbol>()
            .Any(field => SymbolEqualityComparer.Default.Equals(field.AssociatedSymbol, property));

    // A delegate holds what it gives, not what it takes.
    private static bool Holds(ITypeSymbol type, MiniTorchTypes types) =>
        types.IsState(type) || type switch
        {
            IArrayTypeSymbol array => Holds(array.ElementType, types),
            INamedTypeSymbol { DelegateInvokeMethod: { } invoke } => Holds(invoke.ReturnType, types),
            INamedTypeSymbol named => named.TypeArguments.Any(argument => Holds(argument, types)),
            _ => false,
        };

    // As ModuleMembers does: lists, arrays and dictionaries with text keys; an interface is mostly one of these.
    private static bool IsLookedInto(ITypeSymbol type, MiniTorchTypes types) =>
        types.IsState(type) || type.TypeKind == TypeKind.Interface
        || type switch
        {
            IArrayTypeSymbol array => array.Rank == 1 && IsLookedInto(array.ElementType, types),
            INamedTypeSymbol { TypeArguments.Length: 2 } dictionary when Implements(dictionary, "IDictionary") =>
                dictionary.TypeArguments[0].SpecialType == SpecialType.System_String && IsLookedInto(dictionary.TypeArguments[1], types),
            INamedTypeSymbol { TypeArguments.Length: 1 } list when Implements(list, "IList") => IsLookedInto(list.TypeArguments[0], types),
            _ => false,
        };

    // A class or struct of this program with a module or parameter in a field of its own; one that leads back to the owner is no part of it.
    private static bool IsHolder(ITypeSymbol type, INamedTypeSymbol owner, MiniTorchTypes types) =>
        type is INamedTypeSymbol { TypeKind: TypeKind.Class or TypeKind.Struct } && !types.IsState(type) && !type.DeclaringSyntaxReferences.IsEmpty
        && type.GetMembers().OfType<IFieldSymbol>().Any(field =>
            !field.IsStatic && types.IsState(field.Type) && !MiniTorchTypes.Is(owner, field.Type.OriginalDefinition as INamedTypeSymbol));

    private static bool Implements(ITypeSymbol type, string contract) =>
        type.AllInterfaces.Any(found => found is { TypeArguments.Length: 0 } && found.Name == contract);
}
