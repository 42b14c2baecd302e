using MiniTorch.Data;
using MiniTorch.IO;
using MiniTorch.Nn;
using MiniTorch.Optim;

namespace MiniTorch.Tests.Files;

/// <summary>
/// A small training loop with everything that a checkpoint must carry: weights, moments, a schedule of rates, a place in a shuffled epoch, random
/// transforms, dropout from the default generator, noise from one of its own, and user values.
/// </summary>
internal sealed class TrainingRun
{
    private readonly Sequential _model;
    private readonly Adam _optimizer;
    private readonly CosineAnnealingLR _schedule;
    private readonly DataLoader _loader;
    private readonly Generator _noise = new(99);
    private readonly CrossEntropyLoss _criterion = new();

    public TrainingRun(int prefetch = 0)
    {
        var data = new Generator(5);
        Tensor x = Tensor.Randn([50, 4], data);
        Generator.ManualSeed(7);
        _model = new Sequential(new Linear(4, 16), new ReLU(), new Dropout(0.3), new Linear(16, 3));
        _optimizer = new Adam(_model.Parameters(), lr: 1e-2);
        _schedule = new CosineAnnealingLR(_optimizer, tMax: 20);
        _loader = new DataLoader(new TensorDataset(x, x[.., 0..3].ArgMax(1)), batchSize: 8, shuffle: true, generator: new Generator(11),
            prefetch: prefetch,
            transform: (batch, generator) => [batch[0] + 0.01 * Tensor.RandnLike(batch[0], generator), batch[1]]);
        Parts = new Checkpoint
        {
            ["model"] = _model, ["optimizer"] = _optimizer, ["schedule"] = _schedule, ["loader"] = _loader, ["noise"] = _noise,
            ["epoch"] = 0, ["step"] = 0, ["loss"] = 0.0
        };
    }

    public Checkpoint Parts { get; }

    public int Steps => Parts.Get<int>("step");

    /// <summary>All that training changed, as text: equal only where every bit is.</summary>
    public string Fingerprint()
    {
        using var stream = new MemoryStream();
        Parts.Write(stream);
        return Convert.ToHexString(System.Security.Cryptography.SHA256.HashData(stream.ToArray()));
    }

    /// <summary>Goes on until so many steps were made since the very beginning.</summary>
    /// <param name="steps">The number of steps.</param>
    /// <param name="afterStep">Called when a step is done and counted.</param>
    public void TrainTo(int steps, Action? afterStep = null)
    {
        for (; Steps < steps; Parts["epoch"] = Parts.Get<int>("epoch") + 1)
            foreach (var (x, y) in _loader)
            {
                _optimizer.ZeroGrad();
                Tensor loss = _criterion.Call(_model.Call(x + 0.01 * Tensor.RandnLike(x, _noise)), y);
                loss.Backward();
                _optimizer.Step();
                _schedule.Step();
                Parts["step"] = Steps + 1;
                Parts["loss"] = loss.Item<double>();
                afterStep?.Invoke();
                if (Steps >= steps) return;
            }
    }
}
