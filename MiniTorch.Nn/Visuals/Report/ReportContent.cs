using MiniTorch.Pictures;

namespace MiniTorch.Nn;

/// <summary>The content of a report about a run.</summary>
internal sealed class ReportContent
{
    private readonly Dictionary<string, int> _shown = [];
    private readonly OrderedDictionary<string, (List<double> Steps, List<double> Values)> _series = [];

    public string Title { get; set; } = "Training run";

    public string? Summary { get; set; }

    public long Seed { get; set; }

    public DateTimeOffset Started { get; set; }

    public bool LogScale { get; set; }

    public double Smoothing { get; set; }

    public TimeSpan Interval { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>Pictures by heading, in the order in which they were first shown.</summary>
    public OrderedDictionary<string, string> Pictures { get; } = [];

    public OrderedDictionary<string, string> Notes { get; } = [];

    /// <summary>The curves, grouped by the picture that they share.</summary>
    public IEnumerable<(string Title, Curve[] Curves)> Charts =>
        _series.GroupBy(series => series.Key.Split('/')[0])
            .Select(chart => (chart.Key, chart.Select(series => new Curve(NameIn(series.Key), series.Value.Values) { Steps = series.Value.Steps })
            .ToArray()));

    /// <summary>Adds a value, at the step after the series' last one by default, and returns its step.</summary>
    public double Add(string name, double value, double? step)
    {
        if (!_series.TryGetValue(name, out (List<double> Steps, List<double> Values) series)) _series[name] = series = ([], []);
        series.Steps.Add(step ?? (series.Steps.Count == 0 ? 1 : series.Steps[^1] + 1));
        series.Values.Add(value);
        return series.Steps[^1];
    }

    /// <summary>Shows a picture under a name and returns how many have been shown under it.</summary>
    public int Show(string name, string picture)
    {
        Pictures[name] = picture;
        return _shown[name] = _shown.GetValueOrDefault(name) + 1;
    }

    private static string NameIn(string name) => name.IndexOf('/', StringComparison.Ordinal) is >= 0 and int slash ? name[(slash + 1)..] : name;
}
