using BenchmarkDotNet.Attributes;

namespace MiniTorch.Benchmarks.Kernels;

/// <summary>Layer norm with weight and bias as one operation and as three, forward, and forward with backward.</summary>
public class NormalizationBenchmarks : KernelBenchmark
{
    private Tensor _x = null!, _weight = null!, _bias = null!;

    [Params("64x64", "1024x128", "1024x1024")]
    public string Sizes { get; set; } = null!;

    [Benchmark(Baseline = true)]
    public Tensor Fused() => Norm(_x, _weight, _bias);

    [Benchmark]
    public Tensor Composed() => Composition(_x, _weight, _bias);

    [Benchmark]
    public Tensor[] FusedAndBack() => Gradients(Norm);

    [Benchmark]
    public Tensor[] ComposedAndBack() => Gradients(Composition);

    private protected override void Prepare(Generator random)
    {
        int[] sizes = [.. Sizes.Split('x').Select(int.Parse)];
        (_x, _weight, _bias) = (Tensor.Randn(Shape.Create(sizes), random), Tensor.Randn([sizes[1]], random), Tensor.Randn([sizes[1]], random));
    }

    private static Tensor Norm(Tensor x, Tensor weight, Tensor bias) => x.LayerNorm(weight.Shape, weight, bias);

    private static Tensor Composition(Tensor x, Tensor weight, Tensor bias) => x.LayerNorm(weight.Shape) * weight + bias;

    private Tensor[] Gradients(Func<Tensor, Tensor, Tensor, Tensor> norm)
    {
        using (Autograd.EnableGrad())
        {
            Tensor[] inputs = [_x.Detach(), _weight.Detach(), _bias.Detach()];
            foreach (Tensor input in inputs) input.RequiresGrad = true;
            return Autograd.Grad([norm(inputs[0], inputs[1], inputs[2])], inputs, [_x]);
        }
    }
}
