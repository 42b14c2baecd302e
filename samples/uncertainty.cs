#:project ../MiniTorch.Nn/MiniTorch.Nn.csproj
// Regression that knows how sure it is: y = sin 2x with noise that grows with x. One network gives the mean and the variance, trained by the Gaussian
// negative log-likelihood. Draws the learned curve with its 95 % interval as uncertainty.svg.
using MiniTorch;
using MiniTorch.Nn;
using MiniTorch.Optim;
using MiniTorch.Pictures;

Generator.ManualSeed(0);
(Tensor x, Tensor y) = Measurements(4000);
var model = new MeanAndVariance(hidden: 32);
var criterion = new GaussianNLLLoss();
var optimizer = new Adam(model.Parameters(), lr: 5e-3);
var schedule = new CosineAnnealingLR(optimizer, tMax: 800);
for (int step = 1; step <= 800; step++)
{
    optimizer.ZeroGrad();
    (Tensor mean, Tensor variance) = model.Call(x);
    Tensor loss = criterion.Call(mean, y, variance);
    loss.Backward();
    optimizer.Step();
    schedule.Step();
    if (step % 100 == 0) Console.WriteLine($"step {step}: loss {loss.Item<float>():F4}");
}

Tensor places = Tensor.Linspace(-1.8, 1.8, 7).Unsqueeze(1);
(Tensor learned, Tensor spread) = Predict(places);
Console.WriteLine("\nx, the true mean, the learned one, the true deviation, the learned one:");
Console.WriteLine($"{Tensor.Cat([places, (2 * places).Sin(), learned, Deviation(places), spread], 1):F3}");
Console.WriteLine($"the deviation is off by {(spread - Deviation(places)).Abs().Max().Item<double>():F3} at most");

(Tensor newX, Tensor newY) = Measurements(4000);
(learned, spread) = Predict(newX);
double inside = ((newY - learned).Abs() < 1.96 * spread).To(DType.Float64).Mean().Item<double>();
Console.WriteLine($"the 95 % interval holds {inside:F3} of 4000 new values");

Tensor line = Tensor.Linspace(-2, 2, 100).Unsqueeze(1);
(learned, spread) = Predict(line);
double[] at = line.ToArray<double>();
File.WriteAllText("uncertainty.svg", Picture.Curves(
    [
        new("learned mean", learned.ToArray<double>()) { Steps = at },
        new("upper end of 95 %", (learned + 1.96 * spread).ToArray<double>()) { Steps = at },
        new("lower end", (learned - 1.96 * spread).ToArray<double>()) { Steps = at },
        new("sin 2x", (2 * line).Sin().ToArray<double>()) { Steps = at },
    ], new CurveOptions { Title = "A curve, and how sure the network is", XLabel = "x", Height = 300 }));

(Tensor Mean, Tensor Deviation) Predict(Tensor x) => model.Evaluate(() =>
{
    (Tensor mean, Tensor variance) = model.Call(x);
    return (mean, variance.Sqrt());
});

static Tensor Deviation(Tensor x) => 0.05 + 0.25 * x.Sigmoid();

static (Tensor X, Tensor Y) Measurements(int count)
{
    Tensor x = 4 * Tensor.Rand([count, 1]) - 2;
    return (x, (2 * x).Sin() + Deviation(x) * Tensor.Randn([count, 1]));
}

sealed class MeanAndVariance(int hidden) : Module<Tensor, (Tensor Mean, Tensor Variance)>
{
    private readonly Linear _fc1 = new(1, hidden), _fc2 = new(hidden, hidden), _out = new(hidden, 2);

    protected override (Tensor Mean, Tensor Variance) Forward(Tensor x)
    {
        Tensor both = _out.Call(_fc2.Call(_fc1.Call(x).Tanh()).Tanh());
        return (both[.., ..1], both[.., 1..].Softplus());
    }
}
