using BenchmarkDotNet.Attributes;

namespace MiniTorch.Benchmarks.Kernels;

/// <summary>A convolution and a pooling of images, forward, and forward with backward.</summary>
public class ConvolutionBenchmarks : KernelBenchmark
{
    private Tensor _images = null!, _filters = null!;

    [Benchmark(Baseline = true)]
    public Tensor Convolve() => _images.Conv2d(_filters, padding: 1);

    [Benchmark]
    public Tensor MaxPool() => _images.MaxPool2d(2);

    [Benchmark]
    public Tensor[] ConvolveAndBack() => Gradients(x => x.Conv2d(_filters, padding: 1));

    [Benchmark]
    public Tensor[] MaxPoolAndBack() => Gradients(x => x.MaxPool2d(2));

    private protected override void Prepare(Generator random)
    {
        _images = Tensor.Randn([64, 16, 14, 14], random);
        _filters = Tensor.Randn([32, 16, 3, 3], random);
    }

    private Tensor[] Gradients(Func<Tensor, Tensor> function)
    {
        using (Autograd.EnableGrad())
        {
            Tensor x = _images.Detach();
            x.RequiresGrad = true;
            return Autograd.Grad(function(x).Sum(), [x]);
        }
    }
}
