using MiniTorch.Nn;
using static MiniTorch.Tests.Modules.TestModels;

namespace MiniTorch.Tests.Modules;

/// <summary>What modules find in their fields, under which names, and what they do with it.</summary>
public class ModuleTests
{
    private class Named : Module<Tensor, Tensor>
    {
        private readonly Linear _inner = new(1, 1, bias: false);

        protected override Tensor Forward(Tensor x) => _inner.Call(x);
    }

    private sealed class Everything(Linear captured) : Named
    {
        [Name("in_proj_weight")]
        private readonly Parameter _odd = new(Tensor.Ones([2]));
        private readonly Linear[] _array = [new(1, 1, bias: false), new(1, 1, bias: false)];
        private readonly List<List<Module>> _nested = [[new Linear(1, 1, bias: false)]];
        private readonly Dictionary<string, Linear> _byName = new() { ["left"] = new(1, 1, bias: false) };
        [Buffer]
        private readonly Tensor _runningMean = Tensor.Zeros([3]);
        private readonly Tensor _constant = Tensor.Zeros([3]);
        private readonly int[] _numbers = new int[1_000_000];

        public Linear? Absent { get; }

        public Linear OutProjection { get; } = new(1, 1, bias: false);

        protected override Tensor Forward(Tensor x) =>
            captured.Call(x) + _constant + _array.Length + _nested.Count + _byName.Count + _odd + _runningMean + _numbers.Length;
    }

    private sealed class NumberKeys : Module<Tensor, Tensor>
    {
        private readonly Dictionary<int, Parameter> _scales = new() { [1] = new(Tensor.Ones([1])) };

        protected override Tensor Forward(Tensor x) => x + _scales.Count;
    }

    [Test]
    public void Fields_are_found_under_PyTorchs_names()
    {
        new Mlp(4, 8, 3).NamedParameters().Select(p => p.Name).ShouldBe(["fc1.weight", "fc1.bias", "fc2.weight", "fc2.bias"]);

        var everything = new Everything(new Linear(1, 1, bias: false));
        everything.StateDict().Keys.ShouldBe(
            ["in_proj_weight", "running_mean", "inner.weight", "captured.weight", "array.0.weight", "array.1.weight", "nested.0.0.weight",
                "by_name.left.weight", "out_projection.weight"],
            ignoreOrder: true);
        everything.StateDict().Keys.Take(3).ShouldBe(["in_proj_weight", "running_mean", "inner.weight"]);
        everything.NamedBuffers().Select(b => b.Name).ShouldBe(["running_mean"]);
    }

    [TestCase("_fc1", "fc1")]
    [TestCase("InProjWeight", "in_proj_weight")]
    [TestCase("_inProj", "in_proj")]
    [TestCase("Conv2D", "conv2d")]
    [TestCase("FC1", "fc1")]
    [TestCase("LSTMCell", "lstm_cell")]
    [TestCase("weight_ih_l0", "weight_ih_l0")]
    [TestCase("NumBatchesTracked", "num_batches_tracked")]
    public void Names_become_snake_case(string field, string expected) => ModuleMembers.SnakeCase(field).ShouldBe(expected);

    [Test]
    public void Containers_without_names_are_refused()
    {
        Should.Throw<ValueException>(() => new Hidden().Parameters()).Message
            .ShouldBe("Hidden: the field _layers holds modules or parameters in a HashSet`1, but its entries have no names; use an array, a "
            + "List<T>, a Dictionary<string, T>, ModuleList or ModuleDict, so that they have names in the state");
        Should.Throw<ValueException>(() => new NumberKeys().Parameters()).Message.ShouldContain("the field _scales");
    }

    [Test]
    public void Shared_and_cyclic_modules_count_once_under_their_first_name()
    {
        var ring = new Ring();
        ring.Second = ring.First;
        ring.Next = new Ring { Next = ring };

        ring.NamedParameters().Select(p => p.Name).ShouldBe(["first.weight", "next.first.weight"]);
        ring.Parameters().Count.ShouldBe(2);
        ring.NamedModules().Select(m => m.Name).ShouldBe(["", "first", "next", "next.first"]);
        ring.StateDict().Keys.ShouldBe(["first.weight", "second.weight", "next.first.weight"]); // PyTorch's state repeats what is shared
    }

    [Test]
    public void Training_mode_reaches_every_module()
    {
        var model = new Sequential(new Linear(2, 2), new Sequential(new Dropout()));
        model.Training.ShouldBeTrue();
        model.Eval().ShouldBeSameAs(model);
        model.NamedModules().ShouldAllBe(m => !m.Value.Training);
        model.Train();
        model.NamedModules().ShouldAllBe(m => m.Value.Training);
        model.NamedModules().Select(m => m.Name).ShouldBe(["", "0", "1", "1.0"]);
    }

