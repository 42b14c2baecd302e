using System.Globalization;
using System.Reflection;
using System.Text.RegularExpressions;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using MiniTorch.Nn;

namespace MiniTorch.Tests.Docs;

/// <summary>docs/interactive/confidence.html holds the library's numbers, computes the same ones itself, and works in a browser.</summary>
internal sealed class ConfidencePageTests
{
    private const string Page = "docs/interactive/confidence.html";
    private static readonly string s_path = Path.Combine(RepositoryFiles.Root, Page);

    private static double[] Probabilities => [0.001, 0.002, 0.005, .. Enumerable.Range(1, 99).Select(i => i / 100.0), 0.995, 0.998, 0.999];

    [Test]
    public void The_page_holds_the_librarys_numbers()
    {
        if (GeneratedPage.Updates)
        {
            string rows = string.Join(",\n",
                Probabilities.Select(p => "[" + string.Join(", ", Row(p).Select(value => value.ToString("R", CultureInfo.InvariantCulture))) + "]"));
            File.WriteAllText(s_path, Regex.Replace(File.ReadAllText(s_path), @"const table = \[.*?\];", _ => $"const table = [\n{rows}];",
                RegexOptions.Singleline));
        }
        string table = Regex.Match(File.ReadAllText(s_path), @"const table = \[(.*?)\];", RegexOptions.Singleline).Groups[1].Value;
        double[] written = [.. Regex.Matches(table, @"[-+.\dEe]+").Select(number => double.Parse(number.Value, CultureInfo.InvariantCulture))];
        // Not the same text: the last bit is the processor's.
        written.ShouldBe(Probabilities.SelectMany(Row), 1e-12, "run this test with UPDATE_DOCS=1 to write the table again");
    }

    [Test]
    public void The_pages_own_formulas_give_the_librarys_numbers()
    {
        Type formulas = Formulas();
        foreach (double p in Probabilities)
        {
            double[] row = Row(p);
            double logit = Value("trueLogit", p);
            Value("lossOf", p).ShouldBe(row[1], 1e-12);
            Value("gradientByTrueLogit", p).ShouldBe(row[2], 1e-12);
            Value("gradientByOther", p, 0).ShouldBe(row[3], 1e-12);
            Value("gradientByOther", p, -1).ShouldBe(row[4], 1e-12);
            Value("logSumExp", logit, 0, -1).ShouldBe(row[5], 1e-12);
            Tensor probability = Tensor.Full([], p, DType.Float64, requiresGrad: true);
            (-probability.Log()).Backward();
            Value("gradientByP", p).ShouldBe(probability.Grad!.Item<double>(), 1e-9);
        }

        double Value(string name, params object[] arguments) =>
            (double)formulas.GetMethod(name)!.Invoke(null,
                [.. arguments.Select(argument => (object)Convert.ToDouble(argument, CultureInfo.InvariantCulture))])!;
    }

    [Test]
    public void The_page_needs_no_network() =>
        Regex.IsMatch(File.ReadAllText(s_path), @"https?:|//cdn|@import|<link|src=").ShouldBeFalse();

    [Test, Category("Browser")]
    public async Task In_a_browser_the_numbers_and_the_curve_follow_the_slider()
    {
        await using Browser browser = await Browser.OpenAsync(s_path);
        await browser.ResizeAsync(1000, 900);
        (await browser.NumberAsync("largestDifference()")).ShouldBeLessThan(1e-12);
        (await browser.NumberAsync("document.getElementById('loss').textContent")).ShouldBe(0.6931);
        (await browser.NumberAsync("document.querySelectorAll('#rows tbody tr').length")).ShouldBeGreaterThan(10);

        (double left, double width, double middle) =
            (await browser.NumberAsync("slider.getBoundingClientRect().left"), await browser.NumberAsync("slider.getBoundingClientRect().width"),
            await browser.NumberAsync("slider.getBoundingClientRect().top + slider.getBoundingClientRect().height / 2"));
        await browser.ClickAsync(left + (width * 0.1), middle);
        double p = await browser.NumberAsync("slider.value"),
            before = await browser.NumberAsync("document.getElementById('point').getAttribute('cy')");
        p.ShouldBe(0.1, 0.02);
        (await browser.NumberAsync("document.getElementById('loss').textContent")).ShouldBe(-Math.Log(p), 1e-4);
        await browser.ScreenshotAsync("confidence-light.png");

        await browser.PressAsync("ArrowRight", 39); // the click gave it the focus
        (await browser.NumberAsync("slider.value")).ShouldBe(p + 0.001, 1e-9);
        (await browser.NumberAsync("document.getElementById('point').getAttribute('cy')")).ShouldBeGreaterThan(before);
        await browser.PressAsync("End", 35);
        (await browser.EvaluateAsync("slider.getAttribute('aria-valuetext')")).ShouldBe("probability 0.999, loss 0.0010");
        await browser.PressAsync("Home", 36);
        (await browser.NumberAsync("document.getElementById('loss').textContent")).ShouldBe(-Math.Log(0.001), 1e-4);
        await browser.PressAsync("Tab", 9);
        (await browser.EvaluateAsync("document.activeElement.textContent")).ShouldBe("sure and wrong");
        await browser.EvaluateAsync("document.querySelector('[data-p=\"0.9\"]').click()");
        (await browser.NumberAsync("document.getElementById('by-logit').textContent")).ShouldBe(-0.1);
    }

