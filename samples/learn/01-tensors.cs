#:project ../../MiniTorch.Nn/MiniTorch.Nn.csproj
using MiniTorch;

Tensor scores = [[2.0, 0.5, 1.0], [0.2, 1.5, 0.3]];
Console.WriteLine(scores);
Console.WriteLine($"shape {scores.Shape}, element type {scores.DType}");

Console.WriteLine(scores[0]);          // the first row
Console.WriteLine(scores[.., 1]);      // the second column
Console.WriteLine(scores[1, ^1]);      // one element: still a tensor, of shape []
float number = scores[1, ^1].Item<float>();
Console.WriteLine(number);             // a C# number

Console.WriteLine(scores * 10);
Console.WriteLine(scores + scores);

Tensor row = [100, 200, 300];
Console.WriteLine(scores + row);

Console.WriteLine(scores.Sum());
Console.WriteLine(scores.Sum(dim: 0)); // [2, 3] without dimension 0: [3]
Console.WriteLine(scores.Sum(dim: 1)); // [2, 3] without dimension 1: [2]

try
{
    Console.WriteLine(scores / scores.Sum(dim: 1));
}
catch (ShapeException error)
{
    Console.WriteLine(error.Message);
}

Tensor sums = scores.Sum(dim: 1, keepDim: true);
Console.WriteLine(sums.Shape);
Tensor shares = scores / sums;
Console.WriteLine(shares);
Console.WriteLine(shares.Sum(dim: 1));
