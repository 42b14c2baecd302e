using MiniTorch.Nn;
using MiniTorch.Optim;
using static MiniTorch.Tests.Modules.TestModels;

namespace MiniTorch.Tests.Modules;

/// <summary>Modules in objects that a model does not search.</summary>
public class HiddenModuleTests
{
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
    public void Module_hidden_in_another_object_is_an_error_that_names_the_field(Module module)
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
    public void Object_that_holds_no_new_modules_is_no_error(Module module)
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
}
