#:project ../MiniTorch.Nn/MiniTorch.Nn.csproj
// The MiniTorch half of twin.py: the same network from the same seed, line by line, and the same losses to six digits over 100 steps.
// They are compared with those that PyTorch printed (data/twin.txt); exits with 1 when one differs.
using System.Globalization;
using MiniTorch;
using MiniTorch.Nn;
using MiniTorch.Optim;

string[] recorded = [.. File.ReadLines(SampleData.PathOf("twin.txt")).Where(line => !line.StartsWith('#'))];
int different = 0;

Generator.ManualSeed(0);
Tensor x = Tensor.Randn([512, 8], dtype: DType.Float64);
Tensor y = (x[.., 0] * x[.., 1] > 0).To(DType.Int64) + (x[.., 2] > 0).To(DType.Int64);
var model = new Sequential(
    new Linear(8, 32, dtype: DType.Float64), new Tanh(),
    new Linear(32, 32, dtype: DType.Float64), new ReLU(),
    new Linear(32, 3, dtype: DType.Float64));
var criterion = new CrossEntropyLoss();
var optimizer = new Adam(model.Parameters(), lr: 1e-2);
for (int step = 0; step < recorded.Length; step++)
{
    Tensor batch = Tensor.RandPerm(512)[..64];
    optimizer.ZeroGrad();
    Tensor loss = criterion.Call(model.Call(x[batch]), y[batch]);
    loss.Backward();
    optimizer.Step();
    string printed = loss.Item<double>().ToString("F6", CultureInfo.InvariantCulture);
    bool same = printed == recorded[step];
    if (!same) different++;
    Console.WriteLine(same ? printed : $"{printed}, but PyTorch has {recorded[step]}");
}
Console.WriteLine(different == 0 ? $"All {recorded.Length} losses are PyTorch's."
    : $"{different} of {recorded.Length} losses differ from PyTorch's.");
return different == 0 && recorded.Length == 100 ? 0 : 1;
