using MiniTorch.Nn;

namespace MiniTorch.Tests.Losses;

public class ChunkedLinearTests
{
    private const int Rows = 7, Features = 3, Classes = 5;

    private static Tensor[] Inputs()
    {
        var generator = new Generator(0);
        return [.. new Shape[] { [Rows, Features], [Classes, Features], [Classes], [Rows, Classes], [Classes] }
            .Select(shape => Tensor.Randn(shape, generator, DType.Float64).RequireGrad())];
    }

    // A loss that no built-in one computes: squared distance to soft targets, with a weight for each class, and a penalty.
    private static Tensor Loss(Tensor logits, Tensor targets, Tensor weights) =>
        ((logits.Softmax(-1) - targets).Square() * weights.Exp()).Sum(-1) + 0.1 * logits.LogSumExp(-1).Square();

    [TestCase(1)]
    [TestCase(2)]
    [TestCase(3)]
    [TestCase(7)]
    [TestCase(100)]
    [TestCase(null)]
    public void Chunks_have_the_values_and_gradients_of_the_composition(int? chunkSize)
    {
        Tensor[] x = Inputs();
        Tensor row = Tensor.Randn([Rows], new Generator(1), DType.Float64);
        Tensor composed = Loss(Functional.Linear(x[0], x[1], x[2]), x[3], x[4]);
        Tensor chunked = Chunked.Linear(x[0], x[1], (logits, rows) => Loss(logits, x[3][rows], x[4]), x[2], chunkSize);
        chunked.ToArray<double>().ShouldBe(composed.ToArray<double>(), 1e-13);
        Tensor[] want = Autograd.Grad((composed * row).Sum(), x), got = Autograd.Grad((chunked * row).Sum(), x);
        for (int i = 0; i < x.Length; i++) got[i].ToArray<double>().ShouldBe(want[i].ToArray<double>(), 1e-12, $"input {i}");
    }

    [TestCase(0)]
    [TestCase(1)]
    [TestCase(2)]
    [TestCase(3)]
    [TestCase(4)]
    public void Gradient_check_with_respect_to_each_tensor_passes_to_second_order(int input)
    {
        Tensor[] x = [.. Inputs().Select(tensor => tensor.Detach())];
        GradCheck.Run(value =>
        {
            Tensor[] given = [.. x];
            given[input] = value;
            return Chunked.Linear(given[0], given[1], (logits, rows) => Loss(logits, given[3][rows], given[4]), given[2], chunkSize: 3).Sum();
        }, x[input], new GradCheckOptions { Order = 2 }).ThrowIfFailed();
    }

    [Test]
    public void Leading_dimensions_stay_and_no_rows_give_no_losses()
    {
        Tensor weight = Tensor.Ones([4, 3]);
        Chunked.Linear(Tensor.Ones([2, 5, 3]), weight, (logits, rows) => logits.Sum(-1), chunkSize: 3).Shape.ShouldBe([2, 5]);
        Chunked.Linear(Tensor.Ones([0, 3]), weight, (logits, rows) => logits.Sum(-1)).Shape.ShouldBe([0]);
        Chunked.Linear(Tensor.Ones([3]), weight, (logits, rows) => logits.Sum(-1)).Item<float>().ShouldBe(12);
    }

    [Test]
    public void Loss_that_is_not_of_rows_and_bad_arguments_are_errors()
    {
        Tensor hidden = Tensor.Ones([4, 3]), weight = Tensor.Ones([2, 3]);
        Should.Throw<ShapeException>(() => Chunked.Linear(hidden, weight, (logits, _) => logits.Sum())).Message.ShouldContain("Reduction.None");
        Should.Throw<ShapeException>(() => Chunked.Linear(hidden, Tensor.Ones([2, 4]), (logits, _) => logits.Sum(-1)));
        Should.Throw<ValueException>(() => Chunked.Linear(hidden, weight, (logits, _) => logits.Sum(-1), chunkSize: 0))
            .Message.ShouldContain("chunkSize");
    }

    [Test]
    public void Only_one_chunk_of_logits_is_held_in_forward_and_in_backward()
    {
        const int Count = 64, Classes = 1000, Chunk = 4;
        Tensor hidden = Tensor.Randn([Count, 8], new Generator(0)).RequireGrad(), weight = Tensor.Randn([Classes, 8], new Generator(1)).RequireGrad();
        var logitsSoFar = new List<WeakReference>();
        int most = 0;
        Tensor losses = Chunked.Linear(hidden, weight, (logits, _) =>
        {
            GC.Collect();
            most = Math.Max(most, logitsSoFar.Count(former => former.IsAlive));
            logitsSoFar.Add(new WeakReference(logits.Storage));
            return logits.LogSumExp(-1) + logits.Sin().Mean(-1);
        }, chunkSize: Chunk);
        losses.Sum().Backward();
        logitsSoFar.Count.ShouldBe(2 * Count / Chunk, "each chunk is computed twice");
        most.ShouldBeLessThanOrEqualTo(1, "former chunks that are still held; the rule at work may hold one");
    }
}
