using MiniTorch.Nn;
using static System.Double;

namespace MiniTorch.Tests.Operations;

/// <summary>
/// Values, signs and gradients at the borders of operations, where the table's samples do not go; the numbers are those that PyTorch 1.13.1 prints
/// for the call.
/// </summary>
[TestFixture]
public sealed class BorderValueTests
{
    static readonly (string Torch, Func<Tensor> Call, int[] Shape, double[] Values)[] Cases =
    [
        ("asinh([1e10, -1e10, 0.5])", () => D(1e10, -1e10, 0.5).Asinh(), [3], [23.718998110500402, -23.718998110500402, 0.48121182505960347]),
        ("tensor([[1, 2]]) @ tensor([[3], [4]]), of integers",
            () => Tensor.From(new long[,] { { 1, 2 } }).MatMul(Tensor.From(new long[,] { { 3 }, { 4 } })), [1, 1], [11]),
        ("tensor([True, False, True]).sort()", () => (D(1, 0, 1) > 0).Sort().Values.To(DType.Float64), [3], [0, 1, 1]),
        ("max_pool2d(ones(1, 2, 2), 1, ceil_mode=True)", () => Tensor.Ones([1, 2, 2]).MaxPool2d(1, ceilMode: true), [1, 2, 2], [1, 1, 1, 1]),
        ("adaptive_avg_pool2d(ones(1, 2, 2), (2, 0))", () => Tensor.Ones([1, 2, 2]).AdaptiveAvgPool2d((2, 0)), [1, 2, 0], []),
        ("acosh([1e9, 1e10, 1.5])", () => D(1e9, 1e10, 1.5).Acosh(), [3], [21.416413017506358, 23.718998110500402, 0.9624236501192069]),
        ("atan2([0, -0., 0, -0.], [-0., -0., 0, 0])", () => D(0, -0.0, 0, -0.0).Atan2(D(-0.0, -0.0, 0, 0)), [4], [Math.PI, -Math.PI, 0, -0.0]),
        ("tensor(5.).index_select(0, [0])", () => Tensor.Full([], 5.0).IndexSelect(0, I(0)), [], [5]),
        ("tensor([[1, 2], [3, 4], [5, 6]]).select(0, -3)", () => Rows.Select(0, -3), [2], [1, 2]),
        ("one_hot([[0, 2], [1, 0]])", () => Tensor.From(new long[,] { { 0, 2 }, { 1, 0 } }).OneHot(), [2, 2, 3],
            [1, 0, 0, 0, 0, 1, 0, 1, 0, 1, 0, 0]),
        ("conv_transpose2d(ones(1, 1, 1, 1), ones(1, 1, 1, 2), dilation=2, output_padding=1)",
            () => Tensor.Ones([1, 1, 1, 1]).ConvTranspose2d(Tensor.Ones([1, 1, 1, 2]), dilation: 2, outputPadding: 1), [1, 1, 2, 4],
                [1, 0, 1, 0, 0, 0, 0, 0]),
        ("one_hot([0, 2], 4)", () => I(0, 2).OneHot(4), [2, 4], [1, 0, 0, 0, 0, 0, 1, 0]),
        ("ones(2).repeat(0, 2)", () => Tensor.Ones([2]).Repeat(0, 2), [0, 4], []),
        ("tensor(1.).scatter(0, [2 for 0], 5.)", () => Tensor.Full([], 1.0).Scatter(0, Tensor.Zeros([], DType.Int64), Tensor.Full([], 5.0)), [], [5]),
        ("tensor(1.).scatter_add(0, 0, 5.)", () => Tensor.Full([], 1.0).ScatterAdd(0, Tensor.Zeros([], DType.Int64), Tensor.Full([], 5.0)), [], [6]),
        ("tensor([1, 2, 3]).narrow(0, -2, 2)", () => D(1, 2, 3).Narrow(0, -2, 2), [2], [2, 3]),
        ("pad([1, 2, 3, 4], (-1, -2))", () => D(1, 2, 3, 4).Pad([-1, -2]), [1], [2]),
        // PyTorch refuses to cut more from one side than there is, and all of an output.
        ("conv_transpose2d(ones(1, 1, 1, 1), ones(1, 1, 2, 3), padding=(1, 1))",
            () => Tensor.Ones([1, 1, 1, 1]).ConvTranspose2d(Tensor.Ones([1, 1, 2, 3]), padding: 1), [1, 1, 0, 1], []),
        ("pad([1, 2, 3, 4], (-5, 3))", () => D(1, 2, 3, 4).Pad([-5, 3]), [2], [0, 0]),
        ("pad([1, 2, 3, 4], (3, -5))", () => D(1, 2, 3, 4).Pad([3, -5]), [2], [0, 0]),
        ("tensor([[1, 2], [3, 4], [5, 6]]).diagonal(-1)", () => Rows.Diagonal(-1), [2], [3, 6]),
        ("tensor([[1, 2], [3, 4], [5, 6]]).diagonal(1)", () => Rows.Diagonal(1), [1], [2]),
        ("prelu([0, -0., -1, 2, inf], 0.25)", () => D(0, -0.0, -1, 2, PositiveInfinity).Prelu(D(0.25)), [5], [0, -0.0, -0.25, 2, PositiveInfinity]),
        ("grad of prelu(x, 0.25).sum() by x = [0, -1, 2, inf]",
            () => Autograd.Vjp(x => x.Prelu(D(0.25)), D(0, -1, 2, PositiveInfinity), D(1, 1, 1, 1)).Gradient, [4], [0.25, 0.25, 1, 1]),
        ("grad of prelu([0, -1, 2, inf], w).sum() by w = 0.25",
            () => Autograd.Vjp(w => D(0, -1, 2, PositiveInfinity).Prelu(w), D(0.25), D(1, 1, 1, 1)).Gradient, [1], [-1]),
        ("tensor([1, 2]).roll(1)", () => D(1, 2).Roll(1, 0), [2], [2, 1]),
        ("adaptive_avg_pool2d(ones(1, 2, 2), (0, 2))", () => Tensor.Ones([1, 2, 2]).AdaptiveAvgPool2d((0, 2)), [1, 0, 2], []),
        ("linalg.cholesky([[4, 99], [2, 5]]), which reads the lower triangle", () => Linalg.Cholesky(D(4, 99, 2, 5).Reshape(2, 2)), [2, 2],
            [2, 0, 1, 2]),
        ("repeat_interleave(ones(3), 0)", () => Tensor.Ones([3]).RepeatInterleave(0), [0], []),
        ("tensor([[1, 2], [3, 4], [5, 6]]).roll(-2, 1)", () => Rows.Roll(-2, 1), [3, 2], [1, 2, 3, 4, 5, 6]),
        ("norm(ones(0)), of order 0 too", () => Tensor.Ones([0]).Norm() + Tensor.Ones([0]).Norm(0), [], [0]),
        ("norm([0, 2, 0, 3], 0)", () => D(0, 2, 0, 3).Norm(0), [], [2]),
        ("pad(ones(2, 2), (-1, -1))", () => Tensor.Ones([2, 2]).Pad([-1, -1]), [2, 0], []),
        ("pad([1, 2], (0, 1))", () => D(1, 2).Pad([0, 1]), [3], [1, 2, 0]),
        ("pad([1, 2], (1, 0))", () => D(1, 2).Pad([1, 0]), [3], [0, 1, 2]),
        ("tensor(3.).kthvalue(1)", () => Tensor.Full([], 3.0).KthValue(1).Values, [], [3]),
        ("einsum('...ij,...jk', [[[1, 2]]], [[[3], [4]]])", () => Tensor.Einsum("...ij,...jk", D(1, 2).Reshape(1, 1, 2), D(3, 4).Reshape(1, 2, 1)),
            [1, 1, 1], [11]),
        ("einsum('b...,a', ones(2, 3), [1, 2])", () => Tensor.Einsum("b...,a", Tensor.Ones([2, 3], DType.Float64), D(1, 2)), [3, 2, 2],
            [1, 1, 2, 2, 1, 1, 2, 2, 1, 1, 2, 2]),
        ("linear([[1, 2, 3], [4, 5, 6]], [1, 1, 2], 10)", () => Rows.Reshape(2, 3).Linear(D(1, 1, 2), Tensor.Full([], 10, DType.Float64)), [2],
            [19, 31]),
        ("floor_divide([3, -3], 0)", () => D(3, -3).FloorDivide(D(0, 0)), [2], [PositiveInfinity, NegativeInfinity]),
        ("norm(ones(2, 3), 0, 1, keepdim=True)", () => Tensor.Ones([2, 3]).Norm(0, 1, keepDim: true), [2, 1], [3, 3]),
        ("tensor([[1, 2], [3, 4], [5, 6]]).unfold(0, 2, 1)", () => Rows.Unfold(0, 2, 1), [2, 2, 2], [1, 3, 2, 4, 3, 5, 4, 6]),
        ("ones(3).unfold(0, 0, 1)", () => Tensor.Ones([3]).Unfold(0, 0, 1), [4, 0], []),
        ("einsum('ij,ij->ij', ones(2, 3), 2 * ones(2, 1))", () => Tensor.Einsum("ij,ij->ij", Tensor.Ones([2, 3]), 2 * Tensor.Ones([2, 1])), [2, 3],
            [2, 2, 2, 2, 2, 2]),
        ("linalg.eigvalsh([[1, 99], [2, 1]]), which reads the lower triangle", () => Linalg.EigvalsH(D(1, 99, 2, 1).Reshape(2, 2)), [2], [-1, 3]),
        // PyTorch leaves the signs to LAPACK; here R's diagonal is not negative.
        ("linalg.qr(-eye(2)).R.diag()", () => Linalg.QR(-Tensor.Eye(2)).R.Diagonal(), [2], [1, 1]),
        ("linalg.slogdet([[0, 1], [1, 0]]).sign", () => Sign(2, 0, 1, 1, 0), [], [-1]),
        ("linalg.slogdet([[0, 2, 0], [0, 0, 3], [4, 0, 0]]).sign", () => Sign(3, 0, 2, 0, 0, 0, 3, 4, 0, 0), [], [1]),
        ("linalg.slogdet([[1, 2], [3, 4]]).sign", () => Sign(2, 1, 2, 3, 4), [], [-1]),
        ("group_norm(ones(0, 4, 2), 2)", () => Tensor.Ones([0, 4, 2]).GroupNorm(2), [0, 4, 2], []),
        ("ones(2) @ ones(3, 2, 4)", () => Tensor.Ones([2]).MatMul(Tensor.Ones([3, 2, 4])), [3, 4], [2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2]),
        // torch.nn.functional.rms_norm came later: x / √(x² + machine epsilon of the dtype).
        ("rms_norm([1e-8, 1e-8], [2]) in float64", () => D(1e-8, 1e-8).RmsNorm([2]), [2], [0.5572396182, 0.5572396182]),
        ("rms_norm([1e-4, 1e-4], [2]) in float32", () => F(1e-4f, 1e-4f).RmsNorm([2]), [2], [0.278197441, 0.278197441]),
    ];

