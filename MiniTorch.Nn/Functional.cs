namespace MiniTorch.Nn;

/// <summary>The losses and layers as functions without state (torch.nn.functional).</summary>
public static partial class Functional;
