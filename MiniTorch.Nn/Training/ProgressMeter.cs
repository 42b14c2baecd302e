namespace MiniTorch.Nn;

/// <summary>
/// Shows a line in the terminal with the progress of a loop, its speed, the remaining time and metrics:
/// <c>using var progress = new ProgressMeter(loader.Count, "epoch 1");</c> and in the loop <c>progress.Step(("loss", mean.Value));</c>.
/// </summary>
/// <remarks>
/// The line is rewritten in place, in plain characters, and is no wider than the terminal. If the output is a file or a pipe, whole lines are
/// written, one every ten seconds and one at the end.
/// </remarks>
public sealed class ProgressMeter : IDisposable
{
    private static readonly TimeSpan s_redraw = TimeSpan.FromMilliseconds(100), s_plain = TimeSpan.FromSeconds(10);

    private readonly ProgressOutput _output;
    private readonly string _title;
    private readonly int _total, _start;
    private readonly long _begin;
    private (string Name, double Value)[] _metrics = [];
    private TimeSpan _due;
    private int _done, _written;
    private bool _isDisposed;

    /// <summary>Creates a progress line on the console.</summary>
    /// <param name="total">The number of steps of the loop.</param>
    /// <param name="title">The text at the beginning of the line.</param>
    /// <param name="done">The number of steps that are already done, in a resumed run.</param>
    /// <exception cref="ValueException"><paramref name="total"/> is negative, or <paramref name="done"/> is not between 0 and <paramref
    /// name="total"/>.</exception>
    public ProgressMeter(int total, string title = "", int done = 0) : this(total, title, done, ProgressOutput.ToConsole())
    {
    }

    internal ProgressMeter(int total, string title, int done, ProgressOutput output)
    {
        ArgumentNullException.ThrowIfNull(title);
        if (total < 0 || done < 0 || done > total)
            throw new ValueException($"ProgressMeter: {done} of {total} steps done; done must be in 0 … total");
        (_total, _title, _start, _done, _output) = (total, title, done, done, output);
        _begin = output.Clock.GetTimestamp();
        _due = output.Width is null ? s_plain : TimeSpan.Zero;
    }

    /// <summary>Counts a step, and updates the line with the metrics if enough time has passed.</summary>
    /// <param name="metrics">Names and values; if empty, the previous ones are kept.</param>
    public void Step(params ReadOnlySpan<(string Name, double Value)> metrics)
    {
        _done++;
        if (metrics.Length > 0) _metrics = metrics.ToArray();
        TimeSpan elapsed = _output.Clock.GetElapsedTime(_begin);
        if (elapsed < _due) return;
        Write(elapsed, isOver: false);
        _due = elapsed + (_output.Width is null ? s_plain : s_redraw);
    }

    /// <summary>Writes the final line and ends it.</summary>
    public void Dispose()
    {
        if (_isDisposed) return;
        _isDisposed = true;
        Write(_output.Clock.GetElapsedTime(_begin), isOver: true);
        if (_output.Width is not null) _output.Writer.WriteLine();
    }

    private void Write(TimeSpan elapsed, bool isOver)
    {
        var line = new ProgressLine(_title, _done, _total, elapsed, (_done - _start) / elapsed.TotalSeconds, isOver, _metrics);
        if (_output.Width is not { } width)
        {
            _output.Writer.WriteLine(line.Plain());
            return;
        }
        // The last column stays free, because writing to it starts a new line in some terminals.
        string text = line.Fit(Math.Max(width() - 1, 1));
        _output.Writer.Write('\r' + text.PadRight(Math.Min(_written, Math.Max(width() - 1, 1))));
        _output.Writer.Flush();
        _written = text.Length;
    }
}

/// <summary>The output of a <see cref="ProgressMeter"/>.</summary>
/// <param name="Writer">Receives the text.</param>
/// <param name="Width">The terminal's columns; null if the output is not a terminal.</param>
/// <param name="Clock">The clock.</param>
internal sealed record ProgressOutput(TextWriter Writer, Func<int>? Width, TimeProvider Clock)
{
    private const int UsualWidth = 80;

    public static ProgressOutput ToConsole()
    {
        bool isTerminal = !Console.IsOutputRedirected && Environment.GetEnvironmentVariable("TERM") != "dumb";
        return new ProgressOutput(Console.Out, isTerminal ? () => Console.WindowWidth is > 0 and var width ? width : UsualWidth : null,
            TimeProvider.System);
    }
}
