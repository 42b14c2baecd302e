using BenchmarkDotNet.Attributes;
using MiniTorch.Kernels;

namespace MiniTorch.Benchmarks.Kernels;

/// <summary>What benchmarks of kernels share: no recording, one or two threads, allocations counted.</summary>
[MemoryDiagnoser]
public abstract class KernelBenchmark
{
    private ModeScope _noGrad;

    [Params(1, 2)]
    public int Threads { get; set; }

    [GlobalSetup]
    public void SetUp()
    {
        Workers.Count = Threads;
        _noGrad = Autograd.NoGrad();
        Prepare(new Generator(0));
    }

    [GlobalCleanup]
    public void CleanUp() => _noGrad.Dispose();

    /// <summary>Makes the operands.</summary>
    private protected abstract void Prepare(Generator random);
}
