using System.Reflection;
using MiniTorch.Nn;
using MiniTorch.Optim;

namespace MiniTorch.Tests.Differentiation;

/// <summary>Whatever writes to a tensor's memory counts a version, so that a saved tensor is never read after a write.</summary>
[TestFixture]
public sealed class WriteTests
{
    public static IEnumerable<TestCaseData> Methods() =>
        typeof(Tensor).GetMethods().Where(method => method.Name.EndsWith("InPlace", StringComparison.Ordinal))
            .Select(method => new TestCaseData(method).SetArgDisplayNames(method.Name));

    public static IEnumerable<TestCaseData> Initialisers() =>
        typeof(Init).GetMethods(BindingFlags.Public | BindingFlags.Static).Where(method => method.ReturnType == typeof(Tensor))
            .Select(method => new TestCaseData(method).SetArgDisplayNames(method.Name));

    public static IEnumerable<TestCaseData> Optimisers() =>
        typeof(Optimizer).Assembly.GetExportedTypes().Where(type => type.IsSubclassOf(typeof(Optimizer)) && !type.IsAbstract)
            .Select(type => new TestCaseData(type).SetArgDisplayNames(type.Name));

    [TestCaseSource(nameof(Methods))]
    public void In_place_method_raises_the_version(MethodInfo method) => ShouldBeNoticed(target =>
        method.Invoke(target, [.. method.GetParameters().Select(parameter => parameter switch
        {
            { Name: "mask" } => Tensor.Full([3, 4], true),
            { Name: "index" } => Tensor.Arange(3),
            { Name: "dim" } => 0,
            _ => parameter.ParameterType == typeof(Tensor) ? (object)Tensor.Full([3, 4], 0.5) : (Scalar)0.5,
        })]));

    private static readonly Tensor s_other = Tensor.Randn([3], DType.Float64, new Generator(1));
    private static readonly Tensor s_weight = Tensor.Rand([3], DType.Float64, new Generator(2));
    private static readonly Tensor s_mask = s_other > 0;
    private static readonly Tensor s_index = Tensor.From(new[] { 2, 0, 2 });

    private static IEnumerable<TestCaseData> Pairs()
    {
        yield return Pair("AddInPlace", (x, y) => x.AddInPlace(y, alpha: 3), (x, y) => x + (y * 3));
        yield return Pair("SubInPlace", (x, y) => x.SubInPlace(y, alpha: -0.5), (x, y) => x - (y * -0.5));
        yield return Pair("ClampInPlace", (x, y) => (x * y).ClampInPlace(-0.3, 0.4), (x, y) => (x * y).Clamp(-0.3, 0.4));
        yield return Pair("ClampInPlace_max", (x, y) => (x * y).ClampInPlace(max: 0.1), (x, y) => (x * y).Clamp(max: 0.1));
        yield return Pair("LerpInPlace", (x, y) => x.LerpInPlace(y, s_weight), (x, y) => x.Lerp(y, s_weight));
        yield return Pair("LerpInPlace_weight", (x, y) => x.LerpInPlace(s_other, y), (x, y) => x.Lerp(s_other, y));
        yield return Pair("MaskedFillInPlace", (x, y) => (x * y).MaskedFillInPlace(s_mask, 2), (x, y) => (x * y).MaskedFill(s_mask, 2));
        yield return Pair("IndexAddInPlace", (x, y) => x.IndexAddInPlace(0, s_index, y, alpha: 2), (x, y) => x.IndexAdd(0, s_index, y * 2));

        static TestCaseData Pair(string name, Func<Tensor, Tensor, Tensor> inPlace, Func<Tensor, Tensor, Tensor> plain) =>
            new TestCaseData(inPlace, plain).SetArgDisplayNames(name);
    }

