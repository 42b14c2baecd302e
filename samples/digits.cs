#:project ../MiniTorch.Nn/MiniTorch.Nn.csproj
// A small network learns handwritten digits: 1797 images of 8 x 8 pixels, 80 % to learn from, 20 % to be judged by. A few seconds.
using System.Diagnostics;
using MiniTorch;
using MiniTorch.Data;
using MiniTorch.Nn;
using MiniTorch.Optim;

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

for (int epoch = 1; epoch <= 40; epoch++)
{
    (double lossSum, long right) = (0, 0);
    foreach (var (x, y) in loader)
    {
        optimizer.ZeroGrad();
        Tensor logits = model.Call(x);
        Tensor loss = criterion.Call(logits, y);
        loss.Backward();
        optimizer.Step();
        lossSum += loss.Item<double>() * x.Shape[0];
        right += logits.ArgMax(1).Eq(y).Sum().Item<long>();
    }
    Console.WriteLine($"epoch {epoch,2}: loss {lossSum / train:F4}, accuracy {(double)right / train:F4}");
}

model.Eval();
using (Autograd.NoGrad())
{
    Tensor guesses = model.Call(testImages).ArgMax(1);
    double accuracy = guesses.Eq(testLabels).To(DType.Float64).Mean().Item<double>();
    Console.WriteLine($"\ntest accuracy {accuracy:F4} after {clock.Elapsed.TotalSeconds:F1} s; rows: the digit, columns: the guess");
    Tensor confusion = Tensor.Zeros([100], DType.Int64).IndexAdd(0, testLabels * 10 + guesses, Tensor.OnesLike(guesses)).View(10, 10);
    Console.WriteLine(confusion);
    return accuracy >= 0.97 ? 0 : 1;
}

sealed class Mlp(int inputs, int hidden, int classes) : Module<Tensor, Tensor>
{
    private readonly Linear _fc1 = new(inputs, hidden), _fc2 = new(hidden, classes);
    private readonly Dropout _dropout = new(0.3);

    protected override Tensor Forward(Tensor x) => _fc2.Call(_dropout.Call(_fc1.Call(x).Relu()));
}
