#:project ../../MiniTorch.Nn/MiniTorch.Nn.csproj
using MiniTorch;
using MiniTorch.Pictures;

Generator.ManualSeed(0);                            // the same random numbers in each run, and the same as torch.manual_seed(0)
Tensor x = Tensor.Linspace(-1, 1, 50);
Tensor y = 3 * x - 1 + 0.1 * Tensor.Randn([50]);
Console.WriteLine($"x {x.Shape}, y {y.Shape}");

Tensor slope = Tensor.Zeros([], requiresGrad: true);
Tensor intercept = Tensor.Zeros([], requiresGrad: true);

Tensor Loss() => (slope * x + intercept - y).Square().Mean();

Console.WriteLine($"loss at the start {Loss().Item<float>():F4}");

var losses = new List<double>();
for (int step = 1; step <= 100; step++)
{
    slope.Grad = intercept.Grad = null;             // clear: gradients add up
    Tensor loss = Loss();
    loss.Backward();
    using (Autograd.NoGrad())                       // an update is not part of the model
    {
        slope.SubInPlace(0.1 * slope.Grad!);
        intercept.SubInPlace(0.1 * intercept.Grad!);
    }
    losses.Add(loss.Item<double>());
    if (step % 20 == 0) Console.WriteLine($"step {step,3}: loss {losses[^1]:F4}, slope {slope.Item<float>():F3}, intercept {intercept.Item<float>():F3}");
}

File.WriteAllText("line.svg", Picture.Curves(losses, new CurveOptions { Title = "Loss of a line", LogScale = true }));
