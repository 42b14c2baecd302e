using MiniTorch.Nn;

namespace MiniTorch.Tests.Losses;

/// <summary>Cross-entropy's native blocks: logits in chunks, a gradient only where one is wanted, and that one handed on without a copy.</summary>
[TestFixture, NonParallelizable]
public sealed class LossBufferTests
{
    private const long Mega = 1 << 20;

    private static readonly Tensor s_targets = Tensor.RandInt(0, 512, [512], new Generator(1));

    private static Tensor Logits(bool requiresGrad) => Tensor.Randn([512, 512], new Generator(0), requiresGrad: requiresGrad); // 1 MiB

    // A sweep of garbage meanwhile may hide a block that is too many, and never adds one: bounds are upper ones.
    private static long Rented(Action action)
    {
        long before = BufferPool.RentedBytes;
        action();
        return BufferPool.RentedBytes - before;
    }

    [TestCase(Reduction.Mean)]
    [TestCase(Reduction.Sum)]
    public void A_loss_alone_rents_nothing_of_the_size_of_its_logits(Reduction reduction)
    {
        Tensor frozen = Logits(requiresGrad: false), learnt = Logits(requiresGrad: true);
        Rented(() => Functional.CrossEntropy(frozen, s_targets, reduction: reduction)).ShouldBeLessThan(Mega / 2);
        using (Autograd.NoGrad()) Rented(() => Functional.CrossEntropy(learnt, s_targets, reduction: reduction)).ShouldBeLessThan(Mega / 2);
    }

    [Test]
    public void The_first_backward_pass_hands_on_the_gradient_that_the_forward_pass_computed()
    {
        Tensor x = Logits(requiresGrad: true), loss = Functional.CrossEntropy(x, s_targets);
        Rented(() => loss.Backward(retainGraph: true)).ShouldBeLessThan(Mega / 2);
        x.Grad!.Shape.ShouldBe([512, 512]);
        GC.KeepAlive(loss);
    }

    [Test]
    public void Losses_without_a_reduction_give_a_leaf_their_gradient_without_a_copy()
    {
        Tensor x = Logits(requiresGrad: true), losses = Functional.CrossEntropy(x, s_targets, reduction: Reduction.None), ones = Tensor.Ones([512]);
        Rented(() => losses.Backward(ones)).ShouldBeLessThan(Mega * 3 / 2);
        x.Grad!.Shape.ShouldBe([512, 512]);
    }

    [Test]
    public void Linear_cross_entropy_keeps_gradients_alone_and_hands_them_on()
    {
        const int classes = 1 << 18; // 1 MiB of weights, and as much of logits for each of three rows
        Tensor hidden = Tensor.Randn([3, 1], new Generator(0), requiresGrad: true),
            weight = Tensor.Randn([classes, 1], new Generator(1), requiresGrad: true), loss = hidden;
        Rented(() => loss = Functional.LinearCrossEntropy(hidden, weight, [1, classes - 1, 5], options: new() { Reduction = Reduction.Sum }))
            .ShouldBeLessThan(Mega * 3 / 2);
        Rented(() => loss.Backward(retainGraph: true)).ShouldBeLessThan(Mega / 2);
        weight.Grad!.Shape.ShouldBe([classes, 1]);
        GC.KeepAlive(loss);
    }

    [Test]
    public void Linear_cross_entropy_holds_a_chunk_of_its_logits_at_a_time()
    {
        const int classes = 1 << 20, rows = 40; // 4 MiB of logits a row
        Tensor hidden = Tensor.Randn([rows, 1], new Generator(0), requiresGrad: true),
            weight = Tensor.Randn([classes, 1], new Generator(1), requiresGrad: true);
        Tensor targets = Tensor.RandInt(0, classes, [rows], new Generator(2));
        long before = BufferPool.RentedBytes + BufferPool.FreeBytes;
        Tensor loss = Functional.LinearCrossEntropy(hidden, weight, targets);
        (BufferPool.RentedBytes + BufferPool.FreeBytes - before).ShouldBeLessThan(80 * Mega, "48 MiB of logits are overwritten by their gradient");
        double.IsFinite(loss.Item<float>()).ShouldBeTrue();
    }
}
