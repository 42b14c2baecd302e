using System.Globalization;
using System.Reflection;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using MiniTorch.IO;
using MiniTorch.Nn;
using MiniTorch.Pictures;
using MiniTorch.Tests.Docs;
using MiniTorch.Tests.Files;

namespace MiniTorch.Tests.Contract;

/// <summary>
/// No message, file or number depends on the current culture. The tests themselves run with InvariantGlobalization, so the cultures are made by
/// hand, and casing is checked in the source.
/// </summary>
internal sealed class CultureTests
{
    private static readonly string[] s_projects = ["MiniTorch.Core", "MiniTorch.Nn", "MiniTorch.Onnx", "MiniTorch.Numerics"];

    [TestCaseSource(nameof(s_projects))]
    public void Source_formats_parses_orders_and_compares_without_the_current_culture(string project) => Findings(Compile(project)).ShouldBeEmpty();

    [Test]
    public void Each_kind_of_dependence_on_the_culture_is_found()
    {
        const string Code = """
            using System; using System.Linq;
            class C
            {
                string A(double x) => $"{x}";
                string B(long x) => $"{x:N0}";
                string D(double x) => "" + x;
                string E(double x) => x.ToString("F2");
                double F(string x) => double.Parse(x);
                string G(string x) => x.ToUpper();
                bool H(string x) => x.StartsWith("i");
                object I(string[] x) => x.Order();
                string J(double[] x) => string.Join(", ", x);
                string Fine(double x, int i, string[] y) => FormattableString.Invariant($"{x}") + $"{i} {y[0]:s}" + y[0].ToLowerInvariant() + y.Order(StringComparer.Ordinal);
            }
            """;
        CSharpCompilation compilation = CSharpCompilation.Create("code", [CSharpSyntaxTree.ParseText(Code)], Framework(), Options());
        Findings(compilation).Select(finding => finding.Split(": ")[1]).ShouldBe(
            ["{x}", "{x:N0}", "x", "x.ToString(\"F2\")", "double.Parse(x)", "x.ToUpper()", "x.StartsWith(\"i\")", "x.Order()",
                "string.Join(\", \", x)"]);
    }

    // A comma as decimal separator and a point between thousands, as in de-DE and tr-TR; another minus sign, as in sv-SE.
    private static CultureInfo Foreign()
    {
        var culture = (CultureInfo)CultureInfo.InvariantCulture.Clone();
        culture.NumberFormat = new NumberFormatInfo
        {
            NumberDecimalSeparator = ",", NumberGroupSeparator = ".", NegativeSign = "−",
            NaNSymbol = "keine Zahl", PositiveInfinitySymbol = "unendlich"
        };
        culture.DateTimeFormat = new DateTimeFormatInfo { DateSeparator = "-", TimeSeparator = "." };
        return culture;
    }

    [Test]
    public void Files_pictures_texts_and_messages_are_the_same_in_every_culture()
    {
        string[] Produced(CultureInfo culture)
        {
            CultureInfo former = CultureInfo.CurrentCulture;
            CultureInfo.CurrentCulture = culture;
            try
            {
                Generator.ManualSeed(0);
                return [.. Products()];
            }
            finally
            {
                CultureInfo.CurrentCulture = former;
            }
        }

        string[] expected = Produced(CultureInfo.InvariantCulture), found = Produced(Foreign());
        for (int i = 0; i < expected.Length; i++) found[i].ShouldBe(expected[i]);
    }

