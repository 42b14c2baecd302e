using MiniTorch.Nn;

namespace MiniTorch.Tests.Modules;

/// <summary>Modules that several tests use.</summary>
internal static class TestModels
{
    internal sealed class Mlp(int inputs, int hidden, int classes) : Module<Tensor, Tensor>
    {
        private readonly Linear _fc1 = new(inputs, hidden), _fc2 = new(hidden, classes);

        protected override Tensor Forward(Tensor x) => _fc2.Call(_fc1.Call(x).Relu());
    }

    internal sealed class Ring : Module<Tensor, Tensor>
    {
        public Linear First { get; } = new(2, 2, bias: false);

        public Linear? Second { get; set; }

        public Ring? Next { get; set; }

        protected override Tensor Forward(Tensor x) => First.Call(x);
    }

    internal sealed class Hidden : Module<Tensor, Tensor>
    {
        private readonly HashSet<Linear> _layers = [new(1, 1)];

        protected override Tensor Forward(Tensor x) => x + _layers.Count;
    }

    internal static Linear Small() => new(1, 1, bias: false);

    internal static Parameter One() => new(Tensor.Ones([1]));
}
