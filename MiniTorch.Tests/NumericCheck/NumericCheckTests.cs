using System.Text;
using System.Text.RegularExpressions;
using MiniTorch.Nn;
using MiniTorch.NumericChecking;
using MiniTorch.Tests.Docs;

namespace MiniTorch.Tests.NumericChecks;

/// <summary>Which formulas the numerical check reports, what it says about them, and how it may be called.</summary>
public sealed class NumericCheckTests
{
    [TestCaseSource(typeof(Formulas), nameof(Formulas.Lossy))]
    public void Unstable_formula_is_reported_with_its_operation_and_rewrite(LossyFormula formula)
    {
        NumericCheckReport report = NumericCheck.Run(formula.Unstable, formula.Inputs);
        report.Findings.ShouldNotBeEmpty();
        report.Findings[0].Rewrite.ShouldBe(formula.Rewrite, report.ToString());
        report.Findings[0].Op.ShouldBe(formula.Op, report.ToString());
        report.Findings[0].Line.ShouldNotBeNull().ShouldStartWith("Formulas.cs:");
    }

    [TestCaseSource(typeof(Formulas), nameof(Formulas.Lossy))]
    public void Rewrite_of_an_unstable_formula_passes(LossyFormula formula)
    {
        NumericCheckReport report = NumericCheck.Run(formula.Stable, formula.Inputs);
        report.Passed.ShouldBeTrue(report.ToString());
    }

    private static IEnumerable<TestCaseData> WithoutRewrite =>
        Formulas.WithoutRewrite.Select(row => new TestCaseData(row.F, row.Op, row.Inputs).SetArgDisplayNames(row.Name));

    [TestCaseSource(nameof(WithoutRewrite))]
    public void Unstable_formula_without_a_rewrite_is_reported_with_its_operation(Func<Tensor[], Tensor> f, string op, Tensor[] inputs)
    {
        NumericCheckReport report = NumericCheck.Run(f, inputs);
        report.Findings.ShouldNotBeEmpty(report.ToString());
        (report.Findings[0].Op, report.Findings[0].Rewrite).ShouldBe((op, null), report.ToString());
    }

    private static IEnumerable<TestCaseData> Sound => Formulas.Sound.Select(row => new TestCaseData(row.F, row.Inputs).SetArgDisplayNames(row.Name));

    [TestCaseSource(nameof(Sound))]
    public void Sound_formula_passes(Func<Tensor[], Tensor> f, Tensor[] inputs)
    {
        NumericCheckReport report = NumericCheck.Run(f, inputs);
        report.Passed.ShouldBeTrue(report.ToString());
    }

    [Test]
    public void Tables_have_at_least_forty_rows_each()
    {
        Formulas.Lossy.Count().ShouldBeGreaterThanOrEqualTo(40);
        Formulas.Sound.Count().ShouldBeGreaterThanOrEqualTo(40);
    }

    [Test]
    public void Every_rewrite_has_a_formula_that_the_pattern_of_it_matches_and_none_matches_its_own_rewrite()
    {
        foreach (Rewrite rewrite in Rewrites.All)
        {
            FormulaTree pattern = FormulaTree.Parse(rewrite.Before);
            pattern.Match(FormulaTree.Parse(Regex.Replace(rewrite.Before, @"\bc\b", "7"))).ShouldNotBeNull(rewrite.Before);
            if (!Regex.IsMatch(rewrite.After, @"Math\.|Functional\.|:")) pattern.Match(FormulaTree.Parse(rewrite.After)).ShouldBeNull(rewrite.Before);
        }
    }

    [Test]
    public void Guide_lists_the_rewrites()
    {
        var text = new StringBuilder("| formula | write | because | rule |\n| --- | --- | --- | --- |\n");
        foreach (Rewrite rewrite in Rewrites.All)
        {
            string rule = rewrite.Rule is null ? "" : $"[{rewrite.Rule}](../reference/analyzers/{rewrite.Rule}.md)";
            text.Append($"| `{rewrite.Before}` | `{rewrite.After}` | {rewrite.Why} | {rule} |\n");
        }
        GeneratedPage.SectionShouldBe("docs/explain/numerics.md", "rewrites", text.ToString());
    }

    [TestCase("x * x", "x.Square()")]
    [TestCase("1 + x", "x + 1")]
    [TestCase("x + (-y)", "x - y")]
    [TestCase("-x + y", "y - x")]
    [TestCase("x - (-y)", "x + y")]
    [TestCase("x.Rsqrt()", "1 / x.Sqrt()")]
    [TestCase("x.Sum(dim) / 8", "x.Mean(dim)")]
    [TestCase("x / 2", "0.5 * x")]
    [TestCase("(-1) * x", "-x")]
    public void Equal_formulas_have_one_form(string a, string b) => FormulaTree.Parse(a).Match(FormulaTree.Parse(b)).ShouldNotBeNull();

