using MiniTorch.Nn;
using static MiniTorch.Tests.Modules.ModelCase;

namespace MiniTorch.Tests.Layers;

internal static partial class LayerSamples
{
    private static LayerRow[] RecurrentRows() =>
    [
        Layer<RNN>().Ranks(2, 3)
            .Case(() => new RNN(4, 2), Real(-1, 4), batchDim: 1)
            .Case(() => new RNN(3, 4, nonlinearity: Nonlinearity.Relu), Real(-1, 3), batchDim: 1)
            .Misuse<ValueException>("RNN: the length of row 1 is 6; it must be from 1 to the 5 steps of the input",
                () => new RNN(3, 4).Call(F(5, 2, 3), lengths: Tensor.From([5L, 6])))
            .Misuse<ValueException>("RNN: the length of row 0 is 0; it must be from 1 to the 5 steps of the input",
                () => new RNN(3, 4).Call(F(5, 1, 3), lengths: Tensor.From([0L])))
            .Misuse<ShapeException>("RNN: the lengths have shape [3] and must be [2], one for each row of the batch",
                () => new RNN(3, 4).Call(F(5, 2, 3), lengths: Tensor.From([1L, 1, 1])))
            .Misuse<DTypeException>("RNN: the lengths are Float32 and must be Int64", () => new RNN(3, 4).Call(F(5, 1, 3), lengths: F(1)))
            .Misuse<ShapeException>("RNN: the initial state must be [4, 2, 4] (layers · directions, batch, hidden), but has shape [1, 2, 4]",
                () => new RNN(3, 4, 2, bidirectional: true).Call(F(5, 2, 3), F(1, 2, 4)))
            .Misuse<ShapeException>("RNN: the input must be [steps, batch, 3], but has shape [5, 2, 4]", () => new RNN(3, 4).Call(F(5, 2, 4)))
            .Misuse<ShapeException>("RNN: the sequence has no steps, shape [0, 2, 3]", () => new RNN(3, 4).Call(F(0, 2, 3))),
        Layer<GRU>().Ranks(2, 3)
            .Case(() => new GRU(3, 4), Real(-1, 3), batchDim: 1)
            .Case(() => new GRU(4, 2), rows => [.. Real(-1, 4)(rows), Tensor.Randn([1, rows, 2], new Generator(2))], batchDim: 1)
            .Misuse<ValueException>("GRU: the probability 2 is not in [0, 1]", () => _ = new GRU(1, 2, dropout: 2)),
        Layer<LSTM>().Ranks(2, 3)
            .Case(() => new LSTM(4, 2), Real(-1, 4), batchDim: 1)
            .Case(() => new LSTM(4, 2, bidirectional: true), Real(-1, 4), batchDim: 1)
            .Case(() => new LSTM(3, 4, numLayers: 2, bidirectional: true, batchFirst: true), Real(5, 3))
            .Case(() => new LSTM(3, 4, projSize: 2), Real(-1, 3), batchDim: 1)
            .Misuse<ValueException>("LSTM: inputSize is 0, hiddenSize 2 and numLayers 1; all must be 1 or more", () => _ = new LSTM(0, 2))
            .Misuse<ValueException>("LSTM: projSize is 4; it must be less than hiddenSize 4, or 0 for no projection",
            () => _ = new LSTM(3, 4, projSize: 4)),
        Layer<RNNCell>().Ranks(1, LayerRow.AnyRank)
            .Case(() => new RNNCell(3, 2), Real(3))
            .Case(() => new RNNCell(3, 4), Several(Real(3), Real(4)))
            .Misuse<ShapeException>("RNNCell: the input's last dimension must be 3 (in_features), but the input has shape [2, 4]",
                () => new RNNCell(3, 2).Call(F(2, 4))),
        Layer<GRUCell>().Ranks(1, LayerRow.AnyRank)
            .Case(() => new GRUCell(3, 4), Real(3))
            .Case(() => new GRUCell(3, 2), Several(Real(3), Real(2)))
            .Misuse<ShapeException>("GRUCell: the input's last dimension must be 3 (in_features), but the input has shape [2, 4]",
                () => new GRUCell(3, 2).Call(F(2, 4))),
        Layer<LSTMCell>().Ranks(1, LayerRow.AnyRank)
            .Case(() => new LSTMCell(3, 2), Real(3))
            .Misuse<ShapeException>("LSTMCell: the input's last dimension must be 3 (in_features), but the input has shape [2, 4]",
                () => new LSTMCell(3, 2).Call(F(2, 4)))
            .Misuse<ShapeException>("LSTMCell: the state's last dimension must be 2 (in_features), but the state has shape [2, 3]",
                () => new LSTMCell(3, 2).Call(F(2, 3), (F(2, 3), F(2, 2))))
            .Misuse<DTypeException>("LSTMCell: c is Float64 and the input Float32; convert one with To",
                () => new LSTMCell(3, 2).Call(F(2, 3), (F(2, 2), F(2, 2).To(DType.Float64)))),
    ];

