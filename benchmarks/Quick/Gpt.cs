using MiniTorch.Nn;

namespace MiniTorch.Benchmarks.Quick;

/// <summary>
/// A causal transformer over token ids [batch, sequence]; gives logits [batch · sequence, vocabulary]. Its attention is composed by hand, or the
/// fused op; a tied head uses the embedding's weight.
/// </summary>
internal sealed class Gpt(int vocabulary, int width, int heads, int sequence, int layers, bool fusesAttention = false, bool isTied = false)
    : Module<Tensor, Tensor>
{
    private readonly Embedding _tok = new(vocabulary, width), _pos = new(sequence, width);
    private readonly Sequential _blocks = new([.. Enumerable.Range(0, layers).Select(_ => new Block(width, heads, sequence, fusesAttention))]);
    private readonly LayerNorm _ln = new(width);
    private readonly Linear? _head = isTied ? null : new(width, vocabulary);

    protected override Tensor Forward(Tensor input)
    {
        Tensor x = _tok.Call(input) + _pos.Call(Tensor.Arange(input.Shape[1]));
        Tensor last = _ln.Call(_blocks.Call(x));
        return (_head?.Call(last) ?? Functional.Linear(last, _tok.Weight)).View(-1, vocabulary);
    }

    private sealed class Block(int width, int heads, int sequence, bool fusesAttention) : Module<Tensor, Tensor>
    {
        private readonly LayerNorm _ln1 = new(width), _ln2 = new(width);
        private readonly Linear _qkv = new(width, 3 * width), _proj = new(width, width), _fc = new(width, 4 * width), _out = new(4 * width, width);

        [Nn.Buffer]
        private readonly Tensor? _mask = fusesAttention ? null : Tensor.Ones([sequence, sequence], DType.Bool).Triu(1);

        protected override Tensor Forward(Tensor input)
        {
            (int batch, int time) = (input.Shape[0], input.Shape[1]);
            Tensor[] parts = _qkv.Call(_ln1.Call(input)).Split(width, 2);
            Tensor q = Heads(parts[0]), k = Heads(parts[1]), v = Heads(parts[2]);
            Tensor mixed = fusesAttention ? q.ScaledDotProductAttention(k, v, isCausal: true)
                : (q.MatMul(k.Transpose(-2, -1)) * Math.Pow(width / heads, -0.5)).MaskedFill(_mask!, double.NegativeInfinity).Softmax(-1).MatMul(v);
            Tensor x = input + _proj.Call(mixed.Transpose(1, 2).Reshape(batch, time, width));
            return x + _out.Call(_fc.Call(_ln2.Call(x)).Gelu());

            Tensor Heads(Tensor x) => x.View(batch, time, heads, width / heads).Transpose(1, 2);
        }
    }
}
