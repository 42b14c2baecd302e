namespace MiniTorch.Nn;

/// <summary>The loss and what the same pass over the logits gives besides.</summary>
/// <param name="Loss">The loss, reduced.</param>
/// <param name="LogSumExp">ln Σ eˣ of each row, differentiable but for linear cross-entropy; ln C in ignored rows, whose logits count as 0.</param>
/// <param name="Predictions">The class with the largest logit of each row, Int64.</param>
/// <param name="Accuracy">The share of rows that count whose prediction is the target (the largest of the probabilities); NaN without any such row.</param>
public sealed record CrossEntropyOutputs(Tensor Loss, Tensor LogSumExp, Tensor Predictions, double Accuracy);
