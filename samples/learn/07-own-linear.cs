#:project ../../MiniTorch.Nn/MiniTorch.Nn.csproj
using MiniTorch;
using MiniTorch.Data;
using MiniTorch.Nn;
using MiniTorch.Optim;

Generator.ManualSeed(0);
var layer = new MyLinear(inputs: 3, outputs: 2);
Tensor x = Tensor.Randn([4, 3]);
Console.WriteLine(layer.Call(x).Shape);
foreach (var (name, parameter) in layer.NamedParameters()) Console.WriteLine($"{name} {parameter.Shape}");

var builtIn = new Linear(3, 2);
builtIn.LoadStateDict(layer.StateDict());
Console.WriteLine(layer.Call(x).AllClose(builtIn.Call(x)));

GradCheck.RunModule(layer, [x]).ThrowIfFailed();
Console.WriteLine("all gradients are right");

Tensor points = Tensor.Randn([256, 2]);
Tensor equal = (points[.., 0] * points[.., 1] > 0).To(DType.Int64);   // the targets: 1 if the signs are equal, else 0

var model = new Sequential(new MyLinear(2, 16), new Tanh(), new MyLinear(16, 2));
Console.Write(model.Summary([256, 2]));

var criterion = new CrossEntropyLoss();
var optimizer = new Adam(model.Parameters(), lr: 0.02);
var loader = new DataLoader(new TensorDataset(points, equal), batchSize: 32, shuffle: true);
for (int epoch = 1; epoch <= 20; epoch++)
{
    var mean = new RunningMean();
    foreach (var (inputs, targets) in loader)
    {
        optimizer.ZeroGrad();
        Tensor loss = criterion.Call(model.Call(inputs), targets);
        loss.Backward();
        optimizer.Step();
        mean.Add(loss, weight: targets.Shape[0]);
    }
    if (epoch % 5 == 0) Console.WriteLine($"epoch {epoch,2}: loss {mean.Value:F3}");
}

sealed class MyLinear : Module<Tensor, Tensor>
{
    private readonly Parameter _weight, _bias;

    public MyLinear(int inputs, int outputs)
    {
        double bound = 1 / Math.Sqrt(inputs);
        _weight = new Parameter(Tensor.Rand([outputs, inputs]) * 2 * bound - bound);   // between −bound and bound
        _bias = new Parameter(Tensor.Zeros([outputs]));
    }

    protected override Tensor Forward(Tensor x) => x.MatMul(_weight.T) + _bias;
}
