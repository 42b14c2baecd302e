#:project ../MiniTorch.Nn/MiniTorch.Nn.csproj
// Iris: the species of 150 flowers from four lengths. Trained on 105, judged by the other 45; exits with 1 below 0.93. A second.
using MiniTorch;
using MiniTorch.Data;
using MiniTorch.IO;
using MiniTorch.Nn;
using MiniTorch.Optim;

const double Promised = 0.93;
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
    var loss = new RunningMean();
    foreach (var (x, y) in loader)
    {
        optimizer.ZeroGrad();
        Tensor batchLoss = criterion.Call(model.Call(x), y);
        batchLoss.Backward();
        optimizer.Step();
        loss.Add(batchLoss, weight: x.Shape[0]);
    }
    if (epoch % 10 == 0) Console.WriteLine($"epoch {epoch}: loss {loss.Value:F4}");
}

using (Autograd.NoGrad())
{
    Tensor scores = model.Call(lengths[105..]);
    double accuracy = Metrics.Accuracy(scores, labels[105..]);
    Console.WriteLine($"\n{accuracy:P1} of 45 unseen flowers recognised; rows: {string.Join(", ", species)}; columns: the guess");
    Console.WriteLine(Metrics.ConfusionMatrix(scores.ArgMax(1), labels[105..], species.Length));
    return accuracy >= Promised ? 0 : 1;
}
