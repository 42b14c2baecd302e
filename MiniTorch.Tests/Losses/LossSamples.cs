using MiniTorch.Nn;
using MiniTorch.Tests.Conformance;

namespace MiniTorch.Tests.Losses;

/// <summary>The table of losses: a row is a loss with its samples, and <see cref="LossTests"/> makes every check of every row.</summary>
/// <remarks>
/// <para>To add a loss, add a row to the file of its family:</para>
/// <code>
/// Loss&lt;HuberLoss>()
///     .Guide("numbers")                                         // what docs/reference/losses.md cannot read from the constructor
///     .Sample(new HuberLoss(delta: 0.7), Matrix, Matrix)        // gradients of every input to second order, export to ONNX
///     .Case("huber", x => Functional.…, x => new HuberLoss …)   // a function and its module: equal values, gradients to second order
///     .Takes("huber", Elements, (x, r) => …, (x, r) => …)       // each shape that it takes, for every reduction
///     .Torch("huber_loss(input, target, …)", a => …)            // PyTorch's rows of the reference data
///     .Edge("huber at its knee", …)                             // losses and gradients where the formula ends
///     .Misuse&lt;ValueException>("HuberLoss: delta is 0…", …)    // a wrong call; … ends the beginning of a message
/// </code>
/// <para>and <c>.Ignores(…)</c> if it has an ignored index. A test names what a row lacks.
/// Then write the guide's table again: <c>UPDATE_DOCS=1 dotnet test --filter LossTests</c>.</para>
/// </remarks>
internal static partial class LossSamples
{
    private const double Inf = double.PositiveInfinity;

    private const Reduction None = Reduction.None;

    // 4 × 4 numbers, and targets for them.
    private static readonly Tensor s_other = Random(2, 4, 4), s_probabilities = Random(3, 4, 4).Softmax(-1), s_third = Random(4, 4, 4);
    private static readonly Tensor s_classes = Tensor.From(new long[] { 2, 0, 3, -100 }), s_weight = Tensor.From(new[] { 0.5, 2, 1.25, 0.75 });
    private static readonly Tensor s_signs = Tensor.From(new double[,] { { 1, -1, 1, 1 }, { -1, -1, 1, -1 }, { 1, 1, -1, 1 }, { -1, 1, 1, -1 } });
    private static readonly Tensor s_bits = (s_signs + 1) / 2.0, s_rowSigns = Tensor.From(new double[] { 1, -1, -1, 1 });

    // 2 × 3 inputs whose gradients are checked, and targets for them.
    private static readonly SampleInput s_matrix = OpSamples.Reals.Of(2, 3), s_positive = OpSamples.Positive.Of(2, 3),
        s_fractions = OpSamples.Probability.Of(2, 3);
    private static readonly Tensor s_twoClasses = Tensor.From(new long[] { 2, 0 }), s_smallSigns = Tensor.From(new double[,] { { 1, -1, 1 }, { -1,
        -1, 1 } });

    // Inputs of wrong calls and of edge cases.
    private static readonly Tensor s_scores = Tensor.From(new[,] { { 1, -2, 0.5 }, { 0, 3, 1 } }), s_whole = Tensor.Ones([2, 3], DType.Int64);
    private static readonly Tensor s_zeros = Tensor.Zeros([2], DType.Float64), s_ones = Tensor.Ones([2], DType.Float64);
    private static readonly Tensor s_scalar = Tensor.Ones([]), s_vector = Tensor.Ones([3]);

    // Scores [4, 3] whose rows 1 and 3 are ignored.
    private static readonly Tensor s_ignoring = Tensor.From(new long[] { 2, -100, 0, -100 }), s_threeWeights = Tensor.From(new[] { 0.5, 2, 1.25 });

    /// <summary>All rows, by family.</summary>
    public static IReadOnlyList<LossRow> All { get; } =
        [.. CrossEntropyRows(), .. ClassRows(), .. CtcRows(), .. DistributionRows(), .. BinaryRows(), .. DistanceRows(), .. RegressionRows()];

    private static Scores[] ScoresOfAnyRank => [new(3), new(2, 3), new(2, 3, 4), new(2, 3, 2, 2)];

    private static Scores[] ScoresOfRows => [new(3), new(2, 3)];

    private static Elements[] SameShape => [new([], []), new([3], [3]), new([2, 3], [2, 3]), new([2, 3, 4], [2, 3, 4])];

    private static Elements[] Broadcasting => [.. SameShape, new([2, 3], [3]), new([2, 3], [])];

    private static Elements[] Vectors => SameShape[1..];

    private static Elements[] Embeddings => [new([3], [3]), new([2, 3], [2, 3])];

    private static LossRow Loss<TModule>() where TModule : Module => new(typeof(TModule).Name, typeof(TModule));

    private static LossRow Function(string name) => new(name, null);

    private static Tensor F(params int[] shape) => Tensor.Ones(shape);

    private static Tensor I(params int[] shape) => Tensor.Zeros(shape, DType.Int64);

    private static Tensor Random(int seed, params int[] shape) => Tensor.Randn(shape, new Generator(seed), DType.Float64);

    private static Tensor SquaredDistance(Tensor a, Tensor b) => (a - b).Square().Sum(-1);

    // A name that is none of PyTorch's is a value that is none of the enumeration's.
    private static Reduction ReductionOf(OpArguments a) => a.Text("reduction") switch
    {
        "none" => Reduction.None,
        "mean" => Reduction.Mean,
        "sum" => Reduction.Sum,
        "batchmean" => Reduction.BatchMean,
        _ => (Reduction)(-1),
    };

    /// <summary>Scores of classes and their targets.</summary>
    private sealed class Scores(params int[] shape)
    {
        private readonly int _axis = Math.Min(1, shape.Length - 1);

        public Tensor X { get; } = Random(shape.Length, shape);

        public Tensor Classes => ClassesAt(shape, _axis);

        public Tensor ClassesLast => ClassesAt(shape, shape.Length - 1);

        public Tensor Probabilities => Random(7, shape).Softmax(_axis);

        public Tensor Labels => Tensor.Zeros(shape, DType.Int64);

        public Tensor Bits => (Random(7, shape) > 0).To(DType.Float64);

        /// <summary>The weight of a linear layer to 5 classes, and targets for it.</summary>
        public Tensor Weight => Random(7, 5, shape[^1]);

        public Tensor Vocabulary => ClassesAt([.. shape[..^1], 5], shape.Length - 1);

        public override string ToString() => $"scores {X.Shape}";

        private static Tensor ClassesAt(int[] scores, int axis) =>
            Tensor.RandInt(0, scores[axis], scores.Where((_, dim) => dim != axis).ToArray(), new Generator(3));
    }

    /// <summary>Two tensors that are compared element by element.</summary>
    private sealed class Elements(int[] shape, int[] other)
    {
        public Tensor X { get; } = Random(shape.Length, shape);

        public Tensor Y { get; } = Random(7, other);

        public Tensor P => X.Sigmoid();

        public Tensor Q => Y.Sigmoid();

        public Tensor Sign => Y.Sign();

        /// <summary>A sign for each row.</summary>
        public Tensor RowSign => Random(7, shape[..^1]).Sign();

        public override string ToString() => $"{X.Shape} and {Y.Shape}";
    }
}
