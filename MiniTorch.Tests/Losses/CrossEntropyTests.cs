using MiniTorch.Nn;

namespace MiniTorch.Tests.Losses;

/// <summary>What cross-entropy gives and checks besides its value.</summary>
public sealed class CrossEntropyTests
{
    private static Tensor Random(int seed, params int[] shape) => Tensor.Randn(shape, new Generator(seed), DType.Float64);

    [Test]
    public void Outputs_come_with_the_loss()
    {
        Tensor x = Tensor.From(new double[,] { { 2, 1, 0 }, { 0, 1, 5 }, { 9, 9, 9 }, { 0, 3, 0 } });
        var options = new CrossEntropyOptions();
        CrossEntropyOutputs all = new CrossEntropyLoss(options).Outputs(x, [0, 1, -100, 1]);
        all.Loss.Item<double>().ShouldBe(Functional.CrossEntropy(x, [0, 1, -100, 1]).Item<double>(), 1e-15);
        all.Predictions[..2].ToArray<long>().ShouldBe([0, 2]);
        all.Accuracy.ShouldBe(2.0 / 3);
        all.LogSumExp[0].Item<double>().ShouldBe(Math.Log(Math.Exp(2) + Math.Exp(1) + 1), 1e-15);
    }

    [Test]
    public void Probabilities_instead_of_logits_are_an_error()
    {
        var options = new CrossEntropyOptions { CheckLogits = true };
        Functional.CrossEntropy(Random(1, 4, 4), [2, 0, 3, -100], options).ShouldNotBeNull();
        Should.Throw<ValueException>(()
            => Functional.CrossEntropy(Random(1, 4, 4).Softmax(1), [2, 0, 3, -100], options))
            .Message.ShouldContain("the logits look like probabilities");
    }

    [Test]
    public void Class_weights_are_a_modules_state_and_follow_its_dtype()
    {
        var criterion = new CrossEntropyLoss(weight: [1.0, 2.0, 3.0]);
        criterion.StateDict().Keys.ShouldBe(["weight"]);
        criterion.To(DType.Float64);
        criterion.Call(Random(1, 2, 3), [0, 1]).DType.ShouldBe(DType.Float64);
    }
}
