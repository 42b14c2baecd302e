#:project ../MiniTorch.Nn/MiniTorch.Nn.csproj
// The MiniTorch half of twin.py: the same network from the same seed, line by line. It prints the same losses to six digits over 100 steps, those of
// data/twin.txt, which are what twin.py prints with PyTorch.
using System.Globalization;
using MiniTorch;
using MiniTorch.Nn;
using MiniTorch.Optim;

Generator.ManualSeed(0);
Tensor x = Tensor.Randn([512, 8], dtype: DType.Float64);
Tensor y = (x[.., 0] * x[.., 1] > 0).To(DType.Int64) + (x[.., 2] > 0).To(DType.Int64);
var model = new Sequential(
    new Linear(8, 32, dtype: DType.Float64), new Tanh(),
    new Linear(32, 32, dtype: DType.Float64), new ReLU(),
    new Linear(32, 3, dtype: DType.Float64));
var criterion = new CrossEntropyLoss();
var optimizer = new Adam(model.Parameters(), lr: 1e-2);
for (int step = 0; step < 100; step++)
{
    Tensor batch = Tensor.RandPerm(512)[..64];
    optimizer.ZeroGrad();
    Tensor loss = criterion.Call(model.Call(x[batch]), y[batch]);
    loss.Backward();
    optimizer.Step();
    Console.WriteLine(loss.Item<double>().ToString("F6", CultureInfo.InvariantCulture));
}
