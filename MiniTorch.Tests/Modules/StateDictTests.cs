using MiniTorch.Nn;

namespace MiniTorch.Tests.Modules;

public class StateDictTests
{
    [Test]
    public void A_loaded_state_makes_two_models_equal()
    {
        var source = new Sequential(new Linear(3, 4), new ReLU(), new Linear(4, 2));
        var target = new Sequential(new Linear(3, 4), new ReLU(), new Linear(4, 2));
        Tensor x = Tensor.Randn([5, 3]);

        IncompatibleKeys ignored = target.LoadStateDict(source.StateDict());

        ignored.Missing.ShouldBeEmpty();
        ignored.Unexpected.ShouldBeEmpty();
        ignored.ToString().ShouldBe("<All keys matched successfully>");
        target.Call(x).ToArray<float>().ShouldBe(source.Call(x).ToArray<float>());
    }

    [Test]
    public void A_state_shares_memory_and_has_no_history()
    {
        var layer = new Linear(2, 1);
        Tensor weight = layer.StateDict()["weight"];
        weight.RequiresGrad.ShouldBeFalse();
        weight.FillInPlace(7);
        layer.Weight.ToArray<float>().ShouldBe([7f, 7]);
    }

    [Test]
    public void Values_are_converted_to_the_models_dtype()
    {
        var layer = new Linear(2, 1, bias: false);
        layer.LoadStateDict(new Dictionary<string, Tensor> { ["weight"] = Tensor.From(new double[,] { { 1, 2 } }) });
        layer.Weight.DType.ShouldBe(DType.Float32);
        layer.Weight.ToArray<float>().ShouldBe([1f, 2]);
    }

    [Test]
    public void State_that_does_not_fit_is_listed_whole_and_changes_nothing()
    {
        var model = new Sequential(new Linear(3, 4), new Linear(4, 2));
        float[][] before = [.. model.Parameters().Select(p => p.ToArray<float>())];
        var state = new Dictionary<string, Tensor>
        {
            ["0.weight"] = Tensor.Zeros([4, 3]),
            ["1.weight"] = Tensor.Zeros([4, 2]),
            ["1.bias"] = Tensor.Zeros([2]),
            ["2.bias"] = Tensor.Zeros([1]),
        };

        Should.Throw<ValueException>(() => model.LoadStateDict(state)).Message.ShouldBe(
            "Sequential.LoadStateDict: the state does not fit, and nothing was changed:\n"
            + "  missing 0.bias, shape [4]\n"
            + "  unexpected 2.bias, shape [1]\n"
            + "  1.weight has shape [4, 2] in the state and [2, 4] in the model\n"
            + "strict: false ignores missing and unexpected entries");
        Should.Throw<ValueException>(() => model.LoadStateDict(state, strict: false)).Message.ShouldContain("1.weight has shape");
        model.Parameters().Zip(before).ShouldAllBe(pair => pair.First.ToArray<float>().SequenceEqual(pair.Second));
    }

    [Test]
    public void Non_strict_load_returns_the_keys_that_it_ignored()
    {
        var layer = new Linear(1, 1);
        IncompatibleKeys ignored = layer.LoadStateDict(
            new Dictionary<string, Tensor> { ["weight"] = Tensor.Ones([1, 1]), ["scale"] = Tensor.Ones([1]) }, strict: false);
        ignored.Missing.ShouldBe(["bias"]);
        ignored.Unexpected.ShouldBe(["scale"]);
        ignored.ToString().ShouldBe("_IncompatibleKeys(missing_keys=['bias'], unexpected_keys=['scale'])");
        layer.Weight.Item<float>().ShouldBe(1);
    }
}
