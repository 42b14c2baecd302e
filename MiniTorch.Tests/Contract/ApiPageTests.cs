using System.Globalization;
using MiniTorch.Data;
using MiniTorch.Nn;
using MiniTorch.Optim;

namespace MiniTorch.Tests.Contract;

/// <summary>
/// The statements of the page that users' programs rely on, as they stand there: that this compiles is the first half of the contract.
/// </summary>
[TestFixture]
public sealed class ApiPageTests
{
    [Test]
    public void Creation_of_tensors_compiles_and_runs()
    {
        Tensor a = [[2.0, 0.5, 1.0], [0.2, 1.5, 0.3]];
        Tensor t = [0, 1];
        Tensor s = 3.5;
        var b = Tensor.From(new double[,] { { 1, 2 }, { 3, 4 } });
        var c = Tensor.From(new float[] { 1, 2, 3, 4 }, [2, 2]);
        Generator.ManualSeed(0);
        var rng = new Generator(42);

        (a.DType, a.Shape).ShouldBe((DType.Float32, [2, 3]));
        (t.DType, s.DType, s.Rank).ShouldBe((DType.Int64, DType.Float32, 0));
        (b.DType, c.DType, c.Shape).ShouldBe((DType.Float64, DType.Float32, [2, 2]));
        foreach ((Tensor tensor, int[] shape) in ((Tensor, int[])[])
            [(Tensor.Zeros([2, 3]), [2, 3]), (Tensor.Ones([2]), [2]), (Tensor.Full([2], 7), [2]), (Tensor.Eye(3), [3, 3]), (Tensor.Arange(5), [5]),
                (Tensor.Linspace(0, 1, 5), [5]),
             (Tensor.Rand([4, 3], rng), [4, 3]), (Tensor.Randn([4, 3], rng), [4, 3]), (Tensor.RandInt(0, 10, [20], rng), [20]),
                 (Tensor.RandPerm(5, rng), [5]),
             (Tensor.ZerosLike(a), [2, 3]), (Tensor.OnesLike(a, dtype: DType.Float64, requiresGrad: true), [2, 3]),
                 (Tensor.RandnLike(a, rng), [2, 3])])
            tensor.Shape.ShouldBe(shape);

        const DType Double = DType.Float64;
        foreach (Tensor tensor in (Tensor[])
            [Tensor.Zeros([2], dtype: Double, requiresGrad: true), Tensor.Ones([2], dtype: Double, requiresGrad: true),
                Tensor.Full([2], 7, dtype: Double, requiresGrad: true),
             Tensor.Eye(3, dtype: Double, requiresGrad: true), Tensor.Arange(5, dtype: Double, requiresGrad: true),
                 Tensor.Linspace(0, 1, 5, dtype: Double, requiresGrad: true),
             Tensor.Rand([4], rng, dtype: Double, requiresGrad: true), Tensor.Randn([4], rng, dtype: Double, requiresGrad: true),
             Tensor.RandInt(0, 10, [20], rng, dtype: Double, requiresGrad: true), Tensor.RandPerm(5, rng, dtype: Double, requiresGrad: true),
             Tensor.ZerosLike(a, dtype: Double, requiresGrad: true), Tensor.RandnLike(a, rng, dtype: Double, requiresGrad: true)])
            (tensor.DType, tensor.RequiresGrad).ShouldBe((Double, true));
    }

    [Test]
    public void Reading_of_tensors_compiles_and_runs()
    {
        Tensor x = [[2.0, 0.5, 1.0], [0.2, 1.5, 0.3]];
        (x.Shape[0], x.Rank, x.ElementCount, x.DType, x.IsLeaf).ShouldBe((2, 2, 6L, DType.Float32, true));
        x.RequiresGrad = true;
        x.Grad.ShouldBeNull();
        Span<float> span = new float[6];
        x.CopyTo(span);
        span[1].ShouldBe(0.5f);
        x.ToArray<float>().Length.ShouldBe(6);
        x.Sum().Item<float>().ShouldBe(5.5f, 1e-6f);
        (x.To(DType.Float64).DType, x.Detach().RequiresGrad, x.Clone().IsLeaf).ShouldBe((DType.Float64, false, false));
        string.Create(CultureInfo.InvariantCulture, $"{x.Detach():F3}").ShouldContain("0.500");
    }