    private static LayerRow[] AttentionRows() =>
    [
        Layer<MultiheadAttention>().Ranks(2, 3)
            .Case(() => new MultiheadAttention(4, 2), Several(Real(-1, 4), Real(-1, 4), Real(-1, 4)), batchDim: 1)
            .Case(() => new MultiheadAttention(8, 2, batchFirst: true), Several(Real(5, 8), Real(3, 8), Real(3, 8)))
            .Case(() => new MultiheadAttention(4, 2, addBiasKv: true, addZeroAttn: true, kdim: 3, vdim: 2, batchFirst: true),
                Several(Real(2, 4), Real(3, 3), Real(3, 2)))
            .Misuse<ValueException>("MultiheadAttention: embedDim 8 is not divisible by 3 heads", () => _ = new MultiheadAttention(8, 3))
            .Misuse<ValueException>("MultiheadAttention: kdim is 0 and vdim is 8; both must be 1 or more",
                () => _ = new MultiheadAttention(8, 2, kdim: 0))
            .Misuse<ShapeException>(
                "MultiheadAttention: inputs must be [steps, batch, 3], or all without a batch, but the value has shape [1, 1, 8]",
                () => new MultiheadAttention(8, 2, vdim: 3).Call(F(1, 1, 8), F(1, 1, 8), F(1, 1, 8))),
        Layer<TransformerEncoderLayer>().Ranks(2, 3).Trains("drops weights of the attention and outputs", isRandom: true)
            .Case(() => new TransformerEncoderLayer(4, 2, 3, activation: TransformerActivation.Gelu), Real(-1, 4), batchDim: 1)
            .Case(() => new TransformerEncoderLayer(4, 2, 6, batchFirst: true, normFirst: true), Real(3, 4))
            .Misuse<ValueException>("MultiheadAttention: embedDim 8 is not divisible by 3 heads", () => _ = new TransformerEncoderLayer(8, 3))
            .Misuse<ValueException>("TransformerEncoderLayer: the activation 5 is not known; use Relu or Gelu",
                () => new TransformerEncoderLayer(2, 1, 2, activation: (TransformerActivation)5).Call(F(1, 1, 2))),
        Layer<TransformerDecoderLayer>().Ranks(2, 3).Trains("drops weights of the attentions and outputs", isRandom: true)
            .Case(() => new TransformerDecoderLayer(4, 2, 3, activation: TransformerActivation.Gelu), Several(Real(-1, 4), Real(-1, 4)), batchDim: 1)
            .Case(() => new TransformerDecoderLayer(4, 2, 6, batchFirst: true, normFirst: true, bias: false), Several(Real(3, 4), Real(2, 4)))
            .Misuse<ValueException>("MultiheadAttention: embedDim 8 is not divisible by 3 heads", () => _ = new TransformerDecoderLayer(8, 3)),
        Layer<TransformerEncoder>().Ranks(2, 3).Trains("drops weights of the attention and outputs", isRandom: true)
            .Case(() => new TransformerEncoder(new TransformerEncoderLayer(4, 2, 3), 2), Real(-1, 4), batchDim: 1)
            .Case(() => new TransformerEncoder(new TransformerEncoderLayer(4, 2, 3, batchFirst: true, bias: false), 1, new RMSNorm(4)), Real(3, 4))
            .Misuse<ValueException>("TransformerEncoder: numLayers is 0 and must be 1 or more",
                () => _ = new TransformerEncoder(new TransformerEncoderLayer(2, 1, 2), 0)),
        Layer<TransformerDecoder>().Ranks(2, 3).Trains("drops weights of the attentions and outputs", isRandom: true)
            .Case(() => new TransformerDecoder(new TransformerDecoderLayer(4, 2, 3, batchFirst: true), 2, new LayerNorm(4)),
                Several(Real(3, 4), Real(2, 4)))
            .Misuse<ValueException>("TransformerDecoder: numLayers is -1 and must be 1 or more",
                () => _ = new TransformerDecoder(new TransformerDecoderLayer(2, 1, 2), -1)),
    ];
}
