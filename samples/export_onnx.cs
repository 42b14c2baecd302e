#:project ../MiniTorch.Nn/MiniTorch.Nn.csproj
#:project ../MiniTorch.Onnx/MiniTorch.Onnx.csproj
// Trains a small network on the handwritten digits and writes it as digits.onnx, which ONNX Runtime, browsers and phones run. Some seconds.
using MiniTorch;
using MiniTorch.Data;
using MiniTorch.IO;
using MiniTorch.Nn;
using MiniTorch.Optim;

Generator.ManualSeed(0);
(Tensor images, Tensor labels) = SampleData.Digits();
images = images.View([-1, 1, 8, 8]);

var model = new Sequential(
    new Conv2d(1, 8, 3, padding: 1), new BatchNorm2d(8), new ReLU(), new MaxPool2d(2),
    new Conv2d(8, 16, 3, padding: 1), new ReLU(), new AdaptiveAvgPool2d(2), new Flatten(), new Linear(64, 10));
var criterion = new CrossEntropyLoss();
var optimizer = new Adam(model.Parameters(), lr: 1e-2);
for (int epoch = 1; epoch <= 3; epoch++)
{
    var loss = new RunningMean();
    foreach (var (x, y) in new DataLoader(new TensorDataset(images, labels), batchSize: 64, shuffle: true))
    {
        optimizer.ZeroGrad();
        Tensor batchLoss = criterion.Call(model.Call(x), y);
        batchLoss.Backward();
        optimizer.Step();
        loss.Add(batchLoss, weight: x.Shape[0]);
    }
    Console.WriteLine($"epoch {epoch}: loss {loss.Value:F4}");
}

model.Eval(); // batch normalization is exported with the statistics that it has learned
Onnx.Export(model, images[..1], "digits.onnx");
Console.WriteLine($"digits.onnx: {new FileInfo("digits.onnx").Length} bytes, input [batch, 1, 8, 8], output [batch, 10]");
