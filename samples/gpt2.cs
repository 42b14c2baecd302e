#:project ../MiniTorch.Nn/MiniTorch.Nn.csproj
// Trains GPT-2 with AdamW and prints time and memory of its steps: a tiny one on the bytes of four sonnets, or with the argument 124M the one of 124
// million parameters on random tokens. Guessing would give the tiny one a loss of 5.5.
using System.Diagnostics;
using MiniTorch;
using MiniTorch.Nn;
using MiniTorch.Optim;

bool isLarge = args is ["124M", ..];
Generator.ManualSeed(0);
var model = isLarge ? new Gpt2(vocabulary: 50304, context: 1024, width: 768, heads: 12, layers: 12)
    : new Gpt2(vocabulary: 256, context: 32, width: 64, heads: 4, layers: 2);
(int batch, int time, int steps) = isLarge ? (4, 64, 6) : (16, 32, 300);
var optimizer = new AdamW(model.Parameters(), lr: isLarge ? 1e-4 : 6e-3);
Tensor tokens = isLarge ? Tensor.RandInt(0, 50257, [batch * time * 4])
    : Tensor.From(File.ReadAllBytes(SampleData.PathOf("sonnets.txt")).Select(letter => (long)letter).ToArray());
Tensor windows = tokens.Unfold(0, time + 1, 1);
Console.WriteLine($"{model.Parameters().Sum(parameter => parameter.ElementCount) / 1e6:F1} million parameters, {batch} × {time} tokens a step");

var recent = new RunningMean();
var times = new List<double>();
for (int step = 1; step <= steps; step++)
{
    long start = Stopwatch.GetTimestamp();
    Tensor window = windows[Tensor.RandInt(0, windows.Shape[0], [batch])];
    optimizer.ZeroGrad();
    Tensor loss = Functional.CrossEntropy(model.Call(window[.., ..^1]), window[.., 1..].Reshape(-1));
    loss.Backward();
    optimizer.Step();
    times.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
    if (step > steps - 20) recent.Add(loss);
    if (isLarge || step % 30 == 0) Console.WriteLine($"step {step}: loss {loss.Item<float>():F3}, {times[^1]:F0} ms");
}
times.Sort();
Console.WriteLine($"fastest step {times[0]:F1} ms, median {times[times.Count / 2]:F1} ms; at most "
    + $"{Process.GetCurrentProcess().PeakWorkingSet64 >> 20} MB");
Console.WriteLine($"mean loss of the last 20 steps: {recent.Value:F3}");

/// <summary>
/// GPT-2 (Radford et al., 2019): token ids [batch, time] give logits [batch · time, vocabulary]; the head is the token embedding's weight.
/// </summary>
internal sealed class Gpt2 : Module<Tensor, Tensor>
{
    private readonly Embedding _tokens, _positions;
    private readonly Sequential _blocks;
    private readonly LayerNorm _norm;

    public Gpt2(int vocabulary, int context, int width, int heads, int layers)
    {
        (_tokens, _positions, _norm) = (new Embedding(vocabulary, width), new Embedding(context, width), new LayerNorm(width));
        _blocks = new Sequential([.. Enumerable.Range(0, layers).Select(_ => new Block(width, heads))]);
        Init.Normal(_tokens.Weight, std: 0.02);
        Init.Normal(_positions.Weight, std: 0.01);
    }

    protected override Tensor Forward(Tensor input)
    {
        Tensor x = _tokens.Call(input) + _positions.Call(Tensor.Arange(input.Shape[1]));
        Tensor logits = Functional.Linear(_norm.Call(_blocks.Call(x)), _tokens.Weight);
        return logits.Reshape(-1, logits.Shape[^1]);
    }
}

/// <summary>x plus causal attention of its norm, plus a perceptron of that one's norm.</summary>
internal sealed class Block(int width, int heads) : Module<Tensor, Tensor>
{
    private readonly LayerNorm _norm1 = new(width), _norm2 = new(width);
    private readonly Linear _qkv = new(width, 3 * width), _mix = new(width, width), _up = new(width, 4 * width), _down = new(4 * width, width);

    protected override Tensor Forward(Tensor input)
    {
        (int batch, int time) = (input.Shape[0], input.Shape[1]);
        Tensor[] parts = _qkv.Call(_norm1.Call(input)).Split(width, 2);
        Tensor mixed = Heads(parts[0]).ScaledDotProductAttention(Heads(parts[1]), Heads(parts[2]), isCausal: true);
        Tensor x = input + _mix.Call(mixed.Transpose(1, 2).Reshape(batch, time, width));
        return x + _down.Call(_up.Call(_norm2.Call(x)).Gelu("tanh"));

        Tensor Heads(Tensor part) => part.View(batch, time, heads, width / heads).Transpose(1, 2);
    }
}
