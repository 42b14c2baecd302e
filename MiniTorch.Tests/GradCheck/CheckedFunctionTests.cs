using MiniTorch.GradChecking;

namespace MiniTorch.Tests.GradChecks;

/// <summary>What is known of a checked function after its first calls, and its derivatives by both modes.</summary>
public sealed class CheckedFunctionTests
{
    [Test]
    public void Name_of_a_single_result_has_no_number()
    {
        Output output = Checked.Of(v => [v[0] * 2], Checked.Leaf("x", 1, 2)).Outputs.ShouldHaveSingleItem();
        (output.Name, output.Start, output.Count, output.End).ShouldBe(("output", 0, 2, 2));
    }

    [Test]
    public void Results_are_concatenated_in_order()
    {
        CheckedFunction function = Checked.Of(v => [v[0] * 2, v[0].ArgMax(), v[0].Sum(), v[0].Reshape(1, 2)], Checked.Leaf("x", 1, 2));
        function.Outputs.Select(output => (output.Name, output.Start, output.End))
            .ShouldBe([("output 0", 0, 2), ("output 1", 2, 3), ("output 2", 3, 5)]);
        function.Outputs[2].Shape.ShouldBe([1, 2]);
        function.Center.ShouldBe([2, 4, 3, 1, 2]);
    }

    [Test]
    public void Results_can_have_names()
    {
        Variable x = Checked.Leaf("x", 1);
        new CheckedFunction(v => [v[0], v[0]], [x.Tensor], [x], i => $"part {i}").Outputs.Select(output => output.Name)
            .ShouldBe(["part 0", "part 1"]);
    }

    [Test]
    public void One_result_with_a_graph_makes_the_function_checkable()
    {
        Checked.Of(v => [v[0].Detach(), v[0] * 2], Checked.Leaf("x", 1)).HasGraph.ShouldBeTrue();
        Checked.Of(v => [v[0].Detach()], Checked.Leaf("x", 1)).HasGraph.ShouldBeFalse();
    }

    [Test]
    public void One_Float32_among_inputs_and_results_limits_the_precision()
    {
        Variable fine = Checked.Leaf("x", 1), coarse = Checked.Leaf("y", Tensor.Ones([1]));
        (DType DType, double Epsilon) single = (DType.Float32, Math.ScaleB(1, -23)), full = (DType.Float64, Math.ScaleB(1, -52));
        Precision(Checked.Of(v => [v[0] * 2], fine)).ShouldBe(full);
        Precision(Checked.Of(v => [v[0] * 2, v[0].To(DType.Float32)], fine)).ShouldBe(single);
        Precision(Checked.Of(v => [v[0] * 2], fine, coarse)).ShouldBe(single);

        static (DType, double) Precision(CheckedFunction function) => (function.DType, function.Epsilon);
    }

    [Test]
    public void Function_of_more_than_four_million_derivatives_has_many()
    {
        Variable x = Checked.Leaf("x", new double[2048]), y = Checked.Leaf("y", 1);
        Checked.Of(v => [v[0]], x).HasManyDerivatives.ShouldBeFalse();
        Checked.Of(v => [v[0]], x, y).HasManyDerivatives.ShouldBeTrue();
    }

    [Test]
    public void A_moved_element_is_moved_back()
    {
        CheckedFunction function = Checked.Of(v => [v[0] * 2, v[1].Sum()], Checked.Leaf("x", 1, 2), Checked.Leaf("y", 3, 4));
        function.At(function.Variables[1], 0, 0.5).ShouldBe([2, 4, 7.5]);
        function.At(function.Variables[0], 1, -1).ShouldBe([2, 2, 7]);
        function.At([[1, 2], null], 0.5).ShouldBe([3, 6, 7]);
        function.At([null, [1, 1]], 0.5).ShouldBe([2, 4, 8]);
        CheckedFunction.Flat(function.Call()).ShouldBe(function.Center);
    }

    [Test]
    public void Gradients_belong_to_one_cotangent_of_all_results()
    {
        CheckedFunction function = Checked.Of(v => [v[0] * 2, v[1].Detach(), v[0].Sum() * 10], Checked.Leaf("x", 1, 2), Checked.Leaf("y", 3));
        double[]?[] gradients = function.Gradients(function.Call(), [1, 2, 100, 3]);
        gradients[0]!.ShouldBe([32, 34]);
        gradients[1].ShouldBeNull();
        Tensor[] square = Checked.Of(v => [v[0] * v[0]], function.Variables[0]).Call();
        foreach (double cotangent in new[] { 1, 10 })
            function.Gradients(square, [Tensor.Full([2], cotangent, DType.Float64)], createGraph: false)[0]!.ToArray<double>()
                .ShouldBe([2 * cotangent, 4 * cotangent]);
        function.Slope([1, 2, 100, 3], [[1, -1], [1]]).ShouldBe(-2);
        Checked.Of(v => [v[0].Detach()], Checked.Leaf("x", 1)).Slope([1], [[1]]).ShouldBe(0);
    }

