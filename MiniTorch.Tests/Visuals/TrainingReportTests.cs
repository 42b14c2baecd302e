using System.Xml.Linq;
using MiniTorch.Nn;
using MiniTorch.Pictures;
using MiniTorch.Tests.Docs;
using MiniTorch.Tests.Files;
using MiniTorch.Tests.Training;

namespace MiniTorch.Tests.Visuals;

internal sealed class TrainingReportTests
{
    [Test]
    public void A_report_holds_curves_pictures_summary_notes_seed_and_environment_and_nothing_from_elsewhere()
    {
        using var folder = new TemporaryFolder();
        string page = Finished(folder["runs/1/report.html"]);
        page.ShouldContain("<title>Digits &lt;1&gt;</title>");
        page.ShouldContain(">loss</text>");
        page.ShouldContain(">train 0.25</text>");
        page.ShouldContain("91.2 % of 500 right");
        page.ShouldContain("fc1  Linear");
        page.ShouldContain("<th scope=\"row\">learning rate</th><td>1e-3</td>");
        page.ShouldContain("<th scope=\"row\">seed</th><td>7</td>");
        page.ShouldContain(System.Runtime.InteropServices.RuntimeInformation.FrameworkDescription);
        page.Replace("http://www.w3.org/2000/svg", "", StringComparison.Ordinal).ShouldNotContain("http");
        Should.NotThrow(() => XDocument.Parse(
            System.Text.RegularExpressions.Regex.Replace(page, "<!DOCTYPE html>|<meta[^>]*>|<script>.*?</script>", "",
                System.Text.RegularExpressions.RegexOptions.Singleline)));
    }

    [Test]
    public void The_page_is_written_at_the_first_number_then_once_an_interval_and_at_the_end()
    {
        using var folder = new TemporaryFolder();
        var clock = new StoppedClock();
        string path = folder["report.html"];
        using (var report = new TrainingReport(path, clock) { Interval = TimeSpan.FromSeconds(3) })
        {
            report.Add("loss", 4);
            File.ReadAllText(path).ShouldContain("<meta http-equiv=\"refresh\" content=\"3\">");
            clock.Now = TimeSpan.FromSeconds(2.9);
            report.Add("loss", 3);
            File.ReadAllText(path).ShouldContain("1 value from 4 to 4");
            clock.Now = TimeSpan.FromSeconds(3);
            report.Add("loss", 2);
            File.ReadAllText(path).ShouldContain("3 values from 4 to 2");
            report.Add("loss", 1);
        }
        string page = File.ReadAllText(path);
        page.ShouldContain("4 values from 4 to 1");
        page.ShouldNotContain("refresh");
        page.ShouldContain("Finished after 0:00:03");
        folder.Files.ShouldBe(["report.html"]);
    }

    [Test]
    public void Series_with_one_beginning_share_a_picture_and_steps_count_on()
    {
        using var folder = new TemporaryFolder();
        using var report = new TrainingReport(folder["report.html"]);
        report.Add("loss/train", 1, step: 10);
        report.Add("loss/train", 0.5);
        report.Add("loss/validation", 0.7, step: 11);
        report.Add("accuracy", double.NaN);
        report.Write();
        string page = File.ReadAllText(folder["report.html"]);
        page.ShouldContain("""{&quot;name&quot;:&quot;train&quot;,&quot;steps&quot;:[10,11],&quot;values&quot;:[&quot;1&quot;,&quot;0.5&quot;]}""");
        page.Split("<figure").Length.ShouldBe(3);
        page.ShouldContain("1 value is not finite");
    }

    [Test]
    public void A_path_that_cannot_be_written_is_told_once_and_does_not_end_the_run()
    {
        using var folder = new TemporaryFolder();
        string path = Path.Combine(folder.Write("file", [1]), "report.html"); // a file is no folder
        TextWriter console = Console.Error;
        using var told = new StringWriter();
        try
        {
            Console.SetError(told);
            using var report = new TrainingReport(path) { Interval = TimeSpan.Zero };
            report.Add("loss", 1);
            report.Add("loss", 2);
            report.Error!.Message.ShouldStartWith($"TrainingReport: '{path}' cannot be written: ");
            report.Error.Message.ShouldContain("folder that you may write to");
        }
        finally
        {
            Console.SetError(console);
        }
        told.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries).Length.ShouldBe(1);
        Should.Throw<MiniTorchException>(() => new TrainingReport(path) { ThrowsOnError = true }.Add("loss", 1)).InnerException.ShouldNotBeNull();
        Should.Throw<MiniTorchException>(() => new TrainingReport("\0") { ThrowsOnError = true }.Write()).Message.ShouldContain("cannot be written");
    }

    [Test]
    public void Many_threads_may_add()
    {
        using var folder = new TemporaryFolder();
        using var report = new TrainingReport(folder["report.html"]) { Interval = TimeSpan.FromHours(1) };
        Parallel.For(0, 8, thread =>
        {
            for (int i = 0; i < 200; i++) report.Add($"loss/{thread}", i);
        });
        report.Write();
        string page = File.ReadAllText(folder["report.html"]);
        for (int thread = 0; thread < 8; thread++) page.ShouldContain($"{thread}: 200 values from 0 to 199");
    }

    [Test, Category("Browser")]
    public async Task In_a_browser_values_are_told_under_the_pointer_and_by_arrow_keys_and_fit_a_narrow_screen()
    {
        using var folder = new TemporaryFolder();
        Finished(folder["report.html"]);
        await using Browser browser = await Browser.OpenAsync(folder["report.html"]);
        await browser.ResizeAsync(320, 800, dark: true);
        (await browser.NumberAsync("document.documentElement.scrollWidth")).ShouldBeLessThanOrEqualTo(320);
        await browser.ResizeAsync(1200, 900);
        const string Plot = "document.querySelector('.plot').getBoundingClientRect()";
        (double left, double width, double top) =
            (await browser.NumberAsync($"{Plot}.left"), await browser.NumberAsync($"{Plot}.width"), await browser.NumberAsync($"{Plot}.top"));
        await browser.MoveAsync(left + 2, top + 20);
        (await browser.EvaluateAsync("document.querySelector('output').textContent")).ShouldBe("step 1: train 1, validation 2");
        await browser.MoveAsync(left + width - 2, top + 20);
        (await browser.EvaluateAsync("document.querySelector('output').textContent")).ShouldBe("step 4: train 0.25, validation 1");
        await browser.EvaluateAsync("document.querySelector('figure').focus()");
        await browser.PressAsync("ArrowLeft", 37);
        (await browser.EvaluateAsync("document.querySelector('output').textContent")).ShouldStartWith("step 3: train 0.333");
        await browser.ScreenshotAsync("report.png");
    }

    private static string Finished(string path)
    {
        using (var report = new TrainingReport(path) { Title = "Digits <1>", Seed = 7, Summary = "fc1  Linear" })
        {
            for (int i = 1; i <= 4; i++) report.Add("loss/train", 1.0 / i);
            report.Add("loss/validation", 2);
            report.Add("loss/validation", 1, step: 4);
            report.Add("accuracy", 0.5);
            report.Add("accuracy", 0.9);
            report.Note("learning rate", "1e-3");
            report.Show("confusion", Picture.ConfusionMatrix(Gallery.Confusion, ["cat", "dog", "horse", "ship", "truck"]));
        }
        return File.ReadAllText(path);
    }
}
