using System.Reflection;
using System.Text;
using Microsoft.CodeAnalysis;
using MiniTorch.Nn;
using MiniTorch.Tests.Docs;

namespace MiniTorch.Tests.Contract;

/// <summary>
/// The public surface is what PublicApi.*.txt say. It changes only on purpose: run with UPDATE_API=1, and read the difference before it is
/// committed.
/// </summary>
internal sealed class PublicApiTests
{
    private static IEnumerable<TestCaseData> Assemblies =>
        new[]
        {
            typeof(Tensor).Assembly, typeof(Functional).Assembly, typeof(MiniTorch.IO.Onnx).Assembly, typeof(MiniTorch.Mpi.World).Assembly,
            typeof(NumericsTensors).Assembly,
        }
            .Select(assembly => new TestCaseData(assembly).SetArgDisplayNames(assembly.GetName().Name!));

    [TestCaseSource(nameof(Assemblies))]
    public void The_public_surface_is_the_baseline(Assembly assembly)
    {
        string path = Path.Combine(RepositoryFiles.Root, "MiniTorch.Tests", "Contract", $"PublicApi.{assembly.GetName().Name!.Split('.')[1]}.txt"),
            surface = Surface(assembly);
        if (Environment.GetEnvironmentVariable("UPDATE_API") == "1") File.WriteAllText(path, surface);
        string[] before = File.ReadAllLines(path), now = surface.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        before.Except(now).Select(line => $"gone: {line.Trim()}").Concat(now.Except(before).Select(line => $"new: {line.Trim()}"))
            .ShouldBeEmpty("the public surface changed; if that is meant, run this test with UPDATE_API=1 and commit the baseline");
        surface.ShouldBe(File.ReadAllText(path), "UPDATE_API=1 puts the baseline into order");
    }

    // A member's line is led by its type's name, so that each stands for itself in a difference.
    private static string Surface(Assembly assembly)
    {
        var text = new StringBuilder();
        foreach (INamedTypeSymbol type in PublicSurface.Types(assembly))
        {
            string bases = string.Join(", ",
                new[] { type.TypeKind == TypeKind.Class ? type.BaseType : null }.Concat(type.Interfaces)
                    .Where(parent => parent is not null && parent.SpecialType != SpecialType.System_Object)
                .Select(parent => parent!.ToDisplayString(SymbolDisplayFormat.MinimallyQualifiedFormat)));
            text.Append(type.ToDisplayString()).Append(": ").Append(type.ToDisplayString(PublicSurface.Declaration))
                .Append(bases.Length > 0 ? $" : {bases}" : "").Append('\n');
            foreach (string member in PublicSurface.Members(type).Select(member => member.ToDisplayString(PublicSurface.Declaration))
                .Order(StringComparer.Ordinal))
                text.Append("    ").Append(type.ToDisplayString()).Append(": ").Append(member).Append('\n');
        }
        return text.ToString();
    }
}
