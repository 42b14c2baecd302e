#:project ../../MiniTorch.Nn/MiniTorch.Nn.csproj
using MiniTorch;
using MiniTorch.Nn;

Tensor logits = Tensor.Randn([4, 3], new Generator(0));
Tensor targets = [0, 2, 1, 1];
Tensor onehot = Tensor.Eye(3)[targets];

Tensor Loss(Tensor z) => Functional.CrossEntropy(z, targets);

GradCheckReport report = GradCheck.Against(Loss, z => (z.Softmax(1) - onehot) / 4, logits);
Console.WriteLine(report);

Console.WriteLine(GradCheck.Against(Loss, z => z.Softmax(1) - onehot, logits));

Tensor sure = [[20.0, 0.0, 0.0]], unsure = [[0.0, 0.0, 0.0]], wrong = [[-20.0, 0.0, -20.0]];
foreach (Tensor z in new[] { sure, unsure, wrong })
{
    z.RequiresGrad = true;
    Tensor loss = Functional.CrossEntropy(z, [0]);
    loss.Backward();
    Console.WriteLine($"loss {loss.Item<float>(),8:F4}, gradient {z.Grad:F4}");
}
