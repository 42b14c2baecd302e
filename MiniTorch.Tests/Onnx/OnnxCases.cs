using MiniTorch.Nn;
using MiniTorch.Tests.Layers;
using MiniTorch.Tests.Modules;
using static MiniTorch.Tests.Modules.ModelCase;

namespace MiniTorch.Tests.Export;

/// <summary>A model that is one function.</summary>
internal sealed class FunctionModule(Func<Tensor, Tensor> function) : Module<Tensor, Tensor>
{
    protected override Tensor Forward(Tensor input) => function(input);
}

/// <summary>Models that are exported and run elsewhere: networks, the layers of <see cref="LayerSamples"/>, functions.</summary>
internal static class OnnxCases
{
    private const double Tolerance = 1e-5;

    public static IEnumerable<ModelCase> All() =>
        [.. Networks(), .. LayerSamples.All.SelectMany(row => row.Cases).Where(test => test.Exports), .. Functions()];

    /// <summary>An output that was computed elsewhere is the library's.</summary>
    public static void ShouldAgree(int[] shape, double[] values, Tensor expected)
    {
        shape.ShouldBe(expected.Shape.ToArray());
        double[] differences = [.. values.Zip(expected.ToArray<double>(), (a, b) => a.Equals(b) ? 0 : Math.Abs(a - b))];
        int worst = Array.FindIndex(differences, difference => !(difference <= Tolerance));
        worst.ShouldBe(-1, worst < 0 ? null
            : FormattableString.Invariant($"element {worst} is {values[worst]} and should be {expected.ToArray<double>()[worst]}"));
    }

    private static IEnumerable<ModelCase> Networks()
    {
        yield return new("Mlp", () => new Sequential(new Linear(5, 16), new ReLU(), new Dropout(0.5), new Linear(16, 16, bias: false), new Tanh(),
            new Linear(16, 3)), Real(5));
        yield return new("ConvNet", TrainedConvNet, Real(1, 8, 8));
        yield return new("TransformerBlock", () => new TransformerEncoderLayer(8, 2, 16, batchFirst: true), Real(6, 8));
        yield return new("TransformerBlockTimeFirst",
            () => new TransformerEncoderLayer(8, 4, 16, activation: TransformerActivation.Gelu, normFirst: true), Real(-1, 8), BatchDim: 1);
        yield return new("LetterModel", () => new LetterModel(), Whole(11, 5));
        yield return new("Parametrised", () => new Parametrised(), Real(4));
    }

