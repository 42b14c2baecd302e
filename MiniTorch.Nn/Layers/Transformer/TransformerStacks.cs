namespace MiniTorch.Nn;

/// <summary>
/// A stack of encoder layers, and an optional normalisation of the output (torch.nn.TransformerEncoder; Vaswani et al. 2017). As in PyTorch, the
/// layers are copies of the given one, so that all start with the same weights.
/// </summary>
/// <example><code>
/// Tensor x = Tensor.Randn([2, 5, 64]), isPadding = Tensor.Zeros([2, 5], DType.Bool);
/// var layer = new TransformerEncoderLayer(dModel: 64, nhead: 4, batchFirst: true);
/// var encoder = new TransformerEncoder(layer, numLayers: 6);
/// encoder.Apply(module => { if (module is Linear linear) Init.XavierUniform(linear.Weight); }); // different weights in each layer
/// Tensor memory = encoder.Call(x, new AttentionOptions { KeyPaddingMask = isPadding }); // [N, T, 64] → [N, T, 64]
/// </code></example>
/// <param name="encoderLayer">The layer to copy; it does not become part of the stack.</param>
/// <param name="numLayers">The number of layers.</param>
/// <param name="norm">The normalisation of the output, which becomes part of the stack; null for none.</param>
/// <exception cref="ValueException"><paramref name="numLayers"/> is not positive.</exception>
public sealed class TransformerEncoder(TransformerEncoderLayer encoderLayer, int numLayers, Module<Tensor, Tensor>? norm = null)
    : Module<Tensor, AttentionOptions?, Tensor>
{
    private readonly ModuleList<TransformerEncoderLayer> _layers = TransformerStack.Copies("TransformerEncoder", encoderLayer, numLayers);
    private readonly Module<Tensor, Tensor>? _norm = norm;

    internal override int OptionalInputs => 1;

    /// <summary>Runs the stack without masks: every step attends to every step.</summary>
    public Tensor Call(Tensor src) => Call(src, null);

    /// <inheritdoc/>
    [return: Dims("... embedding")]
    protected override Tensor Forward([Dims("... embedding")] Tensor src, AttentionOptions? options)
    {
        foreach (TransformerEncoderLayer layer in _layers) src = layer.Call(src, options);
        return _norm?.Call(src) ?? src;
    }
}

/// <summary>
/// A stack of decoder layers, and an optional normalisation of the output (torch.nn.TransformerDecoder; Vaswani et al. 2017). As in PyTorch, the
/// layers are copies of the given one, so that all start with the same weights.
/// </summary>
/// <example><code>
/// Tensor target = Tensor.Randn([2, 5, 64]), memory = Tensor.Randn([2, 7, 64]);
/// var decoder = new TransformerDecoder(new TransformerDecoderLayer(dModel: 64, nhead: 4, batchFirst: true), numLayers: 6);
/// Tensor y = decoder.Call(target, memory, new AttentionOptions { IsCausal = true }); // [N, T, 64], [N, S, 64] → [N, T, 64]
/// </code></example>
/// <param name="decoderLayer">The layer to copy; it does not become part of the stack.</param>
/// <param name="numLayers">The number of layers.</param>
/// <param name="norm">The normalisation of the output, which becomes part of the stack; null for none.</param>
/// <exception cref="ValueException"><paramref name="numLayers"/> is not positive.</exception>
public sealed class TransformerDecoder(TransformerDecoderLayer decoderLayer, int numLayers, Module<Tensor, Tensor>? norm = null)
    : Module<Tensor, Tensor, AttentionOptions?, AttentionOptions?, Tensor>
{
    private readonly ModuleList<TransformerDecoderLayer> _layers = TransformerStack.Copies("TransformerDecoder", decoderLayer, numLayers);
    private readonly Module<Tensor, Tensor>? _norm = norm;

    internal override int OptionalInputs => 2;

    /// <summary>Runs the stack; the memory has no masks.</summary>
    /// <param name="tgt">The target sequence.</param>
    /// <param name="memory">The output of the encoder.</param>
    /// <param name="options">The masks of the target's attention to itself; null for none.</param>
    public Tensor Call(Tensor tgt, Tensor memory, AttentionOptions? options = null) => Call(tgt, memory, options, null);

    /// <inheritdoc/>
    [return: Dims("... embedding")]
    protected override Tensor Forward([Dims("... embedding")] Tensor tgt, [Dims("...memory embedding")] Tensor memory, AttentionOptions? options,
        AttentionOptions? memoryOptions)
    {
        foreach (TransformerDecoderLayer layer in _layers) tgt = layer.Call(tgt, memory, options, memoryOptions);
        return _norm?.Call(tgt) ?? tgt;
    }
}

/// <summary>Makes the layers of a stack.</summary>
internal static class TransformerStack
{
    public static ModuleList<TLayer> Copies<TLayer>(string stack, TLayer layer, int count) where TLayer : Module
    {
        ArgumentNullException.ThrowIfNull(layer);
        if (count < 1) throw new ValueException($"{stack}: numLayers is {count} and must be 1 or more");
        // All layers draw their dropout masks from the generator of the given one.
        return new(Enumerable.Range(0, count).Select(_ => (TLayer)new ModuleCopy(sharesGenerators: true).Of(layer)!));
    }
}
