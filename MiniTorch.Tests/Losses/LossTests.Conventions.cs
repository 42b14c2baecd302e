using System.Reflection;
using System.Text;
using MiniTorch.Nn;
using MiniTorch.Tests.Docs;
using Module = MiniTorch.Nn.Module;

namespace MiniTorch.Tests.Losses;

/// <summary>Every loss has a row, and every row all that the checks need; the guide's table is the rows'.</summary>
public sealed partial class LossTests
{
    /// <summary>Losses that PyTorch, torchvision and the reference data do not have.</summary>
    private static readonly string[] s_withoutReference = ["DiceLoss", "TripletMarginWithDistanceLoss"];

    /// <summary>Arguments that have a column of their own in the guide.</summary>
    private static readonly string[] s_columns = ["weight", "posWeight", "elementWeights", "ignoreIndex", "labelSmoothing", "classAxis", "reduction"];

    /// <summary>Functions of layers, which are no losses.</summary>
    private static readonly string[] s_layerFunctions = ["Linear", "Dropout", "Dropout1d", "Dropout2d", "PadSequence", "UnpadSequence"];

    private static IEnumerable<Type> LossModules =>
        typeof(Module).Assembly.GetExportedTypes().Where(type
            => type.IsSubclassOf(typeof(Module)) && type.Name.EndsWith("Loss", StringComparison.Ordinal));

    private static IEnumerable<string> LossFunctions =>
        typeof(Functional).GetMethods(BindingFlags.Public | BindingFlags.Static | BindingFlags.DeclaredOnly)
            .Select(method => method.Name).Distinct().Except(s_layerFunctions);

    [TestCaseSource(nameof(LossModules))]
    public void Every_loss_has_one_complete_row(Type loss)
    {
        LossRow row = LossSamples.All.Where(row => row.Module == loss).ShouldHaveSingleItem($"add a row for {loss.Name} to LossSamples");
        row.Targets.ShouldNotBeEmpty($"{loss.Name} needs Guide(…)");
        row.Samples.ShouldNotBeEmpty($"{loss.Name} needs Sample(…)");
        row.Cases.ShouldNotBeEmpty($"{loss.Name} needs Case(…)");
        row.Shapes.ShouldNotBeEmpty($"{loss.Name} needs Takes(…)");
        row.Misuses.ShouldNotBeEmpty($"{loss.Name} needs Misuse(…)");
        (row.TorchCalls.Count > 0).ShouldBe(!s_withoutReference.Contains(loss.Name), $"{loss.Name} needs Torch(…)");
        (row.Ignoring.Count > 0).ShouldBe(Has(row, "ignoreIndex"), $"{loss.Name} has an ignored index and needs Ignores(…)");
    }

    [TestCaseSource(nameof(LossFunctions))]
    public void Every_loss_function_is_called_by_the_table(string function) =>
        OpConventionTests.CalledBy(typeof(LossSamples)).Where(method => method.DeclaringType == typeof(Functional)).Select(method => method.Name)
            .ShouldContain(function, $"no row of LossSamples calls Functional.{function}");

    [Test]
    public void The_guide_shows_the_table_as_it_is()
    {
        var text = new StringBuilder("| loss | targets | class weights | element weights | ignored index | label smoothing | class axis ");
        text.Append("| its own options and their defaults |\n| --- | --- | --- | --- | --- | --- | --- | --- |\n");
        foreach (LossRow row in LossSamples.All.Where(row => row.Module is not null))
        {
            IEnumerable<string> own = row.Arguments.Where(argument => !s_columns.Contains(argument.Name))
                .Select(argument => argument.ToString());
            if (row.Note is not null) own = own.Append(row.Note);
            if (row.Arguments.Contains(new("reduction", Reduction.None))) own = own.Append("reduction None by default");
            text.Append("| ").AppendJoin(" | ", $"`{row.Name}`", row.Targets, row.ClassWeights, row.ElementWeights,
                Dot(row, "ignoreIndex"), Dot(row, "labelSmoothing"), row.ClassAxis, string.Join(", ", own.DefaultIfEmpty("–"))).Append(" |\n");
        }
        GeneratedPage.SectionShouldBe("docs/reference/losses.md", "losses", text.ToString());
    }

    private static bool Has(LossRow row, string argument) => row.Arguments.Any(given => given.Name == argument);

    private static string Dot(LossRow row, string argument) => Has(row, argument) ? "●" : "";
}
