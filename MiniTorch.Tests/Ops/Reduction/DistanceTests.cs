namespace MiniTorch.Tests.Operations;

/// <summary>Cdist by products against its definition by differences, in float64.</summary>
public class DistanceTests
{
    [Test]
    public void Cdist_of_every_kind_of_rows_is_that_of_differences(
        [Values("random", "offset", "equal", "near", "huge", "tiny", "special")] string kind, [Values(3, 20, 30, 67)] int rows,
            [Values(1, 5, 64)] int length)
    {
        Tensor a = Tensor.Randn([2, rows, length], new Generator(1)), b = Tensor.Randn([2, rows + 1, length], new Generator(2));
        if (kind == "offset") (a, b) = (a + 1000, b + 1000);
        if (kind == "equal") b = Tensor.Cat([a, a.Narrow(1, 0, 1)], 1);
        if (kind == "near") b = Tensor.Cat([a + 1e-3 * b.Narrow(1, 0, rows), b.Narrow(1, 0, 1)], 1);
        if (kind == "huge") (a, b) = (a * 1e25, b * 1e25);
        if (kind == "tiny") (a, b) = (a * 1e-25, b * 1e-25);
        if (kind == "special")
        {
            (a, b) = (a.Clone(), b.Clone());
            a[0, 1, 0].CopyInPlace(Tensor.Full([], float.NaN));
            b[0, 2, 0].CopyInPlace(Tensor.Full([], float.PositiveInfinity));
        }
        (a.RequiresGrad, b.RequiresGrad) = (true, true);
        Tensor g = Tensor.Randn([2, rows, rows + 1], new Generator(3));
        Tensor fast = a.Cdist(b);
        fast.Backward(g);
        (Tensor toA, Tensor toB) = (a.Grad!, b.Grad!);
        Tensor preciseA = a.Detach().To(DType.Float64), preciseB = b.Detach().To(DType.Float64);
        (preciseA.RequiresGrad, preciseB.RequiresGrad) = (true, true);
        Tensor precise = (preciseA.Unsqueeze(-2) - preciseB.Unsqueeze(-3)).Norm(2, -1);
        precise.Backward(g.To(DType.Float64));
        fast.To(DType.Float64).AllClose(precise, 1e-5, 0, equalNan: true).ShouldBeTrue();
        if (kind == "special") return;
        toA.To(DType.Float64).AllClose(preciseA.Grad!, 1e-4, 2e-4).ShouldBeTrue($"{(toA.To(DType.Float64) - preciseA.Grad!).Abs().Amax([0, 1, 2])}");
        toB.To(DType.Float64).AllClose(preciseB.Grad!, 1e-4, 2e-4).ShouldBeTrue();
    }

    [TestCase(50, 33)]
    [TestCase(20, 8)]
    public void Cdist_of_some_rows_is_those_rows_of_the_whole(int rows, int length)
    {
        Tensor a = Tensor.Randn([40, length], new Generator(1)), b = Tensor.Randn([rows, length], new Generator(2));
        a[3..5].Cdist(b).ToArray<float>().ShouldBe(a.Cdist(b)[3..5].Contiguous().ToArray<float>());
        a.T.Contiguous().T.Cdist(b).ToArray<float>().ShouldBe(a.Cdist(b).ToArray<float>());
    }
}
