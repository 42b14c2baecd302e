#:project ../MiniTorch.Nn/MiniTorch.Nn.csproj
#:package Spectre.Console
// A small network learns handwritten digits: 1797 images of 8 x 8 pixels, 80 % to learn from, 20 % to be judged by. A few seconds.
// In a terminal that can redraw lines the loss is a live chart, elsewhere a line an epoch; a report is written to the path given or else among the temporary files.
using System.Diagnostics;
using MiniTorch;
using MiniTorch.Data;
using MiniTorch.Nn;
using MiniTorch.Optim;
using MiniTorch.Pictures;
using Spectre.Console;

const int Epochs = 40;
if (Console.IsOutputRedirected) (AnsiConsole.Profile.Capabilities.Ansi, AnsiConsole.Profile.Capabilities.ColorSystem) = (false, ColorSystem.NoColors);
Generator.ManualSeed(0);
var clock = Stopwatch.StartNew();
(Tensor images, Tensor labels) = SampleData.Digits();
Tensor order = Tensor.RandPerm(images.Shape[0], new Generator(0));
int train = images.Shape[0] * 8 / 10;
(Tensor trainImages, Tensor trainLabels) = (images[order[..train]], labels[order[..train]]);
(Tensor testImages, Tensor testLabels) = (images[order[train..]], labels[order[train..]]);

var model = new Mlp(64, 256, 10);
var criterion = new CrossEntropyLoss();
var optimizer = new Adam(model.Parameters(), lr: 3e-3);
var loader = new DataLoader(new TensorDataset(trainImages, trainLabels), batchSize: 32, shuffle: true, generator: new Generator(1));
Console.WriteLine($"{train} images to learn from, {testImages.Shape[0]} to be judged by, {model.Parameters().Sum(p => p.ElementCount)} parameters");

string path = args.Length > 0 ? args[0] : Path.Combine(Path.GetTempPath(), "digits.html");
using var report = new TrainingReport(path) { Title = "Handwritten digits", Summary = model.Summary([32, 64]) };
report.Note("learning rate", "3e-3");
var history = new List<(double Loss, double Accuracy)>();
if (Console.IsOutputRedirected || !AnsiConsole.Profile.Capabilities.Ansi)
    while (history.Count < Epochs)
    {
        TrainEpoch();
        Console.WriteLine($"epoch {history.Count,2}: loss {history[^1].Loss:F4}, accuracy {history[^1].Accuracy:F4}");
    }
else
    AnsiConsole.Live(Chart()).Start(live =>
    {
        while (history.Count < Epochs)
        {
            TrainEpoch();
            live.UpdateTarget(Chart());
        }
    });

model.Eval();
using (Autograd.NoGrad())
{
    Tensor guesses = model.Call(testImages).ArgMax(1), confusion = Metrics.ConfusionMatrix(guesses, testLabels, 10);
    double accuracy = Metrics.Accuracy(model.Call(testImages), testLabels);
    report.Show("confusion", Picture.ConfusionMatrix(confusion));
    report.Show("weights", Picture.Weights(model.Parameters()[0][..64], [8, 8], "What the first 64 hidden units look for"));
    AnsiConsole.Write(ConfusionTable(confusion));
    Console.WriteLine($"test accuracy {accuracy:F4} after {clock.Elapsed.TotalSeconds:F1} s; the report is in {path}");
    return accuracy >= 0.97 ? 0 : 1;
}

void TrainEpoch()
{
    (RunningMean loss, RunningMean accuracy) = (new(), new());
    foreach (var (x, y) in loader)
    {
        optimizer.ZeroGrad();
        Tensor logits = model.Call(x);
        Tensor batchLoss = criterion.Call(logits, y);
        batchLoss.Backward();
        optimizer.Step();
        loss.Add(batchLoss, x.Shape[0]);
        accuracy.Add(Metrics.Accuracy(logits, y), x.Shape[0]);
        report.Add("loss", batchLoss.Item<double>());
    }
    history.Add((loss.Value, accuracy.Value));
    report.Add("accuracy", accuracy.Value);
}

BarChart Chart()
{
    const int Shown = 10;
    var chart = new BarChart { Label = $"loss, epoch {history.Count} of {Epochs}", Width = Math.Min(72, AnsiConsole.Profile.Width) };
    for (int i = Math.Max(0, history.Count - Shown); i < history.Count; i++) chart.AddItem($"{i + 1}", Math.Round(history[i].Loss, 4), Color.Blue);
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
