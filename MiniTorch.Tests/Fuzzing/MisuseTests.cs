using System.Collections.Immutable;
using MiniTorch.Data;
using MiniTorch.IO;
using MiniTorch.Nn;
using MiniTorch.Optim;
using MiniTorch.Pictures;

namespace MiniTorch.Tests.Fuzzing;

/// <summary>Misuse that used to raise exceptions of the runtime or of Math.NET.</summary>
internal sealed class MisuseTests
{
    private static readonly double[] s_odd = [double.NaN, double.PositiveInfinity, double.NegativeInfinity];

    private static Tensor With(double odd, int n, DType dtype)
    {
        Tensor a = Tensor.Eye(n, dtype: dtype) * 2;
        a[n - 1, 0] = odd;
        a[0, n - 1] = odd;
        return a;
    }

    private static IEnumerable<TestCaseData> Cases()
    {
        foreach (DType dtype in (DType[])[DType.Float32, DType.Float64])
            foreach (double odd in s_odd)
                foreach (int n in (int[])[1, 2, 5])
                {
                    yield return Case($"Eigh of {odd}, {dtype}, {n}", () => Linalg.Eigh(With(odd, n, dtype)));
                    yield return Case($"EigvalsH of {odd}, {dtype}, {n}", () => Linalg.EigvalsH(With(odd, n, dtype)));
                    yield return Case($"SVD of {odd}, {dtype}, {n}", () => Linalg.SVD(With(odd, n, dtype)));
                    yield return Case($"SvdVals of {odd}, {dtype}, {n}", () => Linalg.SvdVals(With(odd, n, dtype)));
                    yield return Case($"nuclear norm of {odd}, {dtype}, {n}", () => Linalg.Norm(With(odd, n, dtype), "nuc"));
                }
        Tensor huge = Tensor.Zeros([1], DType.Float32).Expand(1 << 16, 1 << 16);
        yield return Case("ToArray of 2³² elements", () => huge.ToArray<float>());
        yield return Case("Read of 2³² elements", () => huge.Read<float, int>(elements => elements.Length));
        yield return Case("GradCheck of 2³² results", () => GradCheck.Against(_ => huge, x => x, Tensor.Ones([2], DType.Float64)));
        yield return Case("LBFGS with a closure that returns null", () => new LBFGS([new Parameter(Tensor.Ones([1]))]).Step(() => null!));
        yield return Case("Item of 2³² elements", () => huge.Item<float>());
        foreach (int rows in (int[])[1, 3, 5, 7])
        {
            Tensor x = Tensor.Ones([2, 3]), ih = Tensor.Ones([rows, 3]);
            yield return Case($"LstmCell with {rows} rows", () => x.LstmCell(Tensor.Ones([2, 1]), Tensor.Ones([2, 1]), ih, Tensor.Ones([rows, 1])));
            if (rows % 3 != 0) yield return Case($"GruCell with {rows} rows", () => x.GruCell(Tensor.Ones([2, 1]), ih, Tensor.Ones([rows, 1])));
        }
        yield return Case("ConfusionMatrix(−1)", () => Metrics.ConfusionMatrix(Labels(1), Labels(1), -1));
        yield return Case("ConfusionMatrix of too many classes", () => Metrics.ConfusionMatrix(Labels(1), Labels(1), int.MaxValue));
        yield return Case("SequentialSampler(−1)", () => _ = new SequentialSampler(-1));
        yield return Case("RandomSampler(−1)", () => _ = new RandomSampler(-1));
        yield return Case("WeightedRandomSampler(−1)", () => _ = new WeightedRandomSampler([1.0], -1));
        yield return Case("Collate of nothing", () => Collate.Stack([]));
        foreach (string path in (string[])["", "a\0b"])
        {
            yield return Case("TryLoad", () => new Checkpoint().TryLoad(path));
            yield return Case("Checkpoint.Save", () => new Checkpoint().Save(path));
            yield return Case("Npy.Load", () => Npy.Load(path));
            yield return Case("Npy.Save", () => Npy.Save(path, Labels(1)));
            yield return Case("Npz.Load", () => Npz.Load(path));
            yield return Case("Safetensors.Load", () => Safetensors.Load(path));
            yield return Case("Idx.Load", () => Idx.Load(path));
            yield return Case("CsvTable.Load", () => CsvTable.Load(path));
        }
        yield return Case("an index of a ModuleList", () => _ = new ModuleList<Linear>()[0]);
        yield return Case("an index of a Sequential", () => _ = new Sequential(new Identity())[-1]);
        yield return Case("a module without Forward", () => Explain.Run(new ModuleList<Linear>(), Labels(1)));
        yield return Case("one input for a binary op", () => new BinaryOp<Ops.Add>(default).ApplyAll(Labels(1)));
        yield return Case("two inputs for a unary op", () => new UnaryOp<Ops.Exp>(default).Apply(Tensor.Ones([1]), Tensor.Ones([1])));
        yield return Case("a function that returns null", () => Autograd.Vjp(_ => null!, Tensor.Ones([1]), Tensor.Ones([1])));
    }

