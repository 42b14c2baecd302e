using System.Reflection;
using MiniTorch.Nn;

namespace MiniTorch.Tests.Modules;

public class DimsTests
{
    sealed class Bilinear : Module<Tensor, Tensor, Tensor>
    {
        [return: Dims("batch 1")]
        protected override Tensor Forward([Dims("batch features …")] Tensor x, [Dims("batch features | features")] Tensor y) =>
            (x * y).Sum(-1, keepDim: true);
    }

    static Tensor F(params int[] shape) => Tensor.Ones(shape);

    static string Error(Action call) => Should.Throw<ShapeException>(call).Message;

    [Test]
    public void A_name_stands_for_one_size_in_all_arguments()
    {
        new Bilinear().Call(F(2, 3), F(2, 3));
        new Bilinear().Call(F(2, 3), F(3));
        string error = Error(() => new Bilinear().Call(F(2, 3), F(2, 4)));
        error.ShouldContain("y [2, 4] has features = 4");
        error.ShouldContain("x [2, 3] has features = 3");
    }

    [Test]
    public void Patterns_that_a_program_makes_up_as_it_goes_are_not_all_kept()
    {
        for (int i = 0; i < 5000; i++) Dims.Check(F(2, 3), $"rows{i} 3");
        var kept = (System.Collections.ICollection)typeof(Dims)
            .Assembly.GetType("MiniTorch.Nn.DimsPattern")!.GetField("s_parsed", BindingFlags.NonPublic | BindingFlags.Static)!.GetValue(null)!;
        kept.Count.ShouldBeLessThanOrEqualTo(1000);
    }

    [Test]
    public void Result_is_checked_against_its_pattern() =>
        Error(() => new Bilinear().Call(F(2, 3, 3), F(3))).ShouldContain("the result [2, 3, 1] has 3 dimensions");

    [Test]
    public void Numbers_wildcards_and_ellipses_are_places_of_a_pattern()
    {
        Dims.Check(F(2, 3, 4), "_ 3 ...");
        Dims.Check(F(2, 3), "2 3 …");
        Tensor x = F(2, 3, 4), y = F(2, 5, 4);
        Dims.Check(x, "batch ... last", y, "batch ...other last");
        Error(() => Dims.Check(x, "batch ... last", y, "batch ... last")).ShouldContain("y [2, 5, 4] has ... = [5], and x [2, 3, 4] has ... = [3]");
        Error(() => Dims.Check(x, "_ 4 _")).ShouldContain("x [2, 3, 4] has 3 in dimension 1, not 4");
        Error(() => Dims.Check(x, "rows columns")).ShouldContain("has 3 dimensions");
    }

    [Test]
    public void An_alternative_is_chosen_with_the_other_arguments_in_view() =>
        Dims.Check(F(3), "classes | batch classes", F(3), "batch | classes");

    [Test]
    [NonParallelizable]
    public void Checks_can_be_switched_off()
    {
        try
        {
            Dims.Enabled = false;
            Dims.Check(F(2), "a b c");
        }
        finally
        {
            Dims.Enabled = true;
        }
        Error(() => Dims.Check(F(2), "a b c")).ShouldContain("has 1 dimension;");
    }

    sealed class Wide(string?[] inputs) : Module<Tensor, Tensor, Tensor>
    {
        protected override ForwardDims DeclaredDims => new(inputs, "rows columns");

        protected override Tensor Forward(Tensor x, Tensor y) => x * y;
    }

    [Test]
    public void Shapes_that_depend_on_options_are_stated_in_one_override()
    {
        new Wide(["rows 1", "1 columns"]).Call(F(2, 1), F(1, 3)).Shape.ShouldBe([2, 3]);
        new Wide([null, "rows columns"]).Call(F(1), F(2, 3)).Shape.ShouldBe([2, 3]);
        Error(() => new Wide(["rows 1", "1 columns"]).Call(F(2, 2), F(1, 2))).ShouldContain("input 0 [2, 2] has 2 in dimension 1, not 1");
        Should.Throw<ValueException>(() => new Wide(["rows"]).Call(F(1), F(1))).Message.ShouldContain("1 input patterns, but Forward takes 2 inputs");
    }

    [Test]
    public void Shapes_that_fitted_once_are_checked_again_when_they_change()
    {
        var module = new Bilinear();
        for (int i = 0; i < 3; i++) module.Call(F(2, 3), F(2, 3));
        Error(() => module.Call(F(2, 3), F(2, 4))).ShouldContain("features = 4");
        Error(() => module.Call(F(2, 3, 3), F(3))).ShouldContain("the result");
        module.Call(F(5, 4), F(4));
    }

    [Test]
    public void More_than_16_names_are_an_error() =>
        Should.Throw<ValueException>(() =>
            Dims.Check(Tensor.Ones([1, 1, 1, 1, 1, 1, 1, 1, 1]), "a b c d e f g h i", Tensor.Ones([1, 1, 1, 1, 1, 1, 1, 1]), "j k l m n o p q"))
            .Message.ShouldContain("more than 16 names");

    [Test]
    public void Every_layer_and_loss_declares_its_shapes()
    {
        var silent = from type in typeof(MiniTorch.Nn.Module).Assembly.GetExportedTypes()
                     where type.IsSubclassOf(typeof(MiniTorch.Nn.Module)) && !type.IsAbstract
                     let forward = type.GetMethods(BindingFlags.Instance | BindingFlags.NonPublic).FirstOrDefault(method => method.Name == "Forward")
                     where forward is not null && !forward.GetParameters().Any(parameter => parameter.IsDefined(typeof(DimsAttribute)))
                     select type.Name;
        silent.ShouldBeEmpty();
    }

    [Test]
    public void Losses_name_the_batch_that_differs() =>
        Error(() => new NLLLoss().Call(F(2, 3), [0, 1, 2])).ShouldContain("target [3] has batch = 3, and input [2, 3] has batch = 2");
}
