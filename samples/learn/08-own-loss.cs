#:project ../../MiniTorch.Nn/MiniTorch.Nn.csproj
using MiniTorch;
using MiniTorch.Nn;

Tensor logits = [[4.0, 0.0, 0.0], [0.5, 0.0, 0.0], [-2.0, 0.0, 0.0]];  // of the right class: surely right, unsure, wrong
Tensor targets = [0, 0, 0];
foreach (double gamma in new[] { 0.0, 1.0, 2.0 })
    Console.WriteLine($"gamma {gamma}: {new FocalLoss(gamma).Call(logits, targets).Item<float>():F4}");
Console.WriteLine($"cross-entropy: {new CrossEntropyLoss().Call(logits, targets).Item<float>():F4}");

Console.WriteLine(new FocalLoss(gamma: 2).Call(logits, targets).AllClose(new SoftmaxFocalLoss(gamma: 2).Call(logits, targets)));

foreach (double gamma in new[] { 0.0, 2.0 })
{
    logits.RequiresGrad = true;
    logits.Grad = null;
    new FocalLoss(gamma).Call(logits, targets).Backward();
    Console.WriteLine($"gamma {gamma}: {logits.Grad![.., 0]:F4}");
}

var focal = new FocalLoss(gamma: 2);
Console.WriteLine(GradCheck.Run(z => focal.Call(z, targets), logits));

Console.WriteLine(GradCheck.Run(z => focal.Call(z, targets), logits, new GradCheckOptions { Order = 2 }).Verdict);

sealed class FocalLoss(double gamma) : Module<Tensor, Tensor, Tensor>
{
    protected override Tensor Forward(Tensor logits, Tensor targets)
    {
        Tensor logP = logits.LogSoftmax(1).Gather(1, targets.Unsqueeze(1));
        Tensor p = logP.Exp();
        return ((1 - p).Pow(gamma) * -logP).Mean();
    }
}
