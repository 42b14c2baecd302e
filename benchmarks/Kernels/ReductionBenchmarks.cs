using BenchmarkDotNet.Attributes;

namespace MiniTorch.Benchmarks.Kernels;

/// <summary>Reductions over each axis and over all, and the softmax family.</summary>
public class ReductionBenchmarks : KernelBenchmark
{
    private Tensor _x = null!;

    [Params(0, 1)]
    public int Dim { get; set; }

    [Benchmark(Baseline = true)]
    public Tensor SumAll() => _x.Sum();

    [Benchmark]
    public Tensor Sum() => _x.Sum(Dim);

    [Benchmark]
    public Tensor Max() => _x.Amax(Dim);

    [Benchmark]
    public Tensor ArgMax() => _x.ArgMax(Dim);

    [Benchmark]
    public Tensor Softmax() => _x.Softmax(Dim);

    [Benchmark]
    public Tensor LogSumExp() => _x.LogSumExp(Dim);

    private protected override void Prepare(Generator random) => _x = Tensor.Randn([1000, 1000], random);
}
