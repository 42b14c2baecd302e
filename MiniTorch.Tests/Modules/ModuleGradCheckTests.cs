using MiniTorch.Nn;

namespace MiniTorch.Tests.Modules;

/// <summary>The library's own checker on every module of the library, by every input and parameter.</summary>
public sealed class ModuleGradCheckTests
{
    static IEnumerable<TestCaseData> Samples => ModuleSamples.All.Select(sample => new TestCaseData(sample).SetArgDisplayNames(sample.Name));

    static IEnumerable<Type> Modules =>
        typeof(Module).Assembly.GetExportedTypes()
            .Where(type => type.IsSubclassOf(typeof(Module)) && !type.IsAbstract && !type.IsSubclassOf(typeof(Parametrization)));

    [TestCaseSource(nameof(Samples))]
    public void A_module_has_right_derivatives_to_second_order(ModuleSample sample)
    {
        GradCheckReport report = GradCheck.RunModule(sample.Model, sample.Inputs, new GradCheckOptions { Order = 2 });
        report.Verdict.ShouldBe(Verdict.Correct, report.ToString());
        report.Notes.ShouldNotContain(note => note.StartsWith("forward mode was not checked", StringComparison.Ordinal));
    }

    [TestCaseSource(nameof(Modules))]
    public void Every_module_has_a_sample(Type module) =>
        ModuleSamples.All.SelectMany(sample => sample.Model.NamedModules()).Select(inner => Definition(inner.Value.GetType()))
            .ShouldContain(Definition(module), $"add a row for {module.Name} to LayerSamples");

    static Type Definition(Type type) => type.IsGenericType ? type.GetGenericTypeDefinition() : type;
}
