#:project ../../MiniTorch.Nn/MiniTorch.Nn.csproj
#:project ../../MiniTorch.Onnx/MiniTorch.Onnx.csproj
using MiniTorch;
using MiniTorch.Data;
using MiniTorch.IO;
using MiniTorch.Nn;
using MiniTorch.Optim;

Generator.ManualSeed(0);
Tensor points = Tensor.Randn([500, 2]);
Tensor outside = (points.Square().Sum(1) > 1.4).To(DType.Int64);
var training = new DataLoader(new TensorDataset(points[..400], outside[..400]), batchSize: 32, shuffle: true);
var test = new DataLoader(new TensorDataset(points[400..], outside[400..]), batchSize: 100);

Sequential NewModel() => new(new Linear(2, 32), new ReLU(), new Dropout(0.1), new Linear(32, 2));

Sequential model = NewModel();
var criterion = new CrossEntropyLoss();
var optimizer = new Adam(model.Parameters(), lr: 0.02);

double Accuracy() => model.Evaluate(test, batch => Metrics.Accuracy(model.Call(batch[0]), batch[1]));

Console.WriteLine($"before training: {Accuracy():P0} of the unseen points are right");
for (int epoch = 1; epoch <= 20; epoch++)
    foreach (var (inputs, targets) in training)
    {
        optimizer.ZeroGrad();
        Tensor loss = criterion.Call(model.Call(inputs), targets);
        loss.Backward();
        optimizer.Step();
    }
Console.WriteLine($"after training: {Accuracy():P0}");

model.Eval();
Console.WriteLine($"{model.Call([[0.1, 0.2], [2.0, 1.0]]).Softmax(1).Detach():F3}");

string folder = Directory.CreateTempSubdirectory("minitorch").FullName;
string file = Path.Combine(folder, "circle.safetensors");
Safetensors.Save(file, model.StateDict());

Sequential loaded = NewModel();
loaded.LoadStateDict(Safetensors.Load(file));
loaded.Eval();
Console.WriteLine(loaded.Call(points).AllClose(model.Call(points)));

Onnx.Export(model, points[..1], Path.Combine(folder, "circle.onnx"));
foreach (string path in Directory.EnumerateFiles(folder).Order())
    Console.WriteLine($"{Path.GetFileName(path)}: {new FileInfo(path).Length} bytes");
Directory.Delete(folder, recursive: true);
