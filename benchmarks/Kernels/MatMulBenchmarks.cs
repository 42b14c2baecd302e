using BenchmarkDotNet.Attributes;

namespace MiniTorch.Benchmarks.Kernels;

/// <summary>Square products with each side as it is stored (N) or transposed (T).</summary>
public class MatMulBenchmarks : KernelBenchmark
{
    private Tensor _a = null!, _b = null!;

    [Params(32, 64, 128, 256, 512, 1024, 2048)]
    public int Size { get; set; }

    [Benchmark(Baseline = true)]
    public Tensor NN() => _a.MatMul(_b);

    [Benchmark]
    public Tensor NT() => _a.MatMul(_b.T);

    [Benchmark]
    public Tensor TN() => _a.T.MatMul(_b);

    private protected override void Prepare(Generator random)
    {
        _a = Tensor.Randn([Size, Size], random);
        _b = Tensor.Randn([Size, Size], random);
    }
}

/// <summary>Products of a large matrix with few columns, and of batches of small ones.</summary>
public class SkinnyMatMulBenchmarks : KernelBenchmark
{
    private Tensor _a = null!, _b = null!, _batch = null!;

    [Params(1, 4, 10)]
    public int Columns { get; set; }

    [Benchmark]
    public Tensor Tall() => _a.MatMul(_b);

    [Benchmark]
    public Tensor Batched() => _batch.MatMul(_batch);

    private protected override void Prepare(Generator random)
    {
        _a = Tensor.Randn([4096, 784], random);
        _b = Tensor.Randn([784, Columns], random);
        _batch = Tensor.Randn([64, 32, 32], random);
    }
}
