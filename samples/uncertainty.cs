#:project ../MiniTorch.Nn/MiniTorch.Nn.csproj
// Regression that knows how sure it is: y = sin 2x with noise that grows with x; one network gives the mean and the variance, trained by the Gaussian
// negative log-likelihood. Exits with 1 when its deviation is off by more than 0.05 somewhere, or its 95 % interval does not hold 93 to 97 % of new values.
using MiniTorch;
using MiniTorch.Nn;
using MiniTorch.Optim;

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

using (Autograd.NoGrad())
{
    Tensor places = Tensor.Linspace(-1.8, 1.8, 7).Unsqueeze(1);
    (Tensor mean, Tensor variance) = model.Call(places);
    Tensor table = Tensor.Cat([places, (2 * places).Sin(), mean, Deviation(places), variance.Sqrt()], 1);
    Console.WriteLine($"\nx, the true mean, the learned one, the true deviation, the learned one:\n{table:F3}");
    double worst = (variance.Sqrt() - Deviation(places)).Abs().Max().Item<double>();

    (Tensor newX, Tensor newY) = Measurements(4000);
    (mean, variance) = model.Call(newX);
    double inside = ((newY - mean).Abs() < 1.96 * variance.Sqrt()).To(DType.Float64).Mean().Item<double>();
    Console.WriteLine($"the deviation is off by {worst:F3} at most; the 95 % interval holds {inside:P1} of 4000 new values");
    return worst <= 0.05 && inside is >= 0.93 and <= 0.97 ? 0 : 1;
}

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
