using MiniTorch.Nn;

namespace MiniTorch.Tests.Nn;

/// <summary>What modules find in their fields, under which names, and what they do with it.</summary>
public class ModuleTests
{
    private sealed class Mlp(int inputs, int hidden, int classes) : Module<Tensor, Tensor>
    {
        private readonly Linear _fc1 = new(inputs, hidden), _fc2 = new(hidden, classes);

        protected override Tensor Forward(Tensor x) => _fc2.Call(_fc1.Call(x).Relu());
    }

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

        protected override Tensor Forward(Tensor x) => captured.Call(x) + _constant + _array.Length + _nested.Count + _byName.Count + _odd + _runningMean + _numbers.Length;
    }

    private sealed class Hidden : Module<Tensor, Tensor>
    {
        private readonly HashSet<Linear> _layers = [new(1, 1)];

        protected override Tensor Forward(Tensor x) => x + _layers.Count;
    }

    private sealed class NumberKeys : Module<Tensor, Tensor>
    {
        private readonly Dictionary<int, Parameter> _scales = new() { [1] = new(Tensor.Ones([1])) };

        protected override Tensor Forward(Tensor x) => x + _scales.Count;
    }

    private sealed class Ring : Module<Tensor, Tensor>
    {
        public Linear First { get; } = new(2, 2, bias: false);

        public Linear? Second { get; set; }

        public Ring? Next { get; set; }

        protected override Tensor Forward(Tensor x) => First.Call(x);
    }

    [Test]
    public void Fields_are_found_under_PyTorchs_names()
    {
        new Mlp(4, 8, 3).NamedParameters().Select(p => p.Name).ShouldBe(["fc1.weight", "fc1.bias", "fc2.weight", "fc2.bias"]);

        var everything = new Everything(new Linear(1, 1, bias: false));
        everything.StateDict().Keys.ShouldBe(
            ["in_proj_weight", "running_mean", "inner.weight", "captured.weight", "array.0.weight", "array.1.weight", "nested.0.0.weight", "by_name.left.weight", "out_projection.weight"],
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
            .ShouldBe("Hidden: the field _layers holds modules or parameters in a HashSet`1, and its entries have no names; use an array, a List<T>, a Dictionary<string, T>, ModuleList or ModuleDict, so that they have names in the state");
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
        error.Message.ShouldBe("Mlp.fc1: Linear: the input's last dimension must be 4 (its in_features), and the input has shape [2, 5]");

        Should.Throw<MiniTorchException>(() => new Sequential(new Identity(), new Mlp(4, 8, 3)).Call(Tensor.Zeros([2, 5]))).ModulePath.ShouldBe("Sequential.1.fc1");
        Should.Throw<MiniTorchException>(() => new Linear(3, 1).Call(Tensor.Zeros([2, 5]))).ModulePath.ShouldBe("Linear");
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
    public void Hooks_see_calls_until_they_are_disposed_of()
    {
        var layer = new Linear(2, 3);
        var log = new List<string>();
        IDisposable before = layer.RegisterForwardPreHook((_, inputs) => log.Add($"in {((Tensor)inputs[0]!).Shape}"));
        using (layer.RegisterForwardHook((_, _, output) => log.Add($"out {((Tensor)output!).Shape}"))) layer.Call(Tensor.Zeros([1, 2]));
        before.Dispose();
        layer.Call(Tensor.Zeros([1, 2]));
        log.ShouldBe(["in [1, 2]", "out [1, 3]"]);
    }

    [Test]
    public void Backward_hooks_see_the_outputs_gradient()
    {
        var layer = new Linear(2, 3);
        Tensor? seen = null;
        using (layer.RegisterBackwardHook((_, gradient) => seen = gradient)) (layer.Call(Tensor.Ones([1, 2])) * 5).Sum().Backward();
        seen!.ToArray<float>().ShouldBe([5f, 5, 5]);
        layer.Bias!.Grad!.ToArray<float>().ShouldBe([5f, 5, 5]);
        seen = null;
        layer.Call(Tensor.Ones([1, 2])).Sum().Backward();
        seen.ShouldBeNull();
    }

    [Test]
    public void A_backward_hook_on_several_outputs_is_refused_not_forgotten()
    {
        var layer = new RNN(2, 2);
        using (layer.RegisterBackwardHook((_, _) => { }))
            Should.Throw<ValueException>(() => layer.Call(Tensor.Ones([1, 1, 2]))).Message.ShouldContain("RNN: a backward hook sees the gradient of one tensor");
        layer.Call(Tensor.Ones([1, 1, 2])).Output.Shape.ShouldBe([1, 1, 2]);
    }

    [Test]
    public void Averages_follow_the_weights_and_lend_themselves_to_the_model()
    {
        var layer = new Linear(1, 1, bias: false);
        Init.Constant(layer.Weight, 1);
        var average = new ModelAverage(layer, decay: 0.75);
        Init.Constant(layer.Weight, 5);
        average.Update();
        average.StateDict()["weight"].Item<float>().ShouldBe(2);
        IDisposable lent = average.Apply();
        layer.Weight.Item<float>().ShouldBe(2);
        lent.Dispose();
        lent.Dispose();
        layer.Weight.Item<float>().ShouldBe(5);
        Should.Throw<ValueException>(() => new ModelAverage(layer, 1)).Message.ShouldContain("[0, 1)");
    }

    [Test]
    public void A_null_input_is_named()
    {
        Should.Throw<ArgumentNullException>(() => new Mlp(4, 8, 3).Call(null!)).Message.ShouldStartWith("Mlp: its input is null (Parameter 'x')");
        new GRUCell(2, 3).Call(Tensor.Ones([1, 2]), null).Shape.ToString().ShouldBe("[1, 3]"); // an absent state is no slip
    }

    [Test]
    public void A_summary_lists_shapes_parameters_memory_and_operations()
    {
        var model = new Sequential(new Linear(64, 16), new ReLU(), new Linear(16, 10));
        // by hand: 32·64·16 and 32·16·10 multiplications with as many additions, 32·16 comparisons; 4 bytes a number
        string[][] cells = [.. model.Summary([32, 64]).Split('\n').Select(line => line.Split("  ", StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))];
        cells[0].ShouldBe(["Layer", "Type", "Output", "Parameters", "Memory", "Operations"]);
        cells[2].ShouldBe(["(model)", "Sequential", "[32, 10]", "0", "1.3 kB", "0"]);
        cells[3].ShouldBe(["0", "Linear", "[32, 16]", "1,040", "6.2 kB", "65,536"]);
        cells[4].ShouldBe(["1", "ReLU", "[32, 16]", "0", "2.0 kB", "512"]);
        cells[5].ShouldBe(["2", "Linear", "[32, 10]", "170", "2.0 kB", "10,240"]);
        cells[7].ShouldBe(["total", "1,210", "11.5 kB", "76,288"]);
        model.Training.ShouldBeTrue();
        new Conv2d(3, 8, 3).Summary([2, 3, 6, 6]).ShouldContain("13,824"); // 2 · (2·8·4·4 outputs) · (3·3·3)
        Should.Throw<ShapeException>(() => model.Summary([32, 63])).ModulePath.ShouldBe("Sequential.0");
    }

    [Test]
    public void Apply_visits_inner_modules_first()
    {
        var visited = new List<string>();
        new Sequential(new Linear(1, 1), new ReLU()).Apply(module => visited.Add(module.GetType().Name));
        visited.ShouldBe(["ReLU", "Linear", "Sequential"]);
    }
}
