#:project ../MiniTorch.Nn/MiniTorch.Nn.csproj
// A convolutional network on the handwritten digits of digits.cs: 1437 images to learn from, 360 to be judged by. Exits with 1 below 0.985. Some seconds.
using System.Diagnostics;
using MiniTorch;
using MiniTorch.Data;
using MiniTorch.Nn;
using MiniTorch.Optim;

const double Promised = 0.985;
const int Epochs = 15;
Generator.ManualSeed(0);
var clock = Stopwatch.StartNew();
(Tensor images, Tensor labels) = SampleData.Digits();
Tensor order = Tensor.RandPerm(images.Shape[0], new Generator(0));
int train = images.Shape[0] * 8 / 10;
images = images.View([-1, 1, 8, 8])[order];
labels = labels[order];

var model = new Sequential(
    new Conv2d(1, 16, 3, padding: 1), new BatchNorm2d(16), new ReLU(),
    new Conv2d(16, 32, 3, padding: 1), new BatchNorm2d(32), new ReLU(), new MaxPool2d(2),
    new Conv2d(32, 32, 3, padding: 1), new BatchNorm2d(32), new ReLU(), new Flatten(),
    new Dropout(0.3), new Linear(32 * 4 * 4, 10));
var criterion = new CrossEntropyLoss(labelSmoothing: 0.05);
var optimizer = new AdamW(model.Parameters(), lr: 1e-2);
var loader = new DataLoader(new TensorDataset(images[..train], labels[..train]), batchSize: 64, shuffle: true, generator: new Generator(1));
var schedule = new OneCycleLR(optimizer, maxLr: 1e-2, totalSteps: Epochs * loader.Count);
for (int epoch = 1; epoch <= Epochs; epoch++)
{
    (var loss, var accuracy) = (new RunningMean(), new RunningMean());
    using var progress = new ProgressMeter(loader.Count, $"epoch {epoch,2}");
    foreach (var (x, y) in loader)
    {
        optimizer.ZeroGrad();
        Tensor logits = model.Call(x);
        Tensor batchLoss = criterion.Call(logits, y);
        batchLoss.Backward();
        optimizer.Step();
        schedule.Step();
        loss.Add(batchLoss, weight: x.Shape[0]);
        accuracy.Add(Metrics.Accuracy(logits, y), weight: x.Shape[0]);
        progress.Step(("loss", loss.Value), ("accuracy", accuracy.Value));
    }
}

model.Eval();
using (Autograd.NoGrad())
{
    double accuracy = Metrics.Accuracy(model.Call(images[train..]), labels[train..]);
    Console.WriteLine($"\ntest accuracy {accuracy:F4} after {clock.Elapsed.TotalSeconds:F1} s");
    return accuracy >= Promised ? 0 : 1;
}
