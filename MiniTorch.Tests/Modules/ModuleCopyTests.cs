using System.Collections.Immutable;
using MiniTorch.IO;
using MiniTorch.Nn;
using MiniTorch.Optim;
using Module = MiniTorch.Nn.Module;

namespace MiniTorch.Tests.Modules;

/// <summary>Copies of modules, snapshots of their state, tied weights, and loading a part of a checkpoint.</summary>
internal sealed class ModuleCopyTests
{
    private sealed class Everything : Module<Tensor, Tensor>
    {
        public readonly Linear First = new(3, 3);
        public readonly Module<Tensor, Tensor>[] Array = [new Linear(3, 3), new Dropout(0.5, new Generator(7))];
        public readonly List<Linear> List = [new(3, 3)];
        public readonly Dictionary<string, Linear> Named = new() { ["a"] = new(3, 3) };
        public readonly ImmutableDictionary<string, Linear> Immutable = ImmutableDictionary<string, Linear>.Empty.Add("x", new(3, 3));
        public readonly ModuleDict<Linear> Dict = new() { ["k"] = new(3, 3) };
        public readonly Parameter Scale = new(Tensor.Ones([3]));
        [Buffer] public readonly Tensor Mean = Tensor.Zeros([3]);
        public readonly int[] Calls = [0];
        public readonly Linear Tied;
        public readonly object Settings = new();
        public readonly Linear? Missing = null;

        public Everything() => Tied = new Linear(First.Weight);

        protected override Tensor Forward(Tensor x)
        {
            Calls[0]++;
            x = First.Call(x);
            foreach (Module<Tensor, Tensor> module in Array) x = module.Call(x);
            return Dict["k"].Call(Immutable["x"].Call(Named["a"].Call(List[0].Call(Tied.Call(x))))) * Scale + Mean;
        }
    }

    [Test]
    public void Copy_has_equal_values_in_memory_of_its_own()
    {
        var model = new Everything();
        Everything copy = model.Copy();
        copy.NamedParameters().Select(entry => entry.Name).ShouldBe(model.NamedParameters().Select(entry => entry.Name));
        Tensor x = Tensor.Randn([4, 3], new Generator(1));
        Tensor expected = model.Copy().Call(x);
        copy.Call(x).ToArray<float>().ShouldBe(expected.ToArray<float>());
        foreach (Parameter parameter in copy.Parameters()) Init.Zeros(parameter);
        copy.Mean.FillInPlace(9);
        model.Call(x).ToArray<float>().ShouldBe(expected.ToArray<float>());
        copy.Calls[0].ShouldBe(1);
        model.Calls[0].ShouldBe(1);
        copy.Settings.ShouldBeSameAs(model.Settings);
    }

    [Test]
    public void Copy_ties_what_was_tied_and_nothing_with_the_original()
    {
        var model = new Everything();
        Everything copy = model.Copy();
        copy.Tied.Weight.ShouldBeSameAs(copy.First.Weight);
        var originals = new HashSet<object>(model.NamedModules().Select(entry => (object)entry.Value).Concat(model.Parameters()),
            ReferenceEqualityComparer.Instance);
        foreach ((_, Module module) in copy.NamedModules()) originals.ShouldNotContain(module);
        foreach (Parameter parameter in copy.Parameters()) originals.ShouldNotContain(parameter);
    }

    private static IEnumerable<TestCaseData> Layers =>
        MiniTorch.Tests.Layers.LayerSamples.All.SelectMany(row => row.Cases).Select(test => new TestCaseData(test).SetArgDisplayNames(test.Name));

    [TestCaseSource(nameof(Layers))]
    public void A_copy_of_any_layer_computes_the_same_and_trains_alone(ModelCase test)
    {
        Module model = test.Model(), copy = model.Copy();
        Tensor[] inputs = test.Input(2);
        Tensor[] before = ModelCase.Evaluated(model, inputs);
        ModelCase.Evaluated(copy, inputs).Select(output => output.ToArray<double>()).ShouldBe(before.Select(output => output.ToArray<double>()));
        foreach (Parameter parameter in copy.Parameters()) Init.Constant(parameter, 0.25);
        foreach ((_, Tensor buffer) in copy.NamedBuffers()) buffer.FillInPlace(1);
        ModelCase.Evaluated(model, inputs).Select(output => output.ToArray<double>()).ShouldBe(before.Select(output => output.ToArray<double>()));
    }

    [Test]
    public void Copy_keeps_mode_frozen_parameters_and_random_streams_but_no_gradients_and_no_hooks()
    {
        var model = new Everything();
        model.First.RequireGrad(false);
        model.Eval();
        int calls = 0;
        model.RegisterForwardHook((_, _, _) => calls++);
        model.Call(Tensor.Ones([2, 3])).Sum().Backward();
        Everything copy = model.Copy();
        copy.Training.ShouldBeFalse();
        copy.First.Weight.RequiresGrad.ShouldBeFalse();
        copy.Scale.RequiresGrad.ShouldBeTrue();
        copy.Parameters().ShouldAllBe(parameter => parameter.Grad == null);
        copy.Call(Tensor.Ones([2, 3]));
        calls.ShouldBe(1);

        var (dropout, other) = (new Dropout(0.5, new Generator(3)), (Dropout?)null);
        dropout.Call(Tensor.Ones([7]));
        other = dropout.Copy();
        other.Call(Tensor.Ones([50])).ToArray<float>().ShouldBe(dropout.Call(Tensor.Ones([50])).ToArray<float>());
        Should.Throw<ArgumentNullException>(() => ((Dropout)null!).Copy());
    }

