namespace MiniTorch.Tests.Operations;

/// <summary>x[…] against the values that PyTorch 1.13.1 gives for the same expression on torch.arange(24).reshape(2, 3, 4).</summary>
[TestFixture]
public sealed class IndexingTests
{
    static readonly (string Torch, Func<Tensor, Tensor> Read, int[] Shape, long[] Values)[] Cases =
    [
        ("x[1]", x => x[1], [3, 4], [12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23]),
        ("x[-1]", x => x[^1], [3, 4], [12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23]),
        ("x[:, 1]", x => x[.., 1], [2, 4], [4, 5, 6, 7, 16, 17, 18, 19]),
        ("x[..., -1]", x => x[TensorIndex.Ellipsis, ^1], [2, 3], [3, 7, 11, 15, 19, 23]),
        ("x[0, 1, 2]", x => x[0, 1, 2], [], [6]),
        ("x[1, ..., 2]", x => x[1, TensorIndex.Ellipsis, 2], [3], [14, 18, 22]),
        ("x[..., 0, :]", x => x[TensorIndex.Ellipsis, 0, ..], [2, 4], [0, 1, 2, 3, 12, 13, 14, 15]),
        ("x[:, 1:]", x => x[.., 1..], [2, 2, 4], [4, 5, 6, 7, 8, 9, 10, 11, 16, 17, 18, 19, 20, 21, 22, 23]),
        ("x[:, :-1]", x => x[.., ..^1], [2, 2, 4], [0, 1, 2, 3, 4, 5, 6, 7, 12, 13, 14, 15, 16, 17, 18, 19]),
        ("x[:, 5:]", x => x[.., 5..], [2, 0, 4], []),
        ("x[:, 2:1]", x => x[.., TensorIndex.Slice(2, 1)], [2, 0, 4], []),
        ("x[:, -100:100]", x => x[.., TensorIndex.Slice(-100, 100)], [2, 3, 4],
            [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23]),
        ("x[:, ::2]", x => x[.., TensorIndex.Slice(step: 2)], [2, 2, 4], [0, 1, 2, 3, 8, 9, 10, 11, 12, 13, 14, 15, 20, 21, 22, 23]),
        ("x[:, :, 1::2]", x => x[.., .., TensorIndex.Slice(1, null, 2)], [2, 3, 2], [1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23]),
        ("x[:, :, -3:-1]", x => x[.., .., ^3..^1], [2, 3, 2], [1, 2, 5, 6, 9, 10, 13, 14, 17, 18, 21, 22]),
        ("x[:, :, 0:4:3]", x => x[.., .., TensorIndex.Slice(0, 4, 3)], [2, 3, 2], [0, 3, 4, 7, 8, 11, 12, 15, 16, 19, 20, 23]),
        ("x[None]", x => x[TensorIndex.NewAxis], [1, 2, 3, 4],
            [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23]),
        ("x[:, None, 1]", x => x[.., TensorIndex.NewAxis, 1], [2, 1, 4], [4, 5, 6, 7, 16, 17, 18, 19]),
        ("x[..., None]", x => x[TensorIndex.Ellipsis, TensorIndex.NewAxis], [2, 3, 4, 1],
            [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23]),
        ("x[None, ..., 1:2, None]", x => x[TensorIndex.NewAxis, TensorIndex.Ellipsis, 1..2, TensorIndex.NewAxis], [1, 2, 3, 1, 1],
            [1, 5, 9, 13, 17, 21]),
        ("x[i([1, 0, 1])]", x => x[I(1, 0, 1)], [3, 3, 4],
            [12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23]),
        ("x[:, i([2, -1])]", x => x[.., I(2, -1)], [2, 2, 4], [8, 9, 10, 11, 8, 9, 10, 11, 20, 21, 22, 23, 20, 21, 22, 23]),
        ("x[i([0, 1]), i([2, 0])]", x => x[I(0, 1), I(2, 0)], [2, 4], [8, 9, 10, 11, 12, 13, 14, 15]),
        ("x[i([0, 1]), :, i([3, 1])]", x => x[I(0, 1), .., I(3, 1)], [2, 3], [3, 7, 11, 13, 17, 21]),
        ("x[:, i([0, 1]), i([3, 1])]", x => x[.., I(0, 1), I(3, 1)], [2, 2], [3, 5, 15, 17]),
        ("x[i([[0], [1]]), i([0, 2])]", x => x[I2(new long[,] { { 0 }, { 1 } }), I(0, 2)], [2, 2, 4],
            [0, 1, 2, 3, 8, 9, 10, 11, 12, 13, 14, 15, 20, 21, 22, 23]),
        ("x[i([[0, 1]]), :, i([[1], [2]])]", x => x[I2(new long[,] { { 0, 1 } }), .., I2(new long[,] { { 1 }, { 2 } })], [2, 2, 3],
            [1, 5, 9, 13, 17, 21, 2, 6, 10, 14, 18, 22]),
        ("x[i([0, 1]), 1]", x => x[I(0, 1), 1], [2, 4], [4, 5, 6, 7, 16, 17, 18, 19]),
        ("x[1, :, i([0, 3])]", x => x[1, .., I(0, 3)], [3, 2], [12, 15, 16, 19, 20, 23]),
        ("x[i([1, 0]), 1:, i([0, 3])]", x => x[I(1, 0), 1.., I(0, 3)], [2, 2], [16, 20, 7, 11]),
        ("x[i([0, 1]), None, i([0, 2])]", x => x[I(0, 1), TensorIndex.NewAxis, I(0, 2)], [2, 1, 4], [0, 1, 2, 3, 20, 21, 22, 23]),
        ("x[None, i([0, 1]), i([0, 2])]", x => x[TensorIndex.NewAxis, I(0, 1), I(0, 2)], [1, 2, 4], [0, 1, 2, 3, 20, 21, 22, 23]),
        ("x[..., i([0, 3, 3])]", x => x[TensorIndex.Ellipsis, I(0, 3, 3)], [2, 3, 3],
            [0, 3, 3, 4, 7, 7, 8, 11, 11, 12, 15, 15, 16, 19, 19, 20, 23, 23]),
        ("x[x % 5 == 0]", x => x[EveryFifth], [5], [0, 5, 10, 15, 20]),
        ("x[i([True, False])]", x => x[M(true, false)], [1, 3, 4], [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]),
        ("x[:, i([True, False, True])]", x => x[.., M(true, false, true)], [2, 2, 4], [0, 1, 2, 3, 8, 9, 10, 11, 12, 13, 14, 15, 20, 21, 22, 23]),
        ("x[i([True, True]), :, i([True, False, True, False])]", x => x[M(true, true), .., M(true, false, true, false)], [2, 3],
            [0, 4, 8, 14, 18, 22]),
        ("x[i([False, False])]", x => x[M(false, false)], [0, 3, 4], []),
        ("x[i([0, 1]), i([True, False, True])]", x => x[I(0, 1), M(true, false, true)], [2, 4], [0, 1, 2, 3, 20, 21, 22, 23]),
        ("x[:, i([], dtype=torch.long)]", x => x[.., I()], [2, 0, 4], []),
        ("x[i(1)]", x => x[Tensor.From(new[] { 1L }, [])], [3, 4], [12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23]),
        ("x[i(False)]", x => x[Tensor.From(new[] { false }, [])], [0, 2, 3, 4], []),
        ("x[1, i(True), 1:, 2]", x => x[1, Tensor.From(new[] { true }, []), 1.., 2], [1, 2], [18, 22]),
        ("x[0, i([1, 2]), i([0, 1])]", x => x[0, I(1, 2), I(0, 1)], [2], [4, 9]),
        ("x[1:, i([1, 2]), 0]", x => x[1.., I(1, 2), 0], [1, 2], [16, 20]),
    ];