    [Test]
    public void Errors_name_the_modules_path()
    {
        var error = Should.Throw<ShapeException>(() => new Mlp(4, 8, 3).Call(Tensor.Zeros([2, 5])));
        error.ModulePath.ShouldBe("Mlp.fc1");
        error.Message.ShouldBe("Mlp.fc1: Linear: the input's last dimension must be 4 (in_features), but the input has shape [2, 5]");

        Should.Throw<MiniTorchException>(() => new Sequential(new Identity(), new Mlp(4, 8, 3)).Call(Tensor.Zeros([2, 5])))
            .ModulePath.ShouldBe("Sequential.1.fc1");
        Should.Throw<MiniTorchException>(() => new Linear(3, 1).Call(Tensor.Zeros([2, 5]))).ModulePath.ShouldBe("Linear");
        Should.Throw<ShapeException>(() => new Linear(784, 10).Call(Tensor.Zeros([2, 1, 28, 28]))).Message
            .ShouldEndWith("shape [2, 1, 28, 28]; flatten each sample to its 1 · 28 · 28 = 784 numbers: new Flatten(), or x.Flatten(1)");
        Should.Throw<MiniTorchException>(() => _ = Tensor.Zeros([2]) + Tensor.Zeros([3])).ModulePath.ShouldBeNull();
    }

    [Test]
    public void Gradients_are_dropped_and_parameters_frozen()
    {
        var model = new Mlp(2, 3, 1);
        model.Call(Tensor.Ones([4, 2])).Sum().Backward();
        model.Parameters().ShouldAllBe(p => p.Grad != null);
        model.ZeroGrad();
        model.Parameters().ShouldAllBe(p => p.Grad == null);

        model.RequireGrad(false);
        model.Call(Tensor.Ones([4, 2])).RequiresGrad.ShouldBeFalse();
        model.RequireGrad();
        model.Call(Tensor.Ones([4, 2])).RequiresGrad.ShouldBeTrue();
    }

    [Test]
    public void Conversion_keeps_the_parameter_objects()
    {
        var model = new Everything(new Linear(1, 1));
        IReadOnlyList<Parameter> before = model.Parameters();
        before[0].Grad = Tensor.Ones([2]);

        model.To(DType.Float64);

        model.Parameters().Zip(before).ShouldAllBe(pair => ReferenceEquals(pair.First, pair.Second));
        before.ShouldAllBe(p => p.DType == DType.Float64 && p.RequiresGrad);
        before[0].Grad!.DType.ShouldBe(DType.Float64);
        model.NamedBuffers().Single().Value.DType.ShouldBe(DType.Float64);
        Should.Throw<DTypeException>(() => model.To(DType.Int64)).Message.ShouldContain("Float32 or Float64");
    }

    [Test]
    public void A_parameter_is_a_leaf_that_requires_a_gradient()
    {
        Tensor data = Tensor.Ones([3]);
        var parameter = new Parameter(data);
        parameter.RequiresGrad.ShouldBeTrue();
        parameter.IsLeaf.ShouldBeTrue();
        data.RequiresGrad.ShouldBeFalse();
        Should.Throw<DTypeException>(() => new Parameter(Tensor.Arange(3)));

        // an expanded tensor's elements share one place, which an in-place update would write several times
        using (Autograd.NoGrad()) new Parameter(Tensor.Ones([1]).Expand(3)).AddInPlace(Tensor.Ones([3])).ToArray<float>().ShouldBe([2f, 2, 2]);
    }

    [Test]
    public void A_null_input_is_named()
    {
        Should.Throw<ArgumentNullException>(() => new Mlp(4, 8, 3).Call(null!)).Message.ShouldStartWith("Mlp: the input is null (Parameter 'x')");
        new GRUCell(2, 3).Call(Tensor.Ones([1, 2]), null).Shape.ToString().ShouldBe("[1, 3]"); // an absent state is no slip
    }

    // torch 1.13: net.apply(lambda m: names.append(type(m).__name__)) of the same modules, the Tanh shared
    [Test]
    public void Apply_visits_children_from_the_first_to_the_last_and_the_module_itself_last()
    {
        var visited = new List<string>();
        var shared = new Tanh();
        new Sequential(new Linear(1, 1), new Sequential(new ReLU(), shared, shared), new Dropout(), shared)
            .Apply(module => visited.Add(module.GetType().Name));
        visited.ShouldBe(["Linear", "ReLU", "Tanh", "Sequential", "Dropout", "Tanh", "Sequential"]);

        var ring = new Ring();
        ring.Next = new Ring { Next = ring };
        var modules = new List<Module>();
        ring.Apply(modules.Add);
        modules.ShouldBe([ring.First, ring.Next.First, ring.Next, ring]);
    }

    // torch 1.13: torch.manual_seed(0); net = Sequential(Linear(2, 2, bias=False), Linear(2, 1, bias=False)); net.apply(lambda m: normal_(m.weight)
    // if it is a Linear)
    [Test]
    public void Apply_draws_initial_weights_in_PyTorchs_order()
    {
        Generator.ManualSeed(0);
        var net = new Sequential(new Linear(2, 2, bias: false), new Linear(2, 1, bias: false));
        net.Apply(module =>
        {
            if (module is Linear linear) Init.Normal(linear.Weight);
        });
        net.Parameters()[0].ToArray<float>().ShouldBe([1.2644586563110352f, -0.6874263882637024f, 0.1603812575340271f, -0.6064512133598328f], 1e-6f);
        net.Parameters()[1].ToArray<float>().ShouldBe([-0.7830641269683838f, 1.0621709823608398f], 1e-6f);
    }
}
