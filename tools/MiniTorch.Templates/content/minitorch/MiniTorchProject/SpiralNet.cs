using MiniTorch;
using MiniTorch.Nn;

/// <summary>Points [batch, 2] to class scores [batch, 2]. Layers are found in the fields; nothing is registered.</summary>
public sealed class SpiralNet(int hidden) : Module<Tensor, Tensor>
{
    readonly Linear _fc1 = new(2, hidden), _fc2 = new(hidden, hidden), _fc3 = new(hidden, 2);

    protected override Tensor Forward(Tensor x) => _fc3.Call(_fc2.Call(_fc1.Call(x).Tanh()).Tanh());
}
