namespace MiniTorch;

/// <summary>How a loss makes one number of the losses of its elements.</summary>
public enum Reduction
{
    /// <summary>Not at all: one loss an element.</summary>
    None,

    /// <summary>Their mean; a weighted one where the loss has weights.</summary>
    Mean,

    /// <summary>Their sum.</summary>
    Sum,

    /// <summary>Their sum divided by the size of the first dimension; only KLDivLoss knows it (batchmean).</summary>
    BatchMean,
}
