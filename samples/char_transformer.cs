#:project ../MiniTorch.Nn/MiniTorch.Nn.csproj
// A small transformer learns four sonnets letter by letter, then writes some lines of its own. By guessing the loss is 3.9.
// Draws the loss as transformer.svg.
using MiniTorch;
using MiniTorch.Nn;
using MiniTorch.Optim;
using MiniTorch.Pictures;

const int Context = 48, Batch = 16, Steps = 600;
Generator.ManualSeed(0);
string text = File.ReadAllText(SampleData.PathOf("sonnets.txt"));
char[] alphabet = [.. text.Distinct().Order()];
Tensor letters = Tensor.From(text.Select(letter => (long)Array.IndexOf(alphabet, letter)).ToArray());
Tensor windows = letters.Unfold(0, Context + 1, 1);

var model = new LetterTransformer(alphabet.Length, Context, width: 64, heads: 4, layers: 2);
var criterion = new CrossEntropyLoss();
var optimizer = new AdamW(model.Parameters(), lr: 6e-3);
var schedule = new OneCycleLR(optimizer, maxLr: 6e-3, totalSteps: Steps);
Console.WriteLine($"{text.Length} letters, {alphabet.Length} different ones; {model.Parameters().Sum(p => p.ElementCount)} parameters");
var losses = new List<double>();
for (int step = 1; step <= Steps; step++)
{
    Tensor window = windows[Tensor.RandInt(0, windows.Shape[0], [Batch])];
    optimizer.ZeroGrad();
    Tensor scores = model.Call(window[.., ..^1]);
    Tensor loss = criterion.Call(scores.Reshape([-1, alphabet.Length]), window[.., 1..].Reshape([-1]));
    loss.Backward();
    ClipGrad.Norm(model.Parameters(), 1.0);
    optimizer.Step();
    schedule.Step();
    losses.Add(loss.Item<double>());
    if (step % 50 == 0) Console.WriteLine($"step {step}: loss {losses.TakeLast(50).Average():F4}");
}

Console.WriteLine($"\n{model.Evaluate(() => Written("When ", 200))}");
File.WriteAllText("transformer.svg", Picture.Curves([new("loss", losses)],
    new CurveOptions { Title = "A transformer learns four sonnets", Smoothing = 0.9, LogScale = true, Height = 300 }));

string Written(string start, int length)
{
    List<long> written = [.. start.Select(letter => (long)Array.IndexOf(alphabet, letter))];
    long[] next = new long[1];
    while (written.Count < length)
    {
        Tensor seen = Tensor.From(written.TakeLast(Context).ToArray()).Unsqueeze(0);
        float[] probabilities = (model.Call(seen)[0, ^1] / 0.7).Softmax(0).ToArray<float>();
        Generator.Default.FillMultinomial<float>(next, probabilities);
        written.Add(next[0]);
    }
    return string.Concat(written.Select(letter => alphabet[letter]));
}

sealed class LetterTransformer(int letters, int context, int width, int heads, int layers) : Module<Tensor, Tensor>
{
    private readonly Embedding _letters = new(letters, width), _places = new(context, width);
    private readonly TransformerEncoderLayer[] _layers = [.. Enumerable.Range(0, layers).Select(_ =>
        new TransformerEncoderLayer(width, heads, dimFeedforward: 4 * width, dropout: 0, TransformerActivation.Gelu, batchFirst: true,
            normFirst: true))];
    private readonly LayerNorm _norm = new(width);
    private readonly Linear _head = new(width, letters);

    protected override Tensor Forward(Tensor window)
    {
        Tensor x = _letters.Call(window) + _places.Call(Tensor.Arange(window.Shape[1]));
        foreach (TransformerEncoderLayer layer in _layers) x = layer.Call(x, new AttentionOptions { IsCausal = true });
        return _head.Call(_norm.Call(x));
    }
}
