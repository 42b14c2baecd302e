namespace MiniTorch;

// Cells of recurrent networks: x is [batch, inputs], h is [batch, hidden], weights are [gates · hidden, inputs] and [gates · hidden, hidden].
public partial class Tensor
{
    /// <summary>Returns tanh(W_ih x + b_ih + W_hh h + b_hh) (torch.rnn_tanh_cell).</summary>
    /// <exception cref="ShapeException">The shapes do not fit.</exception>
    /// <exception cref="DTypeException">The dtypes differ.</exception>
    public Tensor RnnTanhCell(Tensor h, Tensor weightIh, Tensor weightHh, Tensor? biasIh = null, Tensor? biasHh = null) =>
        Ops.Linear.Of(this, weightIh, biasIh, "RnnTanhCell").Plus("RnnTanhCell", h, weightHh, biasHh).Tanh();

    /// <summary>Returns max(0, W_ih x + b_ih + W_hh h + b_hh) (torch.rnn_relu_cell).</summary>
    /// <exception cref="ShapeException">The shapes do not fit.</exception>
    /// <exception cref="DTypeException">The dtypes differ.</exception>
    public Tensor RnnReluCell(Tensor h, Tensor weightIh, Tensor weightHh, Tensor? biasIh = null, Tensor? biasHh = null) =>
        Ops.Linear.Of(this, weightIh, biasIh, "RnnReluCell").Plus("RnnReluCell", h, weightHh, biasHh).Relu();

    /// <summary>
    /// With the gates i, f, g, o of W_ih x + b_ih + W_hh h + b_hh: c′ = σ(f) c + σ(i) tanh(g) and h′ = σ(o) tanh(c′) (torch.lstm_cell).
    /// </summary>
    /// <exception cref="ShapeException">The shapes do not fit.</exception>
    /// <exception cref="DTypeException">The dtypes differ.</exception>
    public (Tensor H, Tensor C) LstmCell(Tensor h, Tensor c, Tensor weightIh, Tensor weightHh, Tensor? biasIh = null, Tensor? biasHh = null) =>
        Ops.Linear.Of(this, weightIh, biasIh, "LstmCell").LstmStep(h, c, weightHh, biasHh);

    /// <summary>The LSTM cell after W_ih x + b_ih, which a layer computes for all steps of a sequence at once.</summary>
    internal (Tensor H, Tensor C) LstmStep(Tensor h, Tensor c, Tensor weightHh, Tensor? biasHh)
    {
        Tensor[] gates = Gates("LstmCell", Plus("LstmCell", h, weightHh, biasHh), 4);
        if (Given(c).DType != DType) throw new DTypeException($"LstmCell: c is {c.DType} and the input {DType}; convert one with To");
        Tensor next = gates[1].Sigmoid() * c + gates[0].Sigmoid() * gates[2].Tanh();
        return (gates[3].Sigmoid() * next.Tanh(), next);
    }

    /// <summary>
    /// With the gates r, z, n of a = W_ih x + b_ih and b = W_hh h + b_hh: r = σ(aᵣ + bᵣ), z = σ(a_z + b_z), n = tanh(aₙ + r bₙ) and
    /// h′ = (1 − z) n + z h (torch.gru_cell).
    /// </summary>
    /// <exception cref="ShapeException">The shapes do not fit.</exception>
    /// <exception cref="DTypeException">The dtypes differ.</exception>
    public Tensor GruCell(Tensor h, Tensor weightIh, Tensor weightHh, Tensor? biasIh = null, Tensor? biasHh = null) =>
        Ops.Linear.Of(this, weightIh, biasIh, "GruCell").GruStep(h, weightHh, biasHh);

    /// <summary>The GRU cell after W_ih x + b_ih.</summary>
    internal Tensor GruStep(Tensor h, Tensor weightHh, Tensor? biasHh)
    {
        Tensor[] a = Gates("GruCell", this, 3);
        Tensor[] b = Gates("GruCell", Ops.Linear.Of(h, weightHh, biasHh, "GruCell", "state"), 3);
        Tensor reset = (a[0] + b[0]).Sigmoid(), update = (a[1] + b[1]).Sigmoid(), candidate = (a[2] + reset * b[2]).Tanh();
        return candidate + update * (h - candidate);
    }

    /// <summary>Adds W_hh h + b_hh.</summary>
    internal Tensor Plus(string op, Tensor h, Tensor weightHh, Tensor? biasHh) => this + Ops.Linear.Of(h, weightHh, biasHh, op, "state");

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
