namespace MiniTorch.Nn;

/// <summary>Layers and losses as functions, without modules and parameters (torch.nn.functional).</summary>
public static partial class Functional
{
    /// <summary>Computes x·Wᵀ + b over the last dimension (torch.nn.functional.linear).</summary>
    /// <param name="input">[*, in].</param>
    /// <param name="weight">[out, in].</param>
    /// <param name="bias">[out], or null.</param>
    /// <returns>[*, out].</returns>
    /// <exception cref="ShapeException">The shapes do not fit.</exception>
    public static Tensor Linear(Tensor input, Tensor weight, Tensor? bias = null) => input.Linear(weight, bias);

    /// <summary>
    /// Zeroes elements with probability <paramref name="p"/> and divides the others by 1 − p, with PyTorch's mask for the same seed
    /// (torch.nn.functional.dropout).
    /// </summary>
    /// <param name="input">Any shape, Float32 or Float64.</param>
    /// <param name="p">The probability of zeroing an element, in [0, 1].</param>
    /// <param name="training">If false, the input is returned unchanged.</param>
    /// <param name="generator">The generator that draws the mask; <see cref="Generator.Default"/> by default.</param>
    /// <exception cref="ValueException"><paramref name="p"/> is not in [0, 1].</exception>
    public static Tensor Dropout(Tensor input, double p = 0.5, bool training = true, Generator? generator = null)
    {
        if (!(p is >= 0 and <= 1)) throw new ValueException(FormattableString.Invariant($"Dropout: the probability {p} is not in [0, 1]"));
        if (!training || p == 0 || input.ElementCount == 0) return input;
        if (p == 1) return input * 0;
        var kept = new float[input.ElementCount];
        (generator ?? Generator.Default).FillBernoulli<float>(kept, 1 - p);
        return input * (Tensor.From(kept, input.Shape, input.DType) / (1 - p));
    }
}