    private static IEnumerable<ModelCase> Functions()
    {
        (string Name, Func<Tensor, Tensor> Function)[] functions =
        [
            ("elementary", x => Tensor.Cat(
                [x.Exp(), x.Sin(), x.Cos(), (x * 0.4).Tan(), x.Atan(), x.Sinh(), x.Cosh(), x.Asinh(), x.Erf(), x.Erfc(), x.Ndtr(), x.Expm1(),
                    x.Exp2()], 1)),
            ("of positive", x => x.Abs() + 1.25 is var p
                ? Tensor.Cat([p.Log(), p.Log1p(), p.Log2(), p.Log10(), p.Sqrt(), p.Rsqrt(), p.Reciprocal(), p.Acosh(), p.Pow(1.7), p.Pow(x)], 1) : x),
            ("of small", x => x.Clamp(-0.9, 0.9) is var s ? Tensor.Cat([s.Asin(), s.Acos(), s.Atanh(), s.Square(), 1 - s, 2 / (s + 3), s / 4, -s], 1)
                : x),
            ("rounding", x => Tensor.Cat([(x * 3).Floor(), (x * 3).Ceil(), (x * 3).Round(), (x * 3).Trunc(), x.Sign(), x.Fmod(0.3 + x.Abs()),
                x.Remainder(0.3 + x.Abs())], 1)),
            ("choices", x => Tensor.Where(x > 0, x, x * 2)
                .MaskedFill(x.Eq(0).LogicalOr((x <= -1).LogicalNot().LogicalNot()), 5) + x.Maximum(x.Flip(1)) + (x < 0.5)
                .To(DType.Float32) + x.IsFinite().To(DType.Float32)),
            ("clamp above", x => x.Clamp(max: 0.2)),
            ("reductions", x => x.Sum(1, keepDim: true) + x.Mean([1, 2], keepDim: true) + x.Amax(2, keepDim: true) + x.Amin(1, keepDim: true)
                + x.LogSumExp(1, keepDim: true) + x.Prod(2, keepDim: true)),
            ("norms and scans", x => x.CumSum(2) + x.Norm(2, [1], keepDim: true) + x.Norm(1, [2], keepDim: true) + x.Var(1, keepDim: true)),
            ("attention with a query that sees no key",
                x => x.ScaledDotProductAttention(x, x, Tensor.Ones([x.Shape[1], x.Shape[1]], DType.Bool).Tril(-1))),
            ("slices", x => Tensor.Cat([x[.., 1..3], x[.., ..^1], x.Slice(1, 0, 4, 2), x.Flip(1)], 1)),
            ("along the batch", x => x[..^0] + x.Flip(0) * 0 + x[^1].Unsqueeze(0) * 0 + x[0] * 0 + x.Amax(0, keepDim: true) * 0),
            ("movements", x => x.Permute(0, 2, 1).Reshape(x.Shape[0], 2, 6).Unsqueeze(1).Transpose(-1, -2).Expand(x.Shape[0], 3, 6, 2).Flatten(0, 1)),
            ("indices", x => x.IndexSelect(1, Tensor.From([2L, 0])).MatMul(Tensor.Ones([3, 2])) + x[.., Tensor.From([1L, 3])][.., .., 0..1]),
            ("scatters", x => x.Permute(1, 2, 0) is var y ? y.Scatter(0, Tensor.Zeros(y[..1].Shape, DType.Int64), y[..1] * 2).Permute(2, 0, 1) : x),
            ("a position table", x => x + Tensor.Arange(4).Reshape(4, 1).To(DType.Float32) * 0.1 + Tensor.Ones([4, 4]).Tril().Sum(1, keepDim: true)),
            ("a batch of zeros", x => Tensor.Cat([Tensor.Zeros([x.Shape[0], 2, 3]), x], 1)),
            ("matrix products", x => x.MatMul(x.Transpose(1, 2)) + Tensor.Einsum("bij,kj->bik", x, Tensor.Ones([4, 3]))),
            ("sums over a divisor", x => x.AvgPool2d(2, 2, 1, ceilMode: true, divisorOverride: 3).AvgPool2d(2, divisorOverride: 5)),
            ("a detached value", x => x.Relu().Detach() * 2),
            ("a fused definition", x => Functional.MSELoss(x, x * 2, Reduction.None) + x.Var([1, 2], keepDim: true)),
        ];
        foreach ((string name, Func<Tensor, Tensor> function) in functions)
            yield return new($"Function: {name}", () => new FunctionModule(function), Real(4, 3));
    }

    // Running means and variances that are not 0 and 1.
    private static Sequential TrainedConvNet()
    {
        var model = new Sequential(new Conv2d(1, 4, 3, padding: 1), new BatchNorm2d(4), new ReLU(), new MaxPool2d(2), new Conv2d(4, 6, 3), new ReLU(),
            new AdaptiveAvgPool2d(1), new Flatten(), new Linear(6, 10));
        for (int i = 0; i < 5; i++) model.Call(Tensor.Randn([8, 1, 8, 8]) * 2 + 1);
        return model;
    }

    /// <summary>Letters and their places, a causal block, the logits of the next letter.</summary>
    private sealed class LetterModel : Module<Tensor, Tensor>
    {
        private readonly Embedding _letters = new(11, 8), _places = new(5, 8);
        private readonly TransformerEncoderLayer _block = new(8, 2, 16, batchFirst: true);
        private readonly Linear _head = new(8, 11);

        protected override Tensor Forward(Tensor letters) =>
            _head.Call(_block.Call(_letters.Call(letters) + _places.Call(Tensor.Arange(5)), new AttentionOptions { IsCausal = true }));
    }

    private sealed class Parametrised : Module<Tensor, Tensor>
    {
        [SpectralNorm]
        private readonly Linear _fc1 = new(4, 6);

        [Orthogonal]
        private readonly Linear _fc2 = new(6, 3);

        [WeightNorm]
        private readonly Parameter _scale = new(Tensor.Randn([3, 3]));

        protected override Tensor Forward(Tensor input) => _fc2.Call(_fc1.Call(input).Tanh()).MatMul(_scale);
    }
}