    [Test]
    public void Snapshot_of_the_state_does_not_change_with_the_model()
    {
        var model = new Everything();
        OrderedDictionary<string, Tensor> live = model.StateDict(), best = model.StateDict(clone: true);
        Init.Constant(model.First.Weight, 5);
        live["first.weight"].ToArray<float>().ShouldAllBe(value => value == 5);
        best["first.weight"].ToArray<float>().ShouldAllBe(value => value != 5);
        best["tied.weight"].ShouldBeSameAs(best["first.weight"]);
        model.LoadStateDict(best);
        model.First.Weight.ToArray<float>().ShouldBe(best["first.weight"].ToArray<float>());
    }

    [Test]
    public void A_tied_weight_that_a_file_stores_once_loads()
    {
        var model = new Everything();
        foreach (string name in new[] { "first.weight", "tied.weight" })
        {
            OrderedDictionary<string, Tensor> state = model.StateDict(clone: true);
            state.Remove(name);
            Everything other = new();
            other.LoadStateDict(state).ToString().ShouldBe("<All keys matched successfully>");
            other.First.Weight.ToArray<float>().ShouldBe(model.First.Weight.ToArray<float>());
        }
        OrderedDictionary<string, Tensor> without = model.StateDict(clone: true);
        without.Remove("first.weight");
        without.Remove("tied.weight");
        Should.Throw<ValueException>(() => model.LoadStateDict(without)).Message.ShouldContain("missing first.weight");
    }

    [Test]
    public void Layers_of_a_shared_weight_train_it_once()
    {
        var embedding = new Embedding(5, 3);
        var model = new Sequential(embedding, new Linear(embedding.Weight));
        model.Parameters().Count.ShouldBe(1);
        var optimizer = new SGD(model.Parameters(), lr: 0.1);
        Tensor logits = model.Call(Tensor.From(new[] { 1, 4 }));
        logits.Shape.ToString().ShouldBe("[2, 5]");
        Functional.CrossEntropy(logits, Tensor.From(new[] { 2, 0 })).Backward();
        float[] before = embedding.Weight.ToArray<float>();
        optimizer.Step();
        embedding.Weight.ToArray<float>().ShouldNotBe(before);
        new Embedding(embedding.Weight, paddingIdx: -1).ToString().ShouldBe("Embedding(5, 3, padding_idx=4)");
    }

    [Test]
    public void Layers_of_given_parameters_refuse_those_that_do_not_fit()
    {
        var vector = new Parameter(Tensor.Ones([3]));
        var matrix = new Parameter(Tensor.Ones([2, 3]));
        Should.Throw<ShapeException>(() => new Linear(vector)).Message.ShouldBe("Linear: the weight has shape [3] and must be [out, in]");
        Should.Throw<ShapeException>(() => new Linear(matrix, vector))
            .Message.ShouldBe("Linear: the bias has shape [3] and must be [2] for weight [2, 3]");
        Should.Throw<DTypeException>(() => new Linear(matrix, new Parameter(Tensor.Ones([2], DType.Float64))));
        Should.Throw<ShapeException>(() => new Embedding(vector))
            .Message.ShouldBe("Embedding: the weight has shape [3] and must be [embeddings, dim]");
        Should.Throw<ValueException>(() => new Embedding(matrix, paddingIdx: 2))
            .Message.ShouldBe("Embedding: paddingIdx 2 is out of range for 2 vectors");
        Should.Throw<ArgumentNullException>(() => new Linear((Parameter)null!));
    }

    [Test]
    public void A_checkpoint_loads_the_named_parts_only()
    {
        string path = Path.Combine(TestContext.CurrentContext.WorkDirectory, $"{Guid.NewGuid():N}.ckpt");
        try
        {
            var model = new Linear(3, 2);
            var optimizer = new SGD(model.Parameters(), lr: 0.5, momentum: 0.9);
            new Checkpoint { ["model"] = model, ["optimizer"] = optimizer, ["epoch"] = 7 }.Save(path);
            var other = new Linear(3, 2);
            var checkpoint = new Checkpoint { ["model"] = other, ["epoch"] = 0, ["more"] = 1 };
            Should.Throw<ValueException>(() => checkpoint.TryLoad(path));
            int before = Generator.Default.GetState().Sum(value => value);
            checkpoint.TryLoad(path, ["model"]).ShouldBeTrue();
            other.Weight.ToArray<float>().ShouldBe(model.Weight.ToArray<float>());
            checkpoint.Get<int>("epoch").ShouldBe(0);
            Generator.Default.GetState().Sum(value => value).ShouldBe(before);
            checkpoint.TryLoad(path, ["epoch"]).ShouldBeTrue();
            checkpoint.Get<int>("epoch").ShouldBe(7);
            Should.Throw<ValueException>(() => checkpoint.TryLoad(path, ["more"])).Message.ShouldContain("missing more");
            Should.Throw<ValueException>(() => checkpoint.TryLoad(path, ["none"])).Message.ShouldContain("there is no part 'none'");
            checkpoint.TryLoad(path + ".none", ["model"]).ShouldBeFalse();
        }
        finally
        {
            File.Delete(path);
        }
    }
}
