namespace MiniTorch.Nn;

/// <summary>
/// The nonlinearity of a plain recurrent layer (Tanh or Relu), or the one that follows a layer, for which <see cref="Init"/> chooses the variance of
/// the weights.
/// </summary>
public enum Nonlinearity
{
    /// <summary>tanh.</summary>
    Tanh,

    /// <summary>max(x, 0).</summary>
    Relu,

    /// <summary>None: the layer's output is used as it is.</summary>
    Linear,

    /// <summary>1 / (1 + e⁻ˣ).</summary>
    Sigmoid,

    /// <summary>max(x, a·x) with a small slope a.</summary>
    LeakyRelu,

    /// <summary>The scaled exponential linear unit.</summary>
    Selu,
}
