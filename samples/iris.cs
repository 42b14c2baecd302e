#:project ../MiniTorch.Nn/MiniTorch.Nn.csproj
// Iris: the species of 150 flowers from four lengths, read from a CSV file. Trained on 105 of them, tested on the other 45. Takes a second.
// Draws the confusion matrix as iris.svg.
using MiniTorch;
using MiniTorch.Data;
using MiniTorch.IO;
using MiniTorch.Nn;
using MiniTorch.Optim;
using MiniTorch.Pictures;

Generator.ManualSeed(0);
CsvTable table = CsvTable.Load(SampleData.PathOf("iris.csv"));
string[] species = [.. table.Columns.Skip(2)];
Tensor rows = table.Numbers();
rows = rows[Tensor.RandPerm(rows.Shape[0])];
(Tensor lengths, Tensor labels) = (rows[.., ..4], rows[.., 4].To(DType.Int64));
Tensor mean = lengths[..105].Mean(0), deviation = lengths[..105].Std(0);
lengths = (lengths - mean) / deviation;

var model = new Sequential(new Linear(4, 16), new Tanh(), new Linear(16, 3));
var criterion = new CrossEntropyLoss();
var optimizer = new AdamW(model.Parameters(), lr: 1e-2);
var loader = new DataLoader(new TensorDataset(lengths[..105], labels[..105]), batchSize: 16, shuffle: true);
for (int epoch = 1; epoch <= 60; epoch++)
{
    var meanLoss = new RunningMean();
    foreach (var (x, y) in loader)
    {
        optimizer.ZeroGrad();
        Tensor loss = criterion.Call(model.Call(x), y);
        loss.Backward();
        optimizer.Step();
        meanLoss.Add(loss, weight: x.Shape[0]);
    }
    if (epoch % 10 == 0) Console.WriteLine($"epoch {epoch}: loss {meanLoss.Value:F4}");
}

Tensor scores = model.Evaluate(() => model.Call(lengths[105..]));
Tensor confusion = Metrics.ConfusionMatrix(scores.ArgMax(1), labels[105..], species.Length);
Console.WriteLine($"\naccuracy {Metrics.Accuracy(scores, labels[105..]):F3} on 45 unseen flowers");
Console.WriteLine($"rows: {string.Join(", ", species)}; columns: the guess");
Console.WriteLine(confusion);
File.WriteAllText("iris.svg", Picture.ConfusionMatrix(confusion, species, "45 unseen flowers"));