    static IEnumerable<TestCaseData> Values => Cases.Select(row => new TestCaseData(row.Call, row.Shape, row.Values).SetName($"{{m}}: {row.Torch}"));

    static Tensor Rows => D(1, 2, 3, 4, 5, 6).Reshape(3, 2);

    static Tensor D(params double[] values) => Tensor.From(values);

    static Tensor F(params float[] values) => Tensor.From(values);

    static Tensor I(params long[] values) => Tensor.From(values);

    // One element, seen 2³² times.
    static Tensor Huge(params int[] behind) => Tensor.Ones([1]).Expand([65536, .. behind]);

    static string TooLarge(string op) => $"{op}: a dimension would have 4,294,967,296 elements; the maximum is 2³¹ − 1";

    static Tensor Sign(int size, params double[] matrix) => Linalg.SlogDet(D(matrix).Reshape(size, size)).Sign;

    static Tensor Variable(params double[] values)
    {
        Tensor x = D(values);
        x.RequiresGrad = true;
        return x;
    }

    [TestCaseSource(nameof(Values))]
    public void Value_at_an_edge_case_is_PyTorchs(Func<Tensor> call, int[] shape, double[] values)
    {
        Tensor result = call();
        result.Shape.ToArray().ShouldBe(shape);
        double[] actual = result.ToArray<double>();
        for (int i = 0; i < values.Length; i++)
        {
            if (IsInfinity(values[i])) actual[i].ShouldBe(values[i]);
            else actual[i].ShouldBe(values[i], 1e-12 + (1e-6 * Math.Abs(values[i])));
            IsNegative(actual[i]).ShouldBe(IsNegative(values[i]), "the sign of zero");
        }
    }