    [Test]
    public void Indexing_of_tensors_compiles_and_runs()
    {
        Tensor a = [[2.0, 0.5, 1.0], [0.2, 1.5, 0.3]], mask = a > 0.4, logProbs = a.LogSoftmax(1), targets = [0, 1];
        int n = 2;
        a[0].Shape.ShouldBe([3]);
        a[^1, ..].Shape.ShouldBe([3]);
        a[.., 1..3].Shape.ShouldBe([2, 2]);
        a[.., 0, TensorIndex.NewAxis].Shape.ShouldBe([2, 1]);
        a[mask].Shape.ShouldBe([4]);
        logProbs[Tensor.Arange(n), targets].Shape.ShouldBe([2]);
        a[.., TensorIndex.Slice(0, 3, 2)].Shape.ShouldBe([2, 2]);
        a[.., 0] = 0f;
        a.ToArray<float>().ShouldBe([0, 0.5f, 1, 0, 1.5f, 0.3f]);
    }

    [Test]
    public void Tensors_have_arithmetic_reductions_and_movements()
    {
        Tensor a = [[2.0, 0.5, 1.0], [0.2, 1.5, 0.3]], b = Tensor.Ones([2, 3]), w = Tensor.Ones([3, 2]), index = Tensor.Zeros([2, 1], DType.Int64);
        Tensor cond = a > 0, other = Tensor.Zeros([3]), mask = a.Eq(b);
        Tensor[] all =
        [
            a + b, a - 1, 2 * a, a / b, -a, a.Pow(2), a.MatMul(w), a.Exp(), a.Log(), a.Sum(), a.Sum(dim: 1, keepDim: true), a.Sum([0, 1]),
            a.Amax(1), a.ArgMax(1), a.LogSumExp(1), a.LogSoftmax(1), a.Gather(1, index),
            a.Reshape([6]), a.View([6]), a.Permute(1, 0), a.Transpose(0, 1), a.T, a.Unsqueeze(0), a.Squeeze(0), a.Expand([5, 2, 3]),
                Tensor.Cat([a, b], 0), Tensor.Stack([a, b]),
            a > 0, a.Eq(b), a.Ne(b), a.Where(cond, other), a.MaskedFill(mask, -1f), a.IsClose(b),
        ];
        all.ShouldAllBe(tensor => tensor.ElementCount > 0);
        var (values, indices) = a.Max(dim: 1, keepDim: true);
        (values.Shape, indices.DType).ShouldBe(([2, 1], DType.Int64));
        double rtol = 1e-5, atol = 1e-8;
        a.AllClose(b, rtol, atol).ShouldBeFalse();
        (a == b).ShouldBeFalse();
    }

    [Test]
    public void In_place_operations_say_so()
    {
        Tensor x = Tensor.Ones([2]), y = Tensor.Full([2], 3.0);
        x.AddInPlace(y);
        x.SubInPlace(y);
        x.MulInPlace(y);
        x.ToArray<float>().ShouldBe([3, 3]);
        x.CopyInPlace(y);
        x.ZeroInPlace();
        x.ToArray<float>().ShouldBe([0, 0]);
    }

    [Test]
    public void Backward_and_Grad_compile_and_run()
    {
        Tensor x = Tensor.From([1.0, 2], requiresGrad: true), w = Tensor.From([3.0, 4], requiresGrad: true);
        Tensor loss = (x * w).Sum();
        loss.Backward();
        using (Autograd.NoGrad()) (x * 2).RequiresGrad.ShouldBeFalse();
        using (Autograd.EnableGrad()) (x * 2).RequiresGrad.ShouldBeTrue();
        using (Autograd.DetectAnomaly()) (x * 2).Sum().Backward();
        Tensor y = x * w, g = Tensor.OnesLike(y);
        y.RetainGrad();
        y.Backward(gradient: g, retainGraph: true, createGraph: true);
        Tensor output = y.Sum();
        Tensor[] gradients = Autograd.Grad(output, [x, w], gradOutput: null, createGraph: true, allowUnused: false);
        gradients[0].ToArray<double>().ShouldBe([3, 4]);
    }