    private static TestCaseData Case(string name, Action call) => new TestCaseData(call).SetArgDisplayNames(name);

    private static Tensor Labels(params long[] classes) => Tensor.From(classes);

    [TestCaseSource(nameof(Cases))]
    public void Misuse_raises_an_error_of_the_library(Action call) => Should.Throw<Exception>(call).ShouldBeAssignableTo<MiniTorchException>();

    private static readonly Tensor s_x = Tensor.Ones([2, 3]), s_null = null!;

    private static readonly (string Name, Action Call)[] s_nulls =
    [
        ("MatMul", () => s_x.MatMul(s_null)), ("+", () => _ = s_x + s_null), ("number −", () => _ = 1 - s_null),
            ("FloorDivide", () => s_x.FloorDivide(s_null)),
        ("Where", () => s_x.Where(s_null, s_x)), ("Cat", () => Tensor.Cat([s_x, s_null])), ("Stack", () => Tensor.Stack([s_null])),
            ("Gather", () => s_x.Gather(0, s_null)),
        ("CrossEntropy", () => Functional.CrossEntropy(s_x, s_null)), ("MseLoss", () => Functional.MSELoss(s_x, s_null)),
            ("NllLoss", () => Functional.NLLLoss(s_x, s_null)),
        ("L1Loss", () => Functional.L1Loss(s_null, s_x)), ("an index", () => _ = s_x[s_null]),
            ("a value", () => s_x[Tensor.Zeros([1], DType.Int64)] = s_null),
        ("ScatterAdd", () => s_x.ScatterAdd(0, Tensor.Zeros([1, 1], DType.Int64), s_null)),
        ("MultiheadAttention", () => new MultiheadAttention(2, 1).Call(s_x, s_null, s_x)), ("ProgressMeter", () => new ProgressMeter(1, null!)),
        ("SoftMarginLoss", () => Functional.SoftMarginLoss(s_x, s_null)), ("KlDiv", () => Functional.KLDiv(s_x, s_null)),
            ("HuberLoss", () => Functional.HuberLoss(s_x, s_null)),
        ("CrossEntropyLoss", () => new CrossEntropyLoss().Call(s_x, s_null)), ("SGD of null", () => new SGD(null!, 0.1)),
            ("SGD of a null", () => new SGD([null!], 0.1)),
        ("StepLR", () => new StepLR(null!, 1)), ("LoadStateDict", () => new Linear(1, 1).LoadStateDict(null!)),
            ("Parameter", () => new Parameter(s_null)),
        ("DataLoader", () => new DataLoader(null!)), ("a null sample", () => Collate.Stack([[s_x], null!])),
            ("TensorDataset", () => new TensorDataset(s_x, s_null)),
        ("Npy.Save", () => Npy.Save(Path.Combine(Path.GetTempPath(), Path.GetRandomFileName()), s_null)), ("Curves", () => Picture.Curves([null!])),
    ];