    [TestCase("x.Exp() - 1", "x.Exp() - 2")]
    [TestCase("x * x", "x * y")]
    [TestCase("x / x.Exp()", "x.Exp() / x")]
    public void Different_formulas_do_not_match(string a, string b) => FormulaTree.Parse(a).Match(FormulaTree.Parse(b)).ShouldBeNull();

    [Test]
    public void Module_with_a_formula_that_loses_digits_is_named_by_its_path()
    {
        var model = new Sequential(new Linear(4, 3, generator: new Generator(0)), new NaiveLogSoftmax());
        NumericCheckReport report = NumericCheck.RunModule(model, [Tensor.Randn([2, 4], new Generator(1)) * 100]);
        report.Findings[0].Module.ShouldBe("Sequential.1");
        report.Findings[0].Rewrite.ShouldBe("x.LogSoftmax(dim)");
        report.Gradients.Select(gradient => gradient.Name).ShouldBe(["gradient of input", "gradient of 0.weight", "gradient of 0.bias"]);
    }

    private static IEnumerable<TestCaseData> Models => new (string Name, Module Model, Shape Input)[]
    {
        ("gru", new GRU(4, 6, generator: new Generator(1)), [4, 4, 4]),
        ("lstm", new LSTM(4, 6, generator: new Generator(1)), [4, 4, 4]),
        ("encoder", new TransformerEncoderLayer(8, 2, 16, generator: new Generator(1)), [2, 4, 8]),
        ("convnet", new Sequential(new Conv2d(1, 4, 3, generator: new Generator(1)), new BatchNorm2d(4), new ReLU(), new MaxPool2d(2), new Flatten(),
            new Linear(36, 5, generator: new Generator(2))),
            [1, 1, 8, 8]),
        ("deep", new Sequential([.. Enumerable.Range(0, 12).SelectMany(i =>
            (Module<Tensor, Tensor>[])[new Linear(8, 8, generator: new Generator(i)), new Tanh()])]), [8, 8]),
    }.Select(row => new TestCaseData(row.Model, row.Input).SetArgDisplayNames(row.Name));

    [TestCaseSource(nameof(Models))]
    public void Model_of_the_library_passes(Module model, Shape input)
    {
        NumericCheckReport report = NumericCheck.RunModule(model, [Tensor.Randn(input, new Generator(9))]);
        report.Passed.ShouldBeTrue(report.ToString());
    }

    [Test]
    public void Significant_digits_of_random_rounding_agree_with_the_shadow()
    {
        NumericDigits lossy = NumericCheck.Run(x => (1 + x).Log(), Tensor.From([1e-4f])).Results[0], sound = NumericCheck.Run(x =>
            x.Log1p(), Tensor.From([1e-4f])).Results[0];
        lossy.Stochastic.ShouldBe(3, 1.2);
        sound.Stochastic.ShouldBeGreaterThan(6);
    }

    [Test]
    public void Module_without_such_a_formula_passes_with_a_loss()
    {
        var model = new Sequential(new Linear(4, 8, generator: new Generator(0)), new BatchNorm1d(8), new ReLU(), new Dropout(0.5),
            new Linear(8, 3, generator: new Generator(2)));
        NumericCheckReport report = NumericCheck.RunModule(model, [Tensor.Randn([16, 4], new Generator(1))], logits =>
            Functional.CrossEntropy(logits, Tensor.Zeros([16], DType.Int64)));
        report.Passed.ShouldBeTrue(report.ToString());
        report.Digits.ShouldBeGreaterThan(5);
        report.Results.ShouldHaveSingleItem().Name.ShouldBe("result");
    }

    [Test]
    public void Module_is_restored_with_its_dtype_and_buffers()
    {
        var model = new Sequential(new BatchNorm1d(3));
        model.To(DType.Float64);
        Dictionary<string, double[]> before = model.StateDict().ToDictionary(entry => entry.Key, entry => entry.Value.ToArray<double>());
        NumericCheck.RunModule(model, [Tensor.Randn([4, 3], new Generator(1))]);
        model.StateDict().ShouldAllBe(entry => entry.Value.ToArray<double>().SequenceEqual(before[entry.Key]));
        model.Parameters().ShouldAllBe(parameter => parameter.DType == DType.Float64 && parameter.Grad == null);
    }

    [Test]
    public void Several_formulas_are_all_reported()
    {
        NumericCheckReport report = NumericCheck.Run(v => (1 + v[0]).Log() * (1 - v[1].Cos()), [Tensor.From([1e-6f]), Tensor.From([1e-3f])]);
        report.Findings.Select(finding => finding.Rewrite).ShouldBe(["x.Log1p()", "2 * (x / 2).Sin().Square()"], ignoreOrder: true);
    }

