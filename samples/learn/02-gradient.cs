#:project ../../MiniTorch.Nn/MiniTorch.Nn.csproj
using MiniTorch;

Tensor w = Tensor.From([1.0, -2.0, 3.0]);
Console.WriteLine(Loss(w));

static Tensor Loss(Tensor w) => (w * w).Sum();

double h = 1e-4;
for (int i = 0; i < 3; i++)
{
    Tensor step = Tensor.ZerosLike(w);
    step[i] = h;
    double slope = ((Loss(w + step) - Loss(w - step)) / (2 * h)).Item<double>();
    Console.WriteLine($"if w[{i}] grows by a little, the loss grows by {slope:F4} times as much");
}

w.RequiresGrad = true;
Tensor loss = Loss(w);
Console.WriteLine(loss);
loss.Backward();
Console.WriteLine(w.Grad);

Loss(w).Backward();
Console.WriteLine(w.Grad);

w.Grad = null;
Loss(w).Backward();
Console.WriteLine(w.Grad);

GradCheckReport report = GradCheck.Run(t => (t * t).Sum(), w);
Console.WriteLine(report);
