using System.Reflection;
using MiniTorch.Nn;
using MiniTorch.Optim;

namespace MiniTorch.Tests.Differentiation;

/// <summary>Whatever writes to a tensor's memory counts a version, so that a saved tensor is never read after a write.</summary>
[TestFixture]
public sealed class WriteTests
{
    public static IEnumerable<TestCaseData> Methods() =>
        typeof(Tensor).GetMethods().Where(method => method.Name.EndsWith("InPlace", StringComparison.Ordinal)).Select(method => new TestCaseData(method).SetArgDisplayNames(method.Name));

    public static IEnumerable<TestCaseData> Initialisers() =>
        typeof(Init).GetMethods(BindingFlags.Public | BindingFlags.Static).Where(method => method.ReturnType == typeof(Tensor)).Select(method => new TestCaseData(method).SetArgDisplayNames(method.Name));

    public static IEnumerable<TestCaseData> Optimisers() =>
        typeof(Optimizer).Assembly.GetExportedTypes().Where(type => type.IsSubclassOf(typeof(Optimizer)) && !type.IsAbstract).Select(type => new TestCaseData(type).SetArgDisplayNames(type.Name));

    [TestCaseSource(nameof(Methods))]
    public void An_in_place_method_is_noticed(MethodInfo method) => ShouldBeNoticed(target =>
        method.Invoke(target, [.. method.GetParameters().Select(parameter => parameter.ParameterType == typeof(Tensor) ? (object)Tensor.Full([3, 4], 0.5) : (Scalar)0.5)]));

    [TestCaseSource(nameof(Initialisers))]
    public void An_initialiser_is_noticed(MethodInfo method) => ShouldBeNoticed(target =>
        method.Invoke(null, [target, .. method.GetParameters().Skip(1).Select(parameter => parameter.HasDefaultValue ? parameter.DefaultValue : 0.25)]));

    [TestCaseSource(nameof(Optimisers))]
    public void A_step_is_noticed(Type type)
    {
        var weight = new Parameter(Tensor.Full([3, 4], 0.5));
        ConstructorInfo constructor = type.GetConstructors().First(constructor => constructor.GetParameters()[0].ParameterType == typeof(IEnumerable<Tensor>) || constructor.GetParameters()[0].ParameterType.IsAssignableFrom(typeof(Parameter[])));
        var optimizer = (Optimizer)constructor.Invoke([new[] { weight }, .. constructor.GetParameters().Skip(1).Select(parameter => parameter.HasDefaultValue ? parameter.DefaultValue : 0.1)]);
        Tensor loss = weight.Square().Sum();
        loss.Backward(retainGraph: true);
        if (optimizer is LBFGS lbfgs) lbfgs.Step(() => { weight.Grad = null; Tensor again = weight.Square().Sum(); again.Backward(); return again; });
        else optimizer.Step();
        Should.Throw<GraphException>(() => loss.Backward()).Message.ShouldContain("was changed afterwards by ");
    }

    [Test]
    public void Loading_averaging_clipping_and_assigning_are_noticed()
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
        ShouldBeNoticed(norm.NamedBuffers().First(buffer => buffer.Name == "running_mean").Value, () => norm.Call(Tensor.Randn([8, 4], new Generator(0))));
    }

    [Test]
    public void With_anomaly_detection_the_lines_of_both_are_named()
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
