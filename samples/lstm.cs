#:project ../MiniTorch.Nn/MiniTorch.Nn.csproj
// An LSTM remembers: which of four symbols came first in a sequence of 20 random ones? Exits with 1 when fewer than 99 % of new sequences are answered.
using MiniTorch;
using MiniTorch.Nn;
using MiniTorch.Optim;

const int Symbols = 4, Length = 20, Steps = 400;
const double Promised = 0.99;
Generator.ManualSeed(0);
var model = new FirstSymbol(Symbols, hidden: 32);
model.OpenForgetGates();
var criterion = new CrossEntropyLoss();
var optimizer = new Adam(model.Parameters(), lr: 1e-2);
for (int step = 1; step <= Steps; step++)
{
    Tensor sequences = Tensor.RandInt(0, Symbols, [64, Length]);
    optimizer.ZeroGrad();
    Tensor scores = model.Call(sequences);
    Tensor loss = criterion.Call(scores, sequences[.., 0]);
    loss.Backward();
    ClipGrad.Norm(model.Parameters(), 1.0);
    optimizer.Step();
    if (step % 50 == 0) Console.WriteLine($"step {step}: loss {loss.Item<float>():F4}, accuracy {Metrics.Accuracy(scores, sequences[.., 0]):F3}");
}

using (Autograd.NoGrad())
{
    Tensor sequences = Tensor.RandInt(0, Symbols, [1000, Length]);
    double accuracy = Metrics.Accuracy(model.Call(sequences), sequences[.., 0]);
    Console.WriteLine($"the first symbol of 1000 new sequences of {Length}: {accuracy:P1} right, {1.0 / Symbols:P0} by guessing");
    return accuracy >= Promised ? 0 : 1;
}

sealed class FirstSymbol(int symbols, int hidden) : Module<Tensor, Tensor>
{
    private readonly Embedding _embedding = new(symbols, 8);
    private readonly LSTM _lstm = new(8, hidden, batchFirst: true);
    private readonly Linear _head = new(hidden, symbols);

    // Forget gates that start open keep the gradient of the first symbol alive over the whole sequence (Jozefowicz, Zaremba, Sutskever 2015).
    public void OpenForgetGates() => _lstm.StateDict()["bias_ih_l0"][hidden..(2 * hidden)] = 3f;

    protected override Tensor Forward(Tensor sequences)
    {
        var (_, (hidden, _)) = _lstm.Call(_embedding.Call(sequences));
        return _head.Call(hidden[0]);
    }
}
