using MiniTorch.IO;

namespace MiniTorch.Data;

public sealed partial class DataLoader : IStateful
{
    private const string PositionName = "position", SeedName = "seed", OrderName = "order", GeneratorName = "generator";

    private Epoch? _epoch, _loaded;

    /// <summary>
    /// Returns the position in the most recent loop: the number of batches, their order, the epoch's seed and, if the loader has its own generator,
    /// the generator's state.
    /// </summary>
    public OrderedDictionary<string, Tensor> StateDict()
    {
        Epoch? epoch = _loaded ?? _epoch;
        var state = new OrderedDictionary<string, Tensor>
        {
            [PositionName] = (long)(epoch?.Position ?? 0),
            [SeedName] = epoch?.Seed ?? 0,
            [OrderName] = Tensor.From(epoch?.Order ?? []),
        };
        if (_generator is not null) state[GeneratorName] = GeneratorState.ToTensor(_generator);
        return state;
    }

    /// <summary>
    /// Makes the next loop continue where <see cref="StateDict"/> was called; at the beginning of an epoch if that was between two loops.
    /// </summary>
    /// <param name="state">The state of a loader with the same number of samples and the same batch size.</param>
    /// <exception cref="ValueException">The state does not fit; the loader is unchanged.</exception>
    public void LoadStateDict(IReadOnlyDictionary<string, Tensor> state)
    {
        ArgumentNullException.ThrowIfNull(state);
        string[] names = _generator is null ? [PositionName, SeedName, OrderName] : [PositionName, SeedName, OrderName, GeneratorName];
        if (state.Count != names.Length || !names.All(state.ContainsKey))
            throw Misfit($"the entries must be {string.Join(", ", names)}, not {string.Join(", ", state.Keys)}");
        foreach (string name in names)
            if (state[name] is not { } tensor) throw Misfit($"{name} is null");
            else if (tensor.DType != DType.Int64 || tensor.Rank != (name is PositionName or SeedName ? 0 : 1))
                throw Misfit($"{name} is {tensor.DType} of shape {tensor.Shape}");

        long position = state[PositionName].Item<long>();
        long[] order = state[OrderName].ToArray<long>();
        if (position < 0 || position > Count) throw Misfit($"position {position} is not in [0, {Count}]");
        if (order.Length != _sampler.Count && (order.Length > 0 || position > 0))
            throw Misfit($"the order has {order.Length} samples and an epoch {_sampler.Count}");
        foreach (long index in order)
            if (index < 0 || index >= _dataset.Count) throw Misfit($"the order holds sample {index}, which is not in [0, {_dataset.Count - 1}]");

        if (_generator is not null) GeneratorState.Load(_generator, state[GeneratorName]); // throws before it changes anything
        var place = new Epoch(state[SeedName].Item<long>(), order) { Position = (int)position };
        _loaded = _epoch is { IsUnderWay: true } && _epoch.IsAt(place) ? null : place; // a load that is undone inside a loop: the loop continues
    }

    private Epoch? TakeLoaded()
    {
        Epoch? loaded = _loaded;
        _loaded = null;
        return loaded is { Order.Length: > 0 } ? loaded : null;
    }

    private static ValueException Misfit(string problem) =>
        new($"DataLoader.LoadStateDict: the state does not fit, and nothing was changed: {problem}");

    /// <summary>A position in an epoch; without an order, between two epochs.</summary>
    private sealed class Epoch(long seed, long[] order)
    {
        public long Seed => seed;

        public long[] Order => order;

        /// <summary>The number of batches taken.</summary>
        public int Position { get; set; }

        /// <summary>Whether a loop over this epoch is running.</summary>
        public bool IsUnderWay { get; set; }

        public bool IsAt(Epoch other) => (Position, Seed) == (other.Position, other.Seed) && Order.AsSpan().SequenceEqual(other.Order);
    }
}
