using MiniTorch.Kernels;

namespace MiniTorch;

/// <summary>
/// The states that generators had when a function on this thread first drew from them. Replayed, the function draws the same numbers again, and the
/// generators themselves do not move.
/// </summary>
internal sealed class RandomDraws
{
    [ThreadStatic]
    private static RandomDraws? t_open;

    private readonly Dictionary<Generator, TorchStream> _streams = [];
    private RandomDraws? _outer;
    private bool _replays;

    /// <summary>Returns the stream that a generator draws from on this thread: its own, or a copy while draws are replayed.</summary>
    public static TorchStream StreamOf(Generator generator, TorchStream own) => t_open is { } open ? open.Of(generator, own) : own;

    /// <summary>Runs a function and remembers where its draws began.</summary>
    public T Record<T>(Func<T> function) => Run(function);

    /// <summary>Runs a function again with the numbers that it drew when it was recorded.</summary>
    public T Replay<T>(Func<T> function)
    {
        var replay = new RandomDraws { _replays = true };
        foreach ((Generator generator, TorchStream stream) in _streams) replay._streams[generator] = stream.Copy();
        return replay.Run(function);
    }

    private T Run<T>(Func<T> function)
    {
        _outer = t_open;
        t_open = this;
        try
        {
            return function();
        }
        finally
        {
            t_open = _outer;
        }
    }

    private TorchStream Of(Generator generator, TorchStream own)
    {
        if (_replays && _streams.TryGetValue(generator, out TorchStream? replayed)) return replayed;
        TorchStream stream = _outer?.Of(generator, own) ?? own;
        if (!_replays && !_streams.ContainsKey(generator)) _streams[generator] = stream.Copy();
        return stream;
    }
}
