namespace MiniTorch.Nn;

/// <summary>The loss, and further results of the same pass over the logits.</summary>
/// <param name="Loss">The reduced loss.</param>
/// <param name="LogSumExp">ln Σ eˣ of each row; ln C for ignored rows, whose logits are replaced by 0. Differentiable; linear
/// cross-entropy computes the logits again for it, a chunk at a time.</param>
/// <param name="Predictions">Int64: the class with the largest logit of each row.</param>
/// <param name="Accuracy">The share of correct predictions among the rows that are not ignored (for class probabilities the most likely class is
/// correct); NaN if all are ignored.</param>
public sealed record CrossEntropyOutputs(Tensor Loss, Tensor LogSumExp, Tensor Predictions, double Accuracy);
