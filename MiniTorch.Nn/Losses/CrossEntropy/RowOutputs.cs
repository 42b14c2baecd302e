namespace MiniTorch.Nn;

/// <summary>Receives the further results for each row from a pass over chunks of logits; numbers without a graph.</summary>
/// <param name="LogSumExp">ln Σ eˣ, shape (N).</param>
/// <param name="Predictions">The class with the largest logit, Int64 (N).</param>
internal sealed record RowOutputs(Tensor LogSumExp, Tensor Predictions)
{
    /// <summary>Stores the results for the rows of a chunk that begins at <paramref name="start"/>.</summary>
    public void Note(int start, Tensor logits, double softcap)
    {
        if (logits.ElementCount == 0) return;
        Tensor x = softcap > 0 ? (logits / softcap).Tanh() * softcap : logits;
        LogSumExp.Narrow(0, start, logits.Shape[0]).CopyInPlace(x.LogSumExp(1));
        Predictions.Narrow(0, start, logits.Shape[0]).CopyInPlace(logits.ArgMax(1));
    }
}
