#:project ../MiniTorch.Mpi/MiniTorch.Mpi.csproj
// The handwritten digits of digits.cs, learned by one process (`dotnet run samples/distributed.cs`) or by several:
//   dotnet build samples/distributed.cs -o artifacts/distributed && mpirun -n 4 --oversubscribe artifacts/distributed/distributed
// The last line is the SHA-256 of the weights, which is the same for any number of processes. Some seconds; needs Open MPI for more than one.
using System.Diagnostics;
using System.Security.Cryptography;
using MiniTorch;
using MiniTorch.Data;
using MiniTorch.IO;
using MiniTorch.Mpi;
using MiniTorch.Nn;
using MiniTorch.Optim;

const int Epochs = 20;
using var world = World.Init();
Generator.ManualSeed(0);
var clock = Stopwatch.StartNew();
(Tensor images, Tensor labels) = SampleData.Digits();
Tensor order = Tensor.RandPerm(images.Shape[0], new Generator(0));
int train = images.Shape[0] * 8 / 10;
(images, labels) = (images[order], labels[order]);

var model = new Sequential(new Linear(64, 256), new ReLU(), new Dropout(0.3), new Linear(256, 10));
world.Broadcast(model);
var criterion = new CrossEntropyLoss();
var optimizer = new Adam(model.Parameters(), lr: 3e-3);
var data = new TensorDataset(images[..train], labels[..train]);
var loader = new DataLoader(data, batchSize: 64, sampler: new DistributedSampler(data, world, seed: 1));
var gradients = new ShardedGradients(world, model);
if (world.IsRoot) Console.WriteLine($"{world.Size} processes, {world.Shards} shards, {train} images to learn from");

for (int epoch = 1; epoch <= Epochs; epoch++)
{
    var mean = new RunningMean();
    foreach (Batch batch in loader)
    {
        mean.Add(gradients.Compute(batch, shard => criterion.Call(model.Call(shard[0]), shard[1])));
        optimizer.Step();
    }
    if (world.IsRoot) Console.WriteLine($"epoch {epoch,2}: loss {mean.Value:F4}");
}

// Each process judges its part of the test images, and the counts are added.
int tests = images.Shape[0] - train;
(int first, int end) = (train + (tests * world.Rank / world.Size), train + (tests * (world.Rank + 1) / world.Size));
Tensor right = world.AllReduce(model.Evaluate(() => model.Call(images[first..end]).ArgMax(1).Eq(labels[first..end]).Sum()));
if (world.IsRoot)
{
    Console.WriteLine($"test accuracy {right.Item<double>() / tests:F4} after {clock.Elapsed.TotalSeconds:F1} s");
    using var weights = new MemoryStream();
    Safetensors.Save(weights, model.StateDict());
    Console.WriteLine(Convert.ToHexStringLower(SHA256.HashData(weights.ToArray())));
}