    [TestCaseSource(nameof(Pairs))]
    public void An_in_place_method_has_the_values_and_gradients_of_the_method_that_returns_a_new_tensor(
        Func<Tensor, Tensor, Tensor> inPlace, Func<Tensor, Tensor, Tensor> plain)
    {
        Tensor a = Tensor.Randn([2, 3], DType.Float64, new Generator(3)), b = Tensor.Randn([3], DType.Float64, new Generator(4));
        (double[] Value, double[] GradA, double[] GradB) expected = Run((x, y) => Tensor.Stack([x[0].Sin(), plain(x[1].Sin(), y.Exp())]));
        (double[] Value, double[] GradA, double[] GradB) written = Run((x, y) =>
        {
            Tensor whole = x.Sin(), row = whole[1];
            Tensor result = inPlace(row, y.Exp());
            return ReferenceEquals(result, row) ? whole : Tensor.Stack([whole[0], result]);
        });
        written.Value.ShouldBe(expected.Value);
        written.GradA.ShouldBe(expected.GradA);
        written.GradB.ShouldBe(expected.GradB);
        using (Autograd.NoGrad())
        {
            Tensor y = b.Clone();
            inPlace(y, a[0]).ToArray<double>().ShouldBe(plain(b, a[0]).ToArray<double>());
        }

        (double[], double[], double[]) Run(Func<Tensor, Tensor, Tensor> function)
        {
            Tensor x = a.Clone().RequireGrad(), y = b.Clone().RequireGrad();
            Tensor result = function(x, y);
            (result * Tensor.Arange(6).Reshape(2, 3)).Sum().Backward();
            return (result.ToArray<double>(), x.Grad!.ToArray<double>(), y.Grad!.ToArray<double>());
        }
    }

    [Test]
    public void A_write_to_a_part_of_a_split_changes_the_whole_and_its_gradient()
    {
        Tensor x = Tensor.Arange(6.0, dtype: DType.Float64).RequireGrad(), weight = Tensor.From(new double[] { 1, 10, 100, 1000, 1e4, 1e5 });
        Tensor whole = x * 2;
        Tensor[] parts = whole.Split([2, 1, 3]);
        Tensor before = parts[2] + 0;
        parts[0].MulInPlace(3); // 6 x
        parts[2].MulInPlace(parts[2].Clone()); // 4 x²
        whole.AddInPlace(1);
        whole.ToArray<double>().ShouldBe([1, 7, 5, 37, 65, 101]);
        parts[2].ToArray<double>().ShouldBe([37, 65, 101]);
        ((whole * weight).Sum() + (parts[0] * 0.5).Sum() + parts[2].Sum() + before.Sum()).Backward();
        // whole: weight · (6, 6, 2, 8 x …); a half of parts[0]: 3; parts[2]: 8 x; before: 2
        x.Grad!.ToArray<double>().ShouldBe([9, 63, 200, 24 * 1001 + 2, 32 * 10_001 + 2, 40 * 100_001 + 2]);

        Tensor leaf = Tensor.Arange(4.0).RequireGrad();
        Should.Throw<GraphException>(() => leaf.Split(2)[1].AddInPlace(1)).Message.ShouldContain("this is a view of a leaf");
        using (Autograd.NoGrad()) leaf.Split(2)[1].ZeroInPlace();
        leaf.ToArray<float>().ShouldBe([0, 1, 0, 0]);
    }

    [Test]
    public void A_write_to_one_part_of_a_split_makes_the_saved_values_of_another_part_invalid()
    {
        Tensor x = Tensor.Arange(4.0).RequireGrad(), whole = x * 1;
        Tensor[] parts = whole.Split(2);
        Tensor product = parts[1] * parts[1];
        parts[0].AddInPlace(1);
        Should.Throw<GraphException>(() => product.Sum().Backward()).Message.ShouldContain("was changed afterwards");
    }

    [Test]
    public void An_in_place_method_whose_result_has_another_kind_of_dtype_is_refused()
    {
        Tensor x = Tensor.Arange(3);
        Should.Throw<DTypeException>(() => x.ClampInPlace(0.5))
            .Message.ShouldContain("ClampInPlace: the result is Float32 and cannot be written into Int64");
        x.ToArray<long>().ShouldBe([0, 1, 2]);
        x.ClampInPlace(1).ToArray<long>().ShouldBe([1, 1, 2]);
    }

