using MiniTorch.IO;
using MiniTorch.Pictures;

namespace MiniTorch.Nn;

/// <summary>
/// A page about a training run that is written while it runs: <c>using var report = new TrainingReport("run.html");</c> and in the loop
/// <c>report.Add("loss/train", loss.Item&lt;double&gt;());</c>. It holds curves, pictures, a summary, notes, the seed and the environment in one HTML file that needs
/// nothing else, loads itself again until the run is over, and is replaced as a whole.
/// </summary>
/// <remarks>
/// Series whose names have the same beginning up to a <c>/</c> share a picture. A file that cannot be written is told once on the error stream and kept in
/// <see cref="Error"/>; the run goes on, unless <see cref="ThrowsOnError"/>. Any thread may add.
/// </remarks>
public sealed class TrainingReport : IDisposable
{
    private readonly Lock _gate = new();
    private readonly string _path;
    private readonly ReportContent _content = new();
    private readonly TimeProvider _clock;
    private long _lastWrite;
    private bool _wasWritten, _isOver;

    /// <summary>Begins a report; nothing is written before the first <see cref="Add"/>, <see cref="Show"/> or <see cref="Write"/>.</summary>
    /// <param name="path">The file, ending in .html; folders that are missing are made.</param>
    public TrainingReport(string path) : this(path, TimeProvider.System)
    {
    }

    internal TrainingReport(string path, TimeProvider clock)
    {
        (_path, _clock) = (path, clock);
        (_content.Started, _content.Seed) = (clock.GetUtcNow(), Generator.Default.Seed);
    }

    /// <summary>The heading.</summary>
    public string Title { get => _content.Title; init => _content.Title = value; }

    /// <summary>A table about the model, such as <see cref="Module.Summary"/> gives it.</summary>
    public string? Summary { get => _content.Summary; set => _content.Summary = value; }

    /// <summary>The seed that is told; that of <see cref="Generator.Default"/> when the report was made by default.</summary>
    public long Seed { get => _content.Seed; init => _content.Seed = value; }

    /// <summary>Whether the vertical axes of all curves are logarithmic.</summary>
    public bool LogScale { get => _content.LogScale; init => _content.LogScale = value; }

    /// <summary>In [0, 1): the smoothing of all curves; see <see cref="CurveOptions.Smoothing"/>.</summary>
    public double Smoothing { get => _content.Smoothing; init => _content.Smoothing = value; }

    /// <summary>How often the file is written at most; a running page loads itself again as often.</summary>
    public TimeSpan Interval { get => _content.Interval; init => _content.Interval = value; }

    /// <summary>Whether a file that cannot be written ends the run with the exception.</summary>
    public bool ThrowsOnError { get; init; }

    /// <summary>Why the last attempt to write failed; null where it did not.</summary>
    public MiniTorchException? Error { get; private set; }

    /// <summary>Adds a number to a series, and writes the page if the last time is <see cref="Interval"/> ago.</summary>
    /// <param name="series">Its name, such as <c>loss/train</c>.</param>
    /// <param name="value">The number; NaN and infinity are marked in the curve.</param>
    /// <param name="step">Its step; one after the last by default.</param>
    /// <exception cref="MiniTorchException">The file cannot be written, and <see cref="ThrowsOnError"/>.</exception>
    public void Add(string series, double value, double? step = null) => Change(() => _content.Add(series, value, step));

    /// <summary>Shows a picture, such as <see cref="Picture.ConfusionMatrix"/> gives it, under a name; the one that was shown under that name before goes.</summary>
    /// <param name="name">Its heading.</param>
    /// <param name="svg">The picture; it becomes a part of the page as it is.</param>
    /// <exception cref="MiniTorchException">The file cannot be written, and <see cref="ThrowsOnError"/>.</exception>
    public void Show(string name, string svg) => Change(() => _content.Pictures[name] = svg);

    /// <summary>Notes something about the run, such as its learning rate, under a name.</summary>
    public void Note(string name, string text) => Change(() => _content.Notes[name] = text);

    /// <summary>Writes the page now.</summary>
    /// <exception cref="MiniTorchException">The file cannot be written, and <see cref="ThrowsOnError"/>.</exception>
    public void Write()
    {
        lock (_gate) WriteNow();
    }

    /// <summary>Writes the page for the last time: it does not load itself again any more.</summary>
    /// <exception cref="MiniTorchException">The file cannot be written, and <see cref="ThrowsOnError"/>.</exception>
    public void Dispose()
    {
        lock (_gate)
        {
            if (_isOver) return;
            _isOver = true;
            WriteNow();
        }
    }

    private void Change(Action change)
    {
        lock (_gate)
        {
            change();
            if (!_wasWritten || _clock.GetElapsedTime(_lastWrite) >= Interval) WriteNow();
        }
    }

    private void WriteNow()
    {
        (_lastWrite, _wasWritten) = (_clock.GetTimestamp(), true);
        string page = ReportPage.Write(_content, _clock.GetUtcNow() - _content.Started, _isOver);
        MiniTorchException? former = Error;
        try
        {
            if (Path.GetDirectoryName(Path.GetFullPath(_path)) is { } folder) Directory.CreateDirectory(folder);
            AtomicFile.Write(_path, stream => stream.Write(System.Text.Encoding.UTF8.GetBytes(page)));
            Error = null;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            Error = new MiniTorchException($"TrainingReport: '{_path}' cannot be written: {failure.Message} Give a path to a file in a folder that you may write to", failure);
            if (ThrowsOnError) throw Error;
            if (former is null) Console.Error.WriteLine($"{Error.Message}. The run goes on without its report.");
        }
    }
}