    private static IEnumerable<string> Products()
    {
        using var folder = new TemporaryFolder();
        var model = new Sequential(new Linear(3, 4), new Dropout(0.25), new LeakyReLU(-0.5), new Linear(4, 2));
        Tensor x = Tensor.Randn([5, 3]) * -1234.5;
        yield return $"{x}\n{x:F3}\n{x.To(DType.Float64)}\n{Tensor.Arange(0, -3, -1)}";
        yield return $"{model}\n{model.Summary([5, 3])}\n{model.DebugText}\n{x.DebugText}";
        yield return $"{Explain.Run(model, x)}";
        yield return $"{GradCheck.Run(t => (t * 0.001).Exp().Sum(), x.To(DType.Float64))}";
        yield return Picture.Curves([1.5, -0.25, 1e-9]);
        Safetensors.Save(folder["a"], model.StateDict(), new Dictionary<string, string> { ["lr"] = "0.1" });
        Npy.Save(folder["b"], x);
        Npz.Save(folder["c"], new Dictionary<string, Tensor> { ["x"] = x });
        Onnx.Export(model, x, folder["d"]);
        var checkpoint = new Checkpoint { ["model"] = model, ["lr"] = -0.125, ["epoch"] = -1234567 };
        checkpoint.Save(folder["e"]);
        foreach (string file in (string[])["a", "b", "c", "d", "e"]) yield return Convert.ToHexString(File.ReadAllBytes(folder[file]));
        checkpoint["lr"] = 0.0;
        checkpoint.TryLoad(folder["e"]).ShouldBeTrue();
        yield return checkpoint.Get<double>("lr") == -0.125 ? "read back" : "changed";
        foreach (Action failing in (Action[])
        [
            () => _ = new Dropout(1.5), () => Functional.HuberLoss(x, x, delta: -0.5), () => x.ToArray<float>().AsSpan(), () =>
                Tensor.Arange(0.5, 1.5, -0.5),
            () => Functional.BinaryCrossEntropy(x, x), () => Init.Uniform(x, 0.5, -0.5), () => Npz.Load(folder["c"], maxBytes: 12), () =>
                Npy.Load(folder["a"]),
            () => Safetensors.Load(folder["b"]), () => new CrossEntropyLoss(labelSmoothing: 1.5).Call(x, Tensor.Zeros([5], DType.Int64)),
        ])
            yield return Message(failing).Replace(folder[""], "", StringComparison.Ordinal);
    }

    private static string Message(Action action)
    {
        try
        {
            action();
            return "";
        }
        catch (MiniTorchException error)
        {
            return error.Message;
        }
    }

    private static CSharpCompilation Compile(string project)
    {
        const string Usings = "global using System; global using System.Collections.Generic; global using System.IO; global using System.Linq; global using System.Threading; global using System.Threading.Tasks;";
        string folder = Path.Combine(RepositoryFiles.Root, project);
        IEnumerable<SyntaxTree> trees = Directory.EnumerateFiles(folder, "*.cs", SearchOption.AllDirectories)
            .Where(file => !Path.GetRelativePath(folder, file).StartsWith("obj", StringComparison.Ordinal)
            && !Path.GetRelativePath(folder, file).StartsWith("bin", StringComparison.Ordinal))
            .Select(file => CSharpSyntaxTree.ParseText(File.ReadAllText(file), new CSharpParseOptions(LanguageVersion.Preview),
            Path.GetRelativePath(RepositoryFiles.Root, file)))
            .Append(CSharpSyntaxTree.ParseText(Usings, new CSharpParseOptions(LanguageVersion.Preview)));
        CSharpCompilation compilation =
            CSharpCompilation.Create(project, trees, Framework().Where(reference => Path.GetFileNameWithoutExtension(reference.Display) != project),
                Options());
        compilation.GetDiagnostics().Where(diagnostic => diagnostic.Severity == DiagnosticSeverity.Error).ShouldBeEmpty();
        return compilation;
    }

