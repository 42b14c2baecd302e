#:project ../MiniTorch.Nn/MiniTorch.Nn.csproj
// Save and resume: a training that is stopped in the middle of an epoch and goes on later, to the very same weights. A checkpoint holds the model, the
// optimizer, the schedule, the place in the data and the random numbers.
using MiniTorch;
using MiniTorch.Data;
using MiniTorch.IO;
using MiniTorch.Nn;
using MiniTorch.Optim;

string file = Path.Combine(Directory.CreateTempSubdirectory("minitorch").FullName, "run.safetensors");
Tensor x = Tensor.Randn([200, 2], new Generator(0));
Tensor y = (x.Square().Sum(1) > 1.4).To(DType.Int64);

Console.WriteLine("without a break:");
Tensor whole = Train(file, stopAfter: int.MaxValue);
File.Delete(file);

Console.WriteLine("stopped after 37 of 70 steps:");
Train(file, stopAfter: 37);
Console.WriteLine("resumed, as by a new process:");
Tensor resumed = Train(file, stopAfter: int.MaxValue);
Console.WriteLine(whole.Eq(resumed).All().Item<bool>() ? "the weights are the same, bit for bit" : "the weights differ");
Directory.Delete(Path.GetDirectoryName(file)!, recursive: true);

Tensor Train(string file, int stopAfter)
{
    Generator.ManualSeed(0);
    var model = new Sequential(new Linear(2, 32), new Tanh(), new Dropout(0.1), new Linear(32, 2));
    var criterion = new CrossEntropyLoss();
    var optimizer = new Adam(model.Parameters(), lr: 0.02);
    var schedule = new CosineAnnealingLR(optimizer, tMax: 70);
    var loader = new DataLoader(new TensorDataset(x, y), batchSize: 20, shuffle: true);
    var run = new Checkpoint
    {
        ["model"] = model, ["optimizer"] = optimizer, ["schedule"] = schedule, ["loader"] = loader, ["epoch"] = 0, ["step"] = 0,
    };
    if (run.TryLoad(file)) Console.WriteLine($"  found a checkpoint of step {run.Get<int>("step")}");
    int step = run.Get<int>("step");
    for (int epoch = run.Get<int>("epoch"); epoch < 7; run["epoch"] = ++epoch)
        foreach (var (inputs, targets) in loader)
        {
            optimizer.ZeroGrad();
            Tensor loss = criterion.Call(model.Call(inputs), targets);
            loss.Backward();
            optimizer.Step();
            schedule.Step();
            run["step"] = ++step;
            run.Save(file);
            if (step % 10 == 0) Console.WriteLine($"  step {step}: loss {loss.Item<float>():F4}");
            if (step == stopAfter) return model.Parameters()[0];
        }
    return model.Parameters()[0];
}
