using MiniTorch.Data;

namespace MiniTorch.Tests.Data;

/// <summary>Parts and orders of data sets; the numbers are those of PyTorch 1.13.</summary>
public class SamplerTests
{
    private static readonly double[] Weights = [0.1, 0.0, 2.0, 1.0, 0.5];

    private static TensorDataset Numbers(int count) => new(Tensor.Arange(count));

    private static long[] Values(Dataset dataset) => [.. Enumerable.Range(0, dataset.Count).Select(i => dataset[i][0].Item<long>())];

    private static List<long[]> Epochs(DataLoader loader, int count) =>
        [.. Enumerable.Range(0, count).SelectMany(_ => loader.Select(batch => batch[0].ToArray<long>()))];

    // random_split(range(10), [7, 3], generator=torch.Generator().manual_seed(42)), and with [0.55, 0.25, 0.2]
    [Test]
    public void A_random_split_has_PyTorchs_parts()
    {
        Numbers(10).RandomSplit([7, 3], new Generator(42)).Select(Values).ShouldBe([[2, 6, 1, 8, 4, 5, 0], [9, 3, 7]]);
        Numbers(10).RandomSplit([0.55, 0.25, 0.2], new Generator(42)).Select(Values).ShouldBe([[2, 6, 1, 8, 4, 5], [0, 9], [3, 7]]);
    }

    // g = torch.Generator().manual_seed(3); DataLoader(TensorDataset(x), batch_size=4, sampler=WeightedRandomSampler(w, 8, generator=g), generator=g), two epochs
    [Test]
    public void A_weighted_sampler_draws_PyTorchs_samples()
    {
        Epochs(new DataLoader(Numbers(5), batchSize: 4, sampler: new WeightedRandomSampler(Weights, 8), generator: new Generator(3)), 2)
            .ShouldBe([[2, 3, 2, 3], [3, 2, 2, 2], [2, 3, 2, 2], [4, 2, 2, 2]]);
        Epochs(new DataLoader(Numbers(5), batchSize: 2, sampler: new WeightedRandomSampler(Weights, 3, replacement: false),
            generator: new Generator(3)), 2)
            .ShouldBe([[2, 3], [4], [3, 2], [4]]);
    }

    // torch.manual_seed(5); DataLoader(TensorDataset(x), batch_size=8, sampler=WeightedRandomSampler(w, 8)), two epochs; torch.rand(1)
    [Test]
    public void A_weighted_sampler_without_a_generator_draws_from_the_default_one()
    {
        Generator.ManualSeed(5);
        Epochs(new DataLoader(Numbers(5), batchSize: 8, sampler: new WeightedRandomSampler(Weights, 8)), 2)
            .ShouldBe([[2, 2, 2, 2, 3, 2, 3, 3], [2, 2, 3, 2, 2, 2, 2, 2]]);
        Tensor.Rand([1]).Item<float>().ShouldBe(0.9697042107582092f);
    }

    [Test]
    public void A_stratified_order_has_every_sample_once_and_every_class_evenly()
    {
        long[] labels = [.. Enumerable.Range(0, 100).Select(i => i < 60 ? 0L : i < 90 ? 1 : 2)];
        long[] order = new StratifiedSampler(Tensor.From(labels)).Draw(new Generator(1));

        order.Order().ShouldBe(Enumerable.Range(0, 100).Select(i => (long)i));
        order.ShouldNotBe(new StratifiedSampler(Tensor.From(labels)).Draw(new Generator(2)));
        foreach (long[] batch in order.Chunk(10))
        {
            batch.Count(sample => labels[sample] == 0).ShouldBeInRange(5, 7);
            batch.Count(sample => labels[sample] == 1).ShouldBeInRange(2, 4);
            batch.Count(sample => labels[sample] == 2).ShouldBeInRange(0, 2);
        }
    }

    [Test]
    public void Subsets_and_maps_can_be_nested()
    {
        Dataset dataset = Numbers(10).Subset(7, 2, 5).Map(sample => [sample[0] * 10]).Subset(2, 0);
        Values(dataset).ShouldBe([50, 70]);
        Epochs(new DataLoader(dataset, batchSize: 2), 1).ShouldBe([[50, 70]]);
        Epochs(new DataLoader(Numbers(10).Subset(7, 2, 5), batchSize: 2), 1).ShouldBe([[7, 2], [5]]);
    }

    [Test]
    public void Sequences_are_filled_up_to_the_longest()
    {
        Tensor[] padded = Collate.Pad(-1)([[Tensor.Arange(3), 7], [Tensor.Arange(1), 8]]);
        padded[0].Shape.ShouldBe([2, 3]);
        padded[0].ToArray<long>().ShouldBe([0, 1, 2, 0, -1, -1]);
        padded[1].ToArray<long>().ShouldBe([7, 8]);
        Should.Throw<ShapeException>(() => Collate.Stack([[1, 2], [1]])).Message.ShouldContain("sample 1 of the batch has 1 tensors");
    }

    // sklearn.utils.class_weight.compute_class_weight's formula: n / (classes * count)
    [Test]
    public void Class_weights_are_inverse_to_the_counts()
    {
        ClassWeights.FromCounts(1, 2, 5).ToArray<float>().ShouldBe([8f / 3, 8f / 6, 8f / 15]);
        Tensor labels = Tensor.From(new long[] { 1, 0, 1, 1 });
        ClassWeights.FromLabels(labels, 2).ToArray<float>().ShouldBe([2f, 4f / 6]);
        ClassWeights.OfSamples(labels, 2).ShouldBe([4f / 6, 2, 4f / 6, 4f / 6]);
    }

    [Test]
    public void Misuse_is_explained()
    {
        Should.Throw<ValueException>(() => Numbers(10).RandomSplit([7, 2])).Message.ShouldContain("sum to 9, but the data set has 10");
        Should.Throw<ValueException>(() => Numbers(10).RandomSplit([11, -1])).Message.ShouldContain("size -1 is negative");
        Should.Throw<ValueException>(() => Numbers(10).RandomSplit([0.5, 0.4])).Message.ShouldContain("not 1");
        Should.Throw<ValueException>(() => Numbers(10).Subset(10)).Message.ShouldContain("index 10 is not in [0, 9]");
        Should.Throw<ValueException>(() => new WeightedRandomSampler([1, -1], 1)).Message.ShouldContain("weight 1 is -1");
        Should.Throw<ValueException>(() => new WeightedRandomSampler([0, 0], 1)).Message.ShouldContain("0 weights are positive");
        Should.Throw<ValueException>(() => new WeightedRandomSampler([1, 0], 2, replacement: false))
            .Message.ShouldContain("1 weights are positive, but 2 must be");
        Should.Throw<ValueException>(() => new DataLoader(Numbers(2), shuffle: true, sampler: new SequentialSampler(2)))
            .Message.ShouldContain("pass a sampler or shuffle, not both");
        Should.Throw<ValueException>(() => new DataLoader(Numbers(2), prefetch: -1)).Message.ShouldContain("prefetch is -1");
        Should.Throw<ValueException>(() => ClassWeights.FromCounts(1, 0)).Message.ShouldContain("class 1 has 0 samples");
        Should.Throw<ValueException>(() => ClassWeights.FromLabels(Tensor.Arange(3), -2)).Message.ShouldContain("-2 classes");
        Should.Throw<ValueException>(() => ClassWeights.FromLabels(Tensor.Arange(3), 2)).Message.ShouldContain("label 2 is not in [0, 1]");
        Should.Throw<DTypeException>(() => new StratifiedSampler(Tensor.Zeros([3]))).Message.ShouldContain("Int64");
    }
}