    private static IEnumerable<MetadataReference> Framework() =>
        ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator).Select(path => MetadataReference.CreateFromFile(path));

    private static CSharpCompilationOptions Options() =>
        new(OutputKind.DynamicallyLinkedLibrary, allowUnsafe: true, nullableContextOptions: NullableContextOptions.Enable,
            metadataImportOptions: MetadataImportOptions.All);

    private static IEnumerable<string> Findings(CSharpCompilation compilation) =>
        from tree in compilation.SyntaxTrees
        let model = compilation.GetSemanticModel(tree)
        from node in tree.GetRoot().DescendantNodes()
        where node switch
        {
            InterpolationSyntax hole => BecomesString(hole, model)
                && FollowsCulture(model.GetTypeInfo(hole.Expression).Type, hole.FormatClause?.FormatStringToken.ValueText),
            InvocationExpressionSyntax call => model.GetSymbolInfo(call).Symbol is IMethodSymbol method && FollowsCulture(call, method, model),
            ExpressionSyntax { Parent: BinaryExpressionSyntax { RawKind: (int)SyntaxKind.AddExpression } sum } operand =>
                model.GetTypeInfo(sum).Type?.SpecialType == SpecialType.System_String && FollowsCulture(model.GetTypeInfo(operand).Type, null),
            _ => false,
        }
        select $"{tree.FilePath}:{tree.GetLineSpan(node.Span).StartLinePosition.Line + 1}: {node}";

    // Interpolated strings that become a FormattableString or another handler are formatted by their receiver.
    private static bool BecomesString(InterpolationSyntax hole, SemanticModel model)
    {
        var text = (ExpressionSyntax)hole.Parent!;
        while (text.Parent is BinaryExpressionSyntax sum) text = sum;
        return model.GetTypeInfo(text).ConvertedType?.SpecialType == SpecialType.System_String;
    }

    private static bool FollowsCulture(ITypeSymbol? type, string? format)
    {
        if (type is INamedTypeSymbol { OriginalDefinition.SpecialType: SpecialType.System_Nullable_T } nullable) type = nullable.TypeArguments[0];
        return type?.SpecialType switch
        {
            SpecialType.System_Double or SpecialType.System_Single or SpecialType.System_Decimal or SpecialType.System_DateTime => true,
            SpecialType.System_String => false,
            _ => type?.Name is "Half" or "DateTimeOffset" or "TimeSpan" || type?.TypeKind == TypeKind.TypeParameter
                || (format is not null && !format.StartsWith('X') && !format.StartsWith('D') && type?.Name != "Tensor"),
        };
    }

    private static bool FollowsCulture(InvocationExpressionSyntax call, IMethodSymbol method, SemanticModel model)
    {
        if (method.Parameters.Any(parameter => parameter.Type.Name is "IFormatProvider" or "CultureInfo" or "StringComparison"
            || parameter.Type.Name.EndsWith("Comparer", StringComparison.Ordinal)))
            return false;
        bool ofString = method.ContainingType.SpecialType == SpecialType.System_String;
        return method.Name switch
        {
            "ToString" => FollowsCulture(method.ContainingType, null),
            "Parse" or "TryParse" => FollowsCulture(method.ContainingType, null)
                || method.ContainingType.SpecialType is SpecialType.System_Int32 or SpecialType.System_Int64,
            "ToUpper" or "ToLower" => ofString || method.ContainingType.SpecialType == SpecialType.System_Char,
            "StartsWith" or "EndsWith" or "IndexOf" or "LastIndexOf" or "Compare" or "CompareTo" =>
                ofString && method.Parameters[0].Type.SpecialType == SpecialType.System_String,
            "Order" or "OrderDescending" or "OrderBy" or "OrderByDescending" or "ThenBy" or "ThenByDescending" or "Sort" =>
                method.TypeArguments.LastOrDefault()?.SpecialType == SpecialType.System_String,
            "Join" or "Concat" => ofString
                && call.ArgumentList.Arguments.Any(argument => FollowsCulture(ElementType(model.GetTypeInfo(argument.Expression).Type), null)),
            _ => false,
        };
    }

    private static ITypeSymbol? ElementType(ITypeSymbol? type) => type switch
    {
        IArrayTypeSymbol array => array.ElementType,
        INamedTypeSymbol { TypeArguments: [var only] } => only,
        _ => null,
    };
}
