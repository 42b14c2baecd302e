#:project ../MiniTorch.Nn/MiniTorch.Nn.csproj
// An LSTM remembers: which of four symbols came first in a sequence of 20 random ones? Draws the loss as lstm.svg.
using MiniTorch;
using MiniTorch.Nn;
using MiniTorch.Optim;
using MiniTorch.Pictures;

const int Symbols = 4, Length = 20, Steps = 400;
Generator.ManualSeed(0);
var model = new FirstSymbol(Symbols, hidden: 32);
model.OpenForgetGates();
var criterion = new CrossEntropyLoss();
var optimizer = new Adam(model.Parameters(), lr: 1e-2);
var losses = new List<double>();
for (int step = 1; step <= Steps; step++)
{
    Tensor sequences = Tensor.RandInt(0, Symbols, [64, Length]);
    optimizer.ZeroGrad();
    Tensor loss = criterion.Call(model.Call(sequences), sequences[.., 0]);
    loss.Backward();
    ClipGrad.Norm(model.Parameters(), 1.0);
    optimizer.Step();
    losses.Add(loss.Item<double>());
    if (step % 50 == 0) Console.WriteLine($"step {step}: loss {losses[^1]:F4}");
}

Tensor unseen = Tensor.RandInt(0, Symbols, [1000, Length]);
double accuracy = model.Evaluate(() => Metrics.Accuracy(model.Call(unseen), unseen[.., 0]));
Console.WriteLine($"accuracy {accuracy:F3} on 1000 new sequences of {Length} symbols; by guessing {1.0 / Symbols:F3}");
File.WriteAllText("lstm.svg", Picture.Curves([new("loss", losses)], new CurveOptions { Title = "An LSTM learns to remember", LogScale = true, Height = 300 }));

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
