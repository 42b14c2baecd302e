using MiniTorch.Nn;

namespace MiniTorch.Tests.Docs;

/// <summary>docs/interactive/confidence.html holds the library's numbers, computes the same ones itself, and works in a browser.</summary>
internal sealed class ConfidencePageTests
{
    private static readonly InteractivePage s_page = new("confidence.html");

    private static double[] Probabilities => [0.001, 0.002, 0.005, .. Enumerable.Range(1, 99).Select(i => i / 100.0), 0.995, 0.998, 0.999];

    [Test]
    public void The_page_holds_the_librarys_numbers() => s_page.TableShouldBe(Probabilities.Select(Row), 1e-12);

    [Test]
    public void The_pages_own_formulas_give_the_librarys_numbers()
    {
        foreach (double p in Probabilities)
        {
            double[] row = Row(p);
            double logit = s_page.Value("trueLogit", p);
            s_page.Value("lossOf", p).ShouldBe(row[1], 1e-12);
            s_page.Value("gradientByTrueLogit", p).ShouldBe(row[2], 1e-12);
            s_page.Value("gradientByOther", p, 0).ShouldBe(row[3], 1e-12);
            s_page.Value("gradientByOther", p, -1).ShouldBe(row[4], 1e-12);
            s_page.Value("logSumExp", logit, 0, -1).ShouldBe(row[5], 1e-12);
            Tensor probability = Tensor.Full([], p, DType.Float64, requiresGrad: true);
            (-probability.Log()).Backward();
            s_page.Value("gradientByP", p).ShouldBe(probability.Grad!.Item<double>(), 1e-9);
        }
    }

    [Test]
    public void The_page_needs_no_network() => s_page.ShouldNeedNoNetwork();

    [Test, Category("Browser")]
    public async Task In_a_browser_the_numbers_and_the_curve_follow_the_slider()
    {
        await using Browser browser = await Browser.OpenAsync(s_page.File);
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
        await using Browser browser = await Browser.OpenAsync(s_page.File);
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
}