    [Test]
    public void Worst_element_is_named()
    {
        NumericCheckReport report = NumericCheck.Run(x => (1 + x).Log(), Tensor.From(new[,] { { 1f, 2 }, { 1e-6f, 3 } }));
        report.Results[0].Index.ShouldBe([1, 0]);
        report.Digits.ShouldBeLessThan(2);
        report.Results[0].Possible.ShouldBeGreaterThan(6.5);
    }

    [Test]
    public void Views_of_larger_memory_are_replayed_at_their_offset()
    {
        Tensor table = Tensor.Randn([6, 4], new Generator(1));
        NumericCheckReport report = NumericCheck.Run(x => (x[1] * table[3] + x.T[2, 0] + table.T[1][2..4].Sum()).Tanh(), table[2..5]);
        report.Passed.ShouldBeTrue(report.ToString());
        report.Digits.ShouldBeGreaterThan(6);
    }

    [Test]
    public void Same_seed_gives_the_same_report()
    {
        static NumericCheckReport Run() => NumericCheck.Run(x => (x.Exp() - 1).Log(), Tensor.From([1e-5f, 2]), new NumericCheckOptions { Seed = 7 });
        Run().ToString().Replace("\n", "").ShouldBe(Run().ToString().Replace("\n", ""));
    }

    [Test]
    public void Report_says_digits_place_and_rewrite_in_80_columns()
    {
        var report = NumericCheck.Run(x => (1 + x).Log(), Tensor.From([1e-6f]));
        string text = report.ToString();
        text.ShouldContain("NumericCheck: 1 formula loses digits");
        text.ShouldContain("write x.Log1p()  instead of (1 + x).Log()");
        text.Split('\n').ShouldAllBe(line => line.Length <= 80);
        Should.Throw<ValueException>(report.ThrowIfFailed).Message.ShouldBe(text);
    }

    [TestCase(2, 1.5, "NumericCheckOptions.Samples: 2; at least 3 are needed to estimate a spread")]
    [TestCase(8, 0, "NumericCheckOptions.LostDigits: 0; it must be above 0")]
    [TestCase(8, double.NaN, "NumericCheckOptions.LostDigits: NaN; it must be above 0")]
    public void Option_out_of_range_is_an_error(int samples, double lost, string message) =>
        Should.Throw<ValueException>(() => NumericCheck.Run(x => x, Tensor.Ones([1]),
            new NumericCheckOptions { Samples = samples, LostDigits = lost })).Message.ShouldBe(message);

    [Test]
    public void Missing_arguments_and_results_are_errors()
    {
        Should.Throw<ValueException>(() => NumericCheck.Run((Func<Tensor, Tensor>)null!, Tensor.Ones([1]))).Message
            .ShouldBe("NumericCheck: the function is null");
        Should.Throw<ValueException>(() => NumericCheck.Run(x => x, (Tensor)null!)).Message.ShouldBe("NumericCheck: x is null");
        Should.Throw<ValueException>(() => NumericCheck.Run(v => v[0], [Tensor.Ones([1]), null!])).Message.ShouldBe("NumericCheck: input 1 is null");
        Should.Throw<ValueException>(() => NumericCheck.RunModule(null!, [])).Message.ShouldBe("NumericCheck: the module is null");
        Should.Throw<ValueException>(() => NumericCheck.Run(x => x > 0, Tensor.Ones([1]))).Message
            .ShouldBe("NumericCheck: the function returned no floating-point tensor; return the values to check");
    }

    [TestCase(0)]
    [TestCase(1)]
    [TestCase(3)]
    public void Empty_and_detached_functions_have_nothing_to_lose(int size)
    {
        NumericCheck.Run(x => x.Exp(), Tensor.Zeros([size])).Passed.ShouldBeTrue();
        NumericCheck.Run(x => x.Detach().Exp(), Tensor.Zeros([size])).Gradients.ShouldBeEmpty();
        NumericCheck.Run(_ => Tensor.Ones([size]), Tensor.Zeros([2])).Passed.ShouldBeTrue();
    }

    [Test]
    public void Infinite_and_NaN_inputs_give_no_finding() =>
        NumericCheck.Run(x => x * 2 + x.Exp(), Tensor.From([float.PositiveInfinity, float.NaN, 1])).Passed.ShouldBeTrue();

    [Test]
    public void Sum_of_a_max_shift_is_recognized_through_Detach_and_keepDim()
    {
        Tensor x = Tensor.Randn([2, 3], new Generator(0), requiresGrad: true);
        var tape = new Tape(() => [(x - x.Amax(1, keepDim: true).Detach()).Exp().Sum(1, keepDim: true)], [x]);
        tape.Formulas[^1].ToString().ShouldBe("Sum(Exp(Subtract(input, Amax(input))))");
    }

    private sealed class NaiveLogSoftmax : Module<Tensor, Tensor>
    {
        protected override Tensor Forward(Tensor input) => input.Softmax(-1).Log();
    }
}
