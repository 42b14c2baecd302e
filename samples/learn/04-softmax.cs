#:project ../../MiniTorch.Nn/MiniTorch.Nn.csproj
using MiniTorch;

Tensor logits = [2.0, 1.0, 0.1];
Console.WriteLine(Naive(logits));
Console.WriteLine(Naive(logits).Sum());

static Tensor Naive(Tensor z) => z.Exp() / z.Exp().Sum();

Console.WriteLine(Naive(logits + 10));
Console.WriteLine(Naive(logits + 100));

Console.WriteLine((logits + 100).Exp());

Console.WriteLine(Stable(logits + 100));
Console.WriteLine((logits + 100).Softmax(dim: 0));

static Tensor Stable(Tensor z)
{
    Tensor exp = (z - z.Max()).Exp();
    return exp / exp.Sum();
}

Tensor far = [0.0, 200.0];
Console.WriteLine(far.Softmax(dim: 0).Log());
Console.WriteLine(far.LogSoftmax(dim: 0));
