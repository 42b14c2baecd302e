using MiniTorch.Nn;
using static MiniTorch.Tests.Modules.ModelCase;

namespace MiniTorch.Tests.Layers;

internal static partial class LayerSamples
{
    private static LayerRow[] ActivationRows() =>
    [
        Layer<ReLU>().Case(() => new ReLU(), Real(4, 3)),
        Layer<ReLU6>().Case(() => new ReLU6(), Real(4, 3)),
        Layer<LeakyReLU>().Case(() => new LeakyReLU(), Real(3)).Case(() => new LeakyReLU(0.2), Real(4, 3)),
        Layer<ELU>().Case(() => new ELU(), Real(3)).Case(() => new ELU(0.7), Real(4, 3)),
        Layer<CELU>().Case(() => new CELU(), Real(3)).Case(() => new CELU(1.5), Real(4, 3)),
        Layer<SELU>().Case(() => new SELU(), Real(4, 3)),
        Layer<GELU>().Case(() => new GELU(), Real(4, 3)).Case(() => new GELU("tanh"), Real(4, 3))
            .Misuse<ValueException>("GELU: approximate is 'exact'; use 'none' or 'tanh'", () => new GELU("exact").Call(F(2))),
        Layer<SiLU>().Case(() => new SiLU(), Real(4, 3)),
        Layer<Mish>().Case(() => new Mish(), Real(4, 3)),
        Layer<Tanh>().Case(() => new Tanh(), Real(4, 3)),
        Layer<Sigmoid>().Case(() => new Sigmoid(), Real(4, 3)),
        Layer<LogSigmoid>().Case(() => new LogSigmoid(), Real(4, 3)),
        Layer<Softplus>().Case(() => new Softplus(), Real(4, 3)).Case(() => new Softplus(2, 0.5), Real(4, 3)),
        Layer<Softsign>().Case(() => new Softsign(), Real(4, 3)),
        Layer<Hardtanh>().Case(() => new Hardtanh(), Real(3)).Case(() => new Hardtanh(-0.5, 0.7), Real(4, 3)),
        Layer<Hardsigmoid>().Case(() => new Hardsigmoid(), Real(4, 3)),
        Layer<Hardswish>().Case(() => new Hardswish(), Real(4, 3)),
        Layer<Hardshrink>().Case(() => new Hardshrink(), Real(4, 3)),
        Layer<Softshrink>().Case(() => new Softshrink(), Real(4, 3)),
        Layer<Tanhshrink>().Case(() => new Tanhshrink(), Real(4, 3)),
        Layer<Threshold>().Case(() => new Threshold(0.2, 3), Real(3)).Case(() => new Threshold(0.1, -3), Real(4, 3)),
        Layer<PReLU>().Case(() => new PReLU(), Real(4, 3)).Case(() => new PReLU(4), Real(4, 3)).Case(() => new PReLU(3), Real(3))
            .Misuse<ShapeException>("PReLU: got 3 weights for shape [2, 4]; pass 1 or 4, the number of channels (dimension 1)",
                () => new PReLU(3).Call(F(2, 4)))
            .Misuse<DTypeException>(Float64Beside("PReLU", 1),
                () => new PReLU().Call(F(2, 4).To(DType.Float64))),
        Layer<Softmax>().Case(() => new Softmax(-1), Real(4, 3)).Case(() => new Softmax(1), Real(3))
            .Misuse<ShapeException>("Softmax: dimension 2 is out of range [-2, 1] for shape [2, 3]", () => new Softmax(2).Call(F(2, 3))),
        Layer<LogSoftmax>().Case(() => new LogSoftmax(-1), Real(3)).Case(() => new LogSoftmax(1), Real(4, 3))
            .Misuse<ShapeException>("LogSoftmax: dimension 2 is out of range [-2, 1] for shape [2, 3]", () => new LogSoftmax(2).Call(F(2, 3))),
        Layer<Softmin>().Case(() => new Softmin(-1), Real(3)).Case(() => new Softmin(1), Real(4, 3))
            .Misuse<ShapeException>("Softmin: dimension 2 is out of range [-2, 1] for shape [2, 3]", () => new Softmin(2).Call(F(2, 3))),
        Layer<GLU>().Ranks(1, LayerRow.AnyRank).Case(() => new GLU(), Real(4)).Case(() => new GLU(1), Real(4, 3))
            .Misuse<ShapeException>("GLU: dimension -1 of shape [2, 3] must have an even size", () => new GLU().Call(F(2, 3))),
    ];

    private static LayerRow[] ShapeRows() =>
    [
        Layer<Flatten>().Ranks(2, LayerRow.AnyRank).Case(() => new Flatten(), Real(4, 3)).Case(() => new Flatten(2), Real(2, 2, 5)),
        Layer<Identity>().Case(() => new Identity(), Real(4, 3)),
        Layer<Sequential>().Ranks(1, LayerRow.AnyRank).Case(() => new Sequential(new Linear(3, 2), new Tanh()), Real(3)),
    ];
}
