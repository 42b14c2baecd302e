using MiniTorch.Nn;

namespace MiniTorch.Tests.Losses;

public class LinearCrossEntropyTests
{
    const int Rows = 7, Features = 3, Classes = 5;

    static readonly Tensor Targets = Tensor.From(new long[] { 0, 4, 2, -100, 1, 3, 3 });

    static IEnumerable<TestCaseData> Cases()
    {
        Tensor weight = Tensor.From(new[] { 0.5, 1, 2, 0.25, 1.5 }), elements = Tensor.From(new[] { 1, 0.5, 0, 2, 1, 1, 3 });
        (string, CrossEntropyOptions)[] options =
        [
            ("plain", new()), ("smoothing", new() { LabelSmoothing = 0.2 }), ("class weights", new() { Weight = weight }),
            ("class weights, smoothing", new() { Weight = weight, LabelSmoothing = 0.2 }), ("z-loss", new() { ZLoss = 0.1 }),
                ("softcap", new() { Softcap = 2 }),
            ("element weights", new() { ElementWeights = elements }), ("mask", new() { ElementWeights = elements > 0.7 }),
                ("normalizer", new() { Normalizer = 3 }),
            ("two ignored", new() { AlsoIgnore = [3] }),
        ];
        return from option in options
               from reduction in new[] { Reduction.None, Reduction.Mean, Reduction.Sum }
               where option.Item2.Normalizer is null || reduction == Reduction.Mean
               from bias in new[] { true, false }
               select new TestCaseData(option.Item2 with { Reduction = reduction }, bias)
                   .SetArgDisplayNames(option.Item1, $"{reduction}", bias ? "bias" : "no bias");
    }

    static Tensor[] Inputs(bool bias)
    {
        var rng = new Generator(3);
        Tensor hidden = Tensor.Randn([Rows, Features], rng, DType.Float64, requiresGrad: true),
            weight = Tensor.Randn([Classes, Features], rng, DType.Float64, requiresGrad: true);
        return bias ? [hidden, weight, Tensor.Randn([Classes], rng, DType.Float64, requiresGrad: true)] : [hidden, weight];
    }

    static Tensor Fused(Tensor[] x, CrossEntropyOptions options) =>
        Functional.LinearCrossEntropy(x[0], x[1], Targets, x.Length > 2 ? x[2] : null, options);

    static Tensor Composed(Tensor[] x, CrossEntropyOptions options) =>
        Functional.CrossEntropy(Functional.Linear(x[0], x[1], x.Length > 2 ? x[2] : null), Targets, options);

    [TestCaseSource(nameof(Cases))]
    public void Loss_equals_a_linear_layer_and_cross_entropy(CrossEntropyOptions options, bool bias)
    {
        Tensor[] x = Inputs(bias);
        (Tensor fused, Tensor composed) = (Fused(x, options), Composed(x, options));
        Near(fused, composed);
        Tensor cotangent = Tensor.Randn(fused.Shape, new Generator(4), DType.Float64);
        Tensor[] got = Autograd.Grad(fused, x, cotangent, retainGraph: true), want = Autograd.Grad(composed, x, cotangent);
        for (int i = 0; i < x.Length; i++) Near(got[i], want[i]);

        Tensor[] again = Autograd.Grad(fused, x, cotangent);
        for (int i = 0; i < x.Length; i++) Near(again[i], want[i]);
    }

    [TestCase(Reduction.Mean)]
    [TestCase(Reduction.None)]
    public void Loss_is_differentiable_twice(Reduction reduction) =>
        GradCheck.Run(x => Fused(x, new() { Reduction = reduction, LabelSmoothing = 0.1 }).Sum(), Inputs(true), new GradCheckOptions { Order = 2 })
            .ThrowIfFailed();

    [Test]
    public void Mean_over_no_rows_is_NaN_with_gradient_0()
    {
        Tensor[] x = Inputs(true);
        Tensor loss = Functional.LinearCrossEntropy(x[0], x[1], Tensor.Full([Rows], -100), x[2]);
        loss.Item<double>().ShouldBe(double.NaN);
        loss.Backward();
        x[1].Grad!.ToArray<double>().ShouldAllBe(g => g == 0);
    }

