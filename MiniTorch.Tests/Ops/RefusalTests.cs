using MiniTorch.Optim;

namespace MiniTorch.Tests.Operations;

/// <summary>What kernels cannot take is refused, or done otherwise, before it reaches them.</summary>
public sealed class RefusalTests
{
    static Tensor Bools(params int[] shape) => Tensor.Ones(shape, DType.Bool);

    static readonly (string Name, Func<Tensor> Call, string Says)[] Calls =
    [
        ("Linear of Bool", () => Bools(1, 3).Linear(Bools(4, 3), Bools(4)), "Linear: Bool tensors have no product"),
        ("Conv2d of Bool", () => Bools(1, 1, 3, 3).Conv2d(Bools(1, 1, 2, 2)), "Conv2d: Bool tensors have no product"),
        ("ConvTranspose2d of Bool", () => Bools(1, 1, 3, 3).ConvTranspose2d(Bools(1, 1, 2, 2)), "ConvTranspose2d: Bool tensors have no product"),
        ("LayerNorm of Bool", () => Bools(2, 3).LayerNorm([3]), "LayerNorm: x is Bool"),
        ("LayerNorm of Int64", () => Tensor.Arange(6).Reshape(2, 3).LayerNorm([3]), "LayerNorm: x is Int64"),
        ("GroupNorm of Int64", () => Tensor.Arange(6).Reshape(1, 2, 3).GroupNorm(1), "GroupNorm: x is Int64"),
        ("a kernel 3 by 0", () => Tensor.Ones([1, 1, 4, 4]).Conv2d(Tensor.Zeros([1, 1, 3, 0]), stride: 2),
            "Conv2d: weight [1, 1, 3, 0] has a kernel of size 0"),
        ("a kernel 0 by 3", () => Tensor.Ones([1, 1, 4, 4]).Conv2d(Tensor.Zeros([1, 1, 0, 3])), "Conv2d: weight [1, 1, 0, 3] has a kernel of size 0"),
        ("a transposed kernel of 0", () => Tensor.Ones([1, 1, 4, 4]).ConvTranspose2d(Tensor.Zeros([1, 1, 3, 0])),
            "ConvTranspose2d: weight [1, 1, 3, 0] has a kernel of size 0"),
        ("a one-dimensional kernel of 0", () => Tensor.Ones([1, 1, 4]).Conv1d(Tensor.Zeros([1, 1, 0])), "has a kernel of size 0"),
        ("65 dimensions", () => Tensor.Ones([.. Enumerable.Repeat(1, 65)]), "Shape: 65 dimensions are too many; the maximum is 64"),
    ];

    [TestCaseSource(nameof(AllCalls))]
    public void A_call_is_refused_by_name(Func<Tensor> call, string says) =>
        Should.Throw<MiniTorchException>(() => call()).Message.ShouldContain(says);

    [Test]
    public void BatchNorm_refuses_integers_before_it_moves_its_running_statistics()
    {
        Tensor mean = Tensor.Zeros([2]), variance = Tensor.Ones([2]);
        Should.Throw<DTypeException>(() => Tensor.Arange(6).Reshape(3, 2).BatchNorm(mean, variance, training: true))
            .Message.ShouldContain("BatchNorm: x is Int64");
        mean.ToArray<float>().ShouldBe([0, 0]);
    }

    [Test]
    public void Tensor_of_64_dimensions_can_be_reduced()
    {
        int[] sizes = [.. Enumerable.Repeat(1, 64)];
        sizes[1] = 2;
        Tensor.Ones(sizes).Sum().Item<float>().ShouldBe(2);
    }

    // Written into in place, an expanded gradient would be one element for all.
    [Test]
    public void A_gradient_may_be_added_to_an_expanded_one([Values(3, 1000)] int count)
    {
        Tensor x = Tensor.Ones([count], requiresGrad: true);
        x.Grad = Autograd.Grad(x.Sum(), [x])[0];
        (x * x).Sum().Backward();
        x.Grad!.ToArray<float>().ShouldBe(Enumerable.Repeat(3f, count));

        Tensor rows = Tensor.Ones([count, 3], requiresGrad: true);
        rows.Grad = Tensor.From(new float[] { 1, 2, 3 }).Expand(count, 3);
        (rows * 2).Sum().Backward();
        rows.Grad!.Sum(0).ToArray<float>().ShouldBe([3f * count, 4f * count, 5f * count]);
    }

    [Test]
    public void An_optimiser_takes_no_expanded_parameter()
    {
        Tensor expanded = Tensor.Zeros([1]).Expand(1000);
        expanded.RequiresGrad = true;
        Should.Throw<ValueException>(() => new SGD([expanded])).Message.ShouldContain("parameter 0 of the group, shape [1000], is expanded");
    }

    [Test]
    public void The_gradient_of_a_long_fused_chain_fits_any_stack()
    {
        const int Steps = 600;
        Func<Tensor, Tensor> fused = Fuse.Compile(x =>
        {
            for (int i = 0; i < Steps; i++) x = x.Sin();
            return x;
        });
        double[]? gradient = null;
        var thread = new Thread(() =>
        {
            Tensor x = Tensor.From(new[] { 0.5, 1.0, 2.0 });
            x.RequiresGrad = true;
            fused(x).Sum().Backward();
            gradient = x.Grad!.ToArray<double>();
        }, maxStackSize: 1 << 20);
        thread.Start();
        thread.Join();
        double[] expected = [.. new[] { 0.5, 1.0, 2.0 }.Select(x =>
        {
            double slope = 1;
            for (int i = 0; i < Steps; i++) (slope, x) = (slope * Math.Cos(x), Math.Sin(x));
            return slope;
        })];
        gradient.ShouldNotBeNull();
        for (int i = 0; i < 3; i++) gradient[i].ShouldBe(expected[i], 1e-12);
    }

    static IEnumerable<TestCaseData> AllCalls() => Calls.Select(c => new TestCaseData(c.Call, c.Says).SetArgDisplayNames(c.Name));
}