    [Test]
    public void Differentiation_of_functions_compiles_and_runs()
    {
        static Tensor F(Tensor t) => t.Pow(2).Sum();
        Tensor x = Tensor.From([1.0, 2]), v = Tensor.From([1.0, 0]), u = Tensor.From([1.0], []);
        var (value, t) = Autograd.Jvp(F, x, v);
        var (_, g) = Autograd.Vjp(F, x, u);
        (value.Item<double>(), t.Item<double>()).ShouldBe((5, 2));
        g.ToArray<double>().ShouldBe([2, 4]);
        Autograd.Jacobian(F, x).Shape.ShouldBe([2]);
        Autograd.Hessian(F, x).ToArray<double>().ShouldBe([2, 0, 0, 2]);
        Autograd.Hvp(F, x, v).ToArray<double>().ShouldBe([2, 0]);
    }

    [Test]
    public void Gradient_check_compiles_and_runs()
    {
        Tensor x = Tensor.Randn([3], new Generator(0), DType.Float64), a = x * 2, b = x + 1;
        GradCheckReport one = GradCheck.Run(t => t.Tanh().Pow(2).Sum(), x);
        GradCheckReport two = GradCheck.Run(v => (v[0] * v[1]).Sum(), [a, b], new GradCheckOptions { Order = 2 });
        (one.Passed, one.Verdict, two.Findings.Any()).ShouldBe((true, Verdict.Correct, false));
        one.ThrowIfFailed();
        one.ToString().ShouldNotBeEmpty();
    }

    sealed class Mlp(int inputs, int hidden, int classes) : Module<Tensor, Tensor>
    {
        readonly Linear _fc1 = new(inputs, hidden), _fc2 = new(hidden, classes);

        protected override Tensor Forward(Tensor x) => _fc2.Call(_fc1.Call(x).Relu());
    }

    [Test]
    public void Modules_are_found_trained_and_saved()
    {
        var model = new Mlp(4, 8, 3);
        Tensor x = Tensor.Randn([32, 4], new Generator(1));
        model.Call(x).Shape.ShouldBe([32, 3]);
        model.Parameters().Count.ShouldBe(4);
        model.NamedParameters().Select(p => p.Name).ShouldBe(["fc1.weight", "fc1.bias", "fc2.weight", "fc2.bias"]);
        model.NamedModules().Count.ShouldBe(3);
        model.Eval();
        model.Training.ShouldBeFalse();
        model.Train();
        var state = model.StateDict();
        model.LoadStateDict(state, strict: true);
        model.To(DType.Float64);
        model.ZeroGrad();
        // its weights are random: one in 1,500 puts a ReLU on its kink
        GradCheck.RunModule(model, [x.To(DType.Float64)], new GradCheckOptions { AcceptKinks = true }).ThrowIfFailed();
        new Parameter(Tensor.Ones([1])).RequiresGrad.ShouldBeTrue();
    }

    [Test]
    public void A_training_loop_runs()
    {
        Tensor images = Tensor.Randn([96, 4], new Generator(2)), labels = Tensor.RandInt(0, 3, [96], new Generator(3));
        var model = new Mlp(4, 8, 3);
        var criterion = new CrossEntropyLoss(weight: null, ignoreIndex: -100, reduction: Reduction.Mean, labelSmoothing: 0);
        var optimizer = new Adam(model.Parameters(), lr: 1e-3);
        var rng = new Generator(4);
        foreach (var (x, y) in new DataLoader(new TensorDataset(images, labels), batchSize: 64, shuffle: true, generator: rng))
        {
            Tensor logits = model.Call(x), loss = criterion.Call(logits, y);
            loss.Item<float>().ShouldBe(Functional.CrossEntropy(logits, y).Item<float>());
            optimizer.ZeroGrad();
            loss.Backward();
            ClipGrad.Norm(model.Parameters(), 1.0);
            optimizer.Step();
        }
    }
}
