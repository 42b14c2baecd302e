using MiniTorch.IO;
using MiniTorch.Pictures;

namespace MiniTorch.Nn;

/// <summary>
/// Writes an HTML page about a training run while it runs: curves, pictures, a summary, notes, the seed and the environment in one self-contained
/// file. The page reloads itself until the run is over, and the file is replaced atomically. With <see cref="TensorBoard"/>, everything but the
/// pictures in SVG is also written as an event file for TensorBoard (torch.utils.tensorboard.SummaryWriter).
/// </summary>
/// <example><code>
/// using var report = new TrainingReport("run.html");
/// // in the loop:
/// report.Add("loss/train", loss.Item&lt;double&gt;());
/// </code></example>
/// <remarks>
/// Series whose names begin with the same text up to a <c>/</c> share a picture. If the file cannot be written, the error is printed once on the
/// error stream and stored in <see cref="Error"/>, and the run continues unless <see cref="ThrowsOnError"/> is true. Add is thread-safe.
/// </remarks>
public sealed class TrainingReport : IDisposable
{
    private readonly Lock _gate = new();
    private readonly string _path;
    private readonly ReportContent _content = new();
    private readonly TimeProvider _clock;
    private long _lastWrite;
    private bool _wasWritten, _isOver;
    private EventFile? _events;
    private MiniTorchException? _eventError;

    /// <summary>Creates a report. The file is first written by <c>Add</c>, <c>Show</c> or <see cref="Write"/>.</summary>
    /// <param name="path">The file, ending in .html; missing folders are created.</param>
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

    /// <summary>A table of the model, such as <see cref="Module.Summary"/> returns.</summary>
    public string? Summary { get => _content.Summary; set => _content.Summary = value; }

    /// <summary>The seed to show; by default the seed of <see cref="Generator.Default"/> when the report was created.</summary>
    public long Seed { get => _content.Seed; init => _content.Seed = value; }

    /// <summary>Whether the vertical axes of all curves are logarithmic.</summary>
    public bool LogScale { get => _content.LogScale; init => _content.LogScale = value; }

    /// <summary>In [0, 1): the smoothing of all curves; see <see cref="CurveOptions.Smoothing"/>.</summary>
    public double Smoothing { get => _content.Smoothing; init => _content.Smoothing = value; }

    /// <summary>The minimum time between two writes; the page reloads itself at the same interval.</summary>
    public TimeSpan Interval { get => _content.Interval; init => _content.Interval = value; }

    /// <summary>
    /// The folder of an event file for TensorBoard, such as <c>runs/first</c>; null for none. It gets every number, histogram, image and note as soon
    /// as it is added.
    /// </summary>
    public string? TensorBoard { get; init; }

    /// <summary>Whether an error while writing the file is thrown, which ends the run.</summary>
    public bool ThrowsOnError { get; init; }

    /// <summary>The error of the last attempt to write; null if it succeeded.</summary>
    public MiniTorchException? Error { get; private set; }

    /// <summary>Adds a number to a series, and writes the page if <see cref="Interval"/> has passed since the last write.</summary>
    /// <param name="series">The name of the series, such as <c>loss/train</c>.</param>
    /// <param name="value">The number; NaN and infinity are marked in the curve.</param>
    /// <param name="step">The step; one after the last by default.</param>
    /// <exception cref="MiniTorchException">The file cannot be written, and <see cref="ThrowsOnError"/> is true.</exception>
    public void Add(string series, double value, double? step = null) =>
        Change(() => Event(_content.Add(series, value, step), () => EventValue.Scalar(series, value)));

    /// <summary>
    /// Adds the distribution of a tensor's elements, such as a layer's weights or gradients: a histogram for TensorBoard, and curves of the smallest,
    /// mean and largest element for the page. A tensor with one element is a number.
    /// </summary>
    /// <param name="series">The name of the series, such as <c>weights/fc1</c>.</param>
    /// <param name="values">The elements; NaN and infinity are left out of the histogram.</param>
    /// <param name="step">The step; one after the last by default.</param>
    /// <exception cref="ShapeException">There are no elements.</exception>
    /// <exception cref="MiniTorchException">A file cannot be written, and <see cref="ThrowsOnError"/> is true.</exception>
    public void Add(string series, Tensor values, double? step = null)
    {
        ArgumentNullException.ThrowIfNull(values);
        if (values.ElementCount == 0) throw new ShapeException($"TrainingReport.Add: '{series}' has no elements, shape {values.Shape}");
        double[] elements = values.Detach().ToArray<double>();
        if (elements.Length == 1) Add(series, elements[0], step);
        else
            Change(() =>
            {
                _content.Add($"{series} min", elements.Min(), step);
                _content.Add($"{series} mean", elements.Average(), step);
                return Event(_content.Add($"{series} max", elements.Max(), step), () => EventValue.Histogram(series, elements));
            });
    }

