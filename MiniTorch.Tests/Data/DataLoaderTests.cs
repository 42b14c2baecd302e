using MiniTorch.Data;

namespace MiniTorch.Tests.Data;

/// <summary>Batches against PyTorch 1.13.1: the same seed gives the same order.</summary>
public class DataLoaderTests
{
    private static TensorDataset Seven() => new(Tensor.Arange(7), Tensor.Arange(7) * 10);

    private static List<long[]> TwoEpochs(DataLoader loader)
    {
        var batches = new List<long[]>();
        for (int epoch = 0; epoch < 2; epoch++)
            foreach (var (x, y) in loader)
            {
                y.ToArray<long>().ShouldBe(x.ToArray<long>().Select(value => value * 10));
                batches.Add(x.ToArray<long>());
            }
        return batches;
    }

    // g = torch.Generator().manual_seed(42); loader = DataLoader(TensorDataset(x, x * 10), batch_size=3, shuffle=True, generator=g)
    [Test]
    public void A_generator_gives_PyTorchs_order()
    {
        TwoEpochs(new DataLoader(Seven(), batchSize: 3, shuffle: true, generator: new Generator(42)))
            .ShouldBe([[4, 5, 3], [6, 1, 0], [2], [6, 2, 4], [5, 3, 1], [0]]);
    }

    // torch.manual_seed(1); loader = DataLoader(TensorDataset(x, x * 10), batch_size=3, shuffle=True, drop_last=True); two epochs; torch.rand(2)
    [Test]
    public void The_default_generator_gives_PyTorchs_order_and_is_left_where_PyTorch_leaves_it()
    {
        Generator.ManualSeed(1);
        TwoEpochs(new DataLoader(Seven(), batchSize: 3, shuffle: true, dropLast: true)).ShouldBe([[0, 5, 1], [4, 2, 3], [0, 2, 4], [5, 1, 6]]);
        Tensor.Rand([2]).ToArray<float>().ShouldBe([0.5695084929466248f, 0.4387779235839844f]);
    }

    [TestCase(3, false, 3)]
    [TestCase(3, true, 2)]
    [TestCase(7, true, 1)]
    [TestCase(8, true, 0)]
    [TestCase(8, false, 1)]
    public void Count_is_the_number_of_batches(int batchSize, bool dropLast, int expected)
    {
        var loader = new DataLoader(Seven(), batchSize, dropLast: dropLast);
        loader.Count.ShouldBe(expected);
        loader.ToList().Count.ShouldBe(expected);
    }

    [Test]
    public void Misuse_is_explained()
    {
        Should.Throw<ValueException>(() => new DataLoader(Seven(), batchSize: 0)).Message.ShouldContain("1 or more");
        Should.Throw<ShapeException>(() => new TensorDataset(Tensor.Zeros([3]), Tensor.Zeros([4]))).Message.ShouldContain("tensor 1 has 4 samples");
        Should.Throw<ShapeException>(() => new TensorDataset(Tensor.Zeros([]))).Message.ShouldContain("scalar");
        Should.Throw<ShapeException>(() => new TensorDataset()).Message.ShouldContain("at least one");
        Should.Throw<ShapeException>(() => { var (_, _) = new DataLoader(new TensorDataset(Tensor.Zeros([3]))).First(); }).Message.ShouldContain("1 tensors");
    }
}
