namespace MiniTorch;

// Cells of recurrent networks: x is [batch, inputs], h is [batch, hidden], weights are [gates · hidden, inputs] and [gates · hidden, hidden].
public partial class Tensor
{
    /// <summary>Returns tanh(W_ih x + b_ih + W_hh h + b_hh) (torch.rnn_tanh_cell).</summary>
    /// <exception cref="ShapeException">The shapes do not fit.</exception>
    public Tensor RnnTanhCell(Tensor h, Tensor weightIh, Tensor weightHh, Tensor? biasIh = null, Tensor? biasHh = null) =>
        (Linear(weightIh, biasIh) + Given(h).Linear(weightHh, biasHh)).Tanh();

    /// <summary>Returns max(0, W_ih x + b_ih + W_hh h + b_hh) (torch.rnn_relu_cell).</summary>
    /// <exception cref="ShapeException">The shapes do not fit.</exception>
    public Tensor RnnReluCell(Tensor h, Tensor weightIh, Tensor weightHh, Tensor? biasIh = null, Tensor? biasHh = null) =>
        (Linear(weightIh, biasIh) + Given(h).Linear(weightHh, biasHh)).Relu();

    /// <summary>
    /// With the gates i, f, g, o of W_ih x + b_ih + W_hh h + b_hh: c′ = σ(f) c + σ(i) tanh(g) and h′ = σ(o) tanh(c′) (torch.lstm_cell).
    /// </summary>
    /// <exception cref="ShapeException">The shapes do not fit.</exception>
    public (Tensor H, Tensor C) LstmCell(Tensor h, Tensor c, Tensor weightIh, Tensor weightHh, Tensor? biasIh = null, Tensor? biasHh = null)
    {
        Tensor[] gates = Gates("LstmCell", Linear(weightIh, biasIh) + Given(h).Linear(weightHh, biasHh), 4);
        Tensor next = gates[1].Sigmoid() * c + gates[0].Sigmoid() * gates[2].Tanh();
        return (gates[3].Sigmoid() * next.Tanh(), next);
    }

    /// <summary>
    /// With the gates r, z, n of a = W_ih x + b_ih and b = W_hh h + b_hh: r = σ(aᵣ + bᵣ), z = σ(a_z + b_z), n = tanh(aₙ + r bₙ) and
    /// h′ = (1 − z) n + z h (torch.gru_cell).
    /// </summary>
    /// <exception cref="ShapeException">The shapes do not fit.</exception>
    public Tensor GruCell(Tensor h, Tensor weightIh, Tensor weightHh, Tensor? biasIh = null, Tensor? biasHh = null)
    {
        Tensor[] a = Gates("GruCell", Linear(weightIh, biasIh), 3), b = Gates("GruCell", Given(h).Linear(weightHh, biasHh), 3);
        Tensor reset = (a[0] + b[0]).Sigmoid(), update = (a[1] + b[1]).Sigmoid(), candidate = (a[2] + reset * b[2]).Tanh();
        return candidate + update * (h - candidate);
    }

    // Not Chunk, which returns fewer pieces if the size is not divisible.
    private static Tensor[] Gates(string op, Tensor x, int count)
    {
        int rows = x.Shape.SizeOrOne(x.Rank - 1), hidden = rows / count;
        if (x.Rank == 0 || rows % count != 0)
            throw new ShapeException($"{op}: the weights have {rows} rows, which is not a multiple of {count}; "
                + $"each of the {count} gates needs one row for each hidden feature");
        Span<int> sizes = stackalloc int[count];
        sizes.Fill(hidden);
        return x.Split(sizes, -1);
    }
}