    [Test]
    public void Only_gradients_that_are_differentiated_again_are_recorded()
    {
        bool recorded = false;
        var planted = new PlantedOp("Square", v => v[0] * v[0], (c, g, _) =>
        {
            Tensor gradient = 2 * g * c.Input(0);
            recorded = gradient.RequiresGrad;
            return gradient;
        });
        CheckedFunction function = Checked.Of(v => [planted.Apply(v[0])], Checked.Leaf("x", 3));
        function.Gradients(function.Call(), [1.0])[0]!.ShouldBe([6]);
        recorded.ShouldBeFalse();
        function.Gradients(function.Call(), [Tensor.Ones([1], DType.Float64)], createGraph: true)[0]!.RequiresGrad.ShouldBeTrue();
        recorded.ShouldBeTrue();
    }

    [Test]
    public void Rounding_is_a_thousand_times_that_of_the_terms() =>
        Checked.Numbers(x => x, 2, -3, 0.5).Rounding([-5, 7, 8]).ShouldBe(1e3 * Math.ScaleB(1, -52) * (10 + 21 + 4));

    [Test]
    public void Tangents_of_all_results_leave_no_dual_behind()
    {
        CheckedFunction function = Checked.Of(v => [v[0] * v[0], v[1] * 3, v[0].Detach()], Checked.Leaf("x", 1, 2), Checked.Leaf("y", 3));
        function.Tangent([[10, 100], null]).Tangent.ShouldBe([20, 400, 0, 0, 0]);
        function.Tangent([null, [5]]).Tangent.ShouldBe([0, 0, 15, 0, 0]);
        function.Variables.ShouldAllBe(variable => variable.Tensor.Dual == null);
    }

    [Test]
    public void Combinations_weigh_every_result()
    {
        CheckedFunction function = Checked.Of(v => [v[0] * 2, v[0].Sum()], Checked.Leaf("x", 1, 2));
        CheckedFunction combinations = DerivedFunction.Combinations(function, 2, new RandomVectors(3));
        var random = new RandomVectors(3);
        double[][] weights = [.. Enumerable.Range(0, 2)
            .Select(_ => new[] { random.Normal(2), [random.NormalLike(Tensor.Zeros([], DType.Float64)).Item<double>()] }.SelectMany(part => part)
            .ToArray())];
        combinations.Center.Length.ShouldBe(2);
        for (int i = 0; i < 2; i++) combinations.Center[i].ShouldBe(Vectors.Dot(weights[i], function.Center), 1e-12);
        combinations.Outputs.Select(output => output.Name).ShouldBe(["random combination 0 of the outputs", "random combination 1 of the outputs"]);
        combinations.Order.ShouldBe(1);
        CheckedFunction second = DerivedFunction.Combinations(DerivedFunction.Gradient(function, random), 1, random);
        second.Order.ShouldBe(2);
    }

    [Test]
    public void A_gradient_is_a_function_of_the_cotangents_too()
    {
        CheckedFunction function = Checked.Of(v => [v[0] * v[0], v[1].Detach()], Checked.Leaf("x", 1, 2), Checked.Leaf("y", 3));
        double[] cotangent = new RandomVectors(4).Normal(2);
        CheckedFunction gradient = DerivedFunction.Gradient(function, new RandomVectors(4));
        gradient.Order.ShouldBe(2);
        gradient.Variables.Select(variable => variable.Name).ShouldBe(["x", "y", "cotangent of output 0", "cotangent of output 1"]);
        gradient.Outputs.Select(output => output.Name).ShouldBe(["gradient of x", "gradient of y"]);
        gradient.Center.ShouldBe([2 * cotangent[0], 4 * cotangent[1], 0]);
        double[]?[] second = gradient.Gradients(gradient.Call(), [1, 10, 100]);
        second[0]!.ShouldBe([2 * cotangent[0], 20 * cotangent[1]]);
        second[2]!.ShouldBe([2, 40]);
    }
}
