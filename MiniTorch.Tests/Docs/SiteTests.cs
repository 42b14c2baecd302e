using System.Net;
using System.Net.Sockets;

namespace MiniTorch.Tests.Docs;

/// <summary>The site that tools/docs.sh has built works in a browser; the tests are ignored if it has not been built.</summary>
[Category("Browser")]
internal sealed class SiteTests
{
    private static readonly string s_site = Path.Combine(RepositoryFiles.Root, "artifacts", "site");

    private readonly HttpListener _server = new();
    private string _address = "";

    [OneTimeSetUp]
    public void Serve()
    {
        if (!File.Exists(Path.Combine(s_site, "index.html"))) Assert.Ignore("the site has not been built (tools/docs.sh)");
        using (var probe = new TcpListener(IPAddress.Loopback, 0))
        {
            probe.Start();
            _address = $"http://localhost:{((IPEndPoint)probe.LocalEndpoint).Port}/";
        }
        _server.Prefixes.Add(_address);
        _server.Start();
        _ = Task.Run(AnswerAsync);
    }

    [OneTimeTearDown]
    public void Stop() => _server.Close();

    [Test]
    public async Task Search_for_cross_entropy_leads_to_the_class()
    {
        await using Browser browser = await Browser.OpenAsync(_address);
        await browser.ResizeAsync(1280, 900);
        await browser.ScreenshotAsync("site-front-1280.png");
        await browser.UntilAsync("window.docfx?.searchReady");
        await browser.EvaluateAsync("""
            (() => { const box = document.getElementById('search-query'); box.value = 'cross entropy'; box.dispatchEvent(new Event('input')); })()
            """);
        await browser.UntilAsync("document.querySelector('.sr-item a') !== null");
        await browser.ScreenshotAsync("site-search-1280.png");
        (await browser.EvaluateAsync("document.querySelector('.sr-item a').textContent")).ShouldBe("CrossEntropyLoss (class): cross entropy loss");
        await browser.EvaluateAsync("location.assign(document.querySelector('.sr-item a').href)"); // a click opens another tab
        await browser.UntilAsync("document.readyState == 'complete' && window.docfx?.ready && location.pathname.includes('/api/')");
        (await browser.EvaluateAsync("document.querySelector('h1').textContent.trim()")).ShouldBe("Class CrossEntropyLoss");
        (await browser.EvaluateAsync("document.body.textContent.includes('Inherited Members')")).ShouldBe("true");
        await browser.ScreenshotAsync("site-class-1280.png");
    }

    [TestCase(400, true)]
    [TestCase(1280, false)]
    public async Task Front_page_fits_the_screen_and_needs_no_network(int width, bool dark)
    {
        await using Browser browser = await Browser.OpenAsync(_address);
        await browser.ResizeAsync(width, 900, dark);
        await browser.UntilAsync("window.docfx?.ready");
        await browser.EvaluateAsync("(window.docfx.ready = false, location.reload())"); // the theme is chosen when a page is loaded
        await browser.UntilAsync("window.docfx?.ready");
        (await browser.NumberAsync("document.documentElement.scrollWidth")).ShouldBeLessThanOrEqualTo(width);
        (await browser.EvaluateAsync("""
            performance.getEntriesByType('resource').map(entry => entry.name).filter(name => !name.startsWith(location.origin)).join()
            """)).ShouldBe("");
        (await browser.EvaluateAsync("document.documentElement.dataset.bsTheme")).ShouldBe(dark ? "dark" : "light");
        await browser.ScreenshotAsync($"site-front-{width}.png");
    }

    [Test]
    public async Task Interactive_pages_are_shown_in_frames()
    {
        await using Browser browser = await Browser.OpenAsync($"{_address}interactive/README.html");
        await browser.ResizeAsync(1280, 900);
        await browser.UntilAsync("document.querySelector('iframe')?.contentDocument?.getElementById('loss')?.textContent == '0.6931'");
        await browser.ScreenshotAsync("site-interactive-1280.png");
    }

    private async Task AnswerAsync()
    {
        while (_server.IsListening)
        {
            HttpListenerContext call;
            try
            {
                call = await _server.GetContextAsync();
            }
            catch (Exception error) when (error is HttpListenerException or ObjectDisposedException)
            {
                return; // Stop was called
            }
            string path = Path.Combine(s_site, call.Request.Url!.AbsolutePath is "/" ? "index.html" : call.Request.Url.AbsolutePath[1..]);
            if (!File.Exists(path)) call.Response.StatusCode = 404;
            else
            {
                call.Response.ContentType = Path.GetExtension(path) switch
                {
                    ".html" => "text/html",
                    ".js" => "text/javascript", // modules are refused without it
                    ".css" => "text/css",
                    ".svg" => "image/svg+xml",
                    ".json" => "application/json",
                    _ => "application/octet-stream",
                };
                await call.Response.OutputStream.WriteAsync(await File.ReadAllBytesAsync(path));
            }
            call.Response.Close();
        }
    }
}
