using MiniTorch.Nn;
using MiniTorch.Optim;
using static MiniTorch.Tests.Modules.TestModels;

namespace MiniTorch.Tests.Modules;

/// <summary>Names in the state of a module: two entries of one name, and the order of dictionaries.</summary>
public class StateNameTests
{
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
            () => new Keyed(new Dictionary<string, Module> { ["a.0.0"] = Small(), ["a"] = new Sequential(new Sequential(Small())) }),
                "'by_key.a.0.0'");
        yield return Row("inlined", () => new Flat(Small(), One()), "'weight'");
        yield return Row("in_a_child", () => new Sequential(new ReLU(), new SameFieldAsBase(Small(), Small())), "'fc'");

        static TestCaseData Row(string name, Func<Module> make, string expected) => new TestCaseData(make, expected).SetArgDisplayNames(name);
    }

    [TestCaseSource(nameof(Clashes))]
    public void State_with_two_entries_of_one_name_is_an_error_that_names_both(Func<Module> make, string expected)
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
    public void Equal_names_of_one_object_or_null_and_given_names_do_not_clash()
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
}
