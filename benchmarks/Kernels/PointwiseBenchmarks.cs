using BenchmarkDotNet.Attributes;

namespace MiniTorch.Benchmarks.Kernels;

/// <summary>Elementary functions, dense and through strides.</summary>
public class PointwiseBenchmarks : KernelBenchmark
{
    private Tensor _x = null!, _row = null!;

    [Params(1024, 1 << 20)]
    public int Count { get; set; }

    [Benchmark(Baseline = true)]
    public Tensor Copy() => _x.Clone();

    [Benchmark]
    public Tensor Exp() => _x.Exp();

    [Benchmark]
    public Tensor Log() => _x.Log();

    [Benchmark]
    public Tensor Tanh() => _x.Tanh();

    [Benchmark]
    public Tensor Erf() => _x.Erf();

    [Benchmark]
    public Tensor BroadcastAdd() => _x + _row;

    [Benchmark]
    public Tensor Transposed() => _x.T.Exp();

    private protected override void Prepare(Generator random)
    {
        _x = Tensor.Rand([Count / 32, 32], random) + 0.1;
        _row = Tensor.Rand([32], random);
    }
}