    [Test]
    public void The_padding_row_may_be_counted_from_the_end()
    {
        foreach ((int? padding, double[] expected) in ((int?, double[])[])[(-1, [1, 1, 0]), (-3, [0, 1, 2]), (0, [0, 1, 2]), (null, [1, 1, 2])])
        {
            Tensor weight = Variable(1, 2, 3);
            I(2, 0, 2, 1).Embedding(weight.Reshape(3, 1), padding).Sum().Backward();
            weight.Grad!.ToArray<double>().ShouldBe(expected, $"paddingIdx {padding}");
        }
    }

    [Test]
    public void The_determinant_of_a_singular_matrix_in_a_batch_has_its_cofactors_as_gradient()
    {
        Tensor x = Variable(1, 2, 2, 4, 1, 2, 3, 4);
        Linalg.Det(x.Reshape(2, 2, 2)).Sum().Backward();
        x.Grad!.ToArray<double>().ShouldBe([4, -2, -2, 1, 4, -3, -2, 1], 1e-12);
    }

    [Test]
    public void Eigenvectors_of_a_batch_of_matrices_have_gradients_and_tangents()
    {
        Tensor Square(Tensor x)
        {
            (Tensor w, Tensor v) = Linalg.Eigh(x + x.Transpose(-2, -1));
            return (v * w.Square().Unsqueeze(-2)).MatMul(v.Transpose(-2, -1)); // (x + xᵀ)²
        }

        Tensor x = Tensor.Randn([2, 3, 3], new Generator(1), DType.Float64, requiresGrad: true),
            direction = Tensor.Randn([2, 3, 3], new Generator(2), DType.Float64),
                cotangent = Tensor.Randn([2, 3, 3], new Generator(3), DType.Float64);
        Tensor s = (x + x.Transpose(-2, -1)).Detach(), ds = direction + direction.Transpose(-2, -1), expected = s.MatMul(ds) + ds.MatMul(s);
        Autograd.Jvp(Square, x.Detach(), direction).Tangent.ToArray<double>().ShouldBe(expected.ToArray<double>(), 1e-10);
        Square(x).Backward(cotangent);
        (x.Grad! * direction).Sum().Item<double>().ShouldBe((cotangent * expected).Sum().Item<double>(), 1e-10);
    }

