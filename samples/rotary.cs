#:project ../MiniTorch.Nn/MiniTorch.Nn.csproj
// Rotary embeddings (Su et al. 2021, "RoFormer"): a model that says which symbol came three steps before, which attention alone cannot know.
// Four heads of the query share two heads of key and value.
using MiniTorch;
using MiniTorch.Nn;
using MiniTorch.Optim;

const int Symbols = 8, Length = 24, Back = 3, Steps = 250;
Generator.ManualSeed(0);

// The product of a rotated query and a rotated key depends on how far they are apart, not on where they are.
Tensor query = Tensor.Randn([16]), key = Tensor.Randn([16]);
Tensor products = Rotary.Turn(query.Expand(Length, 16)).MatMul(Rotary.Turn(key.Expand(Length, 16)).T);
float apart = (products[1.., 1..] - products[..^1, ..^1]).Abs().Max().Item<float>();
Console.WriteLine($"products of pairs at equal distances differ by {apart:F6} at most");

var model = new Sequential(new Embedding(Symbols, 32), new RotaryAttention(32, heads: 4, sharedHeads: 2), new Linear(32, Symbols));
var criterion = new CrossEntropyLoss();
var optimizer = new Adam(model.Parameters(), lr: 1e-2);
for (int step = 1; step <= Steps; step++)
{
    Tensor sequences = Tensor.RandInt(0, Symbols, [32, Length]);
    optimizer.ZeroGrad();
    Tensor loss = criterion.Call(model.Call(sequences)[.., Back..].Flatten(0, 1), sequences[.., ..^Back].Flatten());
    loss.Backward();
    optimizer.Step();
    if (step % 50 == 0) Console.WriteLine($"step {step}: loss {loss.Item<float>():F4}");
}

Tensor unseen = Tensor.RandInt(0, Symbols, [200, Length]);
double accuracy = model.Evaluate(() => Metrics.Accuracy(model.Call(unseen)[.., Back..].Flatten(0, 1), unseen[.., ..^Back].Flatten()));
Console.WriteLine($"accuracy {accuracy:F3} on 200 new sequences of {Length} symbols; by guessing {1.0 / Symbols:F3}");

static class Rotary
{
    /// <summary>Turns each pair of features (i, i + d/2) of x […, time, d] by the angle time · 10000^(−2i/d).</summary>
    public static Tensor Turn(Tensor x)
    {
        (int time, int half) = (x.Shape[^2], x.Shape[^1] / 2);
        Tensor frequencies = (Tensor.Arange(half) * (-Math.Log(10_000) / half)).Exp();
        Tensor angles = Tensor.Arange(time).Unsqueeze(1) * frequencies, cos = angles.Cos(), sin = angles.Sin();
        Tensor[] halves = x.Chunk(2, -1);
        return Tensor.Cat([halves[0] * cos - halves[1] * sin, halves[1] * cos + halves[0] * sin], -1);
    }
}

sealed class RotaryAttention(int embedding, int heads, int sharedHeads) : Module<Tensor, Tensor>
{
    private readonly Linear _query = new(embedding, embedding);
    private readonly Linear _keyAndValue = new(embedding, 2 * sharedHeads * (embedding / heads));
    private readonly Linear _output = new(embedding, embedding);

    protected override Tensor Forward(Tensor x)
    {
        Tensor query = _query.Call(x).Unflatten(-1, heads, -1).Transpose(1, 2); // [batch, heads, time, d]
        Tensor[] keyAndValue = _keyAndValue.Call(x).Unflatten(-1, 2 * sharedHeads, -1).Transpose(1, 2).Chunk(2, 1);
        Tensor mixed = Rotary.Turn(query).ScaledDotProductAttention(Rotary.Turn(keyAndValue[0]), keyAndValue[1], isCausal: true, enableGqa: true);
        return _output.Call(mixed.Transpose(1, 2).Flatten(2));
    }
}
