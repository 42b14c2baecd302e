#:project ../MiniTorch.Nn/MiniTorch.Nn.csproj
// A data set of your own: small images of a horizontal bar, a vertical bar or a cross, drawn when they are asked for. A loader makes batches of them,
// and a network learns to tell them apart.
using MiniTorch;
using MiniTorch.Data;
using MiniTorch.Nn;
using MiniTorch.Optim;

Generator.ManualSeed(0);
var all = new Bars(3000);
Console.WriteLine($"a sample: an image of shape {all[2][0].Shape} and the class {all[2][1].Item<long>()}");
Console.WriteLine($"{all[2][0]:F1}");

Dataset[] parts = all.RandomSplit([0.8, 0.2], new Generator(1));
var training = new DataLoader(parts[0], batchSize: 50, shuffle: true, generator: new Generator(2));
var test = new DataLoader(parts[1], batchSize: 100);
var model = new Sequential(new Flatten(), new Linear(64, 64), new ReLU(), new Linear(64, 3));
var criterion = new CrossEntropyLoss();
var optimizer = new Adam(model.Parameters(), lr: 3e-3);
for (int epoch = 1; epoch <= 10; epoch++)
{
    foreach (var (images, classes) in training)
    {
        optimizer.ZeroGrad();
        Tensor loss = criterion.Call(model.Call(images), classes);
        loss.Backward();
        optimizer.Step();
    }
    double accuracy = model.Evaluate(test, batch => Metrics.Accuracy(model.Call(batch[0]), batch[1]));
    Console.WriteLine($"epoch {epoch,2}: accuracy {accuracy:F3} on {parts[1].Count} unseen images");
}

// A sample is an array of tensors: here an image, Float32 [8, 8], and its class, Int64 []. The same index always gives the same sample.
sealed class Bars(int count) : Dataset
{
    public override int Count => count;

    public override Tensor[] this[int index]
    {
        get
        {
            var random = new Random(index);
            int kind = index % 3, row = random.Next(8), column = random.Next(8);
            var image = new float[8, 8];
            for (int i = 0; i < 8; i++)
                for (int j = 0; j < 8; j++)
                {
                    bool isBar = (i == row && kind != 1) || (j == column && kind != 0);
                    image[i, j] = (isBar ? 1 : 0) + 0.2f * random.NextSingle();
                }
            return [Tensor.From(image), kind];
        }
    }
}