    [Test]
    public void Derivatives_by_symmetric_matrices_in_a_batch_are_symmetric()
    {
        Tensor x = Tensor.From(new double[,,] { { { 2, 1 }, { 1, 5 } }, { { 4, -1 }, { -1, 3 } } }),
            direction = Tensor.From(new double[,,] { { { 1, 7 }, { 2, 3 } }, { { 0, 1 }, { 2, 1 } } });
        Tensor Symmetric(Tensor a) => (a + a.Transpose(-2, -1)) / 2;
        double[] tangent = Autograd.Jvp(Linalg.Cholesky, x, direction).Tangent.ToArray<double>();
        tangent.ShouldBe(Autograd.Jvp(Linalg.Cholesky, x, Symmetric(direction)).Tangent.ToArray<double>(), 1e-12);
        foreach (Func<Tensor, Tensor> f in (Func<Tensor, Tensor>[])[Linalg.Cholesky, a => Linalg.Eigh(a).Vectors])
        {
            Tensor gradient = Autograd.Vjp(f, x, direction).Gradient;
            gradient.ToArray<double>().ShouldBe(gradient.Transpose(-2, -1).ToArray<double>(), 1e-12);
        }
    }

    [Test]
    public void Error_of_a_second_derivative_names_the_operation_that_was_called()
    {
        foreach ((string name, Func<Tensor, Tensor> f) in ((string, Func<Tensor, Tensor>)[])[("Amin", x => x.Amin(0)), ("Amax", x => x.Amax(0))])
        {
            Tensor y = f(Variable(1, 2));
            y.Backward();
            Should.Throw<GraphException>(() => y.Backward())
                .Message.ShouldStartWith($"{name}: the saved tensors of this graph were freed by an earlier Backward or Grad");
        }
    }

