using MiniTorch.Nn;

namespace MiniTorch.Tests.Modules;

/// <summary>Sequential, ModuleList and ModuleDict.</summary>
public class ContainerTests
{
    [Test]
    public void Sequential_runs_its_modules_in_order()
    {
        var model = new Sequential { new Flatten(), new Linear(4, 3), new Tanh(), new Sigmoid(), new ReLU(), new Identity() };
        model.Call(Tensor.Zeros([5, 2, 2])).Shape.ShouldBe([5, 3]);
        model.Count.ShouldBe(6);
        model[1].ShouldBeOfType<Linear>().ToString().ShouldBe("Linear(in_features=4, out_features=3, bias=True)");
    }

    [Test]
    public void Lists_and_dictionaries_name_their_modules_by_key()
    {
        var list = new ModuleList<Linear>(new Linear(1, 1, bias: false), new Linear(1, 1, bias: false));
        list.StateDict().Keys.ShouldBe(["0.weight", "1.weight"]);
        var dictionary = new ModuleDict<Module> { ["left"] = list, ["right"] = new Linear(1, 1) };
        dictionary.StateDict().Keys.ShouldBe(["left.0.weight", "left.1.weight", "right.weight", "right.bias"]);
        Should.Throw<ValueException>(() => dictionary["a.b"] = list).Message.ShouldContain("dot");
        Should.Throw<ValueException>(() => dictionary["up"]).Message.ShouldContain("there are left, right");
    }
}
