namespace MiniTorch.Nn;

/// <summary>The function between the two linear layers of a transformer layer.</summary>
public enum TransformerActivation
{
    /// <summary>max(x, 0).</summary>
    Relu,

    /// <summary>x·Φ(x).</summary>
    Gelu,
}

/// <summary>The feed-forward network of a transformer layer.</summary>
internal static class FeedForward
{
    public static Tensor Of(Tensor x, Linear linear1, TransformerActivation activation, Dropout dropout, Linear linear2)
    {
        Tensor hidden = linear1.Call(x);
        return linear2.Call(dropout.Call(activation switch
        {
            TransformerActivation.Relu => hidden.Relu(),
            TransformerActivation.Gelu => hidden.Gelu(),
            _ => throw new ValueException($"FeedForward: the activation {activation} is not known; use Relu or Gelu"),
        }));
    }
}