    [TestCase(Reduction.Mean)]
    [TestCase(Reduction.None)]
    public void Hidden_vectors_may_have_several_dimensions_and_targets_be_probabilities(Reduction reduction)
    {
        Tensor[] x = Inputs(true);
        Tensor hidden = Tensor.Randn([2, 4, Features], new Generator(1), DType.Float64, requiresGrad: true),
            probabilities = Tensor.Randn([2, 4, Classes], new Generator(2), DType.Float64).Softmax(-1);
        CrossEntropyOptions options = new() { Reduction = reduction, LabelSmoothing = 0.1 };
        Tensor fused = Functional.LinearCrossEntropy(hidden, x[1], probabilities, x[2], options);
        Tensor composed = Functional.CrossEntropy(Functional.Linear(hidden, x[1], x[2]), probabilities, options with { ClassAxis = -1 });
        Near(fused, composed);
        Tensor[] got = Autograd.Grad(fused.Sum(), [hidden, x[1], x[2]]), want = Autograd.Grad(composed.Sum(), [hidden, x[1], x[2]]);
        for (int i = 0; i < 3; i++) Near(got[i], want[i]);
    }

    [Test]
    public void Targets_that_require_a_gradient_are_refused() =>
        Should.Throw<ValueException>(() =>
            Functional.LinearCrossEntropy(Tensor.Ones([2, 3]), Tensor.Ones([4, 3]), Tensor.Full([2, 4], 0.25, requiresGrad: true)))
            .Message.ShouldContain("Detach()");

    [TestCaseSource(nameof(Cases))]
    public void Outputs_are_those_of_the_logits(CrossEntropyOptions options, bool bias)
    {
        Tensor[] x = Inputs(bias);
        CrossEntropyOutputs want = Functional.CrossEntropyOutputs(Functional.Linear(x[0], x[1], bias ? x[2] : null), Targets, options);
        Same(Functional.LinearCrossEntropyOutputs(x[0], x[1], Targets, bias ? x[2] : null, options));
        Same(new LinearCrossEntropyLoss(options).Outputs(x[0], new(x[1], Targets, bias ? x[2] : null)));
        using ModeScope composed = Fusion.Off();
        Same(Functional.LinearCrossEntropyOutputs(x[0], x[1], Targets, bias ? x[2] : null, options));

        void Same(CrossEntropyOutputs got)
        {
            Near(got.Loss, want.Loss);
            Near(got.LogSumExp, want.LogSumExp);
            got.Predictions.ToArray<long>().ShouldBe(want.Predictions.ToArray<long>());
            got.Accuracy.ShouldBe(want.Accuracy);
        }
    }

    [Test]
    public void Outputs_without_classes_or_rows_are_empty()
    {
        Tensor ignored = Tensor.Full([2], -100), none = Tensor.Zeros([0], DType.Int64);
        Check();
        using ModeScope composed = Fusion.Off();
        Check();

        void Check()
        {
            CrossEntropyOutputs noClass = Functional.LinearCrossEntropyOutputs(Tensor.Ones([2, 3]), Tensor.Ones([0, 3]), ignored);
            noClass.LogSumExp.ToArray<float>().ShouldBe([float.NegativeInfinity, float.NegativeInfinity]);
            noClass.Predictions.ToArray<long>().ShouldBe([0, 0]);
            noClass.Accuracy.ShouldBe(double.NaN);

            CrossEntropyOutputs noRow = Functional.LinearCrossEntropyOutputs(Tensor.Ones([0, 3]), Tensor.Ones([4, 3]), none,
                options: new() { Reduction = Reduction.Sum });
            noRow.Loss.Item<float>().ShouldBe(0);
            noRow.LogSumExp.Shape.ShouldBe([0]);
            noRow.Predictions.Shape.ShouldBe([0]);
        }
    }

    [TestCaseSource(nameof(Cases))]
    public void Gradient_of_the_log_sum_exp_is_that_of_the_logits(CrossEntropyOptions options, bool bias)
    {
        Tensor[] x = Inputs(bias);
        Tensor[] want = Gradients(Functional.CrossEntropyOutputs(Functional.Linear(x[0], x[1], bias ? x[2] : null), Targets, options));
        Same(Gradients(Functional.LinearCrossEntropyOutputs(x[0], x[1], Targets, bias ? x[2] : null, options)));
        using ModeScope composed = Fusion.Off();
        Same(Gradients(Functional.LinearCrossEntropyOutputs(x[0], x[1], Targets, bias ? x[2] : null, options)));

        Tensor[] Gradients(CrossEntropyOutputs outputs) => Autograd.Grad(outputs.Loss.Sum() + outputs.LogSumExp.Square().Sum(), x);

        void Same(Tensor[] got)
        {
            for (int i = 0; i < x.Length; i++) Near(got[i], want[i]);
        }
    }

    [Test]
    public void Gradient_check_of_the_log_sum_exp_passes_to_second_order() => GradCheck.Run(
        hidden => Functional.LinearCrossEntropyOutputs(hidden, Inputs(false)[1].Detach(), Targets).LogSumExp.Square().Sum(),
        Inputs(false)[0].Detach(), new GradCheckOptions { Order = 2 }).ThrowIfFailed();