    [Test]
    public void Gradients_that_keep_their_graph_add_up_in_Grad()
    {
        Tensor x = Variable(2);
        for (int i = 1; i <= 2; i++)
        {
            (x * x * x).Sum().Backward(createGraph: true);
            x.Grad!.ToArray<double>().ShouldBe([12.0 * i]);
        }
        Autograd.Grad(x.Grad!.Sum(), [x])[0].ToArray<double>().ShouldBe([24.0]);
    }

    [Test]
    public void An_expansion_to_the_zeroth_power_has_gradient_0_even_at_0()
    {
        Tensor x = Variable(0, 2);
        x.Pow(0).Sum().Backward();
        x.Grad!.ToArray<double>().ShouldBe([0, 0]);
    }

    static readonly (Type Error, string Message, Action Call)[] Errors =
    [
        (typeof(ShapeException), "Conv2d: the kernel (weight [1, 1, 1, 3], dilation (1, 1)) is larger than the padded input ([1, 1, 2, 2], "
            + "padding (0, 0))", () => Tensor.Ones([1, 1, 2, 2]).Conv2d(Tensor.Ones([1, 1, 1, 3]))),
        (typeof(ShapeException), "ConvTranspose2d: padding (0, 1) leaves nothing of the output for input [1, 1, 1, 1] and weight [1, 1, 1, 1]",
            () => Tensor.Ones([1, 1, 1, 1]).ConvTranspose2d(Tensor.Ones([1, 1, 1, 1]), padding: (0, 1))),
        (typeof(ShapeException), "ConvTranspose2d: input [1, 3, 4, 4] with weight [3, 2, 3, 3] and 2 groups: the channels, 3, must be the "
            + "weight's first size and divisible by the groups", () =>
            Tensor.Ones([1, 3, 4, 4]).ConvTranspose2d(Tensor.Ones([3, 2, 3, 3]), groups: 2)),
        (typeof(ValueException), "ConvTranspose2d: stride (0, 1), padding (0, 0), dilation (1, 1) and 1 groups: all but the padding must be 1 or "
            + "more, the padding 0 or more", () => Tensor.Ones([1, 1, 2, 2]).ConvTranspose2d(Tensor.Ones([1, 1, 1, 1]), stride: (0, 1))),
        (typeof(ValueException), "ConvTranspose2d: outputPadding (1, 0) must be 0 or more, and less than stride (1, 2) or dilation (1, 1)",
            () => Tensor.Ones([1, 1, 3, 3]).ConvTranspose2d(Tensor.Ones([1, 1, 2, 2]), stride: (1, 2), outputPadding: (1, 0))),
        (typeof(ValueException), "ConvTranspose2d: outputPadding (0, 2) must be 0 or more, and less than stride (1, 1) or dilation (1, 2)",
            () => Tensor.Ones([1, 1, 3, 3]).ConvTranspose2d(Tensor.Ones([1, 1, 2, 2]), dilation: (1, 2), outputPadding: (0, 2))),
        (typeof(ValueException), "ConvTranspose2d: outputPadding (-1, -1) must be 0 or more, and less than stride (1, 1) or dilation (1, 1)",
            () => Tensor.Ones([1, 1, 3, 3]).ConvTranspose2d(Tensor.Ones([1, 1, 2, 2]), outputPadding: -1)),
        (typeof(ValueException), "Conv2d: stride (1, 1), padding (0, 0), dilation (1, 0) and 1 groups: all but the padding must be 1 or more, the "
            + "padding 0 or more", () => Tensor.Ones([1, 1, 2, 2]).Conv2d(Tensor.Ones([1, 1, 1, 1]), dilation: (1, 0))),
        (typeof(ValueException), "Conv2d: stride (1, 1), padding (0, -1), dilation (1, 1) and 1 groups: all but the padding must be 1 or more, "
            + "the padding 0 or more", () => Tensor.Ones([1, 1, 2, 2]).Conv2d(Tensor.Ones([1, 1, 1, 1]), padding: (0, -1))),
        (typeof(ValueException), "MaxPool2d: kernel (2, 0), stride (1, 1), dilation (1, 1): all must be 1 or more",
            () => Tensor.Ones([1, 4, 4]).MaxPool2d((2, 0), 1)),
        (typeof(ValueException), "MaxPool2d: kernel (2, 2), stride (1, 0), dilation (1, 1): all must be 1 or more",
            () => Tensor.Ones([1, 4, 4]).MaxPool2d(2, (1, 0))),
        (typeof(ValueException), "MaxPool2d: padding (0, -1) must be from 0 to half of kernel (2, 2)",
            () => Tensor.Ones([1, 4, 4]).MaxPool2d(2, padding: (0, -1))),
        (typeof(ValueException), "MaxPool2d: padding (-1, 0) must be from 0 to half of kernel (2, 2)",
            () => Tensor.Ones([1, 4, 4]).MaxPool2d(2, padding: (-1, 0))),
        (typeof(ValueException), "MaxPool2d: padding (2, 0) must be from 0 to half of kernel (2, 2)",
            () => Tensor.Ones([1, 4, 4]).MaxPool2d(2, padding: (2, 0))),
        (typeof(ValueException), "MaxPool2d: padding (0, 2) must be from 0 to half of kernel (2, 2)",
            () => Tensor.Ones([1, 4, 4]).MaxPool2d(2, padding: (0, 2))),
        (typeof(DTypeException), "Conv2d: input Float32 with bias Float64; convert one with To",
            () => Tensor.Ones([1, 1, 2, 2]).Conv2d(Tensor.Ones([1, 1, 1, 1]), D(1))),
        (typeof(ShapeException), "Conv2d: the kernel (weight [1, 1, 3, 1], dilation (1, 1)) is larger than the padded input ([1, 1, 2, 2], "
            + "padding (0, 0))", () => Tensor.Ones([1, 1, 2, 2]).Conv2d(Tensor.Ones([1, 1, 3, 1]))),
        (typeof(ShapeException), "GroupNorm: the channels (dimension 1) of shape [4] must be divisible by 2 groups",
            () => Tensor.Ones([4]).GroupNorm(2)),
        (typeof(ShapeException), "GroupNorm: the channels (dimension 1) of shape [2, 4] must be divisible by 0 groups",
            () => Tensor.Ones([2, 4]).GroupNorm(0)),
        (typeof(ShapeException), "LayerNorm: shape [2, 3] does not end with the normalized shape []",
            () => Tensor.Ones([2, 3]).LayerNorm(Shape.Scalar)),
        (typeof(ShapeException), "LayerNorm: shape [3] does not end with the normalized shape [2, 3]", () => Tensor.Ones([3]).LayerNorm([2, 3])),
        (typeof(ShapeException), "Narrow: -1 elements from index 0 exceed dimension 0 of shape [3]", () => Tensor.Ones([3]).Narrow(0, 0, -1)),
        (typeof(ShapeException), "Pad: mode replicate cannot add 1 elements to the 0 of dimension 0, shape [0]; the maximum is 0",
            () => Tensor.Ones([0]).Pad([1, 0], "replicate")),
        (typeof(DTypeException), "IndexSelect: the index is Float64 and must be Int64", () => Tensor.Ones([3]).IndexSelect(0, D(0))),
        (typeof(ShapeException), "MaxPool2d: windows of (1, 3) with dilation (1, 1) are larger than the padded input ([1, 2, 2], padding (0, 0))",
            () => Tensor.Ones([1, 2, 2]).MaxPool2d((1, 3))),
        (typeof(ShapeException), "AdaptiveAvgPool2d: input [1, 2, 2] cannot be pooled to (-1, 2)",
            () => Tensor.Ones([1, 2, 2]).AdaptiveAvgPool2d((-1, 2))),
        (typeof(ShapeException), "AdaptiveAvgPool2d: input [1, 2, 2] cannot be pooled to (2, -1)",
            () => Tensor.Ones([1, 2, 2]).AdaptiveAvgPool2d((2, -1))),
        (typeof(ShapeException), "ScaledDotProductAttention: query [2] and key [2, 2] need two dimensions, […, rows, d]",
            () => Tensor.Ones([2]).ScaledDotProductAttention(Tensor.Ones([2, 2]), Tensor.Ones([2, 2]))),
        (typeof(ShapeException), "ScaledDotProductAttention: query [2, 2] and key [2] need two dimensions, […, rows, d]",
            () => Tensor.Ones([2, 2]).ScaledDotProductAttention(Tensor.Ones([2]), Tensor.Ones([2, 2]))),
        (typeof(ValueException), "Unfold: windows of size -1 with step 1 do not fit dimension 0 of shape [3]",
            () => Tensor.Ones([3]).Unfold(0, -1, 1)),
        (typeof(ShapeException), "Einsum: 'ij': 'ij' does not fit operand 0 of shape [2, 2, 2]", () => Tensor.Einsum("ij", Tensor.Ones([2, 2, 2]))),
        (typeof(ShapeException), "Einsum: 'i->i->i': '->' can occur only once", () => Tensor.Einsum("i->i->i", Tensor.Ones([2]))),
        (typeof(ShapeException), "Einsum: 'ii': 'i' stands for 2 and 3 in shape [2, 3]", () => Tensor.Einsum("ii", Tensor.Ones([2, 3]))),
        (typeof(ShapeException), "index: a value of shape [3, 2] does not broadcast to the indexed elements of shape [2]",
            () => Tensor.Ones([4])[I(0, 1)] = Tensor.Ones([3, 2])),
        (typeof(ShapeException), "ConvTranspose2d: input [2, 2] with weight [1, 1, 1, 1]; the weight needs 4 dimensions and the input 4, or 3 "
            + "without a batch", () => Tensor.Ones([2, 2]).ConvTranspose2d(Tensor.Ones([1, 1, 1, 1]))),
        (typeof(ShapeException), "BatchNorm: a tensor of shape [2] must be [3], one number for each channel of shape [4, 3]",
            () => Tensor.Ones([4, 3]).BatchNorm(Tensor.Zeros([3]), Tensor.Ones([3]), Tensor.Ones([2]))),
        (typeof(ValueException), "BatchNorm: runningMean and runningVar are required if training is false",
            () => Tensor.Ones([4, 3]).BatchNorm(Tensor.Zeros([3]), null)),
        (typeof(DTypeException), "Scatter: the index is Float64 and must be Int64", () => Tensor.Ones([3]).Scatter(0, D(0), Tensor.Ones([1]))),
        (typeof(ValueException), "Unfold: windows of size 2 with step 0 do not fit dimension 0 of shape [3]", () => Tensor.Ones([3]).Unfold(0, 2, 0)),
        (typeof(ValueException), "MaxPool2d: kernel (0, 2), stride (1, 1), dilation (1, 1): all must be 1 or more",
            () => Tensor.Ones([1, 4, 4]).MaxPool2d((0, 2), 1)),
        (typeof(ValueException), "MaxPool2d: kernel (2, 2), stride (0, 1), dilation (1, 1): all must be 1 or more",
            () => Tensor.Ones([1, 4, 4]).MaxPool2d(2, (0, 1))),
        (typeof(ValueException), "MaxPool2d: kernel (2, 2), stride (1, 1), dilation (0, 1): all must be 1 or more",
            () => Tensor.Ones([1, 4, 4]).MaxPool2d(2, 1, dilation: (0, 1))),
        (typeof(ShapeException), "the function must return a scalar, but returned shape [2]", () => Autograd.Hvp(x => x * x, D(1, 2), D(1, 1))),
        (typeof(ShapeException), "Einsum: 'i1': '1' is not a letter", () => Tensor.Einsum("i1", Tensor.Ones([2, 2]))),
        (typeof(ShapeException), "Einsum: 'ij->1': '1' is not a letter", () => Tensor.Einsum("ij->1", Tensor.Ones([2, 2]))),
        (typeof(ShapeException), "BatchNorm: a tensor of shape [2] must be [3], one number for each channel of shape [4, 3]",
            () => Tensor.Ones([4, 3]).BatchNorm(Tensor.Zeros([2]), Tensor.Ones([3]), training: true)),
        (typeof(ShapeException), "Linear: the input's last dimension must be 3 (in_features), but the input has shape []",
            () => Tensor.Ones([]).Linear(Tensor.Ones([2, 3]))),
        (typeof(ShapeException), "Linear: the weight has shape [] and must be [out, in]", () => Tensor.Ones([3]).Linear(Tensor.Ones([]))),
        (typeof(ShapeException), TooLarge("Prod"), () => Huge(65536).Prod()),
        (typeof(ShapeException), TooLarge("Median"), () => Huge(65536).Median()),
        (typeof(ShapeException), TooLarge("MatMul"), () => Huge(65536, 1).MatMul(Tensor.Ones([1, 1]))),
        (typeof(ShapeException), TooLarge("Linear"), () => Huge(65536, 1).Linear(Tensor.Ones([1, 1]), Tensor.Ones([1]))),
        (typeof(ShapeException), TooLarge("Embedding"), () => I(0).Expand([65536, 65536]).Embedding(Tensor.Ones([1, 1]))),
        (typeof(ShapeException), TooLarge("LinearCrossEntropy"),
            () => Functional.LinearCrossEntropy(Huge(65536, 1), Tensor.Ones([1, 1]), I(0).Expand([65536, 65536]))),
        (typeof(ShapeException), "Narrow: 1 elements from index 0 exceed dimension 0 of shape []", () => Tensor.Ones([]).Narrow(0, 0, 1)),
        (typeof(ShapeException), "Narrow: 1 elements from index -4 exceed dimension 0 of shape [3]", () => Tensor.Ones([3]).Narrow(0, -4, 1)),
        (typeof(DTypeException), "IndexAdd: src is Float64 and x is Float32; they must be equal", () => Tensor.Ones([3]).IndexAdd(0, I(0), D(1))),
        (typeof(ShapeException), "IndexAdd: src [1, 1] must be x [3] with 1 rows in dimension 0",
            () => Tensor.Ones([3]).IndexAdd(0, I(0), Tensor.Ones([1, 1]))),
        (typeof(ShapeException), "IndexAdd: src [1] must be x [] with 1 rows in dimension 0",
            () => Tensor.Ones([]).IndexAdd(0, I(0), Tensor.Ones([1]))),
        (typeof(ValueException), "IndexAdd: index 3 (element 0 of the index tensor in row-major order) is out of range [0, 3) for dimension 0 of "
            + "shape [3]", () => Tensor.Ones([3]).IndexAdd(0, I(3), Tensor.Ones([1]))),
        (typeof(ValueException), "ScatterAdd: index 3 (element 0 of the index tensor in row-major order) is out of range [0, 3) for dimension 0 "
            + "of shape [3]", () => Tensor.Ones([3]).ScatterAdd(0, I(3), Tensor.Ones([1]))),
        (typeof(ValueException), "IndexCopy: index 3 (element 0 of the index tensor in row-major order) is out of range [0, 3) for dimension 0 of "
            + "shape [3]", () => Tensor.Ones([3]).IndexCopy(0, I(3), Tensor.Ones([1]))),
        (typeof(ValueException), "Scatter: index 3 (element 0 of the index tensor in row-major order) is out of range [0, 3) for dimension 0 of "
            + "shape [3]", () => Tensor.Ones([3]).Scatter(0, I(3), Tensor.Ones([1]))),
    ];

    static IEnumerable<TestCaseData> Wrong =>
        Errors.Select(row => new TestCaseData(row.Call, row.Error, row.Message).SetName($"{{m}}: {row.Message}"));

    [TestCaseSource(nameof(Wrong))]
    public void Error_has_the_expected_text(Action call, Type error, string message) => Should.Throw(call, error).Message.ShouldBe(message);
}
