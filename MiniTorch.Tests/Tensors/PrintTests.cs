using System.Globalization;
using static System.Double;

namespace MiniTorch.Tests.Tensors;

/// <summary>What a tensor prints; the texts are those of str(tensor) in PyTorch 1.13.1.</summary>
public sealed class PrintTests
{
    static readonly (Func<Tensor> Make, string Text)[] Cases =
    [
        (() => F(1, 2000), "tensor([1.0000e+00, 2.0000e+03])"),
        (() => F(1, 1000), "tensor([   1., 1000.])"),
        (() => F(1, PositiveInfinity, NegativeInfinity, NaN), "tensor([1., inf, -inf, nan])"),
        (() => F(0, PositiveInfinity), "tensor([0., inf])"),
        (() => F(PositiveInfinity), "tensor([inf])"),
        (() => F(0.5, NaN, NegativeInfinity), "tensor([0.5000,    nan,   -inf])"),
        (() => F(-0.0, 0), "tensor([-0., 0.])"),
        (() => F(1e-5, 1), "tensor([1.0000e-05, 1.0000e+00])"),
        (() => F(1e9, 1), "tensor([1.0000e+09, 1.0000e+00])"),
        (() => F(123456, 0.5), "tensor([1.2346e+05, 5.0000e-01])"),
        (() => F(0), "tensor([0.])"),
        (() => F(1e-10), "tensor([1.0000e-10])"),
        (() => F(-1.5), "tensor([-1.5000])"),
        (() => F(1, -2.5, 1e3, 0.25).Reshape(2, 2), "tensor([[ 1.0000e+00, -2.5000e+00],\n        [ 1.0000e+03,  2.5000e-01]])"),
        (() => Tensor.Full([], PositiveInfinity), "tensor(inf)"),
        (() => Tensor.Full([], NaN), "tensor(nan)"),
        (() => Tensor.Full([], 5f), "tensor(5.)"),
        (() => Tensor.Full([], 1e9f), "tensor(1.0000e+09)"),
        (() => Tensor.Full([], 2.5f), "tensor(2.5000)"),
        (() => Tensor.From(new long[] { 1, -20, 300 }), "tensor([  1, -20, 300])"),
        (() => F(1, 0) > 0, "tensor([ True, False])"),
        (() => F(1, 1).Reshape(1, 2) > 0, "tensor([[True, True]])"),
        (() => Tensor.Zeros([0]), "tensor([])"),
        (() => Arange(8).Reshape(2, 2, 2), "tensor([[[0., 1.],\n         [2., 3.]],\n\n        [[4., 5.],\n         [6., 7.]]])"),
        (() => Tensor.Zeros([2, 1, 1, 1]), "tensor([[[[0.]]],\n\n\n        [[[0.]]]])"),
        (() => Arange(30),
            "tensor([ 0.,  1.,  2.,  3.,  4.,  5.,  6.,  7.,  8.,  9., 10., 11., 12., 13.,\n        14., 15., 16., 17., 18., 19., 20., 21., 22., "
                + "23., 24., 25., 26., 27.,\n        28., 29.])"),
        (() => Arange(30) / 7,
            "tensor([0.0000, 0.1429, 0.2857, 0.4286, 0.5714, 0.7143, 0.8571, 1.0000, 1.1429,\n        1.2857, 1.4286, 1.5714, 1.7143, 1.8571, "
                + "2.0000, 2.1429, 2.2857, 2.4286,\n        "
            + "2.5714, 2.7143, 2.8571, 3.0000, 3.1429, 3.2857, 3.4286, 3.5714, 3.7143,\n        3.8571, 4.0000, 4.1429])"),
    ];

    // Beyond 1,000 elements; the shape that stands behind is MiniTorch's.
    static readonly (Func<Tensor> Make, string Text)[] Abbreviated =
    [
        (() => Arange(1001), "tensor([   0.,    1.,    2.,  ...,  998.,  999., 1000.], shape: [1001])"),
        (() => Tensor.Arange(2000).Reshape(2, 1000),
            "tensor([[   0,    1,    2,  ...,  997,  998,  999],\n        [1000, 1001, 1002,  ..., 1997, 1998, 1999]], shape: [2, 1000])"),
        (() => Tensor.Arange(2000).Reshape(1000, 2),
            "tensor([[   0,    1],\n        [   2,    3],\n        [   4,    5],\n        ...,\n        [1994, 1995],\n        [1996, 1997],\n    "
                + "    [1998, 1999]], shape: [1000, 2])"),
        (() => (Arange(1100) * 10).Reshape(1100, 1),
            "tensor([[0.0000e+00],\n        [1.0000e+01],\n        [2.0000e+01],\n        ...,\n        [1.0970e+04],\n        [1.0980e+04],\n    "
                + "    [1.0990e+04]], shape: [1100, 1])"),
        (() => Arange(1100) * 10, "tensor([0.0000e+00, 1.0000e+01, 2.0000e+01,  ..., 1.0970e+04, 1.0980e+04,\n        1.0990e+04], shape: [1100])"),
    ];

    [TestCaseSource(nameof(All))]
    public void Values_are_printed_as_PyTorch_prints_them(Func<Tensor> make, string text) => make().ToString().ShouldBe(text);

    [Test]
    public void Halves_are_rounded_as_their_exact_binary_values_are()
    {
        Tensor.From(new[] { 2.00005, 0.5 }).ToString().ShouldBe("tensor([2.0000, 0.5000], dtype: Float64)");
        Tensor.From(new[] { 1e100 }).ToString().ShouldBe("tensor([1.0000e+100], dtype: Float64)");
    }

    [Test]
    public void A_NET_format_and_culture_are_followed()
    {
        var culture = (CultureInfo)CultureInfo.InvariantCulture.Clone();
        culture.NumberFormat.NumberDecimalSeparator = ",";
        F(1.5, -20).ToString("F1", culture).ShouldBe("tensor([  1,5, -20,0])");
        FormattableString.Invariant($"{F(1.5, -20):F1}").ShouldBe("tensor([  1.5, -20.0])");
        F(0.5, 20000).ToString(null, culture).ShouldBe("tensor([5,0000e-01, 2,0000e+04])");
    }

    static IEnumerable<TestCaseData> All() =>
        Cases.Concat(Abbreviated).Select(c => new TestCaseData(c.Make, c.Text).SetArgDisplayNames(c.Text.Length < 60 ? c.Text : c.Text[..60]));

    static Tensor F(params double[] values) => Tensor.From(values).To(DType.Float32);

    static Tensor Arange(int count) => Tensor.Arange(count).To(DType.Float32);
}