    [Test]
    public void Log_sum_exp_of_an_ignored_row_of_NaN_has_no_gradient()
    {
        Tensor hidden = Tensor.Ones([2, 3]), weight = Tensor.Ones([4, 3]).RequireGrad();
        hidden[0] = float.NaN;
        hidden.RequiresGrad = true;
        Functional.LinearCrossEntropyOutputs(hidden, weight, Tensor.From(new long[] { -100, 1 })).LogSumExp.Sum().Backward();
        hidden.Grad!.ToArray<float>().ShouldBe([0f, 0, 0, 1, 1, 1], 1e-6);
        weight.Grad!.ToArray<float>().ShouldAllBe(value => Math.Abs(value - 0.25f) < 1e-6f);
    }

    [Test]
    public void Row_results_may_be_written_without_a_change_of_the_loss()
    {
        Tensor[] x = Inputs(true);
        CrossEntropyOutputs outputs = Functional.LinearCrossEntropyOutputs(x[0], x[1], Targets, x[2]);
        outputs.Predictions.RequiresGrad.ShouldBeFalse();
        outputs.LogSumExp.ZeroInPlace();
        outputs.Predictions.ZeroInPlace();
        Tensor[] got = Autograd.Grad(outputs.Loss, x), want = Autograd.Grad(Fused(x, new()), x);
        for (int i = 0; i < got.Length; i++) got[i].ToArray<double>().ShouldBe(want[i].ToArray<double>());
    }

    [Test]
    public void Ops_with_equal_options_are_equal()
    {
        static LinearCrossEntropy Make(params long[] ignored) => new(new() { AlsoIgnore = ignored }, null, Reads.Input0, GivesRowResults: true);
        Make(3, 4).ShouldBe(Make(3, 4));
        Make(3, 4).GetHashCode().ShouldBe(Make(3, 4).GetHashCode());
        Make(3, 4).ShouldNotBe(Make(3, 5));
        Make().ShouldNotBe(Make(3));
    }

    [Test]
    public void Options_copy_the_list_of_ignored_targets()
    {
        var ignored = new List<long> { 3 };
        var options = new CrossEntropyOptions { AlsoIgnore = ignored };
        ignored[0] = 4;
        options.AlsoIgnore.ShouldBe([3]);
        options.ShouldBe(new CrossEntropyOptions { AlsoIgnore = [3] });
    }

    [Test]
    public void More_rows_than_an_int_counts_are_refused()
    {
        Tensor hidden = Tensor.Ones([1]).Expand(1 << 16, 1 << 15, 1), weight = Tensor.Ones([2, 1]);
        foreach (Action call in (Action[])[() => Functional.LinearCrossEntropy(hidden, weight, Targets),
            () => Functional.LinearCrossEntropyOutputs(hidden, weight, Targets)])
            Should.Throw<ShapeException>(call)
                .Message.ShouldBe("LinearCrossEntropy: a dimension would have 2,147,483,648 elements; the maximum is 2³¹ − 1");
    }

    [Test]
    public void Frozen_inputs_get_no_gradient()
    {
        Tensor[] x = Inputs(true);
        foreach (int frozen in new[] { 0, 1, 2 })
            foreach (Reduction reduction in new[] { Reduction.Mean, Reduction.None })
            {
                Tensor[] some = [.. x.Select((input, i) => i == frozen ? input.Detach() : input)],
                    learnt = [.. some.Where(input => input.RequiresGrad)];
                var options = new CrossEntropyOptions { Reduction = reduction };
                Tensor[] got = Autograd.Grad(Fused(some, options).Sum(), learnt), want = Autograd.Grad(Composed(some, options).Sum(), learnt);
                for (int i = 0; i < got.Length; i++) Near(got[i], want[i]);
            }
    }

    [Test]
    public void Class_weights_are_a_modules_state_and_follow_its_dtype()
    {
        var criterion = new LinearCrossEntropyLoss(new CrossEntropyOptions { Weight = Tensor.Full([Classes], 2.0) });
        criterion.StateDict().Keys.ShouldBe(["weight"]);
        criterion.To(DType.Float64);
        Tensor[] x = Inputs(false);
        Near(criterion.Call(x[0], new(x[1], Targets)), Functional.LinearCrossEntropy(x[0], x[1], Targets));
    }

    static void Near(Tensor got, Tensor want, double tolerance = 1e-12)
    {
        got.Shape.ShouldBe(want.Shape);
        (double[] a, double[] b) = (got.ToArray<double>(), want.ToArray<double>());
        for (int i = 0; i < a.Length; i++) a[i].ShouldBe(b[i], tolerance);
    }
}