    static IEnumerable<TestCaseData> CaseData => Cases.Select(c => new TestCaseData(c.Read, c.Shape, c.Values).SetArgDisplayNames(c.Torch));

    static Tensor EveryFifth => Tensor.From(Enumerable.Range(0, 24).Select(i => i % 5 == 0).ToArray(), [2, 3, 4]);

    static Tensor Numbers => Tensor.Arange(24).View(2, 3, 4);

    static Tensor I(params long[] indices) => Tensor.From(indices);

    static Tensor I2(long[,] indices) => Tensor.From(indices);

    static Tensor M(params bool[] mask) => Tensor.From(mask);

    [TestCaseSource(nameof(CaseData))]
    public void Reading_gives_what_PyTorch_gives(Func<Tensor, Tensor> read, int[] shape, long[] values)
    {
        Tensor part = read(Numbers);
        part.Shape.ShouldBe(shape);
        part.ToArray<long>().ShouldBe(values);
        read(Layouts.Transposed(Numbers)).ToArray<long>().ShouldBe(values, "from strided memory");
    }

    [TestCaseSource(nameof(CaseData))]
    public void The_gradient_counts_how_often_an_element_was_read(Func<Tensor, Tensor> read, int[] shape, long[] values)
    {
        Tensor x = Numbers.To(DType.Float64);
        x.RequiresGrad = true;
        Tensor part = read(x);
        part.Shape.ShouldBe(shape);
        part.Sum().Backward();
        x.Grad!.ToArray<double>().ShouldBe(Enumerable.Range(0, 24).Select(i => (double)values.Count(value => value == i)));
    }

