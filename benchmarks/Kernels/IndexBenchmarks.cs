using BenchmarkDotNet.Attributes;

namespace MiniTorch.Benchmarks.Kernels;

/// <summary>Picking rows and elements, and adding them back.</summary>
public class IndexBenchmarks : KernelBenchmark
{
    private Tensor _table = null!, _ids = null!, _scores = null!, _classes = null!, _rows = null!;

    [Benchmark(Baseline = true)]
    public Tensor SelectRows() => _table.IndexSelect(0, _ids);

    [Benchmark]
    public Tensor AddRows() => _table.IndexAdd(0, _ids, _rows);

    [Benchmark]
    public Tensor Gather() => _scores.Gather(1, _classes);

    [Benchmark]
    public Tensor ScatterAdd() => _scores.ScatterAdd(1, _classes, _scores);

    private protected override void Prepare(Generator random)
    {
        _table = Tensor.Randn([1000, 128], random);
        _ids = Tensor.RandInt(0, 1000, [1024], random);
        _rows = Tensor.Randn([1024, 128], random);
        _scores = Tensor.Randn([128, 1000], random);
        _classes = Tensor.RandInt(0, 1000, [128, 1000], random);
    }
}
