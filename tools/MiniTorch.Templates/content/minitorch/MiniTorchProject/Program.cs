using MiniTorch;
using MiniTorch.Data;
using MiniTorch.IO;
using MiniTorch.Nn;
using MiniTorch.Optim;

Generator.ManualSeed(0);

// Two interleaved spirals: points [400, 2] and their classes, 0 or 1.
Tensor turn = Tensor.Linspace(0.5, 3, 200), angle = turn * Math.PI;
Tensor spiral = Tensor.Stack([turn * angle.Cos(), turn * angle.Sin()], 1);
Tensor points = Tensor.Cat([spiral, -spiral]) + Tensor.Randn([400, 2]) * 0.05;
Tensor classes = Tensor.Cat([Tensor.Zeros([200], DType.Int64), Tensor.Ones([200], DType.Int64)]);

var model = new SpiralNet(hidden: 32);
var criterion = new CrossEntropyLoss();
var optimizer = new Adam(model.Parameters(), lr: 0.01);
var loader = new DataLoader(new TensorDataset(points, classes), batchSize: 50, shuffle: true);

for (int epoch = 1; epoch <= 100; epoch++)
{
    var mean = new RunningMean();
    foreach (var (x, y) in loader)
    {
        optimizer.ZeroGrad();
        Tensor loss = criterion.Call(model.Call(x), y);
        loss.Backward();
        optimizer.Step();
        mean.Add(loss, weight: x.Shape[0]);
    }
    if (epoch % 20 == 0) Console.WriteLine($"epoch {epoch,3}: loss {mean.Value:F4}");
}

model.Eval();
using (Autograd.NoGrad()) Console.WriteLine($"accuracy {Metrics.Accuracy(model.Call(points), classes):F3}");
Safetensors.Save("model.safetensors", model.StateDict());
Console.WriteLine($"the weights are in {Path.GetFullPath("model.safetensors")}");
