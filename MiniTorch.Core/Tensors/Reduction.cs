namespace MiniTorch;

/// <summary>Specifies how a loss combines the losses of its elements.</summary>
public enum Reduction
{
    /// <summary>Returns the loss of each element without combining them.</summary>
    None,

    /// <summary>Returns the mean; the weighted mean if the loss has class weights.</summary>
    Mean,

    /// <summary>Returns the sum.</summary>
    Sum,

    /// <summary>Returns the sum divided by the size of the first dimension (batchmean); only KLDivLoss supports it.</summary>
    BatchMean,
}
