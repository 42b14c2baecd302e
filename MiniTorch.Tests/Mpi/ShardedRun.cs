using System.Security.Cryptography;
using MiniTorch.Data;
using MiniTorch.IO;
using MiniTorch.Mpi;
using MiniTorch.Nn;
using MiniTorch.Optim;

namespace MiniTorch.Tests.Mpi;

/// <summary>
/// A small run with all that could depend on the number of ranks: dropout of two generators, batch normalisation, random transforms, rows that are
/// ignored, batches that do not divide by the shards, and a last one of two rows, fewer than the shards.
/// </summary>
internal sealed class ShardedRun
{
    private readonly Net _model;
    private readonly Adam _optimizer;
    private readonly DataLoader _loader;
    private readonly ShardedGradients _gradients;
    private readonly CrossEntropyLoss _criterion = new(ignoreIndex: 2);

    public ShardedRun(World world, int prefetch = 1)
    {
        Generator.ManualSeed(5 + world.Rank); // the root's weights and stream are taken
        var own = new Generator(17);
        _model = new Net(own);
        world.Broadcast(_model);
        _optimizer = new Adam(_model.Parameters(), lr: 1e-3);
        Tensor x = Tensor.Randn([50, 4], new Generator(1));
        var data = new TensorDataset(x, x[.., 0..3].ArgMax(1));
        _loader = new DataLoader(data, batchSize: 12, sampler: new DistributedSampler(data, world, seed: 3), prefetch: prefetch,
            transform: (batch, generator) => [batch[0] + 0.01 * Tensor.RandnLike(batch[0], generator), batch[1]]);
        _gradients = new ShardedGradients(world, _model, own);
        Parts = new Checkpoint { ["model"] = _model, ["optimizer"] = _optimizer, ["loader"] = _loader, ["own"] = own, ["step"] = 0, ["loss"] = 0.0 };
    }

    public Checkpoint Parts { get; }

    private int Steps => Parts.Get<int>("step");

    public void TrainTo(int steps)
    {
        while (Steps < steps)
            foreach (Batch batch in _loader)
            {
                Parts["loss"] = _gradients.Compute(batch, shard =>
                    (_criterion.Call(_model.Call(shard[0]), shard[1]), shard[1].Ne(2).Sum().Item<double>()));
                ClipGrad.Norm(_model.Parameters(), 1);
                _optimizer.Step();
                Parts["step"] = Steps + 1;
                if (Steps >= steps) return;
            }
    }

    /// <summary>A hash of the checkpoint: equal only if every bit is.</summary>
    public string Fingerprint()
    {
        using var stream = new MemoryStream();
        Parts.Write(stream);
        return Convert.ToHexString(SHA256.HashData(stream.ToArray()));
    }

    private sealed class Net(Generator own) : Module<Tensor, Tensor>
    {
        private readonly Linear _fc1 = new(4, 16), _fc2 = new(16, 3);
        private readonly BatchNorm1d _norm = new(8); // over two values of each row, because a shard can have one row
        private readonly Dropout _dropout = new(0.3), _ownDropout = new(0.2, own);

        protected override Tensor Forward(Tensor x)
        {
            Tensor hidden = _norm.Call(_fc1.Call(x).Reshape(-1, 8, 2)).Reshape(-1, 16);
            return _fc2.Call(_ownDropout.Call(_dropout.Call(hidden.Relu()).Tanh()));
        }
    }
}
