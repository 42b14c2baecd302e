using MiniTorch.Nn;
using MiniTorch.Optim;

namespace MiniTorch.Benchmarks.Quick;

/// <summary>
/// The steps that other libraries are measured with too; each clears the gradients, runs forward, backward and, where there is one, the optimiser.
/// </summary>
internal static class Workloads
{
    private static readonly (int Rows, int Classes)[] s_logits = [(32, 10), (128, 1000), (1024, 1000), (512, 32000), (256, 128256)];

    public static IReadOnlyDictionary<string, Action> All { get; } = new Dictionary<string, Action>
    {
        ["W1"] = ScalarChain,
        ["W2a"] = () => CrossEntropy("W2a", (logits, targets) => Functional.CrossEntropy(logits, targets)),
        ["W2b"] = () => CrossEntropy("W2b", ComposedCrossEntropy),
        ["W2bfused"] = () => CrossEntropy("W2bfused", Fuse.Compile(ComposedCrossEntropy)),
        ["W2c"] = () => CrossEntropy("W2c", (logits, targets) => Functional.CrossEntropy(logits, targets, labelSmoothing: 0.1)),
        ["W3"] = Mlp,
        ["W4"] = MatMul,
        ["W5"] = () => Gelu("W5", GeluByHand),
        ["W5fused"] = () => Gelu("W5fused", Fuse.Compile(GeluByHand)),
        ["W6"] = () => Transformer("W6", fusesAttention: false),
        ["W6fused"] = () => Transformer("W6fused", fusesAttention: true),
        ["W7"] = ConvolutionalNet,
        ["W9"] = Gpt2,
    };

    private static void ScalarChain()
    {
        Tensor leaf = Tensor.Full([], 1f, requiresGrad: true);
        Measure.Report("W1", 200, () =>
        {
            leaf.Grad = null;
            Tensor s = leaf;
            for (int i = 0; i < 100; i++) s = s * 1.01 + 0.5;
            s.Backward();
        });
    }

    private static void CrossEntropy(string name, Func<Tensor, Tensor, Tensor> loss)
    {
        foreach (var (rows, classes) in s_logits)
        {
            var random = new Generator(0);
            Tensor logits = Tensor.Randn([rows, classes], random, requiresGrad: true);
            Tensor targets = Tensor.RandInt(0, classes, [rows], random);
            Measure.Report($"{name}_{rows}x{classes}", 1, () =>
            {
                logits.Grad = null;
                loss(logits, targets).Backward();
            });
        }
    }

    private static Tensor ComposedCrossEntropy(Tensor logits, Tensor targets)
    {
        Tensor z = logits - logits.Detach().Max(1, keepDim: true).Values;
        Tensor logSumExp = z.Exp().Sum(1).Log();
        return (logSumExp - z.Gather(1, targets.Unsqueeze(1)).Squeeze(1)).Mean();
    }

    private static void Mlp()
    {
        foreach (var (batch, inputs, hidden, classes) in new[] { (32, 64, 64, 10), (64, 784, 256, 10), (256, 784, 1024, 10) })
        {
            Generator.ManualSeed(0);
            var model = new Sequential(new Linear(inputs, hidden), new ReLU(), new Linear(hidden, hidden), new ReLU(), new Linear(hidden, classes));
            var optimizer = new Adam(model.Parameters(), lr: 1e-3);
            Train($"W3_{batch}x{inputs}x{hidden}x{hidden}x{classes}", model, optimizer, Tensor.Randn([batch, inputs]),
                Tensor.RandInt(0, classes, [batch]));
        }
    }

    private static void Train(string name, Module<Tensor, Tensor> model, Optimizer optimizer, Tensor inputs, Tensor targets) =>
        Measure.Report(name, 1, () =>
    {
        optimizer.ZeroGrad();
        Functional.CrossEntropy(model.Call(inputs), targets).Backward();
        optimizer.Step();
    });

    private static void MatMul()
    {
        foreach (int n in new[] { 64, 256, 1024 })
        {
            var random = new Generator(0);
            Tensor a = Tensor.Randn([n, n], random, requiresGrad: true), b = Tensor.Randn([n, n], random, requiresGrad: true);
            Tensor gradient = Tensor.Randn([n, n], random);
            Measure.Report($"W4_{n}", 1, () =>
            {
                a.Grad = b.Grad = null;
                a.MatMul(b).Backward(gradient);
            });
        }
    }

    private static void Gelu(string name, Func<Tensor, Tensor> gelu)
    {
        Tensor x = Tensor.Randn([1_000_000], new Generator(0), requiresGrad: true);
        Measure.Report(name, 1, () =>
        {
            x.Grad = null;
            gelu(x).Sum().Backward();
        });
    }

    private static void Transformer(string name, bool fusesAttention)
    {
        Generator.ManualSeed(0);
        var model = new Gpt(vocabulary: 65, width: 128, heads: 4, sequence: 128, layers: 2, fusesAttention);
        var optimizer = new AdamW(model.Parameters(), lr: 3e-4);
        Train(name, model, optimizer, Tensor.RandInt(0, 65, [8, 128]), Tensor.RandInt(0, 65, [8 * 128]));
    }

    // GPT-2 with 124 million parameters: 2 GB of parameters, gradients and the optimiser's state.
    private static void Gpt2()
    {
        Generator.ManualSeed(0);
        var model = new Gpt(vocabulary: 50304, width: 768, heads: 12, sequence: 1024, layers: 12, fusesAttention: true, isTied: true);
        var optimizer = new AdamW(model.Parameters(), lr: 1e-4, weightDecay: 0);
        Train("W9", model, optimizer, Tensor.RandInt(0, 50257, [4, 64]), Tensor.RandInt(0, 50257, [4 * 64]));
    }

    private static void ConvolutionalNet()
    {
        Generator.ManualSeed(0);
        var model = new Sequential(
            new Conv2d(1, 16, 3, padding: 1), new ReLU(), new MaxPool2d(2),
            new Conv2d(16, 32, 3, padding: 1), new ReLU(), new MaxPool2d(2),
            new Flatten(), new Linear(32 * 7 * 7, 10));
        Train("W7", model, new Adam(model.Parameters(), lr: 1e-3), Tensor.Randn([64, 1, 28, 28]), Tensor.RandInt(0, 10, [64]));
    }

    private static Tensor GeluByHand(Tensor x) => 0.5 * x * (1 + (0.79788456 * (x + 0.044715 * x * x * x)).Tanh());
}
