using MiniTorch.Nn;

namespace MiniTorch.Tests.Docs;

/// <summary>
/// docs/interactive/cross-entropy.html holds the library's values and gradients of every node, computes the same ones, and works in a browser.
/// </summary>
internal sealed class CrossEntropyPageTests
{
    private static readonly InteractivePage s_page = new("cross-entropy.html");

    private static readonly (double[] Logits, int Target)[] s_examples =
        [([2, 0.5, 1], 0), ([0.2, 1.5, 0.3], 1), ([1, 2, 0.1], 0), ([0, 0, 0], 2), ([800, 0, -800], 1)];

    [Test]
    public void Page_holds_the_librarys_numbers() => s_page.TableShouldBe(s_examples.Select(example => Row(example.Logits, example.Target)), 1e-12);

    [Test]
    public void Formulas_of_the_page_give_the_numbers_of_the_fused_loss()
    {
        foreach ((double[] z, int target) in s_examples)
        {
            Tensor logits = Tensor.From(z);
            logits.RequiresGrad = true;
            Tensor loss = Functional.CrossEntropy(logits, target);
            loss.Backward();
            s_page.Value("lossOf", z[target], z[0], z[1], z[2]).ShouldBe(loss.Item<double>(), 1e-12);
            for (int i = 0; i < z.Length; i++)
                s_page.Value("gradientOf", z[i], i == target ? 1 : 0, z[0], z[1], z[2]).ShouldBe(logits.Grad![i].Item<double>(), 1e-12);
        }
    }

    [Test]
    public void Page_needs_no_network() => s_page.ShouldNeedNoNetwork();

    [Test, Category("Browser")]
    public async Task In_a_browser_keys_lead_through_the_steps()
    {
        await using Browser browser = await Browser.OpenAsync(s_page.File);
        await browser.ResizeAsync(1000, 900);
        (await browser.NumberAsync("largestDifference()")).ShouldBeLessThan(1e-12);
        (await Cell(browser, 7, 1)).ShouldBe("");
        for (int i = 0; i < 7; i++) await browser.PressAsync("ArrowRight", 39);
        (await Cell(browser, 7, 1)).ShouldBe("0.4644");
        (await Cell(browser, 0, 2)).ShouldBe("");
        (await browser.EvaluateAsync("document.getElementById('story').textContent")).ShouldContain("0.4644");
        await browser.ScreenshotAsync("cross-entropy-forward.png");

        await browser.PressAsync("End", 35);
        (await Cell(browser, 0, 2)).ShouldBe("−0.3715 0.1402 0.2312");
        (await Cell(browser, 7, 2)).ShouldBe("1.0000");
        await browser.PressAsync("ArrowLeft", 37);
        (await Cell(browser, 0, 2)).ShouldBe("");
        (await Cell(browser, 1, 2)).ShouldBe("−0.3715 0.1402 0.2312");
        await browser.PressAsync("Home", 36);
        (await browser.EvaluateAsync("document.getElementById('step').getAttribute('aria-valuetext')")).ShouldStartWith("step 0: The logits");

        await browser.EvaluateAsync("document.getElementById('step').focus()"); // the slider's own keys
        await browser.PressAsync("End", 35);
        (await browser.EvaluateAsync("document.querySelectorAll('.edge.gradient').length")).ShouldBe("8");
        await browser.EvaluateAsync("document.querySelectorAll('#presets button')[4].click()");
        (await Cell(browser, 7, 1)).ShouldBe("800");
        await browser.EvaluateAsync("(() => { const box = document.getElementById('a'); box.value = ''; box.dispatchEvent(new Event('input')); })()");
        (await browser.EvaluateAsync("document.getElementById('graph').textContent.includes('NaN')")).ShouldBe("false");
        await browser.EvaluateAsync("document.getElementById('play').click()");
        await browser.UntilAsync("step == 1");
    }

    [TestCase(320, true)]
    [TestCase(1000, false)]
    [Category("Browser")]
    public async Task In_a_browser_everything_fits_the_screen(int width, bool dark)
    {
        await using Browser browser = await Browser.OpenAsync(s_page.File);
        await browser.ResizeAsync(width, 800, dark);
        foreach (int example in Enumerable.Range(0, s_examples.Length))
        {
            await browser.EvaluateAsync($"document.querySelectorAll('#presets button')[{example}].click()");
            await browser.EvaluateAsync("show(15)");
            (await browser.NumberAsync("document.documentElement.scrollWidth")).ShouldBeLessThanOrEqualTo(width);
            (await browser.EvaluateAsync("""
                [...document.querySelectorAll('.node')].flatMap(node => [...node.querySelectorAll('text')].filter(item => {
                  const box = node.querySelector('rect').getBBox(), text = item.getBBox();
                  return text.x < box.x || text.x + text.width > box.x + box.width || text.y < box.y || text.y + text.height > box.y + box.height;
                }).map(item => item.textContent)).join('; ')
                """)).ShouldBe("", $"example {example}");
        }
        await browser.EvaluateAsync("document.querySelectorAll('#presets button')[0].click()");
        await browser.ScreenshotAsync($"cross-entropy-{width}.png");
    }

    private static async Task<string> Cell(Browser browser, int row, int column) =>
        (await browser.EvaluateAsync($"document.querySelectorAll('#rows tbody tr')[{row}].children[{column}].textContent"))
            .Replace("  ", " ", StringComparison.Ordinal);

    // Every node by itself, as the page draws it, with the gradient that a backward pass leaves in it.
    private static double[] Row(double[] logits, int target)
    {
        Tensor z = Tensor.From(logits);
        z.RequiresGrad = true;
        Tensor s = z - z.Amax(0), e = s.Exp(), sum = e.Sum(), log = sum.Log(), l = s - log, picked = l[target], loss = -picked;
        Tensor[] nodes = [z, s, e, sum, log, l, picked, loss];
        foreach (Tensor node in nodes) node.RetainGrad();
        loss.Backward();
        return [.. logits, target, .. nodes.SelectMany(node => node.ToArray<double>()), .. nodes.SelectMany(node => node.Grad!.ToArray<double>())];
    }
}
