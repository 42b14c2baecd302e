#:project ../MiniTorch.Nn/MiniTorch.Nn.csproj
// A convolutional network on the handwritten digits of digits.cs, with batch normalization, a learning rate that rises and falls, and a progress line.
// Takes some seconds. Draws what the first layer looks for as filters.svg.
using System.Diagnostics;
using MiniTorch;
using MiniTorch.Data;
using MiniTorch.Nn;
using MiniTorch.Optim;
using MiniTorch.Pictures;

const int Epochs = 15;
Generator.ManualSeed(0);
var clock = Stopwatch.StartNew();
(Tensor images, Tensor labels) = SampleData.Digits();
Dataset[] parts = new TensorDataset(images.View([-1, 1, 8, 8]), labels).RandomSplit([0.8, 0.2], new Generator(0));
var training = new DataLoader(parts[0], batchSize: 64, shuffle: true, generator: new Generator(1));
var test = new DataLoader(parts[1], batchSize: 64);

var first = new Conv2d(1, 16, 3, padding: 1);
var model = new Sequential(
    first, new BatchNorm2d(16), new ReLU(),
    new Conv2d(16, 32, 3, padding: 1), new BatchNorm2d(32), new ReLU(), new MaxPool2d(2),
    new Conv2d(32, 32, 3, padding: 1), new BatchNorm2d(32), new ReLU(), new Flatten(),
    new Dropout(0.3), new Linear(32 * 4 * 4, 10));
var criterion = new CrossEntropyLoss(labelSmoothing: 0.05);
var optimizer = new AdamW(model.Parameters(), lr: 1e-2);
var schedule = new OneCycleLR(optimizer, maxLr: 1e-2, totalSteps: Epochs * training.Count);
for (int epoch = 1; epoch <= Epochs; epoch++)
{
    var mean = new RunningMean();
    using var progress = new ProgressMeter(training.Count, $"epoch {epoch,2}");
    foreach (var (x, y) in training)
    {
        optimizer.ZeroGrad();
        Tensor loss = criterion.Call(model.Call(x), y);
        loss.Backward();
        optimizer.Step();
        schedule.Step();
        mean.Add(loss, weight: x.Shape[0]);
        progress.Step(("loss", mean.Value));
    }
}

double accuracy = model.Evaluate(test, batch => Metrics.Accuracy(model.Call(batch[0]), batch[1]));
Console.WriteLine($"\ntest accuracy {accuracy:F4} after {clock.Elapsed.TotalSeconds:F1} s");
File.WriteAllText("filters.svg", Picture.Weights(first.Weight, title: "The 16 filters of the first layer"));
