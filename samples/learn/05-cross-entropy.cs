#:project ../../MiniTorch.Nn/MiniTorch.Nn.csproj
using MiniTorch;
using MiniTorch.Nn;

Tensor logits = [[2.0, 0.5, 1.0], [0.2, 1.5, 0.3], [1.0, 2.0, 0.1]];
Tensor targets = [0, 1, 1];
logits.RequiresGrad = true;

Tensor max = logits.Max(dim: 1, keepDim: true).Values;
Tensor shifted = logits - max;
Console.WriteLine(max);
Console.WriteLine(shifted);

Tensor logSumExp = shifted.Exp().Sum(dim: 1, keepDim: true).Log();
Console.WriteLine(logSumExp);

Tensor logProbabilities = shifted - logSumExp;
Console.WriteLine(logProbabilities);

Tensor picked = logProbabilities.Gather(1, targets.Unsqueeze(1));
Console.WriteLine(picked);

Tensor loss = -picked.Mean();
Console.WriteLine(loss);

var criterion = new CrossEntropyLoss();
Console.WriteLine(criterion.Call(logits, targets));

loss.Backward();
Console.WriteLine(logits.Grad);

Tensor onehot = Tensor.Eye(3)[targets];
Console.WriteLine(onehot);
Console.WriteLine((logits.Detach().Softmax(1) - onehot) / 3);