    [TestCase(320, true)]
    [TestCase(1000, false)]
    [Category("Browser")]
    public async Task In_a_browser_everything_fits_the_screen(int width, bool dark)
    {
        await using Browser browser = await Browser.OpenAsync(s_path);
        await browser.ResizeAsync(width, 800, dark);
        foreach (string p in (string[])["0.001", "0.3", "0.5", "0.732", "0.9", "0.999"])
        {
            await browser.EvaluateAsync($"show({p})");
            (await browser.NumberAsync("document.documentElement.scrollWidth")).ShouldBeLessThanOrEqualTo(width);
            // Of each picture, every text and dot lies in the frame.
            (await browser.EvaluateAsync("""
                [...document.querySelectorAll('svg')].flatMap(svg => [...svg.querySelectorAll('text, circle')].filter(item => {
                  const box = item.getBBox();
                  return box.x < 0 || box.y < -2 || box.x + box.width > 360 || box.y + box.height > 242;
                }).map(item => svg.id + ': ' + (item.textContent || 'dot'))).join('; ')
                """)).ShouldBe("", $"at p = {p}");
        }
        await browser.EvaluateAsync("show(0.3)");
        (await browser.EvaluateAsync("getComputedStyle(document.body).backgroundColor")).ShouldBe(dark ? "rgb(13, 17, 23)" : "rgb(255, 255, 255)");
        await browser.ScreenshotAsync($"confidence-{width}.png");
    }

    private static double[] Row(double p)
    {
        Tensor logits = Tensor.From(new[] { Math.Log(p / (1 - p)) + Math.Log(1 + Math.Exp(-1)), 0, -1 });
        logits.RequiresGrad = true;
        Tensor loss = Functional.CrossEntropy(logits, 0);
        loss.Backward();
        return [p, loss.Item<double>(), .. logits.Grad!.ToArray<double>(), logits.LogSumExp(0).Item<double>()];
    }

    /// <summary>The page's formulas as C#: between the marks each is one line of arithmetic, which both languages write alike.</summary>
    private static Type Formulas()
    {
        string script = Regex.Match(File.ReadAllText(s_path), "// formulas.*?\n(.*?)// end of formulas", RegexOptions.Singleline).Groups[1].Value;
        MatchCollection lines = Regex.Matches(script, @"^function (\w+)\(([\w, ]+)\) \{ return (.+); \}$", RegexOptions.Multiline);
        lines.Count.ShouldBe(script.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length);
        string code = string.Concat(lines.Select(line =>
            $"public static double {line.Groups[1]}({string.Join(", ", line.Groups[2].Value.Split(", ").Select(name => "double " + name))}) => "
            + Regex.Replace(line.Groups[3].Value, @"Math\.(\w)", call => "System.Math." + char.ToUpperInvariant(call.Groups[1].Value[0])) + ";\n"));
        var compilation = CSharpCompilation.Create("Formulas", [CSharpSyntaxTree.ParseText($"public static class Formulas {{ {code} }}")],
            [MetadataReference.CreateFromFile(typeof(object).Assembly.Location)], new CSharpCompilationOptions(OutputKind.DynamicallyLinkedLibrary));
        using var stream = new MemoryStream();
        var result = compilation.Emit(stream);
        result.Success.ShouldBeTrue(string.Join("\n", result.Diagnostics));
        return Assembly.Load(stream.ToArray()).GetType("Formulas")!;
    }
}
