#:project ../MiniTorch.Nn/MiniTorch.Nn.csproj
// Two interleaved spirals, told apart by a small network. Draws the decision boundary to the path given or else to spirals.svg.
using MiniTorch;
using MiniTorch.Nn;
using MiniTorch.Optim;
using MiniTorch.Pictures;

Generator.ManualSeed(0);
(Tensor points, Tensor arms) = Spirals(400);
var model = new Sequential(new Linear(2, 64), new Tanh(), new Linear(64, 64), new Tanh(), new Linear(64, 2));
var criterion = new CrossEntropyLoss();
var optimizer = new Adam(model.Parameters(), lr: 1e-2);
for (int step = 1; step <= 500; step++)
{
    optimizer.ZeroGrad();
    Tensor loss = criterion.Call(model.Call(points), arms);
    loss.Backward();
    optimizer.Step();
    if (step % 100 == 0) Console.WriteLine($"step {step}: loss {loss.Item<float>():F4}");
}

(Tensor newPoints, Tensor newArms) = Spirals(400);
double accuracy = model.Evaluate(() => Metrics.Accuracy(model.Call(newPoints), newArms));
string path = args.Length > 0 ? args[0] : "spirals.svg";
File.WriteAllText(path, Picture.DecisionBoundary(model.Call, newPoints, newArms, "Two spirals", cells: 60));
Console.WriteLine($"accuracy {accuracy:F3} on 400 new points; the boundary is drawn in {path}");

// Points at radius t on an arm that turns by 1½ circles, the second arm opposite the first.
static (Tensor Points, Tensor Arms) Spirals(int count)
{
    Tensor arms = (Tensor.Arange(count) >= count / 2).To(DType.Int64);
    Tensor t = 0.15 + 0.85 * Tensor.Rand([count]);
    Tensor angle = t * 3 * Math.PI + arms * Math.PI;
    Tensor points = Tensor.Stack([t * angle.Cos(), t * angle.Sin()], 1);
    return (points + 0.02 * Tensor.Randn([count, 2]), arms);
}
