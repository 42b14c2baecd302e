using System.Reflection;
using System.Text;
using MiniTorch.Tests.Docs;

namespace MiniTorch.Tests;

/// <summary>docs/reference/operations.md says what the table has and what is checked; it is generated from the table.</summary>
[TestFixture]
public sealed class OpDocumentTests
{
    static readonly IReadOnlyList<(string Name, HashSet<OpRow> Rows)> Checks =
    [
        .. from method in typeof(OpTests).GetMethods(BindingFlags.Public | BindingFlags.Instance | BindingFlags.DeclaredOnly)
           let source = method.GetCustomAttribute<TestCaseSourceAttribute>()
           where source is not null
           orderby method.Name
           let property = typeof(OpTests).GetProperty(source.SourceName!, BindingFlags.NonPublic | BindingFlags.Static)!
           select (method.Name.Replace('_', ' '),
               ((IEnumerable<TestCaseData>)property.GetValue(null)!).Select(data => (OpRow)data.Arguments[0]!).ToHashSet()),
    ];

    [Test]
    public void The_guide_shows_the_table_as_it_is()
    {
        TestContext.Out.WriteLine(Counts());
        GeneratedPage.ShouldBe("docs/reference/operations.md", Document());
    }

    static string Counts()
    {
        OpRow[] rows = [.. OpSamples.All];
        int samples = rows.Sum(row => row.Samples.Count), tests = rows.Sum(CheckCount),
            all = rows.Sum(row => row.Samples.Count * row.DTypeCount * CheckCount(row));
        return $"{rows.Length} rows with {samples} samples, {rows.Sum(row => row.References.Count)} calls of PyTorch and "
            + $"{rows.Sum(row => row.Misuses.Count)} misuses: "
            + $"{tests} tests; ops × samples × dtypes × checks = {all}.";
    }

    static string Document()
    {
        var text = new StringBuilder("# Operations\n\nGenerated from the table of the tests (`MiniTorch.Tests/Ops/OpSamples*.cs`); every row "
            + "passes every check that applies to it.\n\n");
        text.Append(Counts()).Append("\n\n## Checks\n\n");
        foreach ((string name, HashSet<OpRow> rows) in Checks) text.Append("- ").Append(name).Append(": ").Append(rows.Count).Append(" rows\n");
        foreach ((string group, OpRow[] rows) in OpSamples.Groups)
        {
            text.Append("\n## ").Append(group)
                .Append("\n\n| operation | samples | dtypes | gradient | checks | PyTorch's values | misuse |\n|---|---|---|---|---|---|---|\n");
            foreach (OpRow row in rows)
                text.Append("| ").AppendJoin(" | ", row.Name, row.Samples.Count, row.DTypes, row.IsDifferentiable ? "yes" : "none", CheckCount(row),
                    row.References.Count,
                    string.Join("; ", row.Misuses.Select(misuse => misuse.What))).Append(" |\n");
        }
        return text.ToString();
    }

    static int CheckCount(OpRow row) => Checks.Count(check => check.Rows.Contains(row));
}
