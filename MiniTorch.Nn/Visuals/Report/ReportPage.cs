using System.Globalization;
using System.Reflection;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using MiniTorch.Pictures;

namespace MiniTorch.Nn;

/// <summary>
/// Writes a report as one HTML page with embedded pictures and a short script that shows the values under the pointer or, with the arrow keys, at a
/// step.
/// </summary>
internal static class ReportPage
{
    private const int MostPoints = 500; // of a series, for the values under the pointer

    private const string Style = """
        :root{color-scheme:light dark}
        body{margin:0 auto;padding:1rem;max-width:80rem;font:1rem/1.5 system-ui,sans-serif;background:#fff;color:#1f2328}
        h1{font-size:1.5rem;margin:0}h2{font-size:1.1rem;margin:1rem 0 .5rem}.soft{color:#59636e}
        main{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(26rem,100%),1fr));gap:1rem;align-items:start}
        figure{margin:0;border:1px solid #d1d9e0;border-radius:.5rem;padding:.5rem;min-width:0}
        figure svg{display:block;max-width:100%;height:auto;margin:auto}output{display:block;min-height:1.5em;font-variant-numeric:tabular-nums}
        :focus-visible{outline:3px solid #0969da;outline-offset:2px}
        pre{overflow-x:auto}table{border-collapse:collapse}th{text-align:left;font-weight:400;padding-right:1.5rem;color:#59636e}td{overflow-wrap:anywhere}
        @media(prefers-color-scheme:dark){body{background:#0d1117;color:#e6edf3}figure{border-color:#30363d}.soft,th{color:#9da7b1}:focus-visible{outline-color:#79c0ff}}
        """;

    private const string Script = """
        "use strict";
        for (const figure of document.querySelectorAll("figure[data-curves]")) {
          const curves = JSON.parse(figure.dataset.curves), plot = figure.querySelector(".plot"), output = figure.querySelector("output");
          const steps = [...new Set(curves.flatMap(curve => curve.steps))].sort((a, b) => a - b);
          let at = steps.length - 1;
          const show = i => {
            at = Math.max(0, Math.min(steps.length - 1, i));
            const nearest = curve => curve.steps.reduce((best, step, i) => Math.abs(step - steps[at]) < Math.abs(curve.steps[best] - steps[at]) ? i : best, 0);
            output.textContent = `step ${steps[at]}: ` + curves.map(curve => `${curve.name} ${curve.values[nearest(curve)]}`).join(", ");
          };
          figure.addEventListener("pointermove", event => {
            const box = plot.getBoundingClientRect(), low = Number(plot.dataset.low), high = Number(plot.dataset.high);
            const step = low + (event.clientX - box.left) / box.width * (high - low);
            show(steps.reduce((best, candidate, i) => Math.abs(candidate - step) < Math.abs(steps[best] - step) ? i : best, 0));
          });
          figure.addEventListener("keydown", event => {
            const move = { ArrowLeft: -1, ArrowRight: 1, Home: -steps.length, End: steps.length }[event.key];
            if (move) { event.preventDefault(); show(at + move); }
          });
        }
        """;

    public static string Write(ReportContent content, TimeSpan elapsed, bool isOver)
    {
        var page = new StringBuilder("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" "
            + "content=\"width=device-width, initial-scale=1\">\n");
        if (!isOver)
            page.Append(CultureInfo.InvariantCulture,
                $"<meta http-equiv=\"refresh\" content=\"{Math.Max(1, Math.Ceiling(content.Interval.TotalSeconds))}\">\n");
        page.Append($"<title>{Svg.Escape(content.Title)}</title>\n<style>\n{Style}\n</style>\n</head>\n<body>\n<h1>{Svg.Escape(content.Title)}</h1>\n");
        page.Append(CultureInfo.InvariantCulture,
            $"<p class=\"soft\">{(isOver ? "Finished after" : "Running for")} {(long)elapsed.TotalHours}:{elapsed:mm\\:ss}, since "
                + $"{content.Started:yyyy-MM-dd HH:mm:ss} UTC</p>\n<main>\n");
        foreach ((string title, Curve[] curves) in content.Charts)
            page.Append($"<figure data-curves=\"{Svg.Escape(Json(curves))}\" tabindex=\"0\" aria-label=\"{Svg.Escape(title)}: values by arrow "
                + "keys\">\n")
                .Append(Picture.Curves(curves, new CurveOptions
                {
                    Title = title, Width = 560, Height = 320, LogScale = content.LogScale,
                    Smoothing = content.Smoothing
                }))
                .Append("<output aria-live=\"polite\"></output>\n</figure>\n");
        foreach ((string name, string svg) in content.Pictures) page.Append($"<figure aria-label=\"{Svg.Escape(name)}\">\n{svg}</figure>\n");
        page.Append("</main>\n");
        if (content.Summary is { } summary) page.Append($"<h2>Model</h2>\n<pre>{Svg.Escape(summary)}</pre>\n");
        page.Append("<h2>Run</h2>\n<table>\n");
        foreach ((string name, string value) in content.Notes.Concat(Environment(content.Seed)))
            page.Append($"<tr><th scope=\"row\">{Svg.Escape(name)}</th><td>{Svg.Escape(value)}</td></tr>\n");
        return page.Append($"</table>\n<script>\n{Script}\n</script>\n</body>\n</html>\n").ToString();
    }

    private static IEnumerable<KeyValuePair<string, string>> Environment(long seed) =>
    [
        new("seed", seed.ToString(CultureInfo.InvariantCulture)),
        new("MiniTorch", typeof(ReportPage).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "unknown"),
        new("runtime", RuntimeInformation.FrameworkDescription),
        new("system", $"{RuntimeInformation.OSDescription}, {RuntimeInformation.ProcessArchitecture}"),
        new("processors", System.Environment.ProcessorCount.ToString(CultureInfo.InvariantCulture)),
    ];

    // Values are rounded as labels are; JSON has no NaN.
    private static string Json(Curve[] curves)
    {
        var text = new StringBuilder("[");
        foreach (Curve curve in curves)
        {
            int every = Math.Max(1, IntegerMath.CeilDiv(curve.Values.Count, MostPoints));
            int[] kept = [.. Enumerable.Range(0, curve.Values.Count).Where(i => (curve.Values.Count - 1 - i) % every == 0)];
            text.Append(text.Length > 1 ? "," : "").Append($"{{\"name\":\"{JsonEncodedText.Encode(Svg.Readable(curve.Name))}\",\"steps\":[")
                .AppendJoin(',', kept.Select(i => Svg.Plain(curve.StepAt(i)))).Append("],\"values\":[")
                .AppendJoin(',', kept.Select(i => $"\"{Svg.Label(curve.Values[i])}\"")).Append("]}");
        }
        return text.Append(']').ToString();
    }
}
