using MiniTorch.IO;

namespace MiniTorch.Nn;

/// <summary>
/// Keeps an exponential moving average of a model's weights, which often generalises better than the last weights: average ← decay·average + (1 −
/// decay)·weight (torch.optim.swa_utils.AveragedModel; Polyak and Juditsky 1992). A <see cref="Checkpoint"/> can hold it.
/// </summary>
public sealed class ModelAverage : IStateful
{
    private readonly Module _model;
    private readonly double _decay;
    private readonly OrderedDictionary<string, Tensor> _average = [];

    /// <summary>Creates an average that starts from the model's current state.</summary>
    /// <param name="model">The model.</param>
    /// <param name="decay">The weight of the average in an update, in [0, 1).</param>
    /// <exception cref="ValueException"><paramref name="decay"/> is out of range.</exception>
    public ModelAverage(Module model, double decay = 0.999)
    {
        ArgumentNullException.ThrowIfNull(model);
        if (!(decay is >= 0 and < 1)) throw new ValueException(FormattableString.Invariant($"ModelAverage: decay is {decay}; it must be in [0, 1)"));
        (_model, _decay) = (model, decay);
        foreach ((string name, Tensor value) in model.StateDict()) _average[name] = value.Clone();
    }

    /// <summary>Returns the averaged state, with the model's names; it shares memory with the average.</summary>
    public OrderedDictionary<string, Tensor> StateDict() => new(_average);

    /// <summary>Loads an averaged state.</summary>
    /// <exception cref="ValueException">Names or shapes differ from the model's. The message lists all of them, and the average is
    /// unchanged.</exception>
    public void LoadStateDict(IReadOnlyDictionary<string, Tensor> state)
    {
        ArgumentNullException.ThrowIfNull(state);
        string[] problems =
        [
            .. _average.Keys.Where(name => !state.ContainsKey(name)).Select(name => $"missing {name}"),
            .. state.Keys.Where(name => !_average.ContainsKey(name)).Select(name => $"unexpected {name}"),
            .. _average.Where(entry => state.TryGetValue(entry.Key, out Tensor? given) && given?.Shape != entry.Value.Shape)
                .Select(entry => $"{entry.Key} has shape {state[entry.Key]?.Shape} in the state and {entry.Value.Shape} in the average"),
        ];
        if (problems.Length > 0)
            throw new ValueException("ModelAverage.LoadStateDict: the state does not fit, and nothing was changed:\n  "
                + $"{string.Join("\n  ", problems)}");
        using ModeScope mode = Autograd.NoGrad();
        foreach ((string name, Tensor value) in _average) value.CopyInPlace(state[name]);
    }

    /// <summary>Updates the average from the model's state; tensors that are not floating are copied. Call it after every optimiser step.</summary>
    public void Update()
    {
        using ModeScope mode = Autograd.NoGrad();
        foreach ((string name, Tensor value) in _model.StateDict())
        {
            Tensor average = _average[name];
            average.CopyInPlace(average.DType.IsFloat() ? average * _decay + value * (1 - _decay) : value);
        }
    }

    /// <summary>
    /// Loads the averaged state into the model until the returned object is disposed: <c>using (average.Apply()) Evaluate(model);</c>
    /// </summary>
    public IDisposable Apply()
    {
        var own = _model.StateDict().ToDictionary(entry => entry.Key, entry => entry.Value.Clone());
        _model.LoadStateDict(_average);
        return new DisposableAction(() => _model.LoadStateDict(own));
    }
}