    [Test]
    public void Writing_goes_to_the_places_that_reading_reads()
    {
        foreach ((string torch, Func<Tensor, Tensor> _, int[] _, long[] values) in Cases)
        {
            Tensor x = Numbers;
            Write(x, torch);
            x.ToArray<long>().ShouldBe(Enumerable.Range(0, 24).Select(i => values.Contains(i) && Writable.ContainsKey(torch) ? -1L : i), torch);
        }
    }

    [Test]
    public void Written_values_are_broadcast_and_converted()
    {
        Tensor x = Numbers;
        x[1, .., 1..3] = Tensor.From([-1.5, -2.5]);
        x[I(0), I(0, 1)] = Tensor.From(new long[,] { { -7 }, { -8 } });
        x.ToArray<long>().ShouldBe([-7, -7, -7, -7, -8, -8, -8, -8, 8, 9, 10, 11, 12, -1, -2, 15, 16, -1, -2, 19, 20, -1, -2, 23]);
        Should.Throw<ShapeException>(() => x[0] = Tensor.Zeros([3])).Message.ShouldBe(
            "CopyInPlace: shapes [3, 4] and [3] do not broadcast: dimension −1 has sizes 4 and 3; sizes must be equal or 1 (Unsqueeze adds a "
                + "dimension of size 1)");
        Should.Throw<ShapeException>(() => x[I(0, 1), I(0, 1)] = Tensor.Zeros([3])).Message.ShouldBe(
            "index: shapes [2, 4] and [3] do not broadcast: dimension −1 has sizes 4 and 3; sizes must be equal or 1 (Unsqueeze adds a dimension "
                + "of size 1)");
    }

    [Test]
    public void Of_values_written_to_one_place_the_last_stays()
    {
        Tensor x = Tensor.Zeros([3], DType.Int64);
        x[I(1, 1, 0)] = I(5, 6, 7);
        x.ToArray<long>().ShouldBe([7, 6, 0]);
    }

    static readonly Dictionary<string, Action<Tensor>> Writable = new()
    {
        ["x[1]"] = x => x[1] = -1,
        ["x[..., -1]"] = x => x[TensorIndex.Ellipsis, ^1] = -1,
        ["x[:, ::2]"] = x => x[.., TensorIndex.Slice(step: 2)] = -1,
        ["x[None, ..., 1:2, None]"] = x => x[TensorIndex.NewAxis, TensorIndex.Ellipsis, 1..2, TensorIndex.NewAxis] = -1,
        ["x[i([0, 1]), :, i([3, 1])]"] = x => x[I(0, 1), .., I(3, 1)] = -1,
        ["x[i([[0, 1]]), :, i([[1], [2]])]"] = x => x[I2(new long[,] { { 0, 1 } }), .., I2(new long[,] { { 1 }, { 2 } })] = -1,
        ["x[1, :, i([0, 3])]"] = x => x[1, .., I(0, 3)] = -1,
        ["x[x % 5 == 0]"] = x => x[EveryFifth] = -1,
        ["x[i([True, True]), :, i([True, False, True, False])]"] = x => x[M(true, true), .., M(true, false, true, false)] = -1,
        ["x[:, i([], dtype=torch.long)]"] = x => x[.., I()] = -1,
    };

    static void Write(Tensor x, string torch)
    {
        if (Writable.TryGetValue(torch, out Action<Tensor>? write)) write(x);
    }
}
