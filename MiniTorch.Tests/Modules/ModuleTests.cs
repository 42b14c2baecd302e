using MiniTorch.Tests.Layers;
using MiniTorch.Nn;
using MiniTorch.Optim;

namespace MiniTorch.Tests.Modules;

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
            .ShouldBe("Hidden: the field _layers holds modules or parameters in a HashSet`1, but its entries have no names; use an array, a List<T>, a Dictionary<string, T>, ModuleList or ModuleDict, so that they have names in the state");
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
            Should.Throw<ValueException>(() => layer.Call(Tensor.Ones([1, 1, 2]))).Message.ShouldContain("RNN: a backward hook needs a module that returns one tensor");
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
        Should.Throw<ArgumentNullException>(() => new Mlp(4, 8, 3).Call(null!)).Message.ShouldStartWith("Mlp: the input is null (Parameter 'x')");
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

    private class HasLayer(Linear layer) : Module<Tensor, Tensor>
    {
        private readonly Linear _fc = layer;

        protected override Tensor Forward(Tensor x) => _fc.Call(x);
    }

    private sealed class SameFieldAsBase(Linear own, Linear inherited) : HasLayer(inherited)
    {
        private readonly Linear _fc = own;

        protected override Tensor Forward(Tensor x) => _fc.Call(base.Forward(x));
    }

    private sealed class RenamedField(Linear own, Linear inherited) : HasLayer(inherited)
    {
        [Name("head")]
        private readonly Linear _fc = own;

        protected override Tensor Forward(Tensor x) => _fc.Call(base.Forward(x));
    }

    // Anything under two names that become one.
    private sealed class Holding<TFirst, TSecond>(TFirst first, TSecond second) : Module<Tensor, Tensor>
    {
        private readonly TFirst _fc1 = first;

        [Buffer]
        public TSecond Fc1 { get; } = second;

        protected override Tensor Forward(Tensor x) => _fc1 is null ? x : x * 2;
    }

    private sealed class Keyed(IDictionary<string, Module> byKey) : Module<Tensor, Tensor>
    {
        private readonly IDictionary<string, Module> _byKey = byKey;

        protected override Tensor Forward(Tensor x) => x + _byKey.Count;
    }

    private sealed class Flat(Module inlined, Parameter weight) : Module<Tensor, Tensor>
    {
        [Name("")]
        private readonly Module _inlined = inlined;
        private readonly Parameter _weight = weight;

        protected override Tensor Forward(Tensor x) => x * _weight + _inlined.Children.Count;
    }

    private static Linear Small() => new(1, 1, bias: false);

    private static Parameter One() => new(Tensor.Ones([1]));

    private static IEnumerable<TestCaseData> Clashes()
    {
        yield return Row("base_and_derived",
            () => new SameFieldAsBase(Small(), Small()), "'fc': the Linear in HasLayer._fc, and the Linear in SameFieldAsBase._fc");
        yield return Row("module_and_module", () => new Holding<Linear, Linear>(Small(), Small()), "'fc1'");
        yield return Row("parameter_and_parameter",
            () => new Holding<Parameter, Parameter>(One(), One()), "'fc1': the Parameter in Holding._fc1, and the Parameter in Holding.Fc1");
        yield return Row("parameter_and_buffer", () => new Holding<Parameter, Tensor>(One(), Tensor.Ones([1])), "'fc1'");
        yield return Row("buffer_and_module", () => new Holding<Linear, Tensor>(Small(), Tensor.Ones([1])), "'fc1'");
        yield return Row("parameter_and_module", () => new Holding<Parameter, Module>(One(), new ReLU()), "'fc1'");
        yield return Row("lists", () => new Holding<Linear[], List<Linear>>([Small()], [Small()]), "'fc1.0'");
        yield return Row("key_with_dot",
            () => new Keyed(new Dictionary<string, Module> { ["a"] = new Sequential(Small()), ["a.0"] = Small() }),
            "'by_key.a.0': the Linear in Keyed._byKey under 'by_key.a.0', and 0 in the Sequential");
        yield return Row("key_with_dots_deep_inside",
            () => new Keyed(new Dictionary<string, Module> { ["a.0.0"] = Small(), ["a"] = new Sequential(new Sequential(Small())) }), "'by_key.a.0.0'");
        yield return Row("inlined", () => new Flat(Small(), One()), "'weight'");
        yield return Row("in_a_child", () => new Sequential(new ReLU(), new SameFieldAsBase(Small(), Small())), "'fc'");

        static TestCaseData Row(string name, Func<Module> make, string expected) => new TestCaseData(make, expected).SetArgDisplayNames(name);
    }

    [TestCaseSource(nameof(Clashes))]
    public void Two_entries_of_one_name_are_an_error_that_says_which(Func<Module> make, string expected)
    {
        Module module = make();
        foreach (Action read in (Action[])
            [
                () => module.Parameters(), () => module.NamedBuffers(), () => module.NamedModules(), () => module.StateDict(), () => module.Eval(),
                () => module.LoadStateDict(new Dictionary<string, Tensor>(), strict: false), () => _ = new SGD(module.Parameters(), lr: 1),
                () => new MiniTorch.IO.Checkpoint { ["model"] = module }.Save(Path.Combine(Path.GetTempPath(), Path.GetRandomFileName())),
            ])
        {
            string message = Should.Throw<ValueException>(read).Message;
            message.ShouldContain("two entries of the state would be called " + expected);
            message.ShouldContain("[Name(\"...\")]");
        }
    }

    [Test]
    public void Equal_names_of_one_object_or_of_nothing_and_names_that_are_given_are_no_clash()
    {
        Linear layer = Small();
        new SameFieldAsBase(layer, layer).StateDict().Keys.ShouldBe(["fc.weight"]);
        new RenamedField(Small(), Small()).StateDict().Keys.ShouldBe(["fc.weight", "head.weight"]);
        new Holding<Linear, Linear?>(layer, null).StateDict().Keys.ShouldBe(["fc1.weight"]);
        new Holding<Linear, Tensor>(layer, null!).StateDict().Keys.ShouldBe(["fc1.weight"]);
        new Keyed(new Dictionary<string, Module> { ["a"] = new Sequential(layer), ["a.1"] = Small(), ["b.c"] = Small(), ["b"] = new ReLU() })
            .StateDict().Keys.ShouldBe(["by_key.a.0.weight", "by_key.a.1.weight", "by_key.b.c.weight"]);
        new Flat(new Sequential(layer), One()).StateDict().Keys.ShouldBe(["weight", "0.weight"]);
    }

    private static readonly string[] s_keys = [.. Enumerable.Range(0, 40).Select(i => $"head{i}")];

    private static IEnumerable<TestCaseData> Dictionaries()
    {
        string[] shuffled = [.. s_keys.OrderBy(key => key.Reverse().First()).ThenBy(key => key.Length)],
            sorted = [.. s_keys.Order(StringComparer.Ordinal)];
        KeyValuePair<string, Module>[] entries = [.. shuffled.Select(key => KeyValuePair.Create(key, (Module)Small()))];
        yield return Row(new Dictionary<string, Module>(entries), shuffled);
        yield return Row(new OrderedDictionary<string, Module>(entries), shuffled);
        yield return Row(new System.Collections.ObjectModel.ReadOnlyDictionary<string, Module>(new Dictionary<string, Module>(entries)), shuffled);
        yield return Row(new SortedDictionary<string, Module>(new Dictionary<string, Module>(entries), StringComparer.Ordinal), sorted);
        yield return Row(new SortedList<string, Module>(new Dictionary<string, Module>(entries), StringComparer.Ordinal), sorted);
        var backwards = Comparer<string>.Create((a, b) => string.CompareOrdinal(b, a));
        yield return Row(System.Collections.Immutable.ImmutableSortedDictionary.CreateRange(backwards, entries), [.. sorted.Reverse()]);
        yield return Row(System.Collections.Immutable.ImmutableDictionary.CreateRange(entries), sorted);
        yield return Row(System.Collections.Immutable.ImmutableDictionary.CreateRange(entries).ToBuilder(), sorted);
        yield return Row(System.Collections.Frozen.FrozenDictionary.ToFrozenDictionary(entries), sorted);
        yield return Row(new System.Collections.Concurrent.ConcurrentDictionary<string, Module>(entries), sorted);

        static TestCaseData Row(IDictionary<string, Module> dictionary, string[] order) =>
            new TestCaseData(dictionary, order).SetArgDisplayNames(dictionary.GetType().FullName!.Split('`')[0]);
    }

    // String hashes, and with them the order of a hash table, differ from process to process.
    [TestCaseSource(nameof(Dictionaries))]
    public void A_dictionary_of_modules_is_listed_in_its_order_or_by_key_if_it_has_none(IDictionary<string, Module> dictionary, string[] order)
    {
        var module = new Keyed(dictionary);
        module.NamedParameters().Select(parameter => parameter.Name).ShouldBe(order.Select(key => $"by_key.{key}.weight"));
        module.StateDict().Keys.ShouldBe(order.Select(key => $"by_key.{key}.weight"));
    }

    private sealed class Held<T>(T held, params Module[] known) : Module<Tensor, Tensor>
    {
        private readonly T _held = held;
        private readonly Module[] _known = known;

        protected override Tensor Forward(Tensor x) => _held is null ? x : x * _known.Length;
    }

    private class Holder
    {
        public object? Content;
        private readonly int _count = 3;

        public int Count => _count;
    }

    private sealed class DerivedHolder : Holder
    {
        public string Name = "";
    }

    private readonly record struct Pairing(Linear First, int Second);

    private static IEnumerable<TestCaseData> Hiding()
    {
        yield return Row("class", new Held<Holder>(new Holder { Content = Small() }));
        yield return Row("derived_class", new Held<object>(new DerivedHolder { Content = One() }));
        yield return Row("class_in_class", new Held<Holder>(new Holder { Content = new Holder { Content = Small() } }));
        yield return Row("array_in_class", new Held<Holder>(new Holder { Content = new[] { Small() } }));
        yield return Row("dictionary_in_class", new Held<Holder>(new Holder { Content = new Dictionary<int, Linear> { [1] = Small() } }));
        yield return Row("struct", new Held<Pairing>(new Pairing(Small(), 1)));
        yield return Row("nullable_struct", new Held<Pairing?>(new Pairing(Small(), 1)));
        yield return Row("list_of_structs", new Held<List<Pairing>>([new Pairing(Small(), 1)]));
        yield return Row("array_of_classes", new Held<Holder[]>([new Holder { Content = Small() }]));
        yield return Row("dictionary_of_classes", new Held<Dictionary<string, Holder>>(new() { ["a"] = new Holder { Content = Small() } }));
        yield return Row("lazy", new Held<Lazy<Linear>>(new Lazy<Linear>(Small)));
        yield return Row("made_lazy", new Held<Lazy<Linear>>(new Lazy<Linear>(Small())));
        yield return Row("lazy_of_list", new Held<Lazy<List<Linear>>>(new Lazy<List<Linear>>(() => [Small()])));
        yield return Row("task", new Held<Task<Linear>>(Task.FromResult(Small())));
        yield return Row("two_dimensions", new Held<Linear[,]>(new Linear[1, 1]));
        yield return Row("three_dimensions_of_parameters", new Held<Parameter[,,]>(new Parameter[1, 1, 1]));
        yield return Row("tuple", new Held<(Linear, int)>((Small(), 1)));
        yield return Row("list_of_tuples", new Held<List<(string, Linear)>>([("a", Small())]));
        yield return Row("hash_set", new Held<HashSet<Linear>>([Small()]));
        yield return Row("array_list", new Held<System.Collections.Hashtable>(new() { [1] = Small() }));
        yield return Row("in_a_child", new Sequential(new Held<Holder>(new Holder { Content = Small() })));

        static TestCaseData Row(string name, Module module) => new TestCaseData(module).SetArgDisplayNames(name);
    }

    [TestCaseSource(nameof(Hiding))]
    public void What_a_field_hides_is_an_error_that_names_the_field_and_the_way_out(Module module)
    {
        foreach (Action read in (Action[])
            [
                () => module.Parameters(), () => module.StateDict(), () => module.NamedModules(), () => module.Eval(), () => module.Apply(_ => { }),
            ])
        {
            string message = Should.Throw<ValueException>(read).Message;
            message.ShouldContain("Held: the field _held");
            message.ShouldContain("ModuleList");
        }
    }

    private static IEnumerable<TestCaseData> Harmless()
    {
        Linear known = Small();
        yield return Row("class_of_a_known_module", new Held<Holder>(new Holder { Content = known }, known));
        yield return Row("struct_of_a_known_module", new Held<Pairing>(new Pairing(known, 1), known));
        yield return Row("class_of_a_known_parameter", new Held<Holder>(new Holder { Content = known.Weight }, known));
        yield return Row("empty_class", new Held<Holder>(new Holder()));
        yield return Row("class_of_numbers", new Held<Holder>(new Holder { Content = new[,] { { 1.0 } } }));
        yield return Row("class_of_tensors", new Held<Holder>(new Holder { Content = Tensor.Ones([1]) }));
        yield return Row("delegate", new Held<Func<Linear>>(Small));
        yield return Row("weak_reference", new Held<WeakReference<Linear>>(new WeakReference<Linear>(Small())));
        yield return Row("comparer", new Held<IEqualityComparer<Module>>(EqualityComparer<Module>.Default));
        yield return Row("numbers", new Held<int[,]>(new int[2, 2]));
        yield return Row("optimiser", new Held<Optimizer>(new SGD(Small().Parameters(), lr: 1)));
        yield return Row("words", new Held<Dictionary<string, int>>(new() { ["a"] = 1 }));
        yield return Row("tensors", new Held<List<Tensor>>([Tensor.Ones([1])]));
        yield return Row("type", new Held<Type>(typeof(Linear)));

        static TestCaseData Row(string name, Module module) => new TestCaseData(module).SetArgDisplayNames(name);
    }

    [TestCaseSource(nameof(Harmless))]
    public void What_a_field_holds_beside_the_model_is_no_error(Module module)
    {
        module.Parameters().Count.ShouldBeLessThan(2);
        module.StateDict().Count.ShouldBe(module.Parameters().Count);
    }

    private sealed class Parent : Module<Tensor, Tensor>
    {
        private readonly HeldParent _child;

        public Parent() => _child = new HeldParent(this);

        protected override Tensor Forward(Tensor x) => _child.Call(x);
    }

    private sealed class HeldParent(Parent parent) : Module<Tensor, Tensor>
    {
        private readonly Holder _holder = new() { Content = parent };
        private readonly Linear _fc = Small();

        protected override Tensor Forward(Tensor x) => _holder.Content is null ? x : _fc.Call(x);
    }

    [Test]
    public void A_holder_that_leads_back_to_the_model_is_no_error() =>
        new Parent().NamedParameters().Select(parameter => parameter.Name).ShouldBe(["child.fc.weight"]);

    [Test]
    public void A_model_is_printed_as_PyTorch_prints_it()
    {
        var models = new Dictionary<string, Module>
        {
            ["empty"] = new Sequential(),
            ["mlp"] = new Sequential(new Linear(2, 16), new ReLU(), new Linear(16, 3, bias: false)),
            ["nested"] = new Sequential(new Sequential(new Conv2d(1, 4, 3, padding: 1), new BatchNorm2d(4)), new Flatten(),
                new Sequential(new Dropout(0.25))),
            ["list"] = new ModuleList<Module>(new Tanh(), new Linear(1, 1)),
            ["dict"] = new ModuleDict<Module> { { "left", new Linear(1, 2) }, { "right", new ModuleList<GELU>(new GELU()) } },
            ["loss"] = new CrossEntropyLoss(),
        };
        TextFile.Instance.Models.Keys.ShouldBe(models.Keys);
        foreach ((string name, string text) in TextFile.Instance.Models) models[name].ToString().ShouldBe(text);

        new Mlp(2, 3, 4).ToString()
            .ShouldBe("Mlp(\n  (fc1): Linear(in_features=2, out_features=3, bias=True)\n  (fc2): Linear(in_features=3, out_features=4, bias=True)\n)");
        var ring = new Ring();
        ring.Next = ring;
        ring.ToString().ShouldBe("Ring(\n  (first): Linear(in_features=2, out_features=2, bias=False)\n  (next): Ring(...)\n)");
        new Hidden().ToString().ShouldBe("Hidden(...)");
    }
}
