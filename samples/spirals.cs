#:project ../MiniTorch.Nn/MiniTorch.Nn.csproj
// Two interleaved spirals, told apart by a small network; the decision boundary is drawn as an SVG, to the path given or else among the temporary files.
// Exits with 1 when fewer than 98 % of new points fall on the right side.
using MiniTorch;
using MiniTorch.Nn;
using MiniTorch.Optim;
using MiniTorch.Pictures;

const double Promised = 0.98;
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

using (Autograd.NoGrad())
{
    (Tensor newPoints, Tensor newArms) = Spirals(400);
    double accuracy = Metrics.Accuracy(model.Call(newPoints), newArms);
    string path = args.Length > 0 ? args[0] : Path.Combine(Path.GetTempPath(), "spirals.svg");
    File.WriteAllText(path, Picture.DecisionBoundary(model.Call, points, arms, "Two spirals"));
    Console.WriteLine($"{accuracy:P1} of 400 new points on the right side; the boundary is drawn in {path}");
    return accuracy >= Promised ? 0 : 1;
}

// Points at radius t on an arm that turns by 1½ circles, the second arm opposite the first.
static (Tensor Points, Tensor Arms) Spirals(int count)
{
    Tensor arms = (Tensor.Arange(count) >= count / 2).To(DType.Int64);
    Tensor t = 0.15 + 0.85 * Tensor.Rand([count]);
    Tensor angle = t * 3 * Math.PI + arms * Math.PI;
    Tensor points = Tensor.Stack([t * angle.Cos(), t * angle.Sin()], 1);
    return (points + 0.02 * Tensor.Randn([count, 2]), arms);
}
