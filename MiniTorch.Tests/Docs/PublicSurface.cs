using System.Globalization;
using System.Reflection;
using System.Xml.Linq;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace MiniTorch.Tests.Docs;

/// <summary>The public types and members of an assembly, as the compiler sees them, written as C# declares them.</summary>
internal static class PublicSurface
{
    /// <summary>A declaration in one line: modifiers, types, parameters with their defaults.</summary>
    public static readonly SymbolDisplayFormat Declaration = new(
        typeQualificationStyle: SymbolDisplayTypeQualificationStyle.NameAndContainingTypes,
        genericsOptions: SymbolDisplayGenericsOptions.IncludeTypeParameters | SymbolDisplayGenericsOptions.IncludeTypeConstraints | SymbolDisplayGenericsOptions.IncludeVariance,
        memberOptions: SymbolDisplayMemberOptions.IncludeAccessibility | SymbolDisplayMemberOptions.IncludeModifiers | SymbolDisplayMemberOptions.IncludeParameters
            | SymbolDisplayMemberOptions.IncludeType | SymbolDisplayMemberOptions.IncludeConstantValue | SymbolDisplayMemberOptions.IncludeRef,
        kindOptions: SymbolDisplayKindOptions.IncludeTypeKeyword | SymbolDisplayKindOptions.IncludeMemberKeyword,
        parameterOptions: SymbolDisplayParameterOptions.IncludeType | SymbolDisplayParameterOptions.IncludeName | SymbolDisplayParameterOptions.IncludeDefaultValue
            | SymbolDisplayParameterOptions.IncludeParamsRefOut | SymbolDisplayParameterOptions.IncludeExtensionThis,
        propertyStyle: SymbolDisplayPropertyStyle.ShowReadWriteDescriptor,
        miscellaneousOptions: SymbolDisplayMiscellaneousOptions.UseSpecialTypes | SymbolDisplayMiscellaneousOptions.IncludeNullableReferenceTypeModifier
            | SymbolDisplayMiscellaneousOptions.AllowDefaultLiteral);

    /// <summary>The public types of an assembly, in the order of their full names.</summary>
    public static INamedTypeSymbol[] Types(Assembly assembly)
    {
        IEnumerable<MetadataReference> framework = ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator)
            .Where(path => path != assembly.Location).Select(path => MetadataReference.CreateFromFile(path));
        var reference = MetadataReference.CreateFromFile(assembly.Location,
            documentation: new XmlFile(Path.ChangeExtension(assembly.Location, ".xml")));
        var compilation = CSharpCompilation.Create("surface", references: [.. framework, reference]);
        var symbol = (IAssemblySymbol)compilation.GetAssemblyOrModuleSymbol(reference)!;
        return [.. All(symbol.GlobalNamespace).Where(IsVisible).OrderBy(type => type.ToDisplayString(), StringComparer.Ordinal)];
    }

    /// <summary>The members that users of a type see, in the order of their declarations.</summary>
    public static IEnumerable<ISymbol> Members(INamedTypeSymbol type) =>
        type.GetMembers().Where(member => IsVisible(member) && member is not INamedTypeSymbol && !member.IsImplicitlyDeclared
            && member is not IMethodSymbol { MethodKind: MethodKind.PropertyGet or MethodKind.PropertySet or MethodKind.EventAdd or MethodKind.EventRemove });

    private static IEnumerable<INamedTypeSymbol> All(INamespaceOrTypeSymbol container) =>
        container.GetMembers().SelectMany(member => member switch
        {
            INamespaceSymbol space => All(space),
            INamedTypeSymbol type => All(type).Prepend(type),
            _ => [],
        });

    private static bool IsVisible(ISymbol symbol) =>
        symbol.DeclaredAccessibility is Accessibility.Public or Accessibility.Protected or Accessibility.ProtectedOrInternal
        && (symbol.ContainingType is null || IsVisible(symbol.ContainingType))
        && symbol.CanBeReferencedByName | symbol is IMethodSymbol { MethodKind: not MethodKind.Ordinary } | symbol is IPropertySymbol;

    private sealed class XmlFile(string path) : DocumentationProvider
    {
        private readonly Dictionary<string, string> _byId = XDocument.Load(path).Descendants("member")
            .ToDictionary(member => member.Attribute("name")!.Value, member => member.ToString());

        public override bool Equals(object? obj) => ReferenceEquals(this, obj);

        public override int GetHashCode() => 0;

        protected override string? GetDocumentationForSymbol(string documentationMemberID, CultureInfo preferredCulture,
            CancellationToken cancellationToken = default) =>
            _byId.GetValueOrDefault(documentationMemberID);
    }
}
