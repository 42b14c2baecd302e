#:project ../MiniTorch.Nn/MiniTorch.Nn.csproj
#:package Spectre.Console
// A small network learns handwritten digits: 1797 images of 8 × 8 pixels, four fifths to learn from, one fifth for the test. Takes a few seconds.
// A terminal shows the loss as a live chart; a file or a pipe gets a line for each epoch. Writes a report, a page for the browser, to the path given or
// else to digits.html, and the loss as digits.svg.
using System.Diagnostics;
using MiniTorch;
using MiniTorch.Data;
using MiniTorch.Nn;
using MiniTorch.Optim;
using MiniTorch.Pictures;
using Spectre.Console;

const int Epochs = 40;
Generator.ManualSeed(0);
var clock = Stopwatch.StartNew();
(Tensor images, Tensor labels) = SampleData.Digits();
Dataset[] parts = new TensorDataset(images, labels).RandomSplit([0.8, 0.2], new Generator(0));
var training = new DataLoader(parts[0], batchSize: 32, shuffle: true, generator: new Generator(1));
var test = new DataLoader(parts[1], batchSize: 64);

var model = new Mlp(64, 256, 10);
var criterion = new CrossEntropyLoss();
var optimizer = new Adam(model.Parameters(), lr: 3e-3);
Console.WriteLine($"{parts[0].Count} images to learn from, {parts[1].Count} for the test, {model.Parameters().Sum(p => p.ElementCount)} parameters");

string path = args.Length > 0 ? args[0] : "digits.html";
using var report = new TrainingReport(path) { Title = "Handwritten digits", Summary = model.Summary([32, 64]) };
report.Note("learning rate", "3e-3");
List<double> trainingLoss = [], testLoss = [];
if (Console.IsOutputRedirected || !AnsiConsole.Profile.Capabilities.Ansi)
{
    (AnsiConsole.Profile.Capabilities.Ansi, AnsiConsole.Profile.Capabilities.ColorSystem) = (false, ColorSystem.NoColors);
    while (trainingLoss.Count < Epochs)
    {
        TrainEpoch();
        Console.WriteLine($"epoch {trainingLoss.Count,2}: loss {trainingLoss[^1]:F4}, of the test {testLoss[^1]:F4}");
    }
}
else
    AnsiConsole.Live(Chart()).Start(live =>
    {
        while (trainingLoss.Count < Epochs)
        {
            TrainEpoch();
            live.UpdateTarget(Chart());
        }
    });

double accuracy = model.Evaluate(test, batch => Metrics.Accuracy(model.Call(batch[0]), batch[1]));
Tensor confusion = Tensor.Zeros([10, 10], DType.Int64);
foreach (var (x, y) in test) confusion += model.Evaluate(() => Metrics.ConfusionMatrix(model.Call(x).ArgMax(1), y, 10));
report.Show("confusion", Picture.ConfusionMatrix(confusion));
report.Show("weights", Picture.Weights(model.Parameters()[0][..64], [8, 8], "What the first 64 hidden units look for"));
File.WriteAllText("digits.svg", Picture.Curves([new("training", trainingLoss), new("test", testLoss)],
    new CurveOptions { Title = "Handwritten digits: the loss of each epoch", XLabel = "epoch", LogScale = true, Height = 300 }));
AnsiConsole.Write(ConfusionTable(confusion));
Console.WriteLine($"test accuracy {accuracy:F4} after {clock.Elapsed.TotalSeconds:F1} s; the report is in {path}");

void TrainEpoch()
{
    var mean = new RunningMean();
    foreach (var (x, y) in training)
    {
        optimizer.ZeroGrad();
        Tensor loss = criterion.Call(model.Call(x), y);
        loss.Backward();
        optimizer.Step();
        mean.Add(loss, weight: x.Shape[0]);
        report.Add("loss", loss.Item<double>());
    }
    trainingLoss.Add(mean.Value);
    testLoss.Add(model.Evaluate(test, batch => criterion.Call(model.Call(batch[0]), batch[1]).Item<double>()));
    report.Add("test loss", testLoss[^1]);
}

BarChart Chart()
{
    const int Shown = 10;
    var chart = new BarChart { Label = $"loss, epoch {trainingLoss.Count} of {Epochs}", Width = Math.Min(72, AnsiConsole.Profile.Width) };
    for (int i = Math.Max(0, trainingLoss.Count - Shown); i < trainingLoss.Count; i++)
        chart.AddItem($"{i + 1}", Math.Round(trainingLoss[i], 4), Color.Blue);
    return chart;
}

static Table ConfusionTable(Tensor confusion)
{
    AnsiConsole.WriteLine("rows: the digit, columns: the guess"); // a table's own title would be as narrow as the table
    var table = new Table { Border = TableBorder.None };
    table.AddColumn("");
    for (int digit = 0; digit < 10; digit++)
        table.AddColumn(new TableColumn($"{digit}") { Alignment = Justify.Right, Width = 3, Padding = new Padding(0) });
    for (int digit = 0; digit < 10; digit++)
        table.AddRow([$"{digit}", .. confusion[digit].ToArray<long>()
            .Select((count, guess) => count == 0 ? "" : guess == digit ? $"[green]{count}[/]" : $"[red]{count}[/]")]);
    return table;
}

sealed class Mlp(int inputs, int hidden, int classes) : Module<Tensor, Tensor>
{
    private readonly Linear _fc1 = new(inputs, hidden), _fc2 = new(hidden, classes);
    private readonly Dropout _dropout = new(0.3);

    protected override Tensor Forward(Tensor x) => _fc2.Call(_dropout.Call(_fc1.Call(x).Relu()));
}