    [TestCaseSource(nameof(NullNames))]
    public void Null_is_an_ArgumentNullException(string name) =>
        Should.Throw<ArgumentNullException>(s_nulls.Single(entry => entry.Name == name).Call);

    private static IEnumerable<string> NullNames() => s_nulls.Select(entry => entry.Name);

    [Test]
    public void Least_integer_divided_by_minus_one_wraps_around_at_every_length()
    {
        for (int n = 1; n <= 40; n++)
            foreach (Tensor divisor in (Tensor[])[Tensor.Full([n], -1, DType.Int64), Tensor.Full([], -1, DType.Int64)])
            {
                Tensor least = Tensor.Full([n], long.MinValue, DType.Int64);
                least.FloorDivide(divisor).ToArray<long>().ShouldAllBe(q => q == long.MinValue);
                least.Div(divisor, "trunc").ToArray<long>().ShouldAllBe(q => q == long.MinValue);
                least.Remainder(divisor).ToArray<long>().ShouldAllBe(r => r == 0);
                least.Fmod(divisor).ToArray<long>().ShouldAllBe(r => r == 0);
                Should.Throw<ValueException>(() => least.FloorDivide(divisor + 1));
                Should.Throw<ValueException>(() => least.Remainder(divisor + 1));
                Should.Throw<ValueException>(() => least.Fmod(divisor + 1));
            }
    }

    [TestCase(7, 2, 3)]
    [TestCase(-7, 2, -4)]
    [TestCase(7, -2, -4)]
    [TestCase(-7, -1, 7)]
    public void Integers_divide_towards_minus_infinity(long a, long b, long quotient)
    {
        Tensor.Full([9], a, DType.Int64).FloorDivide(Tensor.Full([9], b, DType.Int64)).ToArray<long>().ShouldAllBe(q => q == quotient);
        Tensor.Full([9], a, DType.Int64).Remainder(Tensor.Full([9], b, DType.Int64)).ToArray<long>().ShouldAllBe(r => r == a - (b * quotient));
    }

    [TestCase(1e300)]
    [TestCase(1e200)]
    [TestCase(1e-200)]
    [TestCase(1e-300)]
    public void Eigh_and_SVD_of_matrices_near_the_ends_of_the_range_are_those_of_the_scaled_matrix(double size)
    {
        Tensor a = Tensor.From(new double[,] { { 2, 1, 0.5 }, { 1, -3, 0.25 }, { 0.5, 0.25, 1 } });
        (double[] values, double[] wanted) = (Linalg.EigvalsH(a * size).ToArray<double>(), Linalg.EigvalsH(a).ToArray<double>());
        for (int i = 0; i < wanted.Length; i++) (values[i] / size).ShouldBe(wanted[i], 1e-13);
        (double[] singular, double[] expected) = (Linalg.SvdVals(a * size).ToArray<double>(), Linalg.SvdVals(a).ToArray<double>());
        for (int i = 0; i < expected.Length; i++) (singular[i] / size).ShouldBe(expected[i], 1e-13);
    }

    [TestCase(1e-320, 5)]
    [TestCase(double.Epsilon, 3)]
    [TestCase(1e-308, 4)]
    [TestCase(1e307, 4)]
    [TestCase(double.MaxValue, 1)]
    public void Eigh_and_SVD_of_equal_elements_have_one_value_that_is_not_0(double element, int n)
    {
        Tensor a = Tensor.Full([n, n], element, DType.Float64);
        (Linalg.EigvalsH(a).Max().Item<double>() / element).ShouldBe(element * n / element, 1e-12);
        (Linalg.SvdVals(a).Max().Item<double>() / element).ShouldBe(element * n / element, 1e-12);
    }

