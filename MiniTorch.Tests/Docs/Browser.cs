using System.Diagnostics;
using System.Globalization;
using System.Net.WebSockets;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace MiniTorch.Tests.Docs;

/// <summary>A headless Chromium, driven through its DevTools protocol; tests that need one are ignored where none is installed.</summary>
internal sealed class Browser : IAsyncDisposable
{
    private static readonly string[] s_names = ["chromium", "chromium-browser", "google-chrome", "chrome"];
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(30);

    private readonly Process _process;
    private readonly string _profile;
    private readonly ClientWebSocket _socket = new();
    private int _lastId;

    private Browser(Process process, string profile) => (_process, _profile) = (process, profile);

    /// <summary>Opens a page, a file's path or an address, in a new browser.</summary>
    public static async Task<Browser> OpenAsync(string page)
    {
        var address = new Uri(page);
        string? program = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator)
            .SelectMany(folder => s_names.Select(name => Path.Combine(folder, name))).FirstOrDefault(File.Exists);
        if (program is null) Assert.Ignore("no Chromium was found on the PATH (Debian: apt-get install chromium)");
        string profile = Directory.CreateTempSubdirectory("minitorch-browser").FullName;
        var start = new ProcessStartInfo(program!,
            ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", "--remote-debugging-port=0",
                $"--user-data-dir={profile}", address.AbsoluteUri])
        {
            RedirectStandardError = true,
            RedirectStandardOutput = true,
        };
        var browser = new Browser(Process.Start(start)!, profile);
        await browser.ConnectAsync(address.Scheme);
        return browser;
    }

    /// <summary>A screen of some width, dark or light.</summary>
    public async Task ResizeAsync(int width, int height, bool dark = false)
    {
        await SendAsync("Emulation.setDeviceMetricsOverride",
            new() { ["width"] = width, ["height"] = height, ["deviceScaleFactor"] = 1, ["mobile"] = false });
        await SendAsync("Emulation.setEmulatedMedia",
            new() { ["features"] = new JsonArray(new JsonObject { ["name"] = "prefers-color-scheme", ["value"] = dark ? "dark" : "light" }) });
    }

    /// <summary>The value of a JavaScript expression, as text.</summary>
    public async Task<string> EvaluateAsync(string expression)
    {
        JsonNode result = await SendAsync("Runtime.evaluate", new() { ["expression"] = $"String({expression})", ["awaitPromise"] = true });
        result["exceptionDetails"].ShouldBeNull($"{expression}: {result["exceptionDetails"]?.ToJsonString()}");
        return (string)result["result"]!["value"]!;
    }

    /// <summary>The value of a JavaScript expression, as a number.</summary>
    public async Task<double> NumberAsync(string expression) =>
        double.Parse((await EvaluateAsync(expression)).Replace('−', '-'), CultureInfo.InvariantCulture);

    /// <summary>Waits until a JavaScript expression is true.</summary>
    public async Task UntilAsync(string expression)
    {
        using var patience = new CancellationTokenSource(s_patience);
        while (await EvaluateAsync(expression) != "true") await Task.Delay(50, patience.Token);
    }

    /// <summary>Presses and releases a key.</summary>
    public async Task PressAsync(string key, int code)
    {
        foreach (string type in (string[])["keyDown", "keyUp"])
            await SendAsync("Input.dispatchKeyEvent", new() { ["type"] = type, ["key"] = key, ["code"] = key, ["windowsVirtualKeyCode"] = code });
    }

    /// <summary>Clicks at a place.</summary>
    public async Task ClickAsync(double x, double y)
    {
        foreach (string type in (string[])["mousePressed", "mouseReleased"])
            await SendAsync("Input.dispatchMouseEvent", new() { ["type"] = type, ["x"] = x, ["y"] = y, ["button"] = "left", ["clickCount"] = 1 });
    }

    /// <summary>Moves the mouse without a button.</summary>
    public Task MoveAsync(double x, double y) => SendAsync("Input.dispatchMouseEvent", new() { ["type"] = "mouseMoved", ["x"] = x, ["y"] = y });

    /// <summary>Writes what the screen shows, the whole page, as a PNG beside the test's other results.</summary>
    public async Task ScreenshotAsync(string name)
    {
        JsonNode result = await SendAsync("Page.captureScreenshot", new() { ["captureBeyondViewport"] = true });
        string path = Path.Combine(TestContext.CurrentContext.WorkDirectory, name);
        await File.WriteAllBytesAsync(path, Convert.FromBase64String((string)result["data"]!));
        TestContext.AddTestAttachment(path);
    }

    public async ValueTask DisposeAsync()
    {
        _socket.Dispose();
        _process.Kill(entireProcessTree: true);
        await _process.WaitForExitAsync();
        _process.Dispose();
        Directory.Delete(_profile, recursive: true);
    }

    private async Task ConnectAsync(string scheme)
    {
        using var patience = new CancellationTokenSource(s_patience);
        string? address = null;
        while (address is null && await _process.StandardError.ReadLineAsync(patience.Token) is { } line)
            address = Regex.Match(line, @"ws://([^/]+)/").Groups[1].Value is { Length: > 0 } host ? host : null;
        address.ShouldNotBeNull("the browser did not start");
        using var http = new HttpClient();
        JsonNode? page = null;
        while (page is null)
        {
            JsonArray targets = JsonNode.Parse(await http.GetStringAsync(new Uri($"http://{address}/json/list"), patience.Token))!.AsArray();
            page = targets.FirstOrDefault(target => (string?)target!["type"] == "page");
            await Task.Delay(50, patience.Token);
        }
        await _socket.ConnectAsync(new Uri((string)page["webSocketDebuggerUrl"]!), patience.Token);
        while (await EvaluateAsync("location.protocol + document.readyState") != $"{scheme}:complete") await Task.Delay(50, patience.Token);
    }

    private async Task<JsonNode> SendAsync(string method, JsonObject parameters)
    {
        using var patience = new CancellationTokenSource(s_patience);
        int id = ++_lastId;
        await _socket.SendAsync(Encoding.UTF8.GetBytes(new JsonObject { ["id"] = id, ["method"] = method, ["params"] = parameters }.ToJsonString()),
            WebSocketMessageType.Text, true, patience.Token);
        var buffer = new byte[1 << 16];
        while (true)
        {
            using var message = new MemoryStream();
            WebSocketReceiveResult part;
            do
            {
                part = await _socket.ReceiveAsync(buffer, patience.Token);
                message.Write(buffer, 0, part.Count);
            }
            while (!part.EndOfMessage);
            JsonNode answer = JsonNode.Parse(message.ToArray())!;
            if ((int?)answer["id"] != id) continue; // an event
            return answer["result"] ?? throw new JsonException($"{method}: {answer["error"]?.ToJsonString()}");
        }
    }
}