    [TestCaseSource(nameof(Initialisers))]
    public void Initialiser_raises_the_version(MethodInfo method) => ShouldBeNoticed(target =>
        method.Invoke(null, [target, .. method.GetParameters().Skip(1)
            .Select(parameter => parameter.HasDefaultValue ? parameter.DefaultValue : 0.25)]));

    [TestCaseSource(nameof(Optimisers))]
    public void Optimiser_step_raises_the_version(Type type)
    {
        var weight = new Parameter(Tensor.Full([3, 4], 0.5));
        ConstructorInfo constructor = type.GetConstructors()
            .First(constructor => constructor.GetParameters()[0].ParameterType == typeof(IEnumerable<Tensor>)
            || constructor.GetParameters()[0].ParameterType.IsAssignableFrom(typeof(Parameter[])));
        var optimizer = (Optimizer)constructor.Invoke(
            [new[] { weight }, .. constructor.GetParameters().Skip(1).Select(parameter => parameter.HasDefaultValue ? parameter.DefaultValue : 0.1)]);
        Tensor loss = weight.Square().Sum();
        loss.Backward(retainGraph: true);
        if (optimizer is LBFGS lbfgs) lbfgs.Step(() => { weight.Grad = null; Tensor again = weight.Square().Sum(); again.Backward(); return again; });
        else optimizer.Step();
        Should.Throw<GraphException>(() => loss.Backward()).Message.ShouldContain("was changed afterwards by ");
    }

    [Test]
    public void Loading_averaging_clipping_and_assigning_raise_the_version()
    {
        var (model, other) = (new Linear(4, 3), new Linear(4, 3));
        ShouldBeNoticed(model.Weight, () => model.LoadStateDict(other.StateDict()));
        ShouldBeNoticed(target => target[1..] = 2);
        ShouldBeNoticed(target => target[target > 0] = 2);
        ShouldBeNoticed(target => target.T[0] = 2);

        Tensor weight = Tensor.Ones([3, 4], requiresGrad: true);
        weight.Square().Sum().Backward();
        Tensor grad = weight.Grad!.Detach();
        ShouldBeNoticed(grad, () => ClipGrad.Norm([weight], 0.1));
        ShouldBeNoticed(grad, () => ClipGrad.Value([weight], 0.01));
        ShouldBeNoticed(grad, () => weight.Square().Sum().Backward());

        var norm = new BatchNorm1d(4);
        ShouldBeNoticed(norm.NamedBuffers().First(buffer => buffer.Name == "running_mean").Value,
            () => norm.Call(Tensor.Randn([8, 4], new Generator(0))));
    }

    [Test]
    public void Error_under_anomaly_detection_names_the_lines_of_the_saving_and_the_writing_operation()
    {
        using ModeScope scope = Autograd.DetectAnomaly();
        Tensor x = Tensor.Ones([2], requiresGrad: true), y = x.Exp();
        y.AddInPlace(1);
        string message = Should.Throw<GraphException>(() => y.Sum().Backward()).Message;
        message.ShouldContain("was changed afterwards by AddInPlace at WriteTests.cs:");
        message.ShouldContain("It was called at WriteTests.cs:");
    }

    private static void ShouldBeNoticed(Action<Tensor> write)
    {
        Tensor target = Tensor.Full([3, 4], 0.25);
        ShouldBeNoticed(target, () => write(target));
    }

    private static void ShouldBeNoticed(Tensor target, Action write)
    {
        Tensor x = Tensor.Ones(target.Shape, requiresGrad: true);
        Tensor loss = (x * target.Detach()).Sum();
        write();
        Should.Throw<GraphException>(() => loss.Backward()).Message.ShouldContain("was changed afterwards by ");
    }
}