    [TestCase(1)]
    [TestCase(3)]
    public void SlogDet_and_LogDet_of_NaN_are_NaN(int n)
    {
        (Tensor sign, Tensor logAbs) = Linalg.SlogDet(With(double.NaN, n, DType.Float64));
        (sign.Item<double>(), logAbs.Item<double>()).ShouldBe((double.NaN, double.NaN));
        Linalg.LogDet(With(double.NaN, n, DType.Float64)).Item<double>().ShouldBe(double.NaN);
    }

    [Test]
    public void Chunk_into_more_pieces_than_elements_gives_single_elements() =>
        Tensor.Arange(3).Chunk(int.MaxValue).Select(piece => piece.Item<long>()).ShouldBe([0, 1, 2]);

    [Test]
    public void Cells_without_features_run()
    {
        new GRUCell(0, 0).Call(Tensor.Ones([2, 0]), null).Shape.ShouldBe([2, 0]);
        new LSTMCell(0, 0).Call(Tensor.Ones([2, 0]), null).H.Shape.ShouldBe([2, 0]);
        new RNNCell(0, 0).Call(Tensor.Ones([2, 0]), null).Shape.ShouldBe([2, 0]);
    }

    private sealed class WithArrays : Module<Tensor, Tensor>
    {
        private readonly ImmutableArray<Linear> _unset = default;
        private readonly ImmutableArray<Linear> _set = [new Linear(1, 1)];
        private readonly ImmutableArray<double> _numbers = default;

        protected override Tensor Forward(Tensor input) => _unset.IsDefault && _numbers.IsDefault ? _set[0].Call(input) : input;
    }

    [Test]
    public void A_default_ImmutableArray_holds_no_modules() => new WithArrays().StateDict().Keys.ShouldBe(["set.0.weight", "set.0.bias"]);

    [Test]
    public void A_pointwise_op_converts_and_broadcasts_on_every_path()
    {
        new BinaryOp<Ops.Add>(default).ApplyAll(Tensor.Arange(5), Tensor.Ones([1]))[0].ToArray<float>().ShouldBe([1f, 2, 3, 4, 5]);
        new BinaryOp<Ops.Add>(default).ApplyAll(Tensor.Ones([1], DType.Bool), Tensor.Ones([3], DType.Bool))[0].DType.ShouldBe(DType.Bool);
        new UnaryOp<Ops.Exp>(default).ApplyAll(Tensor.Zeros([3], DType.Int64))[0].ToArray<float>().ShouldBe([1f, 1, 1]);
    }

    [TestCase("lbfgs.last", 0)]
    [TestCase("lbfgs.last", 1)]
    [TestCase("lbfgs.moves", 0)]
    [TestCase("lbfgs.changes", 5)]
    public void LBFGS_refuses_a_state_whose_parts_do_not_belong_together(string name, int rows)
    {
        (LBFGS trained, _) = Stepped();
        OrderedDictionary<string, Tensor> state = trained.StateDict();
        state[name] = Tensor.Zeros([rows, 2]);
        (LBFGS other, Func<Tensor> closure) = Stepped();
        Should.Throw<ValueException>(() => other.LoadStateDict(state)).Message.ShouldContain(name);
        other.Step(closure);
    }

    private static (LBFGS Optimizer, Func<Tensor> Closure) Stepped()
    {
        var x = new Parameter(Tensor.Ones([2]));
        var optimizer = new LBFGS([x], maxIter: 3);
        Tensor scale = Tensor.From([1.0, 3.0], dtype: DType.Float32);
        Tensor Closure()
        {
            optimizer.ZeroGrad();
            Tensor loss = (x * x * scale).Sum();
            loss.Backward();
            return loss;
        }
        optimizer.Step(Closure);
        return (optimizer, Closure);
    }

    [Test]
    public void A_report_replaces_half_a_surrogate_pair_in_the_name_of_a_series()
    {
        string path = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());
        try
        {
            using (var report = new TrainingReport(path)) report.Add("half \uD800 of a pair", 1);
            File.ReadAllText(path).ShouldContain("half \uFFFD of a pair");
        }
        finally
        {
            File.Delete(path);
        }
    }
}