    /// <summary>
    /// Shows a picture, such as <see cref="Picture.ConfusionMatrix"/> returns, under a name; it replaces the previous picture with that name.
    /// </summary>
    /// <param name="name">The heading.</param>
    /// <param name="svg">The picture; it is inserted into the page unchanged.</param>
    /// <exception cref="MiniTorchException">The file cannot be written, and <see cref="ThrowsOnError"/> is true.</exception>
    public void Show(string name, string svg) => Change(() =>
    {
        _content.Show(name, svg);
        return null;
    });

    /// <summary>Shows a tensor as an image under a name; it replaces the previous picture with that name.</summary>
    /// <param name="name">The heading.</param>
    /// <param name="image">[height, width] or [channels, height, width] with 1, 3 (RGB) or 4 (RGBA) channels: real numbers from 0 (black) to 1, or
    /// integers from 0 to 255. Others are clamped.</param>
    /// <exception cref="ShapeException">The shape is not that of an image.</exception>
    /// <exception cref="MiniTorchException">A file cannot be written, and <see cref="ThrowsOnError"/> is true.</exception>
    public void Show(string name, Tensor image)
    {
        byte[] png = Png.Encode(image, "TrainingReport.Show");
        string html = $"<img alt=\"{Svg.Escape(name)}\" src=\"data:image/png;base64,{Convert.ToBase64String(png)}\"/>\n";
        Change(() => Event(_content.Show(name, html), () => EventValue.Image(name, image, png)));
    }

    /// <summary>Adds a note about the run, such as its learning rate, under a name.</summary>
    public void Note(string name, string text) => Change(() =>
    {
        _content.Notes[name] = text;
        return Event(0, () => EventValue.Text(name, text));
    });

    /// <summary>Writes the page now.</summary>
    /// <exception cref="MiniTorchException">The file cannot be written, and <see cref="ThrowsOnError"/> is true.</exception>
    public void Write()
    {
        lock (_gate) WriteNow();
    }

    /// <summary>Writes the page for the last time; it no longer reloads itself.</summary>
    /// <exception cref="MiniTorchException">The file cannot be written, and <see cref="ThrowsOnError"/> is true.</exception>
    public void Dispose()
    {
        lock (_gate)
        {
            if (_isOver) return;
            _isOver = true;
            _events?.Dispose();
            WriteNow();
        }
    }

    private (long Step, ProtoMessage Value)? Event(double step, Func<ProtoMessage> value) =>
        TensorBoard is null || _isOver ? null : ((long)Math.Round(step), value());

    private void Change(Func<(long Step, ProtoMessage Value)?> change)
    {
        lock (_gate)
        {
            if (change() is { } happened) WriteEvent(happened.Step, happened.Value);
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
            Error = _eventError;
        }
        catch (Exception failure) when (IsOfFile(failure))
        {
            Error = new MiniTorchException($"TrainingReport: '{_path}' cannot be written: {failure.Message} Give a path to a file in a folder "
                + "that you may write to", failure);
            if (ThrowsOnError) throw Error;
            if (former is null) Console.Error.WriteLine($"{Error.Message}. The run goes on without its report.");
        }
    }

    private void WriteEvent(long step, ProtoMessage value)
    {
        try
        {
            (_events ??= new EventFile(TensorBoard!, _clock)).Write(step, value);
        }
        catch (Exception failure) when (IsOfFile(failure))
        {
            bool isFirst = _eventError is null;
            Error = _eventError = new MiniTorchException(
                $"TrainingReport: an event file in '{TensorBoard}' cannot be written: {failure.Message} Give a folder that you may "
                + "write to", failure);
            if (ThrowsOnError) throw Error;
            if (isFirst) Console.Error.WriteLine($"{Error.Message}. The run goes on without it.");
        }
    }

    private static bool IsOfFile(Exception failure) =>
        failure is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException;
}
